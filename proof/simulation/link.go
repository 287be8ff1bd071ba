// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

var (
	errCut   = errors.New("the network is cut")
	errLost  = errors.New("the answer was lost")
	errDead  = errors.New("the process was killed")
	patience = 5 * time.Second // of a call, before its network is taken for dead
)

// A link is the store as one node reaches it. What happens to a call depends on the seed, the node, the name of the call
// and how often it was made, and not on the order in which goroutines run.
type link struct {
	hub   *hub
	node  int
	dice  lots
	gate  *gate
	notes chan struct{}

	mu    sync.Mutex
	calls map[string]uint64
	cut   bool
	dead  bool
	slow  time.Duration // at most so much more, each way
	loss  float64       // of calls, requests and answers alike
	deaf  float64       // of notices
}

func newLink(h *hub, node int, dice lots, g *gate) *link {
	l := &link{hub: h, node: node, dice: dice, gate: g, calls: map[string]uint64{}, notes: make(chan struct{}, 1)}
	_ = h.within(func() error { h.heard[l] = true; return nil })
	return l
}

// set changes how the network is.
func (l *link) set(change func(*link)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(l)
}

// A trip is what becomes of one call.
type trip struct {
	there, back     time.Duration
	lostThere, gone bool
}

func (l *link) trip(name string) trip {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls[name]++
	d := l.dice.of(fmt.Sprint(l.node, name, l.calls[name]))
	t := trip{there: l.latency(d), back: l.latency(d)}
	t.lostThere, t.gone = d.Float64() < l.loss, d.Float64() < l.loss
	return t
}

// state tells why nothing passes at this moment.
func (l *link) state() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.dead:
		return errDead
	case l.cut:
		return errCut
	}
	return nil
}

// call carries a request to the store, and its answer back. It may be done although its caller gets an error.
func (l *link) call(ctx context.Context, name string, do func() error) error {
	t := l.trip(name)
	if err := l.travel(ctx, t.there, t.lostThere); err != nil {
		return err
	}
	err := l.hub.within(do)
	if lost := l.travel(ctx, t.back, t.gone); lost != nil {
		return fmt.Errorf("%w: %w", errLost, lost)
	}
	return err
}

// travel waits as long as a message takes. A node that is stopped reads no answer.
func (l *link) travel(ctx context.Context, takes time.Duration, lost bool) error {
	if err := l.state(); errors.Is(err, errDead) {
		return err
	}
	if err := wait(ctx, takes); err != nil {
		return err
	}
	if err := l.state(); err != nil || lost {
		if !errors.Is(err, errDead) {
			err = errors.Join(err, wait(ctx, patience))
		}
		l.gate.pass()
		return errors.Join(errCut, err)
	}
	l.gate.pass()
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// told brings a notice, unless it is lost.
func (l *link) told(n uint64) {
	l.mu.Lock()
	d := l.dice.of(fmt.Sprint(l.node, "notice", n))
	lost := l.cut || l.dead || d.Float64() < l.deaf
	takes := l.latency(d)
	l.mu.Unlock()
	if lost {
		return
	}
	time.AfterFunc(takes, func() {
		l.gate.pass()
		select {
		case l.notes <- struct{}{}:
		default:
		}
	})
}

// Lookup implements authority.Store, and so do the methods below.
func (l *link) Lookup(ctx context.Context, h keywright.Hash) (r authority.Record, err error) {
	err = l.call(ctx, fmt.Sprint("lookup", h), func() error { r, err = l.hub.store.Lookup(context.WithoutCancel(ctx), h); return err })
	return r, err
}

func (l *link) List(ctx context.Context, q authority.Query) (p authority.Page, err error) {
	err = l.call(ctx, fmt.Sprint("list", q), func() error { p, err = l.hub.store.List(context.WithoutCancel(ctx), q); return err })
	return p, err
}

func (l *link) Apply(ctx context.Context, c authority.Change) error {
	return l.call(ctx, "apply", func() error {
		err := l.hub.store.Apply(context.WithoutCancel(ctx), c)
		if err == nil && c.Urgent {
			head, _ := l.hub.chain()
			for other := range l.hub.heard {
				other.told(head.Sequence)
			}
		}
		return err
	})
}

func (l *link) Spend(ctx context.Context, s []authority.Spending) (spent []authority.Spent, err error) {
	err = l.call(ctx, "spend", func() error { spent, err = l.hub.store.Spend(context.WithoutCancel(ctx), s); return err })
	return spent, err
}

func (l *link) Count(ctx context.Context, t authority.Tally) error {
	return l.call(ctx, "count", func() error { return l.hub.store.Count(context.WithoutCancel(ctx), t) })
}

func (l *link) Events(ctx context.Context, q authority.EventQuery) (e []authority.Event, err error) {
	err = l.call(ctx, fmt.Sprint("events", q), func() error { e, err = l.hub.store.Events(context.WithoutCancel(ctx), q); return err })
	return e, err
}

// Scan reads everything as it is at one moment, and brings it later.
func (l *link) Scan(ctx context.Context, visit func(*authority.Record) error) error {
	var all []authority.Record
	err := l.call(ctx, "scan", func() error {
		page, err := l.hub.store.List(context.WithoutCancel(ctx), authority.Query{})
		all = page.Records
		return err
	})
	for i := range all {
		if err == nil {
			err = visit(&all[i])
		}
	}
	return err
}

// Close does nothing: other nodes have the store.
func (l *link) Close() error { return nil }

// Shared implements authority.Cluster, and so do the methods below.
func (l *link) Shared() bool { return true }

func (l *link) Join(ctx context.Context, n authority.Node) error {
	return l.call(ctx, "join", func() error { return l.hub.join(n) })
}

// Renew notes the renewal first, and reads the chain in a transaction of its own.
func (l *link) Renew(ctx context.Context, id string, confirmed uint64) (head authority.ChainHead, err error) {
	t := l.trip("renew")
	if err := l.travel(ctx, t.there, t.lostThere); err != nil {
		return head, err
	}
	if err := l.hub.within(func() error { return l.hub.renew(id, confirmed) }); err != nil {
		return head, errors.Join(err, l.travel(ctx, t.back, false))
	}
	err = l.call(ctx, "head", func() error { head, err = l.hub.chain(); return err })
	return head, err
}

func (l *link) Confirm(ctx context.Context, id string, confirmed uint64) error {
	return l.call(ctx, "confirm", func() error { return l.hub.confirm(id, confirmed) })
}

func (l *link) Nodes(ctx context.Context) (all []authority.Node, head authority.ChainHead, err error) {
	err = l.call(ctx, "nodes", func() error { all = l.hub.list(); head, err = l.hub.chain(); return err })
	return all, head, err
}

func (l *link) Lose(ctx context.Context, id string, renewal uint64) error {
	return l.call(ctx, "lose", func() error { return l.hub.lose(id, renewal) })
}

func (l *link) Leave(ctx context.Context, id string) error {
	return l.call(ctx, "leave", func() error { return l.hub.leave(id) })
}

func (l *link) Notices() <-chan struct{} { return l.notes }

// Alone keeps others out while work goes on, and nobody where this node is cut off: the work finds out.
func (l *link) Alone(ctx context.Context, name string, work func(context.Context) error) (ran bool, err error) {
	err = l.call(ctx, "alone", func() error {
		ran = !l.hub.alone[name]
		l.hub.alone[name] = true
		return nil
	})
	if !ran {
		return false, err
	}
	defer func() { _ = l.hub.within(func() error { delete(l.hub.alone, name); return nil }) }()
	if err != nil {
		return false, err
	}
	return true, work(ctx)
}
