// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"time"
)

const (
	firstLook = time.Millisecond // after an act, at who has confirmed it
	restLook  = 16 * time.Millisecond
)

// urgent reports whether a change may take something away that other nodes keep in mind.
func urgent(c *Change) bool {
	for _, p := range c.Puts {
		switch p := p.(type) {
		case *Record:
			if p.Version > 1 {
				return len(c.Events) != 1 || c.Events[0].Verb != "key.rehash"
			}
		case *Keyspace, *Owner:
			return true
		case *Item:
			if p.Kind == itemPepper || p.Kind == itemSigningKey {
				return true
			}
		case *Removal:
			return p.Owner != nil || p.Item.Kind == itemPepper || p.Item.Kind == itemSigningKey
		}
	}
	return false
}

// write applies a change as one of several nodes. When it returns nil, this node and every other that judges anything sees
// what the change took away.
func (m *member) write(ctx context.Context, c Change) error {
	c.Urgent = urgent(&c)
	err := m.a.store.Store.Apply(ctx, c)
	written := m.awake()
	switch {
	case errors.Is(err, ErrConflict):
		_ = m.follow(ctx) // so that the next attempt knows what this one met; if that fails it meets it again
		return err
	case err != nil || !c.Urgent || len(c.Events) == 0:
		return err
	}
	sequence := c.Events[len(c.Events)-1].Sequence
	m.await(ctx, sequence, written)
	return nil
}

// everywhere returns when what the store holds now is true on every node. An act that finds nothing left to do may be the
// repeat of one that nobody has waited for.
func (a *Authority) everywhere(ctx context.Context) error {
	if a.member == nil {
		return nil
	}
	sequence, err := a.lastSequence(ctx)
	if err == nil {
		a.member.await(ctx, sequence, a.member.awake())
	}
	return err
}

// A sighting is a node as it was when it was first waited for, and when that was.
type sighting struct {
	Node
	at time.Duration
}

// await waits until every node has confirmed a sequence that was committed before the given moment, or has no lease
// from before that any more. A lease that begins later counts only when the sequence is applied. So the longest it ever
// takes is a term, whatever fails meanwhile. This node is one of them: a renewal that was asked for before the act may give
// it a lease after that.
func (m *member) await(ctx context.Context, sequence uint64, written time.Duration) {
	longest := max(m.node.Term, LongestLease)
	waiting := map[string]sighting{}
	for pause := firstLook; ; pause = min(2*pause, restLook) {
		m.catchUp(ctx, sequence)
		now := m.awake()
		end := written + longest + longest/leaseMargin
		nodes, head, err := m.look(ctx)
		if err == nil {
			m.seeTimeline(&head)
			longest = max(m.node.Term, head.Longest)
			end = m.latest(nodes, sequence, written, waiting)
			if m.unsettled(&head, longest) {
				end = max(end, written+longest+longest/leaseMargin)
			}
		}
		if m.applied.Load() < sequence {
			end = max(end, written+m.node.Term+m.node.Term/leaseMargin)
		}
		if now >= end {
			m.declare(ctx, nodes, waiting, sequence, now)
			return
		}
		time.Sleep(min(pause, end-now))
	}
}

// catchUp applies the feed up to a sequence, if it can be read.
func (m *member) catchUp(ctx context.Context, sequence uint64) {
	if m.applied.Load() >= sequence {
		return
	}
	if err := m.follow(ctx); err != nil && m.applied.Load() < sequence {
		m.until.Store(-1) // what this node has in mind is too old, and every renewal tries again
		m.explain(ctx, err)
	}
}

// latest returns when the last lease ends that has to be waited for; 0: there is none.
func (m *member) latest(nodes []Node, sequence uint64, written time.Duration, waiting map[string]sighting) (end time.Duration) {
	for _, n := range nodes {
		if n.ID == m.node.ID || n.Lost || n.Confirmed >= sequence {
			continue
		}
		if _, seen := waiting[n.ID]; !seen {
			waiting[n.ID] = sighting{n, m.awake()}
		}
		end = max(end, written+n.Term+n.Term/leaseMargin)
	}
	return end
}

// unsettled reports whether another server took over so lately that leases may run of which it knows nothing.
func (m *member) unsettled(head *ChainHead, longest time.Duration) bool {
	m.timeline.Lock()
	defer m.timeline.Unlock()
	return !head.Settled || m.timeline.since >= 0 && m.awake() < m.timeline.since+longest+longest/leaseMargin
}

// declare notes which nodes did not renew for a whole term after they were first seen, so that the next act need not wait for
// them. What was first seen late, because the store did not answer, may have been renewed just before.
func (m *member) declare(ctx context.Context, nodes []Node, waiting map[string]sighting, sequence uint64, now time.Duration) {
	for _, n := range nodes {
		was, ok := waiting[n.ID]
		if !ok || n.Renewal != was.Renewal || n.Confirmed >= sequence || n.Lost || now-was.at < n.Term+n.Term/(2*leaseMargin) {
			continue
		}
		m.a.log.Warn("a node did not renew its lease; it judges nothing until it does", "node", n.ID, "name", n.Name)
		if err := m.cluster.Lose(ctx, n.ID, n.Renewal); err != nil {
			m.a.log.Warn("a lost node could not be noted; the next act waits for it again", "error", err)
		}
	}
}
