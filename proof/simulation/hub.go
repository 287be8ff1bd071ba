// SPDX-License-Identifier: Apache-2.0

// Package simulation runs several authorities over one store, each with a clock and a network of its own, in time that
// does not pass by itself. A seed decides what is done and what fails; the law of proof/history is held against what
// clients see, who ask every node all the time.
//
//	go test ./proof/simulation -seeds 300          runs seeds 1 to 300
//	go test ./proof/simulation -from 17 -seeds 1   repeats one
package simulation

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

// A hub is the store that all nodes share: SQLite in memory, and the rows about the nodes beside it. It is what
// PostgreSQL is for real nodes. Its methods take no time; links add that.
type hub struct {
	store *sqlite.Store

	mu      sync.Mutex // held during each transaction
	nodes   []*authority.Node
	longest time.Duration
	alone   map[string]bool
	heard   map[*link]bool // who is told of urgent changes
}

func newHub(ctx context.Context) (*hub, error) {
	store, err := sqlite.OpenMemory(ctx)
	return &hub{store: store, alone: map[string]bool{}, heard: map[*link]bool{}}, err
}

// within does something in one transaction, as far as others can see.
func (h *hub) within(do func() error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return do()
}

// chain returns where the chain ends.
func (h *hub) chain() (authority.ChainHead, error) {
	events, err := h.store.Events(context.Background(), authority.EventQuery{Limit: 1, Descending: true})
	head := authority.ChainHead{Timeline: "1", Longest: h.longest, Settled: true}
	if err == nil && len(events) > 0 {
		head.Sequence, head.Hash = events[0].Sequence, events[0].Hash
	}
	return head, err
}

func (h *hub) find(id string) *authority.Node {
	for _, n := range h.nodes {
		if n.ID == id {
			return n
		}
	}
	return nil
}

func (h *hub) join(n authority.Node) error {
	n.Renewal, n.Confirmed, n.Lost, n.Seen = 0, 0, false, time.Now()
	if old := h.find(n.ID); old != nil {
		n.Renewal = old.Renewal + 1
		*old = n
	} else {
		h.nodes = append(h.nodes, &n)
	}
	h.longest = max(h.longest, n.Term)
	return nil
}

func (h *hub) renew(id string, confirmed uint64) error {
	n := h.find(id)
	if n == nil {
		return authority.ErrNotFound
	}
	n.Renewal++
	n.Confirmed = max(n.Confirmed, confirmed)
	n.Seen, n.Lost = time.Now(), false
	return nil
}

func (h *hub) confirm(id string, confirmed uint64) error {
	if n := h.find(id); n != nil {
		n.Confirmed = max(n.Confirmed, confirmed)
	}
	return nil
}

func (h *hub) list() []authority.Node {
	all := make([]authority.Node, 0, len(h.nodes))
	for _, n := range h.nodes {
		copied := *n
		copied.Now = time.Now()
		all = append(all, copied)
	}
	return all
}

func (h *hub) lose(id string, renewal uint64) error {
	if n := h.find(id); n != nil && n.Renewal == renewal {
		n.Lost = true
	}
	return nil
}

func (h *hub) leave(id string) error {
	h.nodes = slices.DeleteFunc(h.nodes, func(n *authority.Node) bool { return n.ID == id })
	return nil
}
