// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	heartbeat   = time.Second     // how often the lock is looked at
	heartbeatIn = 3 * time.Second // how long an answer may take
	regainEvery = 250 * time.Millisecond
	// A lease runs so long from before the lock was last looked at. A successor of a process that did not close the store
	// waits it out: until then that process may be alive, cut off, and answer from memory.
	leaseTerm = 3 * time.Second
)

func waitFor(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// outlive waits until nobody answers from memory any more who had the store before: a holder that did not let go of it, and
// nodes that did not leave.
func (h *hold) outlive(ctx context.Context, conn *pgx.Conn, released bool) error {
	var longest int64
	if err := conn.QueryRow(ctx, longestLeftSQL).Scan(&longest); err != nil {
		return err
	}
	term := time.Duration(longest) * time.Millisecond
	if !released {
		term = max(term, leaseTerm)
	}
	if term > 0 {
		if err := waitFor(ctx, term+term/20); err != nil {
			return err
		}
	}
	_, err := conn.Exec(ctx, "DELETE FROM nodes") // whoever is still there joins again, and is then refused by the epoch
	return err
}

// succeed takes over, as one of several, from a holder who was alone and did not let go: the epoch refuses what it
// may still send, and its lease is waited for.
func (h *hold) succeed(ctx context.Context, conn *pgx.Conn) error {
	if _, err := h.begin(ctx, conn, "", true); err != nil {
		return err
	}
	return waitFor(ctx, leaseTerm)
}

// renew lets the lease run on from a moment at which the lock was ours.
func (h *hold) renew(held time.Time) {
	h.until.Store(int64(held.Sub(h.begun) + leaseTerm))
	h.wall.Store(held.Add(leaseTerm).UnixNano())
}

// check returns why the store does not answer, or nil.
func (h *hold) check() error {
	if err := h.broken.Load(); err != nil {
		return *err
	}
	if !h.alone {
		return nil
	}
	if now := time.Now(); int64(now.Sub(h.begun)) > h.until.Load() || now.UnixNano() > h.wall.Load() {
		return errLapsed
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
			if h.alone {
				h.fail(ErrLost)
			}
			conn = h.regain(ctx)
		}
	}()
}

// beat returns when the session no longer has the lock, or nobody answers, or ctx ends.
func (h *hold) beat(ctx context.Context, conn *pgx.Conn) {
	if err := h.notices.listen(ctx, conn); err != nil {
		return
	}
	for h.look(ctx, conn) == nil {
		waiting, cancel := context.WithTimeout(ctx, heartbeat)
		var err error
		for err == nil { // where the store is this process's alone, none comes; but the end of the connection is seen at once
			if _, err = conn.WaitForNotification(waiting); err == nil {
				h.notices.tell()
			}
		}
		cancel()
		if ctx.Err() != nil || err != nil && !pgconn.Timeout(err) {
			return
		}
	}
}

// look asks whether the session has the lock, and lets the lease run on.
func (h *hold) look(ctx context.Context, conn *pgx.Conn) error {
	asked := time.Now()
	ctx, cancel := context.WithTimeout(ctx, heartbeatIn)
	defer cancel()
	var held bool
	if err := conn.QueryRow(ctx, holdsLockSQL, h.key).Scan(&held); err != nil {
		return err
	}
	if !held {
		return ErrLost
	}
	h.renew(asked)
	return nil
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
	if err == nil {
		err = h.look(ctx, conn)
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
