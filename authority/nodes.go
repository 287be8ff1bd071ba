// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"time"
)

// NodeState is how a node stands.
type NodeState string

// The states.
const (
	NodeReady  NodeState = "ready"  // it has a lease, and everything applied
	NodeBehind NodeState = "behind" // it renews, and has confirmed less than the chain holds
	NodeLost   NodeState = "lost"   // it has not renewed for a term, and judges nothing until it does
)

// A NodeInfo is a node as it may be shown.
type NodeInfo struct {
	Node
	Until time.Time // of the lease, by the clock of the store
	State NodeState
	Lag   uint64 // events that it has not confirmed
	This  bool   // it answers
}

// Nodes are those that serve one store.
type Nodes struct {
	Nodes    []NodeInfo // oldest first
	Sequence uint64     // of the last event
	Lease    time.Duration
}

// Nodes lists the nodes that serve this store. A store that is not shared has one.
func (a *Authority) Nodes(ctx context.Context, c Caller) (Nodes, error) {
	if len(c.keyspaces) > 0 || c.owner != "" {
		return Nodes{}, denied("the caller is bound, and nodes are of the whole authority", "use a service key that is not bound")
	}
	if err := c.May(ScopeNodes); err != nil {
		return Nodes{}, err
	}
	if a.member == nil {
		last, err := a.lastSequence(ctx)
		now, n := a.now(), a.self
		n.Seen, n.Confirmed = now, last
		return Nodes{Nodes: []NodeInfo{{Node: n, State: NodeReady, This: true}}, Sequence: last}, err
	}
	list, head, err := a.member.cluster.Nodes(ctx)
	if err != nil {
		return Nodes{}, fromStore(err)
	}
	out := Nodes{Sequence: head.Sequence, Lease: a.member.node.Term}
	for _, n := range list {
		i := NodeInfo{Node: n, Until: n.Seen.Add(n.Term), State: NodeReady, This: n.ID == a.member.node.ID}
		if head.Sequence > n.Confirmed {
			i.Lag = head.Sequence - n.Confirmed
		}
		switch {
		case n.Lost || n.Now.After(i.Until):
			i.State = NodeLost
		case i.Lag > 0:
			i.State = NodeBehind
		}
		out.Nodes = append(out.Nodes, i)
	}
	return out, nil
}
