// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/postgrestest"
)

// patience is how long a test waits for what would never come.
const patience = 20 * time.Second

// TestNodeStandsStill stops a node in a transaction that has the head of the chain. The server ends it; until then other
// nodes judge, also keys that they do not have in memory, and their acts go on after that. The transaction is then done
// again as a whole.
func TestNodeStandsStill(t *testing.T) {
	url := postgrestest.Database(t)
	lease := func(d time.Duration) func(*authority.Options) {
		return func(o *authority.Options) { o.Node.Lease = d }
	}
	stopped, other := startNode(t, url, "stopped", lease(4*time.Second)), startNode(t, url, "other", lease(time.Second))
	var going, staying []authority.Issued
	for range 8 {
		going = append(going, stopped.issue(t))
		staying = append(staying, stopped.issue(t))
	}

	held, wake := make(chan struct{}), make(chan struct{})
	attempt := 0
	var acts sync.WaitGroup
	acts.Go(func() {
		err := stopped.store.transact(context.Background(), func(tx *transaction) error {
			if err := tx.readPremises(authority.Change{}); err != nil {
				return err
			}
			if attempt++; attempt == 1 {
				close(held)
				<-wake
			}
			tx.queue(readHeadSQL)
			return tx.flush()
		})
		if err != nil || attempt != 2 {
			t.Errorf("the transaction that stood still: %v, after %d attempts", err, attempt)
		}
	})
	<-held
	done := make(chan struct{})
	go func() {
		defer close(done)
		var revokes sync.WaitGroup
		for _, k := range going {
			revokes.Go(func() { other.revoke(t, k.Record.ID) })
		}
		revokes.Wait()
	}()
	stillAsking(t, other, staying, done)
	close(wake)
	acts.Wait()
	for _, k := range going {
		for _, n := range []*testNode{stopped, other} {
			if code, err := n.ask(k.Key); err != nil || code != keywright.Revoked {
				t.Errorf("a revoked key is %s, %v", code, err)
			}
		}
	}
}

// stillAsking asks a node about keys until done: it judges all the time.
func stillAsking(t *testing.T, n *testNode, keys []authority.Issued, done <-chan struct{}) {
	t.Helper()
	late := time.After(patience)
	for i := 0; ; i++ {
		n.wantValid(t, keys[i%len(keys)].Key)
		select {
		case <-done:
			return
		case <-late:
			t.Fatal("the acts of another node wait for one that stands still")
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// TestFeedNeedsNoConnectionOfActs has every connection of a node in use: it still follows the others, and judges.
func TestFeedNeedsNoConnectionOfActs(t *testing.T) {
	nodes := startNodes(t, postgrestest.Database(t), 2)
	key, other := nodes[0].issue(t), nodes[0].issue(t)
	nodes[1].wantValid(t, key.Key)
	nodes[1].wantValid(t, other.Key)
	for range nodes[1].store.pool.Config().MaxConns {
		c, err := nodes[1].store.pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Release()
	}
	nodes[0].revoke(t, key.Record.ID)
	if code, err := nodes[1].ask(key.Key); err != nil || code != keywright.Revoked {
		t.Errorf("the key is %s, %v", code, err)
	}
	nodes[1].wantValid(t, other.Key)
}

// TestRepeatedRotationIsWaitedFor repeats a rotation whose first answer was lost: another node is cut off and judges under
// its lease. The repeat does not return before that node has it, or judges nothing.
func TestRepeatedRotationIsWaitedFor(t *testing.T) {
	url := postgrestest.Database(t)
	by := startNode(t, url, "by", nil)
	away, f := startFaulty(t, url, nil)
	key := by.issue(t)
	away.wantValid(t, key.Key)
	f.cut.Store(true)
	rotate := func() {
		_, err := by.Rotate(context.Background(), me, key.Record.ID, authority.RotateRequest{Grace: &authority.Grace{}, IdempotencyKey: "again"})
		if err != nil {
			t.Error(err)
		}
	}
	go rotate() // its answer is lost
	for {
		if r, err := by.store.Lookup(t.Context(), keywright.HashText(key.Key.Reveal())); err != nil {
			t.Fatal(err)
		} else if r.Version > 1 {
			break
		}
	}
	rotate()
	away.wantError(t, key.Key)
}
