// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"math"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

// newAccount returns an account that no other test knows.
func newAccount(t *testing.T) authority.Account { return authority.Account(newID(t)) }

// set is a move that makes an account with a balance.
func set(a authority.Account, amount int64) *authority.Move {
	return &authority.Move{Account: a, Keyspace: "default", Kind: authority.MoveSet, Amount: amount, Time: now}
}

func move(t *testing.T, s authority.Store, moves ...*authority.Move) {
	t.Helper()
	var c authority.Change
	for _, m := range moves {
		c.Puts = append(c.Puts, m)
	}
	apply(t, s, c)
}

func refusedMove(t *testing.T, s authority.Store, m *authority.Move, what string) {
	t.Helper()
	refused(t, s, authority.Change{Puts: []authority.Put{m}}, what)
}

func balance(t *testing.T, s authority.Store, a authority.Account) authority.Balance {
	t.Helper()
	found := list(t, s, authority.Query{Of: authority.Balances, Account: a}).Balances
	if len(found) != 1 {
		t.Fatalf("%d balances of one account", len(found))
	}
	return found[0]
}

// ledger returns the lines of an account from new to old, and fails unless they add up to its balance.
func ledger(t *testing.T, s authority.Store, a authority.Account) []authority.Entry {
	t.Helper()
	lines := list(t, s, authority.Query{Of: authority.Ledger, Account: a}).Ledger
	sum := int64(0)
	for i, e := range lines {
		sum += e.Amount
		if i > 0 && e.Sequence >= lines[i-1].Sequence {
			t.Fatalf("line %d of the ledger comes behind line %d", e.Sequence, lines[i-1].Sequence)
		}
	}
	if b := balance(t, s, a); sum != b.Remaining {
		t.Fatalf("the ledger adds up to %d, the balance is %d", sum, b.Remaining)
	}
	return lines
}

// testMoves makes an account by each kind that may, and moves it in every way.
func testMoves(t *testing.T, s authority.Store) {
	for _, kind := range []authority.MoveKind{authority.MoveSet, authority.MoveAdd, authority.MoveRefill, authority.MoveReset} {
		a := newAccount(t)
		m := authority.Move{
			Account: a, Keyspace: "partners", Owner: "acme", Kind: kind, Amount: 10, Time: now,
			Refilled: now.Add(time.Hour), Next: now.Add(2 * time.Hour),
		}
		move(t, s, &m)
		b := authority.Balance{Account: a, Keyspace: "partners", Owner: "acme", Remaining: 10, Refilled: m.Refilled, Next: m.Next}
		filled(t, b)
		same(t, balance(t, s, a), b)
		lines := ledger(t, s, a)
		same(t, lines, []authority.Entry{{Sequence: lines[0].Sequence, Account: a, Time: now, Kind: kind, Amount: 10, Remaining: 10}})
	}
	a := newAccount(t)
	move(t, s, set(a, 100))
	for _, step := range []struct {
		kind                 authority.MoveKind
		amount, delta, after int64
	}{
		{authority.MoveAdd, 5, 5, 105},
		{authority.MoveAdd, -5, -5, 100},
		{authority.MoveTake, -100, -100, 0},
		{authority.MoveRefill, 7, 7, 7},
		{authority.MoveReset, 3, -4, 3},
		{authority.MoveSet, 3, 0, 3},
		{authority.MoveSet, math.MaxInt64, math.MaxInt64 - 3, math.MaxInt64},
		{authority.MoveSet, 0, -math.MaxInt64, 0},
	} {
		move(t, s, &authority.Move{Account: a, Keyspace: "other", Kind: step.kind, Amount: step.amount, Time: now.Add(time.Minute)})
		same(t, balance(t, s, a), authority.Balance{Account: a, Keyspace: "default", Remaining: step.after})
		line := ledger(t, s, a)[0]
		same(t, line, authority.Entry{
			Sequence: line.Sequence, Account: a, Time: now.Add(time.Minute), Kind: step.kind, Amount: step.delta, Remaining: step.after,
		})
	}
}

