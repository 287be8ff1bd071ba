// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// Apply writes a change in one transaction, its puts in their order. After a nil error the events in c have their
// sequence and their hashes; after any other, c is as it was and nothing of it is in the store.
//
// A context that ends while Apply waits for another write, or between two rows, undoes the change. Once the commit has
// begun, the context is no longer looked at: the answer then says what happened. If the disk refuses the commit itself,
// the change is undone, but the end of the process or a loss of power before the next write may bring it back, whole.
func (s *Store) Apply(ctx context.Context, c authority.Change) error {
	if err := s.apply(ctx, c); err != nil {
		return fmt.Errorf("cannot write to the store in %s: %w", s.where, asFull(err))
	}
	return nil
}

func (s *Store) apply(ctx context.Context, c authority.Change) error {
	var events []authority.Event
	err := s.transact(ctx, func(t *transaction) (err error) {
		events, err = t.write(c)
		return err
	})
	if err == nil {
		copy(c.Events, events)
	}
	return err
}

// transact runs write in a transaction of the one writer. If it fails, or ctx ends before the commit, nothing is left.
func (s *Store) transact(ctx context.Context, write func(*transaction) error) error {
	select {
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	// The statements are not given ctx: the driver would start a goroutine for each, and each is short.
	conn, err := s.write.Conn(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	defer conn.Close()
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return err
	}
	// After a full disk SQLite has done that itself, and says so; after the commit there is nothing to be undone.
	defer func() { _ = tx.Rollback() }()
	t := &transaction{ctx: ctx, conn: conn, tx: tx, put: &s.put, bound: map[*sql.Stmt]*sql.Stmt{}}
	if err := write(t); err != nil {
		return asConflict(err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_ = conn.Close() // that lets go of it for what follows
	s.old.holds = s.old.holds || t.erased
	s.cutLog()
	return nil
}

// A transaction is one write under way.
type transaction struct {
	ctx   context.Context
	conn  *sql.Conn // on which tx is
	tx    *sql.Tx
	put   *putStatements
	bound map[*sql.Stmt]*sql.Stmt // the statements of put as this transaction uses them

	erased bool // something that must not stay in the log
}

func (t *transaction) statement(s *sql.Stmt) *sql.Stmt {
	b, ok := t.bound[s]
	if !ok {
		b = t.tx.Stmt(s)
		t.bound[s] = b
	}
	return b
}

// exec runs a statement and returns how many rows it changed.
func (t *transaction) exec(s *sql.Stmt, args ...any) (int64, error) {
	if err := t.ctx.Err(); err != nil {
		return 0, err
	}
	result, err := t.statement(s).Exec(args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// write does all of a change but the commit, and returns its events as they are now in the chain.
func (t *transaction) write(c authority.Change) ([]authority.Event, error) {
	for _, b := range c.Based {
		if err := t.checkBased(b); err != nil {
			return nil, err
		}
	}
	if err := t.putAll(c.Puts); err != nil {
		return nil, err
	}
	return t.appendEvents(c.Events)
}

// checkBased compares versions; that of a keyspace that does not exist is 0.
func (t *transaction) checkBased(b authority.Based) error {
	var version uint64
	err := t.statement(t.put.keyspaceVersion).QueryRow(b.Keyspace).Scan(&version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if version != b.Version {
		return &authority.ConflictError{What: "version"}
	}
	return nil
}

func (t *transaction) putOne(p authority.Put) error {
	switch p := p.(type) {
	case *authority.Record:
		return t.putRecord(p)
	case *authority.Keyspace:
		return t.putKeyspace(p)
	case *authority.Answer:
		return t.putAnswer(p)
	case *authority.Owner:
		return t.putOwner(p)
	case *authority.Item:
		return t.putItem(p)
	case *authority.Move:
		return t.move(p)
	case *authority.Checkpoint:
		return t.putCheckpoint(p)
	case *authority.Erasure:
		return t.erase(p)
	case *authority.Prune:
		return t.prune(p)
	case *authority.Removal:
		return t.remove(p)
	}
	return fmt.Errorf("cannot put a %T", p)
}

// appendEvents links events to the last one in the chain.
func (t *transaction) appendEvents(events []authority.Event) ([]authority.Event, error) {
	if len(events) == 0 {
		return nil, nil
	}
	sequence, head, err := t.lastEvent()
	if err != nil {
		return nil, err
	}
	linked := make([]authority.Event, len(events))
	for i, e := range events {
		e.Link(sequence+1, head)
		linked[i], sequence, head = e, e.Sequence, e.Hash
	}
	return linked, t.insertEvents(linked)
}

// lastEvent reads where the chain ends, each time: it is one page that is always in memory, and what is not remembered
// cannot be wrong after a transaction that failed. If all events were pruned, it ends at the checkpoint.
func (t *transaction) lastEvent() (sequence uint64, head keywright.Hash, err error) {
	var hash []byte
	for _, query := range []*sql.Stmt{t.put.lastEvent, t.put.lastPruned} {
		err = t.statement(query).QueryRow().Scan(&sequence, &hash)
		if !errors.Is(err, sql.ErrNoRows) {
			copy(head[:], hash)
			return sequence, head, err
		}
	}
	return 0, head, nil
}
