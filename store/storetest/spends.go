// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

func spend(t *testing.T, s authority.Store, list ...authority.Spending) []authority.Spent {
	t.Helper()
	spent, err := s.Spend(t.Context(), list)
	if err != nil {
		t.Fatalf("spend: %v", err)
	}
	if len(spent) != len(list) {
		t.Fatalf("%d ends of %d spendings", len(spent), len(list))
	}
	return spent
}

// testSpend takes from several accounts in one call: in order, each spending whole or not at all.
func testSpend(t *testing.T, s authority.Store) {
	a, b, none := newAccount(t), newAccount(t), newAccount(t)
	m := set(b, 5)
	m.Owner, m.Refilled, m.Next = "acme", now, now.Add(time.Hour)
	move(t, s, set(a, 10), m)
	key := newID(t)
	in := func(amount int64, accounts ...authority.Account) authority.Spending {
		return authority.Spending{Key: key, Time: now, Accounts: accounts, Amount: amount}
	}
	got := spend(t, s, in(3, a, b), in(3, b, a), in(2, b), in(1, b), in(1, a, b), in(8, a), in(7, a), in(1, a, none), in(1, none))
	balanceA := func(n int64) authority.Balance {
		return authority.Balance{Account: a, Keyspace: "default", Remaining: n}
	}
	balanceB := func(n int64) authority.Balance {
		return authority.Balance{Account: b, Keyspace: "default", Owner: "acme", Remaining: n, Refilled: now, Next: m.Next}
	}
	same(t, got, []authority.Spent{
		{OK: true, Balances: []authority.Balance{balanceA(7), balanceB(2)}},
		{Balances: []authority.Balance{balanceB(2), balanceA(7)}},
		{OK: true, Balances: []authority.Balance{balanceB(0)}},
		{Balances: []authority.Balance{balanceB(0)}},
		{Balances: []authority.Balance{balanceA(7), balanceB(0)}},
		{Balances: []authority.Balance{balanceA(7)}},
		{OK: true, Balances: []authority.Balance{balanceA(0)}},
		{Missing: true, Balances: []authority.Balance{balanceA(0), {Account: none}}},
		{Missing: true, Balances: []authority.Balance{{Account: none}}},
	})
	same(t, []authority.Balance{balance(t, s, a), balance(t, s, b)}, []authority.Balance{balanceA(0), balanceB(0)})
	same(t, len(list(t, s, authority.Query{Of: authority.Balances}).Balances), 2)
	same(t, len(spend(t, s)), 0)
	hour := now.Truncate(time.Hour)
	line := ledger(t, s, a)[0]
	filled(t, line, "Remaining")
	same(t, line, authority.Entry{Sequence: line.Sequence, Account: a, Time: hour, Kind: authority.MoveSpend, Key: key, Amount: -10, Count: 2})
}

// testSpendLines counts the lines that spends leave: one for each account, key and hour.
func testSpendLines(t *testing.T, s authority.Store) {
	a := newAccount(t)
	move(t, s, set(a, 100))
	keys := []authority.Spending{
		{Key: newID(t), Time: now},
		{Key: newID(t), Time: now},
		{Key: newID(t), Time: now.Add(time.Hour)},
		{Time: now.Truncate(time.Hour)},
		{Time: now.Truncate(time.Hour).Add(time.Hour - time.Nanosecond)},
	}
	keys[3].Key, keys[4].Key = keys[0].Key, keys[0].Key
	for range 3 {
		for _, k := range keys {
			k.Accounts, k.Amount = []authority.Account{a}, 2
			spend(t, s, k, k)
		}
	}
	lines := ledger(t, s, a)
	same(t, len(lines), 4) // three of spends, and the first
	var sums []int64
	for _, e := range lines {
		sums = append(sums, e.Amount, e.Count, e.Remaining)
	}
	same(t, sums, []int64{-12, 6, 48, -12, 6, 52, -36, 18, 40, 100, 0, 100})
	move(t, s, set(a, 1))
	k := keys[0]
	k.Accounts, k.Amount = []authority.Account{a}, 1
	spend(t, s, k)
	if lines := ledger(t, s, a); len(lines) != 5 || lines[0].Kind != authority.MoveSet || lines[3].Remaining != 0 {
		t.Fatalf("a spend after a move is not in the line of its hour: %+v", lines)
	}
}

// testSpendAll empties the largest balances there can be, again and again within an hour.
func testSpendAll(t *testing.T, s authority.Store) {
	a := newAccount(t)
	for range 3 {
		move(t, s, set(a, math.MaxInt64))
		got := spend(t, s, authority.Spending{Time: now, Accounts: []authority.Account{a}, Amount: math.MaxInt64})
		if !got[0].OK || got[0].Balances[0].Remaining != 0 {
			t.Fatalf("a spend of all: %+v", got[0])
		}
		same(t, balance(t, s, a).Remaining, 0)
		ledger(t, s, a)
	}
}

func testSpendRefused(t *testing.T, s authority.Store) {
	a := newAccount(t)
	move(t, s, set(a, 10))
	good := authority.Spending{Key: newID(t), Time: now, Accounts: []authority.Account{a}, Amount: 1}
	none, negative, twice, nine, empty := good, good, good, good, good
	none.Amount, negative.Amount, empty.Accounts = 0, -1, nil
	twice.Accounts, nine.Accounts = []authority.Account{a, a}, nil
	for range 9 {
		nine.Accounts = append(nine.Accounts, newAccount(t))
	}
	for name, bad := range map[string]authority.Spending{"0": none, "-1": negative, "an account twice": twice, "9 accounts": nine, "no account": empty} {
		if _, err := s.Spend(t.Context(), []authority.Spending{good, bad}); err == nil {
			t.Fatalf("a spending of %s was accepted", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Spend(ctx, []authority.Spending{good}); !errors.Is(err, context.Canceled) {
		t.Fatalf("spend in a context that has ended: %v", err)
	}
	if err := s.Count(ctx, authority.Tally{Usage: []authority.Usage{{Hour: now, Count: 1}}}); !errors.Is(err, context.Canceled) {
		t.Fatalf("count in a context that has ended: %v", err)
	}
	same(t, balance(t, s, a).Remaining, 10)
	same(t, len(ledger(t, s, a)), 1)
}

// testConcurrentSpends lets many take from two accounts, in both orders, more than there is.
func testConcurrentSpends(t *testing.T, s authority.Store) {
	const writers, rounds, credits = 8, 20, 500
	a, b := newAccount(t), newAccount(t)
	move(t, s, set(a, credits), set(b, 2*credits))
	var mu sync.Mutex
	var wg sync.WaitGroup
	ok := 0
	for i := range writers {
		key := newID(t)
		wg.Go(func() {
			for range rounds {
				accounts := []authority.Account{a, b}
				if i%2 == 1 {
					accounts = []authority.Account{b, a}
				}
				one := authority.Spending{Key: key, Time: now, Accounts: accounts, Amount: 2}
				spent, err := s.Spend(t.Context(), []authority.Spending{one, one, one})
				if err != nil {
					t.Errorf("spend: %v", err)
					return
				}
				mu.Lock()
				for _, s := range spent {
					if s.OK {
						ok++
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	same(t, ok, credits/2)
	same(t, balance(t, s, a).Remaining, 0)
	same(t, balance(t, s, b).Remaining, credits)
	count := int64(0)
	for _, e := range append(ledger(t, s, a), ledger(t, s, b)...) {
		count += e.Count
	}
	same(t, count, int64(2*ok))
}
