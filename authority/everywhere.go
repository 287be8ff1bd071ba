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
	if err := m.follow(ctx); err != nil && m.applied.Load() < sequence {
		m.until.Store(-1) // what this node has in mind is too old, and every renewal tries again
		m.explain(ctx, err)
	}
	m.await(ctx, sequence, written)
	return nil
}

// await waits until every other node has confirmed a sequence that was committed before the given moment, or has no lease
// from before that any more. A lease that begins later counts only when the sequence is applied. So the longest it ever
// takes is a term, whatever fails meanwhile.
func (m *member) await(ctx context.Context, sequence uint64, written time.Duration) {
	longest := max(m.node.Term, LongestLease)
	waiting := map[string]Node{} // as they were when first seen
	for pause := firstLook; ; pause = min(2*pause, restLook) {
		now := m.awake()
		end := written + longest + longest/leaseMargin
		nodes, head, err := m.cluster.Nodes(ctx)
		if err == nil {
			m.seeTimeline(&head)
			longest = max(m.node.Term, head.Longest)
			end = m.latest(nodes, sequence, written, waiting)
			if m.unsettled(&head, longest) {
				end = max(end, written+longest+longest/leaseMargin)
			}
		}
		if now >= end {
			m.declare(ctx, nodes, waiting, sequence, now-written)
			return
		}
		time.Sleep(min(pause, end-now))
	}
}

// latest returns when the last lease ends that has to be waited for; 0: there is none.
func (m *member) latest(nodes []Node, sequence uint64, written time.Duration, waiting map[string]Node) (end time.Duration) {
	for _, n := range nodes {
		if n.ID == m.node.ID || n.Lost || n.Confirmed >= sequence {
			continue
		}
		if _, seen := waiting[n.ID]; !seen {
			waiting[n.ID] = n
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

// declare notes which nodes were waited for in vain for a whole term, so that the next act need not.
func (m *member) declare(ctx context.Context, nodes []Node, waiting map[string]Node, sequence uint64, waited time.Duration) {
	for _, n := range nodes {
		was, ok := waiting[n.ID]
		if !ok || n.Renewal != was.Renewal || n.Confirmed >= sequence || n.Lost || waited < n.Term {
			continue
		}
		m.a.log.Warn("a node did not renew its lease; it judges nothing until it does", "node", n.ID, "name", n.Name)
		if err := m.cluster.Lose(ctx, n.ID, n.Renewal); err != nil {
			m.a.log.Warn("a lost node could not be noted; the next act waits for it again", "error", err)
		}
	}
}