func testMoveConflicts(t *testing.T, s authority.Store) {
	a, b := newAccount(t), newAccount(t)
	move(t, s, set(a, 10), set(b, math.MaxInt64))
	refusedMove(t, s, &authority.Move{Account: newAccount(t), Kind: authority.MoveTake, Amount: -1, Time: now}, "account")
	for _, m := range []*authority.Move{
		{Account: a, Kind: authority.MoveTake, Amount: -11},
		{Account: a, Kind: authority.MoveAdd, Amount: -11},
		{Account: a, Kind: authority.MoveAdd, Amount: math.MinInt64},
		{Account: a, Kind: authority.MoveSet, Amount: -1},
		{Account: a, Kind: authority.MoveReset, Amount: -1},
		{Account: a, Kind: authority.MoveAdd, Amount: math.MaxInt64 - 9},
		{Account: b, Kind: authority.MoveRefill, Amount: 1},
		{Account: newAccount(t), Kind: authority.MoveAdd, Amount: -1},
	} {
		refusedMove(t, s, m, "balance")
	}
	for _, m := range []*authority.Move{
		{Account: a, Kind: authority.MoveTake, Amount: 1},
		{Account: a, Kind: authority.MoveSpend, Amount: -1},
		{Account: a, Kind: "lost", Amount: 1},
	} {
		if err := s.Apply(t.Context(), authority.Change{Puts: []authority.Put{m}}); err == nil {
			t.Fatalf("a move of kind %s by %d was accepted", m.Kind, m.Amount)
		}
	}
	same(t, len(ledger(t, s, a))+len(ledger(t, s, b)), 2)
	same(t, len(list(t, s, authority.Query{Of: authority.Balances}).Balances), 2)

	r := newRecord(t) // a move that is refused takes its change with it
	c := issue(r)
	c.Puts = append([]authority.Put{set(a, 5)}, append(c.Puts, &authority.Move{Account: a, Kind: authority.MoveTake, Amount: -6})...)
	refused(t, s, c, "balance")
	missing(t, s, r.Secrets[0].Hash)
	same(t, balance(t, s, a).Remaining, 10)
}

// testRefillOnce lets a refill be made by several, of whom one may.
func testRefillOnce(t *testing.T, s authority.Store) {
	a := newAccount(t)
	first := set(a, 1)
	first.Refilled, first.Next = now, now.Add(time.Hour)
	move(t, s, first)
	refill := func(kind authority.MoveKind, was time.Time) *authority.Move {
		return &authority.Move{
			Account: a, Kind: kind, Amount: 10, Time: was.Add(time.Hour), Was: was, Refilled: was.Add(time.Hour), Next: was.Add(2 * time.Hour),
		}
	}
	const writers = 6
	results := make(chan error, writers)
	for range writers {
		go func() {
			results <- s.Apply(t.Context(), authority.Change{Puts: []authority.Put{refill(authority.MoveRefill, now)}})
		}()
	}
	won := 0
	for range writers {
		if err := <-results; err == nil {
			won++
		} else {
			conflictOf(t, err, "refilled")
		}
	}
	same(t, won, 1)
	want := authority.Balance{Account: a, Keyspace: "default", Remaining: 11, Refilled: now.Add(time.Hour), Next: now.Add(2 * time.Hour)}
	same(t, balance(t, s, a), want)

	refusedMove(t, s, refill(authority.MoveReset, now), "refilled")
	unknown := refill(authority.MoveRefill, now)
	unknown.Account = newAccount(t)
	refusedMove(t, s, unknown, "refilled")
	move(t, s, refill(authority.MoveReset, now.Add(time.Hour)))
	want.Remaining, want.Refilled, want.Next = 10, now.Add(2*time.Hour), now.Add(3*time.Hour)
	same(t, balance(t, s, a), want)

	by := &authority.Move{Account: a, Kind: authority.MoveAdd, Amount: 1, Time: now} // by hand: what was refilled stays
	move(t, s, by)
	want.Remaining, want.Next = 11, time.Time{}
	same(t, balance(t, s, a), want)
	same(t, len(ledger(t, s, a)), 4)
}
