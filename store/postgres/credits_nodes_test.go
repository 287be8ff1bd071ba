// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/postgrestest"
)

// issueCredits issues a key with credits.
func (n *testNode) issueCredits(t testing.TB, credits authority.CreditsRequest) authority.Issued {
	t.Helper()
	issued, err := n.Issue(context.Background(), me, authority.IssueRequest{Name: "k", Credits: &credits})
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

// TestNodesShareCredits spends the same credits on three nodes at once: of N there are N VALID, and the ledger has each.
func TestNodesShareCredits(t *testing.T) {
	const credits = 150
	nodes := startNodes(t, postgrestest.Database(t), 3)
	issued := nodes[0].issueCredits(t, authority.CreditsRequest{Remaining: credits})
	var valid, exhausted atomic.Int64
	var all sync.WaitGroup
	for _, n := range nodes {
		for range 4 {
			all.Go(func() {
				for asks := 0; asks < 30; {
					code, err := n.ask(issued.Key)
					switch {
					case err != nil: // without a lease on a slow machine: nothing is judged
						time.Sleep(10 * time.Millisecond)
						continue
					case code == keywright.Valid:
						valid.Add(1)
					case code == keywright.CreditsExhausted:
						exhausted.Add(1)
					default:
						t.Error(code)
					}
					asks++
				}
			})
		}
	}
	all.Wait()
	// A spending whose node lost its lease before the answer was told as an error, and stays spent.
	balance, err := nodes[1].Credits(context.Background(), me, issued.Record.ID)
	if err != nil || balance.Remaining != 0 || valid.Load() > credits || valid.Load() == 0 || exhausted.Load() == 0 {
		t.Errorf("%d VALID of %d credits, %d left, %v", valid.Load(), credits, balance.Remaining, err)
	}
	lines, _, err := nodes[2].Ledger(context.Background(), me, issued.Record.ID, 0, 0)
	sum := int64(0)
	for _, l := range lines {
		sum += l.Amount
	}
	if err != nil || sum != 0 {
		t.Errorf("the ledger adds up to %d, %v", sum, err)
	}
}

// TestNodesRefillOnce lets three nodes verify, and keep house, while a refill falls due.
func TestNodesRefillOnce(t *testing.T) {
	const amount = 1_000_000
	nodes := startNodes(t, postgrestest.Database(t), 3)
	issued := nodes[0].issueCredits(t, authority.CreditsRequest{Refill: &authority.Refill{
		Amount: amount, Every: time.Minute, Mode: authority.RefillAdd, Start: time.Now().Add(-58 * time.Second),
	}})
	var all sync.WaitGroup
	deadline := time.Now().Add(time.Minute)
	for _, n := range nodes {
		all.Go(func() {
			for code := keywright.Code(""); code != keywright.Valid && time.Now().Before(deadline); {
				code, _ = n.ask(issued.Key)
			}
		})
	}
	all.Wait()
	events, err := nodes[0].store.Events(context.Background(), authority.EventQuery{Target: issued.Record.ID.String()})
	if err != nil {
		t.Fatal(err)
	}
	due, spent := map[string]bool{}, int64(0)
	for _, e := range events {
		if e.Verb != "credits.refill" {
			continue
		}
		when := e.Changes[len(e.Changes)-1]
		if due[when] {
			t.Errorf("what was %s was refilled twice", when)
		}
		due[when] = true
	}
	lines, _, err := nodes[1].Ledger(context.Background(), me, issued.Record.ID, 0, 0)
	for _, l := range lines {
		if l.Kind == authority.MoveSpend {
			spent -= l.Amount
		}
	}
	balance, err2 := nodes[2].Credits(context.Background(), me, issued.Record.ID)
	if err != nil || err2 != nil || len(due) == 0 || balance.Remaining+spent != int64(len(due))*amount {
		t.Errorf("%d refills, %d spent and %d left: %v, %v", len(due), spent, balance.Remaining, err, err2)
	}
}

// TestNodesAreCountedForShares counts the nodes that a limit is divided by while its limiter is away.
func TestNodesAreCountedForShares(t *testing.T) {
	url := postgrestest.Database(t)
	limiter := authority.NewMemoryLimiter(time.Now, [16]byte{1})
	var nodes []*testNode
	for _, name := range []string{"n1", "n2", "n3"} {
		nodes = append(nodes, startNode(t, url, name, func(o *authority.Options) { o.Limiter = limiter }))
	}
	for _, n := range nodes {
		for deadline := time.Now().Add(time.Minute); n.LimiterStats().Nodes != len(nodes); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d nodes are counted of %d", n.LimiterStats().Nodes, len(nodes))
			}
		}
	}
}
