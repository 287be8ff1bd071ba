// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// DefaultLease is how long a node may judge without word from the store.
	DefaultLease = time.Second
	// ShortestLease and LongestLease are the bounds of it.
	ShortestLease = 200 * time.Millisecond
	LongestLease  = 30 * time.Second

	renewals = 3 // in a term
	// leaseMargin is the part of a term for which a lease is waited for longer than it runs: clocks are not equally fast.
	leaseMargin = 20
)

// NodeOptions say how an authority is one of several nodes. They are only looked at where the store is shared.
type NodeOptions struct {
	Name    string        // of the machine, for people
	Version string        // of the program
	Address string        // where it listens
	Lease   time.Duration // 0: DefaultLease
	// Awake is a clock that never goes back and goes on while the machine sleeps, such as CLOCK_BOOTTIME. nil: a clock that
	// does not go on; sleep then shows by Clock alone.
	Awake func() time.Duration
	// Heads remembers where the chain ended, beyond the life of the process. nil: only this process's memory does.
	Heads HeadKeeper
	// AcceptLoss goes on although the store has lost something that this node has seen. It leaves an event.
	AcceptLoss bool
}

// A HeadKeeper keeps where the audit chain ended when a node saw it last: a database that holds less has lost something.
type HeadKeeper interface {
	// Load returns what was saved last. A head of sequence 0 says that nothing was.
	Load() (ChainHead, error)
	// Save need not be durable: what is lost is a chance to notice.
	Save(ChainHead) error
}

// Check refuses what cannot be.
func (o *NodeOptions) Check() error {
	if o.Lease != 0 && (o.Lease < ShortestLease || o.Lease > LongestLease) {
		return fmt.Errorf("a lease is between %s and %s", ShortestLease, LongestLease)
	}
	if len(o.Name) > 200 || checkText("name", o.Name) != nil {
		return errors.New("the name of a node is at most 200 letters")
	}
	return nil
}

// A member is this authority as one of several nodes over one store.
type member struct {
	a       *Authority
	cluster Cluster
	node    Node
	awake   func() time.Duration
	heads   HeadKeeper

	until atomic.Int64 // when the lease ends, by awake
	wall  atomic.Int64 // and by the clock, in nanoseconds since 1970
	why   atomic.Pointer[error]
	tail  atomic.Bool // the store has lost something that this node saw: nothing is judged any more

	looks   looks
	mu      latch         // of who follows the feed
	head    ChainHead     // up to where it is applied
	applied atomic.Uint64 // its sequence
	saved   uint64
	lost    []string // that was accepted: what this node had seen, and what the store holds

	timeline struct {
		sync.Mutex
		name  string
		since time.Duration // when another one was seen, by awake; negative: none was
	}
}

// self returns this process as a node.
func (o *Options) self(id [16]byte, now time.Time) Node {
	return Node{
		ID: "node_" + hex.EncodeToString(id[:]), Name: o.Node.Name, Version: o.Node.Version, Address: o.Node.Address, Started: now,
	}
}

// newMember returns nil for a store that is not shared.
func newMember(a *Authority, o *Options) *member {
	cluster, ok := o.Store.(Cluster)
	if !ok || !cluster.Shared() {
		return nil
	}
	term := o.Node.Lease
	if term == 0 {
		term = DefaultLease
	}
	m := &member{a: a, cluster: cluster, awake: o.Node.Awake, heads: o.Node.Heads, node: a.self}
	m.node.Term = term
	if m.awake == nil {
		begun := o.Clock()
		m.awake = func() time.Duration { return o.Clock().Sub(begun) }
	}
	m.until.Store(-1)
	m.timeline.since = -1
	return m
}

var (
	errNoLease = errors.New("this node has no lease: the store did not answer in time")
	// ErrLost says that the store has lost something that this node has seen: nothing is judged until somebody has looked.
	ErrLost = errors.New("the store holds another or a shorter audit chain than this node has seen: it has lost what was acknowledged")
)

