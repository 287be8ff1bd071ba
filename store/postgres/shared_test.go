// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/postgrestest"
)

// TestSharedWriters lets two stores of one database write at once: one chain, and of updates of one version one wins.
func TestSharedWriters(t *testing.T) {
	url := postgrestest.Database(t)
	stores := []*Store{openShared(t, url), openShared(t, url)}
	c := issue(1)
	if err := stores[0].Apply(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	shared := c.Puts[0].(*authority.Record)
	const writers, changes = 4, 25
	var mu sync.Mutex
	won := 0
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			s := stores[i%2]
			for n := range changes {
				if err := s.Apply(t.Context(), issue(1+n*8)); err != nil { // pipelined, and copied
					t.Errorf("apply: %v", err)
				}
				next := *shared
				next.Version = uint64(2 + n)
				err := s.Apply(t.Context(), authority.Change{Puts: []authority.Put{&next}, Events: issue(1).Events})
				if err == nil {
					mu.Lock()
					won++
					mu.Unlock()
				} else if !errors.Is(err, authority.ErrConflict) {
					t.Errorf("apply: %v", err)
				}
			}
		})
	}
	wg.Wait()
	last, err := stores[1].Lookup(t.Context(), shared.Secrets[0].Hash)
	if err != nil || last.Version != uint64(1+won) || won == 0 {
		t.Fatalf("version %d after %d updates (%v)", last.Version, won, err)
	}
	if n, want := wholeChain(t, stores[0]), len(records(t, stores[1]))+won; n != want {
		t.Fatalf("%d events, want %d", n, want)
	}
}

// TestSharedSpenders lets two stores spend and refill at once, with accounts in every order.
func TestSharedSpenders(t *testing.T) {
	url := postgrestest.Database(t)
	stores := []*Store{openShared(t, url), openShared(t, url)}
	const accounts, credits, spenders = 4, 300, 6
	var c authority.Change
	for i := range accounts {
		c.Puts = append(c.Puts, &authority.Move{Account: authority.Account{byte(i + 1)}, Kind: authority.MoveSet, Amount: credits, Time: time.Now()})
	}
	if err := stores[0].Apply(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	taken := 0
	var wg sync.WaitGroup
	for i := range spenders {
		wg.Go(func() {
			ids := []authority.Account{{1}, {2}, {3}, {4}}
			if i%2 == 1 {
				slices.Reverse(ids)
			}
			for range 60 {
				list := []authority.Spending{
					{Key: newID(), Time: time.Now(), Accounts: ids[:2], Amount: 1},
					{Key: newID(), Time: time.Now(), Accounts: ids[1:], Amount: 1},
					{Key: newID(), Time: time.Now(), Accounts: []authority.Account{ids[3], ids[0]}, Amount: 1},
				}
				spent, err := stores[i%2].Spend(t.Context(), list)
				if err != nil {
					t.Errorf("spend: %v", err)
					return
				}
				mu.Lock()
				for j := range spent {
					if spent[j].OK {
						taken += len(list[j].Accounts)
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	p, err := stores[0].List(t.Context(), authority.Query{Of: authority.Balances})
	if err != nil {
		t.Fatal(err)
	}
	left, drained := 0, false
	for _, b := range p.Balances {
		left += int(b.Remaining)
		drained = drained || b.Remaining == 0
	}
	if left+taken != accounts*credits || !drained {
		t.Fatalf("%d credits are left and %d taken of %d", left, taken, accounts*credits)
	}
}
