// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright"
)

// A courier brings events to one endpoint. It reads the chain behind its cursor, sends what the endpoint wants, and then
// moves the cursor: whatever happens in between, everything is sent at least once.
type courier struct {
	authority *Authority
	endpoint  atomic.Pointer[Endpoint]
	version   uint64 // of the endpoint's item; with it closed: of acts
	closed    bool   // the endpoint cannot be opened
	wake      chan struct{}

	life  sync.Mutex // of the two below
	stop  context.CancelFunc
	ended chan struct{} // closed when run has returned; nil: it was never begun

	mu            sync.Mutex // of all below, also while it is written to the store
	cursor        uint64     // events up to here were dealt with, or are deliveries
	saved         uint64     // the cursor as the store has it
	savedAt       time.Time
	cursorVersion uint64
	moved         int // times that somebody moved the cursor
	deliveries    map[uint64]*Delivery
	retryAt       time.Time // of an export: when it tries again; zero: it does not wait
	failures      int       // of an export, one behind the other
	sent, failed  uint64
	failingSince  time.Time
	lastSent      time.Time
	lastStatus    int
	lastProblem   string
	sweptAt       time.Time
}

func (a *Authority) newCourier(e *Endpoint, version uint64) *courier {
	c := &courier{authority: a, version: version, wake: make(chan struct{}, 1), deliveries: map[uint64]*Delivery{}}
	c.set(e)
	return c
}

func (c *courier) now() *Endpoint  { return c.endpoint.Load() }
func (c *courier) set(e *Endpoint) { c.endpoint.Store(e) }

// rouse has the courier look for work.
func (c *courier) rouse() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// begin lets the courier work until it, or the authority, is ended.
func (c *courier) begin() {
	if c.closed || c.authority.couriers.sender == nil || c.authority.member != nil && !c.authority.couriers.leads.Load() {
		return
	}
	c.life.Lock()
	defer c.life.Unlock()
	c.authority.couriers.mu.RLock()
	ctx, stop := context.WithCancel(c.authority.couriers.ctx)
	c.authority.couriers.mu.RUnlock()
	ended := make(chan struct{})
	c.stop, c.ended = stop, ended
	c.authority.chores.Go(func() {
		defer close(ended)
		c.run(ctx)
	})
}

// end waits until the courier has stopped.
func (c *courier) end() {
	c.life.Lock()
	defer c.life.Unlock()
	if c.ended != nil {
		c.stop()
		<-c.ended
	}
}

func (c *courier) run(ctx context.Context) {
	wait := 100 * time.Millisecond
	for {
		more, err := c.pass(ctx)
		if err != nil && ctx.Err() == nil {
			c.authority.log.Error("the queue of an endpoint could not be read or written; it is tried again", "endpoint", c.now().ID, "error", err)
			wait = min(2*wait, time.Minute)
			pause(ctx, wait)
			continue
		}
		wait = 100 * time.Millisecond
		if more && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// pass does what is to be done now, and reports whether there is more.
func (c *courier) pass(ctx context.Context) (more bool, err error) {
	e := c.now()
	if e.Disabled || ctx.Err() != nil {
		return false, ctx.Err()
	}
	if e.Kind.Export() {
		return c.export(ctx, e)
	}
	return c.deliver(ctx, e)
}

// hasWork reports whether the courier should be roused.
func (c *courier) hasWork(now time.Time, head uint64) bool {
	if c.now().Disabled {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now().Kind.Export() {
		return head > c.cursor && !now.Before(c.retryAt)
	}
	return head > c.cursor || c.oldestDue(now)
}

// state tells how the endpoint stands.
func (c *courier) state() EndpointState {
	s := EndpointState{Endpoint: c.now().shown()}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.deliveries {
		if d.Dead {
			s.Dead++
		} else {
			s.Pending++
		}
	}
	if head := c.authority.couriers.head.Load(); head > c.cursor {
		s.Behind = head - c.cursor
	}
	s.Cursor, s.Sent, s.Failed, s.FailingSince = c.cursor, c.sent, c.failed, c.failingSince
	s.LastSent, s.LastStatus, s.LastProblem = c.lastSent, c.lastStatus, c.lastProblem
	return s
}

// dealtWith returns the sequence up to which no event is needed any more.
func (c *courier) dealtWith() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	through := c.cursor
	for _, d := range c.deliveries {
		if !d.Dead {
			through = min(through, d.Sequence-1)
		}
	}
	return through
}

// moveTo has the courier go on behind a sequence.
func (c *courier) moveTo(ctx context.Context, sequence uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved++
	c.retryAt, c.failures = time.Time{}, 0
	return c.write(ctx, nil, sequence)
}

// write puts what changed of deliveries together with the cursor. What is only a step of the cursor is not written each
// time: after a crash those events are looked at again. The caller holds mu.
func (c *courier) write(ctx context.Context, puts []Put, cursor uint64) error {
	now := c.authority.now()
	back := cursor < c.cursor
	if cursor != c.saved && (len(puts) > 0 || back || cursor > c.saved+cursorSteps || now.Sub(c.savedAt).Abs() > cursorEvery) {
		puts = append(puts, cursorItem(c.now().ID, cursor, now, c.cursorVersion+1))
	}
	if len(puts) == 0 {
		c.cursor = cursor
		return nil
	}
	if err := c.authority.store.Apply(context.WithoutCancel(ctx), Change{Puts: puts}); err != nil {
		if errors.Is(err, ErrConflict) && c.authority.member != nil {
			c.authority.couriers.outdated.Store(true) // another node has moved it
		}
		return fromStore(err)
	}
	c.cursor = cursor
	if item, ok := puts[len(puts)-1].(*Item); ok && item.Kind == itemCursor {
		c.saved, c.savedAt, c.cursorVersion = cursor, now, item.Version
	}
	return nil
}

const (
	cursorSteps = 1000 // events
	cursorEvery = 10 * time.Second
)

// outcome notes how an attempt went. The caller holds mu.
func (c *courier) outcome(r Result, err error) {
	now := c.authority.now()
	if err == nil {
		c.sent++
		c.lastSent, c.failingSince = now, time.Time{}
		return
	}
	c.failed++
	c.lastStatus, c.lastProblem = r.Status, err.Error()
	if c.failingSince.IsZero() {
		c.failingSince = now
	}
}

const failingAfter = 15 * time.Minute

// tellFailing leaves an event, at most one an hour, of an endpoint that has been failing for some time.
func (c *courier) tellFailing(ctx context.Context, e *Endpoint) error {
	c.mu.Lock()
	since, problem := c.failingSince, c.lastProblem
	c.mu.Unlock()
	now := c.authority.now()
	if since.IsZero() || now.Sub(since) < failingAfter {
		return nil
	}
	hour := now.Truncate(time.Hour)
	return c.authority.tell(ctx, Operator("system", Origin{}), Event{
		Verb: verbFailing, Target: e.ID, Keyspace: e.keyspace(),
		Changes: []string{"since " + since.Format(time.RFC3339), "problem " + problem},
	}, keywright.KeyID{}, hour.Format(time.RFC3339), hour.Add(2*time.Hour))
}

// disable ends an endpoint whose receiver says that it is gone.
func (c *courier) disable(ctx context.Context, e *Endpoint) error {
	_, _, err := c.authority.changeEndpoint(ctx, Operator("system", Origin{}), e.ID, "webhook.disable", func(e *Endpoint, _ time.Time) ([]string, error) {
		if e.Disabled {
			return nil, nil
		}
		e.Disabled, e.Reason = true, "the receiver answered 410, gone"
		return []string{"disabled", "answered 410"}, nil
	})
	return err
}
