// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"time"

	"github.com/keywright/keywright"
)

// A Cluster is a store that several nodes have open at once. An authority over it joins, and judges only under a lease
// that it renews three times in its term: a verification is an error without one.
//
// The audit chain is the change feed. A renewal counts only once everything up to the sequence that it returned is applied.
// An act that takes something away is committed, and then returns when every other node has confirmed its sequence or has
// not renewed for a term. Nobody compares clocks: a node counts its lease from before it asked, and who waits counts from
// when it first saw the renewal, each on its own clock.
type Cluster interface {
	// Shared reports whether other nodes may have the store open. If not, nothing of the following is called.
	Shared() bool
	// Join adds a node, or replaces one of the same id. Its lease begins with its first renewal.
	Join(ctx context.Context, n Node) error
	// Renew notes that a node is there and has applied the feed up to a sequence, and then, when that is committed, reads
	// where the chain ends. So whoever reads the nodes after an act that is not in the answer sees this renewal.
	// ErrNotFound: the node is not among the nodes, and must join again.
	Renew(ctx context.Context, id string, confirmed uint64) (ChainHead, error)
	// Confirm notes that a node has applied the feed up to a sequence. It is no renewal.
	Confirm(ctx context.Context, id string, confirmed uint64) error
	// Nodes returns all nodes, oldest first, and where the chain ends.
	Nodes(ctx context.Context) ([]Node, ChainHead, error)
	// Lose notes that a lease has run out, unless the node has renewed it since: nobody needs to wait for it again.
	Lose(ctx context.Context, id string, renewal uint64) error
	// Leave takes a node away. It judges nothing any more.
	Leave(ctx context.Context, id string) error
	// Notices returns a channel that has something soon after an urgent change was committed. One may be lost. A nil
	// channel, or one that stays silent, costs time and nothing else: the feed is then read with each renewal.
	Notices() <-chan struct{}
	// Alone runs work unless another node does work of that name right now. It reports whether it ran. Work must not
	// depend on being alone for what it promises: a node that is cut off may find out late.
	Alone(ctx context.Context, name string, work func(context.Context) error) (ran bool, err error)
}

// A Node is one process that has the store of a cluster open.
type Node struct {
	ID      string // node_ and what nobody else has
	Name    string // for people: of the machine
	Version string // of the program
	Address string // where it listens; empty: not told
	Started time.Time
	Term    time.Duration // of its lease

	// What the store knows.
	Renewal   uint64    // how often it renewed
	Confirmed uint64    // the feed is applied up to here
	Seen      time.Time // when it renewed last, by the clock of the store: to be shown, never to decide by
	Now       time.Time // the clock of the store when this was read
	Lost      bool      // it did not renew for its term, and judges nothing until it does
}

// A ChainHead is where the audit chain ends.
type ChainHead struct {
	Sequence uint64
	Hash     keywright.Hash
	// Timeline changes when another server takes over and may have lost the last that was acknowledged, renewals among it.
	// It is empty where the database does not tell.
	Timeline string
	// Longest is the longest term that any node ever joined with.
	Longest time.Duration
	// Settled is whether the timeline has been this one for longer than that.
	Settled bool
}