// Lease returns nil while everything is applied that had returned on another node when a verification begins. It does no I/O.
func (m *member) Lease() error {
	if int64(m.awake()) < m.until.Load() && m.a.clock().UnixNano() < m.wall.Load() && !m.tail.Load() {
		return nil
	}
	if why := m.why.Load(); why != nil {
		return *why
	}
	return errNoLease
}

// join makes the node one of the nodes, and begins to follow where the chain ends now: everything that is read from the
// store after this is at least as new.
func (m *member) join(ctx context.Context, acceptLoss bool) error {
	if err := m.cluster.Join(ctx, m.node); err != nil {
		return err
	}
	head, err := m.cluster.Renew(ctx, m.node.ID, 0)
	if err != nil {
		return err
	}
	m.seeTimeline(&head)
	if err := m.compareSaved(ctx, &head, acceptLoss); err != nil {
		return err
	}
	m.head = head
	m.applied.Store(head.Sequence)
	m.save()
	return nil
}

// run renews the lease and follows the feed until ctx ends.
func (m *member) run(ctx context.Context) {
	tick := time.NewTicker(m.node.Term / renewals)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-m.cluster.Notices():
			if err = m.follow(ctx); err == nil {
				err = m.confirm(ctx)
			}
		case <-tick.C:
			err = m.renew(ctx)
		}
		m.explain(ctx, err)
	}
}

// confirm tells how far the feed is applied.
func (m *member) confirm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, m.node.Term)
	defer cancel()
	return m.cluster.Confirm(ctx, m.node.ID, m.applied.Load())
}

// explain keeps why there is no lease, and logs it when it begins and when it is over.
func (m *member) explain(ctx context.Context, err error) {
	before := m.why.Load()
	switch {
	case ctx.Err() != nil:
	case err == nil && before != nil && m.Lease() == nil:
		m.why.Store(nil)
		m.a.log.Info("this node has a lease again")
	case err != nil && !errors.Is(err, context.Canceled):
		m.why.Store(&err)
		if before == nil || (*before).Error() != err.Error() {
			m.a.log.Error("this node cannot renew its lease; it judges nothing when that has run out", "error", err)
		}
	}
}

// renew asks for another term. It counts from before the question, and only when everything up to the answer is applied.
func (m *member) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(following(ctx), m.node.Term)
	defer cancel()
	asked, wall := m.awake(), m.a.clock()
	head, err := m.cluster.Renew(ctx, m.node.ID, m.applied.Load())
	if errors.Is(err, ErrNotFound) {
		if err = m.cluster.Join(ctx, m.node); err == nil {
			head, err = m.cluster.Renew(ctx, m.node.ID, m.applied.Load())
		}
	}
	if err != nil {
		return err
	}
	m.seeTimeline(&head)
	before := m.applied.Load()
	if err := m.reach(ctx, &head); err != nil {
		return err
	}
	m.grant(asked, wall)
	m.save()
	if now := m.applied.Load(); now != before {
		return m.cluster.Confirm(ctx, m.node.ID, now)
	}
	return nil
}

func (m *member) grant(asked time.Duration, wall time.Time) {
	m.until.Store(int64(asked + m.node.Term))
	m.wall.Store(wall.Add(m.node.Term).UnixNano())
}

// seeTimeline notes when another server took over.
func (m *member) seeTimeline(h *ChainHead) {
	m.timeline.Lock()
	defer m.timeline.Unlock()
	if first := m.timeline.name == ""; m.timeline.name != h.Timeline {
		m.timeline.name = h.Timeline
		if !first || !h.Settled {
			m.timeline.since = m.awake()
		}
	}
}

// leave gives the lease back, so that nobody waits for it.
func (m *member) leave() {
	m.until.Store(-1)
	ctx, cancel := context.WithTimeout(context.Background(), lookupTime)
	defer cancel()
	if err := m.cluster.Leave(ctx, m.node.ID); err != nil {
		m.a.log.Warn("this node could not leave; others wait once for its lease", "error", err)
	}
}
