// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"strconv"
	"time"
)

const (
	// writersOfNode may wait for the chain head or have it at a time: one, and one that takes its place at once. A node
	// that stands still holds up the others no longer than so many transactions may stand still.
	writersOfNode = 2

	// A transaction may stand still for half a lease, within these bounds; then the server ends it.
	shortestStill = 250 * time.Millisecond
	longestStill  = 5 * time.Second
)

// stillSQL is of one transaction: a pool may be older than the lease is known.
const stillSQL = "SELECT set_config('idle_in_transaction_session_timeout', $1, true)"

// turn waits until this node may have another writer of the chain. Waiting here, and not at the server, leaves the
// connections of the pool to reads. done gives the turn back.
func (c *cluster) turn(ctx context.Context) (done func(), err error) {
	if c == nil {
		return func() {}, nil
	}
	select {
	case c.turns <- struct{}{}:
		return func() { <-c.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// limitStill notes for how long transactions of a node with such a lease may stand still.
func (c *cluster) limitStill(lease time.Duration) {
	c.still.Store(min(max(lease/2, shortestStill), longestStill).Milliseconds())
}

// endIfStill has the server end the transaction where the process stops, or the network: others wait for its locks.
func (c *cluster) endIfStill(t *transaction) {
	if c == nil {
		return
	}
	if still := c.still.Load(); still > 0 {
		t.queue(stillSQL, strconv.FormatInt(still, 10))
	}
}
