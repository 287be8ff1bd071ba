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
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/keywright/keywright"
)

var (
	// ErrInUse is wrapped by every *InUseError.
	ErrInUse = errors.New("the store is in use")
	// ErrLost says that the store answers nothing, as it does not know whether it is still the only one that has it
	// open. It tries to get the lock again.
	ErrLost = errors.New("the lock of the store is lost with its connection")
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

const (
	heartbeat   = time.Second     // how often the lock is looked at
	heartbeatIn = 3 * time.Second // how long an answer may take
	regainEvery = 250 * time.Millisecond
	// The session of a process that has just died takes the server a moment to end.
	lockTries, lockTryEvery = 20, 50 * time.Millisecond
)

// A hold is the right to use a store: an advisory lock of one session, which is looked at every second and whose end
// shows at once when the server closes it. Writes of a holder that has not noticed its end are refused by the epoch,
// which each new holder raises and each write compares.
type hold struct {
	where  string
	config *pgx.ConnConfig
	key    int64
	lost   func(error)
	epoch  int64

	broken atomic.Pointer[error] // why the store does not answer
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
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", h.key).Scan(&locked); err != nil {
		return err
	}
	if locked {
		return nil
	}
	e := &InUseError{Where: h.where}
	var since int64
	// A store that is just being made has no head yet.
	if err := conn.QueryRow(ctx, "SELECT holder, since FROM head").Scan(&e.Holder, &since); err == nil {
		e.Since = fromMillis(since)
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

// begin raises the epoch, after all writes of former holders, and reads where the chain ends.
func (h *hold) begin(ctx context.Context, conn *pgx.Conn, holder string, alone bool) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
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
}

// checkedHolder leaves out a description that PostgreSQL would not take.
func checkedHolder(holder string) string {
	if checkText("holder", holder) != nil {
		return ""
	}
	return holder
}

// check returns why the store does not answer, or nil.
func (h *hold) check() error {
	if err := h.broken.Load(); err != nil {
		return *err
	}
	return nil
}

func (h *hold) fail(err error) {
	h.broken.Store(&err)
	if h.lost != nil {
		h.lost(err)
	}
}

// wrote remembers the head of a change that was acknowledged.
func (h *hold) wrote(now head) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.sequence > h.head.sequence {
		h.head = now
	}
}

// watch keeps the connection that has the lock, and takes the lock again when it is lost.
func (h *hold) watch(conn *pgx.Conn) {
	ctx, end := context.WithCancel(context.Background())
	h.end, h.ended = end, make(chan struct{})
	go func() {
		defer close(h.ended)
		for conn != nil {
			h.beat(ctx, conn)
			// Closing tells a server that is still there to give the lock back.
			closing, cancel := context.WithTimeout(context.Background(), heartbeatIn)
			_ = conn.Close(closing) // the session is over either way
			cancel()
			if ctx.Err() != nil {
				return
			}
			h.fail(ErrLost)
			conn = h.regain(ctx)
		}
	}()
}

// beat returns when the session no longer has the lock, or nobody answers, or ctx ends.
func (h *hold) beat(ctx context.Context, conn *pgx.Conn) {
	for {
		waiting, cancel := context.WithTimeout(ctx, heartbeat)
		_, err := conn.WaitForNotification(waiting) // none comes; but the end of the connection is seen at once
		cancel()
		if ctx.Err() != nil || err != nil && !pgconn.Timeout(err) {
			return
		}
		asking, cancel := context.WithTimeout(ctx, heartbeatIn)
		var held bool
		err = conn.QueryRow(asking, holdsLockSQL, h.key).Scan(&held)
		cancel()
		if err != nil || !held {
			return
		}
	}
}

// regain takes the lock again, if need be many times, and returns its connection; or nil if ctx ended or the store is
// not as it was left.
func (h *hold) regain(ctx context.Context) *pgx.Conn {
	for {
		conn, err := h.tryRegain(ctx)
		switch {
		case ctx.Err() != nil && err != nil:
			return nil
		case errors.Is(err, ErrMoved):
			h.fail(err)
			return nil
		case err == nil:
			h.broken.Store(nil)
			return conn
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(regainEvery):
		}
	}
}

func (h *hold) tryRegain(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, h.config.ConnectTimeout)
	defer cancel()
	conn, err := dial(ctx, h.config)
	if err != nil {
		return nil, err
	}
	err = checkServer(ctx, conn)
	if err == nil {
		err = h.lock(ctx, conn)
	}
	if err == nil {
		err = h.compare(ctx, conn)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
	}
	return conn, nil
}

// compare looks whether anybody had the store in between, and whether it still has what was acknowledged.
func (h *hold) compare(ctx context.Context, conn *pgx.Conn) error {
	var epoch int64
	var now head
	var hash []byte
	if err := conn.QueryRow(ctx, readHeadSQL).Scan(&epoch, &now.sequence, &hash); err != nil {
		return err
	}
	copy(now.hash[:], hash)
	h.mu.Lock()
	defer h.mu.Unlock()
	if epoch != h.epoch || now.sequence < h.head.sequence || now.sequence == h.head.sequence && now != h.head {
		return ErrMoved
	}
	return nil
}

// release ends the watch, and with its connection the lock.
func (h *hold) release() error {
	if h.end != nil {
		h.end()
		<-h.ended
	}
	return nil
}
