// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/keywright/keywright/authority"
)

const (
	attempts     = 4                // of a transaction that the server undid in favour of another
	commitWithin = 10 * time.Second // an answer to COMMIT is waited for so long, even if the context has ended
	undoWithin   = 3 * time.Second
)

// transact runs write in a transaction. If it fails, or ctx ends before the commit, nothing is left. If the server does
// not answer the commit, it may have happened; every other error means that it has not.
func (s *Store) transact(ctx context.Context, write func(*transaction) error) error {
	for attempt := 1; ; attempt++ {
		err := s.transactOnce(ctx, write)
		if err == nil {
			return nil
		}
		if attempt == attempts || !undone(err) {
			return s.writeError(err)
		}
	}
}

func (s *Store) transactOnce(ctx context.Context, write func(*transaction) error) error {
	if err := s.hold.check(); err != nil {
		return err
	}
	tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite})
	if err != nil {
		return plain(ctx, err)
	}
	t := &transaction{ctx: ctx, tx: tx, epoch: s.hold.epoch}
	s.nodes.endIfStill(t)
	err = write(t)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		undoing, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoWithin)
		defer cancel()
		_ = tx.Rollback(undoing) // without an answer the server does it when it sees the end of the connection
		return asConflict(err)
	}
	committing, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitWithin)
	defer cancel()
	return tx.Commit(committing)
}

// undone reports whether the server says that it undid a transaction for the sake of another: a serialization failure, a
// deadlock, or that it stood still for too long.
func undone(err error) bool {
	var said *pgconn.PgError
	return errors.As(err, &said) && (said.Code == "40001" || said.Code == "40P01" || said.Code == "25P03")
}

// A transaction is one write under way. Statements gather in a batch and go to the server together.
type transaction struct {
	ctx   context.Context
	tx    pgx.Tx
	epoch int64 // of the holder that writes
	batch *pgx.Batch

	premises
	fresh freshRecords
}

func (t *transaction) queue(statement string, args ...any) *pgx.QueuedQuery {
	if t.batch == nil {
		t.batch = new(pgx.Batch)
	}
	return t.batch.Queue(statement, args...)
}

// must queues a statement that changes something, or else meets a conflict.
func (t *transaction) must(what, statement string, args ...any) {
	t.queue(statement, args...).Exec(func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() == 0 {
			return &authority.ConflictError{What: what}
		}
		return nil
	})
}

// flush sends what is queued.
func (t *transaction) flush() error {
	if t.batch == nil {
		return nil
	}
	b := t.batch
	t.batch = nil
	return t.tx.SendBatch(t.ctx, b).Close()
}

// checkEpoch refuses the write of a process that has lost the store to another.
func (t *transaction) checkEpoch(now int64) error {
	if now != t.epoch {
		return ErrMoved
	}
	return nil
}

// compareEpoch queues checkEpoch, and keeps the store from being taken over until the end of the transaction.
func (t *transaction) compareEpoch() {
	t.queue(compareEpochSQL).QueryRow(func(row pgx.Row) error {
		var epoch int64
		if err := row.Scan(&epoch); err != nil {
			return err
		}
		return t.checkEpoch(epoch)
	})
}

// uuid is how 16 bytes are written.
func uuid(b [16]byte) pgtype.UUID { return pgtype.UUID{Bytes: b, Valid: true} }

// orNull writes 16 zeros as NULL.
func orNull(b [16]byte) pgtype.UUID { return pgtype.UUID{Bytes: b, Valid: b != [16]byte{}} }
