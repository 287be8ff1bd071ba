// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/store/internal/column"
)

var (
	// ErrInUse is wrapped by every *InUseError.
	ErrInUse = errors.New("the store is in use")
	// ErrLost says that the store answers nothing, as it does not know whether it is still the only one that has it
	// open. It tries to get the lock again.
	ErrLost = errors.New("the lock of the store is lost with its connection")
	// errLapsed is ErrLost until the database answers again or the connection is seen to have ended.
	errLapsed = fmt.Errorf("%w: the database does not answer", ErrLost)
	// ErrMoved says that another process had the store open after the lock was lost, or that the database has lost what
	// it acknowledged. The store answers nothing any more and must be opened anew.
	ErrMoved = errors.New("the store is not as this process left it: open it anew")
)

// An InUseError says who has the store open.
type InUseError struct {
	Where  string    // the database
	Holder string    // as it described itself; empty if that cannot be read
	Since  time.Time // when it opened the store, by the clock of the database; zero if that cannot be read
}

func (e *InUseError) Error() string {
	holder := "another process"
	if e.Holder != "" {
		holder = fmt.Sprintf("%s (since %s)", e.Holder, e.Since.Format(time.RFC3339))
	}
	return fmt.Sprintf("the store in %s is in use by %s: ask that one, or stop it first", e.Where, holder)
}

// Unwrap returns ErrInUse.
func (e *InUseError) Unwrap() error { return ErrInUse }

// The session of a process that has just died takes the server a moment to end.
const lockTries, lockTryEvery = 20, 50 * time.Millisecond

// A hold is the right to use a store: an advisory lock of one session, which is looked at every second and whose end
// shows at once when the server closes it. Writes of a holder that has not noticed its end are refused by the epoch,
// which each new holder raises and each write compares.
type hold struct {
	where   string
	config  *pgx.ConnConfig
	key     int64
	lost    func(error)
	alone   bool       // others are kept out; else those who want to be alone are
	notices *listening // of a store that is shared
	epoch   int64

	broken atomic.Pointer[error] // why the store does not answer
	begun  time.Time             // what the lease counts from
	until  atomic.Int64          // when the lease ends: nanoseconds after begun, by the clock that does not go back,
	wall   atomic.Int64          // and nanoseconds since 1970, by the one that goes on while the machine sleeps
	end    context.CancelFunc    // of the watch
	ended  chan struct{}

	mu   sync.Mutex
	head head // where the chain ended when it was last seen
}

// A head is where the audit chain ends.
type head struct {
	sequence uint64
	hash     keywright.Hash
}

// lock takes the lock, or says who has it.
func (h *hold) lock(ctx context.Context, conn *pgx.Conn) error {
	var locked bool
	statement := "SELECT pg_try_advisory_lock($1)"
	if !h.alone {
		statement = "SELECT pg_try_advisory_lock_shared($1)"
	}
	if err := conn.QueryRow(ctx, statement, h.key).Scan(&locked); err != nil {
		return err
	}
	if locked {
		return nil
	}
	e := &InUseError{Where: h.where}
	var since int64
	// A store that is just being made has no head yet.
	if err := conn.QueryRow(ctx, "SELECT holder, since FROM head").Scan(&e.Holder, &since); err == nil && e.Holder != "" {
		e.Since = column.FromMillis(since)
		return e
	}
	if err := conn.QueryRow(ctx, newestNodeSQL).Scan(&e.Holder, &since); err == nil {
		e.Since = column.FromMillis(since)
	}
	return e
}

// waitLock takes the lock, and gives one that is held a second to be let go of.
func (h *hold) waitLock(ctx context.Context, conn *pgx.Conn) error {
	for try := 1; ; try++ {
		err := h.lock(ctx, conn)
		if try == lockTries || !errors.Is(err, ErrInUse) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockTryEvery):
		}
	}
}

// begin raises the epoch, after all writes of former holders, and reads where the chain ends. It returns whether the
// former holder let go of the store.
func (h *hold) begin(ctx context.Context, conn *pgx.Conn, holder string, alone bool) (released bool, err error) {
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		var former string
		if err := tx.QueryRow(ctx, "SELECT holder FROM head").Scan(&former); err != nil {
			return err
		}
		released = former == ""
		if alone {
			if _, err := tx.Exec(ctx, raiseEpochSQL, checkedHolder(holder)); err != nil {
				return err
			}
		}
		var hash []byte
		err := tx.QueryRow(ctx, readHeadSQL).Scan(&h.epoch, &h.head.sequence, &hash)
		copy(h.head.hash[:], hash)
		return err
	})
	return released, err
}

// checkedHolder leaves out a description that PostgreSQL would not take.
func checkedHolder(holder string) string {
	if column.CheckText("holder", holder) != nil {
		return "a process without a name"
	}
	return holder
}
