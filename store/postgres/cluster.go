// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// clusterConnections are kept beside the pool, so that a node renews its lease and reads the feed however busy that is.
const clusterConnections = 4

// settleMargin is how much longer than the longest term a timeline must have been seen.
const settleMargin = 500 // milliseconds

// A cluster is what a node needs of a store that it shares.
type cluster struct {
	pool      *pgxpool.Pool
	schema    string
	listening *listening
	head      string // the statement
	turns     chan struct{}
	still     atomic.Int64 // for how many milliseconds a transaction may stand still; 0: not known yet
}

// newCluster finds out what the server can do.
func newCluster(ctx context.Context, conn *pgx.Conn, config *pgxpool.Config, schema string) (*cluster, error) {
	c := &cluster{schema: schema, head: chainHeadSQL, listening: newListening(schema), turns: make(chan struct{}, writersOfNode)}
	if err := c.listening.try(ctx, conn); err != nil {
		return nil, err
	}
	rows, err := conn.Query(ctx, c.head)
	if err == nil {
		rows.Close()
		err = rows.Err()
	}
	if err != nil {
		if !lacks(err) {
			return nil, err
		}
		c.head = chainHeadPlainSQL
	}
	own := config.Copy()
	own.MaxConns, own.MinConns = clusterConnections, 1
	own.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = strconv.FormatInt(shortestStill.Milliseconds(), 10) // of Join
	own.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		// A renewal must survive a crash of this server, but not wait for another: a change of servers shows by its timeline.
		_, err := conn.Exec(ctx, "SELECT set_config('synchronous_commit', 'local', false)")
		return err
	}
	c.pool, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), own)
	return c, err
}

// lacks reports whether a server says that it has no such function or statement, or does not let this user use it.
func lacks(err error) bool {
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		return false
	}
	switch said.Code {
	case "42883", "0A000", "42601", "42501":
		return true
	}
	return false
}

// Shared reports whether other nodes may have the store open.
func (s *Store) Shared() bool { return s.nodes != nil }

// Join implements authority.Cluster, and so do the methods below.
func (s *Store) Join(ctx context.Context, n authority.Node) error {
	if err := column.CheckTexts("id", n.ID, "name", n.Name, "version", n.Version, "address", n.Address); err != nil {
		return s.writeError(fmt.Errorf("node: %w", err))
	}
	s.nodes.limitStill(n.Term)
	err := pgx.BeginFunc(ctx, s.nodes.pool, func(tx pgx.Tx) error {
		if _, err := s.chainHead(ctx, tx); err != nil {
			return err
		}
		for _, q := range []struct {
			statement string
			args      []any
		}{
			{forgetNodesSQL, nil},
			{longestTermSQL, []any{n.Term.Milliseconds()}},
			{joinNodeSQL, []any{n.ID, n.Name, n.Version, n.Address, n.Started.UnixMilli(), n.Term.Milliseconds()}},
		} {
			if _, err := tx.Exec(ctx, q.statement, q.args...); err != nil {
				return err
			}
		}
		return nil
	})
	return s.clusterError(ctx, err)
}

// Renew is two transactions: the chain is read when the renewal is there for everybody to see.
func (s *Store) Renew(ctx context.Context, id string, confirmed uint64) (authority.ChainHead, error) {
	if err := s.hold.check(); err != nil {
		return authority.ChainHead{}, err
	}
	tag, err := s.nodes.pool.Exec(ctx, renewNodeSQL, id, column.Clamp(confirmed))
	if err == nil && tag.RowsAffected() == 0 {
		return authority.ChainHead{}, authority.ErrNotFound
	}
	var head authority.ChainHead
	if err == nil {
		head, err = s.chainHead(ctx, s.nodes.pool)
	}
	if errors.Is(err, ErrMoved) {
		s.hold.fail(ErrMoved)
	}
	return head, s.clusterError(ctx, err)
}

// A querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// chainHead reads where the chain ends, and notes a timeline that nobody has seen yet.
func (s *Store) chainHead(ctx context.Context, q querier) (h authority.ChainHead, err error) {
	var epoch, longest, age int64
	var hash []byte
	var known string
	err = q.QueryRow(ctx, s.nodes.head).Scan(&epoch, &h.Sequence, &hash, &longest, &known, &age, &h.Timeline)
	if err != nil {
		return h, err
	}
	if epoch != s.hold.epoch {
		return h, ErrMoved
	}
	copy(h.Hash[:], hash)
	h.Longest = time.Duration(longest) * time.Millisecond
	h.Settled = known == "" || h.Timeline == known && age > longest+settleMargin
	if h.Timeline != known {
		_, err = q.Exec(ctx, moveTimelineSQL, h.Timeline)
	}
	return h, err
}

func (s *Store) Confirm(ctx context.Context, id string, confirmed uint64) error {
	_, err := s.nodes.pool.Exec(ctx, confirmNodeSQL, id, column.Clamp(confirmed))
	return s.clusterError(ctx, err)
}

func (s *Store) Nodes(ctx context.Context) (list []authority.Node, head authority.ChainHead, err error) {
	rows, err := s.nodes.pool.Query(ctx, listNodesSQL)
	if err == nil {
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (n authority.Node, err error) {
			var started, term, seen, now int64
			err = row.Scan(&n.ID, &n.Name, &n.Version, &n.Address, &started, &term, &n.Renewal, &n.Confirmed, &seen, &n.Lost, &now)
			n.Started, n.Seen, n.Now = column.FromMillis(started), column.FromMillis(seen), column.FromMillis(now)
			n.Term = time.Duration(term) * time.Millisecond
			return n, err
		})
	}
	if err == nil {
		head, err = s.chainHead(ctx, s.nodes.pool)
	}
	return list, head, s.clusterError(ctx, err)
}

func (s *Store) Lose(ctx context.Context, id string, renewal uint64) error {
	_, err := s.nodes.pool.Exec(ctx, loseNodeSQL, id, column.Clamp(renewal))
	return s.clusterError(ctx, err)
}

func (s *Store) Leave(ctx context.Context, id string) error {
	_, err := s.nodes.pool.Exec(ctx, leaveNodeSQL, id)
	return s.clusterError(ctx, err)
}

func (s *Store) Notices() <-chan struct{} { return s.nodes.listening.notices }

// reads returns where a read goes: what follows the feed must not wait behind acts.
func (s *Store) reads(ctx context.Context) *pgxpool.Pool {
	if s.nodes != nil && authority.Following(ctx) {
		return s.nodes.pool
	}
	return s.pool
}

func (s *Store) clusterError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot speak with the store in %s: %w", s.where, plain(ctx, err))
}
