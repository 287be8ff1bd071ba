// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

var (
	one, two, none = authority.Account{1}, authority.Account{2}, authority.Account{3}
	noon           = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

// holding makes accounts 1 and 2 with these balances, and 3, which does not exist.
func holding(remaining ...int64) Accounts {
	a := Accounts{}
	for i, n := range remaining {
		a.Found(authority.Balance{Account: authority.Account{byte(i + 1)}, Keyspace: "default", Remaining: n})
	}
	a.Add(none)
	return a
}

func taking(amount int64, accounts ...authority.Account) authority.Spending {
	return authority.Spending{Key: keywright.KeyID{9}, Time: noon.Add(time.Minute), Accounts: accounts, Amount: amount}
}

func TestAdd(t *testing.T) {
	a := holding(5)
	if !a.Add(two) || a.Add(two) || a.Add(one) || a[one].Remaining != 5 {
		t.Error("Add replaces an account, or does not tell whether there was one")
	}
	if got := a[two]; got.Exists || got.Balance != (authority.Balance{Account: two}) {
		t.Errorf("an account that does not exist is %+v", got)
	}
}

func TestSpendIsWholeOrNothing(t *testing.T) {
	a := holding(10, 5)
	spent, lines := a.Spend([]authority.Spending{
		taking(3, one, two), taking(3, one, two), taking(2, two), taking(1, one, none), taking(7, one),
	})
	type end struct {
		ok, missing bool
		remaining   []int64
	}
	want := []end{
		{true, false, []int64{7, 2}},
		{false, false, []int64{7, 2}},
		{true, false, []int64{0}},
		{false, true, []int64{7, 0}},
		{true, false, []int64{0}},
	}
	for i, s := range spent {
		got := end{s.OK, s.Missing, nil}
		for _, b := range s.Balances {
			got.remaining = append(got.remaining, b.Remaining)
		}
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("spending %d ends as %+v, want %+v", i, got, want[i])
		}
	}
	id := func(account authority.Account) LineID {
		return LineID{account, keywright.KeyID{9}, noon.UnixMilli()}
	}
	if want := []Line{{id(one), -10, 2, 0}, {id(two), -5, 2, 0}}; !reflect.DeepEqual(lines, want) {
		t.Errorf("lines %+v, want %+v", lines, want)
	}
	if !a[one].Changed || !a[two].Changed || a[none].Changed || a[none].Exists {
		t.Errorf("changed: %+v %+v %+v", a[one], a[two], a[none])
	}
}

func TestSpendThatTakesNothingLeavesNothing(t *testing.T) {
	a := holding(1, 1)
	if spent, lines := a.Spend([]authority.Spending{taking(2, one), taking(1, two, none)}); len(lines) != 0 || spent[0].OK || spent[1].OK {
		t.Errorf("%+v leaves %+v", spent, lines)
	}
	if a[one].Changed || a[two].Changed {
		t.Error("an account is said to have changed")
	}
}

func TestLinesAreOfAKeyAndAnHour(t *testing.T) {
	a := holding(math.MaxInt64)
	other, last := taking(1, one), taking(1, one)
	other.Key = keywright.KeyID{8}
	last.Time = noon.Add(time.Hour - 1).In(time.FixedZone("", 1800)) // of an offset that is no whole hour
	next := taking(math.MaxInt64-3, one)
	next.Time = noon.Add(time.Hour)
	_, lines := a.Spend([]authority.Spending{taking(1, one), other, last, next})
	want := []Line{
		{LineID{one, keywright.KeyID{9}, noon.UnixMilli()}, -2, 2, math.MaxInt64 - 3},
		{LineID{one, keywright.KeyID{8}, noon.UnixMilli()}, -1, 1, math.MaxInt64 - 2},
		{LineID{one, keywright.KeyID{9}, noon.Add(time.Hour).UnixMilli()}, 3 - math.MaxInt64, 1, 0},
	}
	if !reflect.DeepEqual(lines, want) {
		t.Errorf("lines %+v, want %+v", lines, want)
	}
}

// TestSpendAddsUp spends at random: what the lines say is what the balances lost, and none is below 0.
func TestSpendAddsUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		before := []int64{r.Int64N(50), r.Int64N(50)}
		a := holding(before...)
		var list []authority.Spending
		for range 30 {
			s := taking(1+r.Int64N(9), [][]authority.Account{{one}, {two}, {one, two}, {two, one}, {one, none}}[r.IntN(5)]...)
			s.Time = noon.Add(time.Duration(r.IntN(3)) * time.Hour)
			list = append(list, s)
		}
		spent, lines := a.Spend(list)
		takings, counts := 0, int64(0)
		for i, s := range spent {
			if s.OK {
				takings += len(list[i].Accounts)
			}
		}
		sums := map[authority.Account]int64{one: before[0], two: before[1]}
		for _, l := range lines {
			sums[l.Account] += l.Amount
			counts += l.Count
		}
		if sums[one] != a[one].Remaining || sums[two] != a[two].Remaining || counts != int64(takings) {
			t.Fatalf("lines %+v lead from %v to %v in %d takings", lines, before, sums, takings)
		}
		if a[one].Remaining < 0 || a[two].Remaining < 0 || a[none].Remaining != 0 {
			t.Fatalf("balances %d, %d and %d", a[one].Remaining, a[two].Remaining, a[none].Remaining)
		}
	}
}

// TestBalancesOfAnEndAreItsOwn appends to the balances of each spending: those of the next stay as they are.
func TestBalancesOfAnEndAreItsOwn(t *testing.T) {
	list := slices.Repeat([]authority.Spending{taking(1, one)}, 9)
	spent, _ := holding(9).Spend(list)
	for i := range spent {
		_ = append(spent[i].Balances, authority.Balance{Remaining: -1})
	}
	for i := range spent {
		if got, want := spent[i].Balances[0].Remaining, int64(8-i); got != want {
			t.Errorf("spending %d leaves %d, want %d", i, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	if err := Check([]authority.Spending{taking(1, one), taking(2, one, two)}); err != nil {
		t.Error(err)
	}
	for name, bad := range map[string]authority.Spending{
		"nothing": taking(0, one), "no account": taking(1), "an account twice": taking(1, one, two, one),
	} {
		if err := Check([]authority.Spending{taking(1, one), bad}); err != errSpending {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMove(t *testing.T) {
	conflict := func(what string) error { return &authority.ConflictError{What: what} }
	before := authority.Balance{Account: one, Keyspace: "default", Remaining: 10, Refilled: noon, Next: noon.Add(time.Hour)}
	for _, c := range []struct {
		name          string
		move          authority.Move
		absent        bool
		amount, after int64
		want          error
	}{
		{name: "set", move: authority.Move{Kind: authority.MoveSet, Amount: 4}, amount: -6, after: 4},
		{name: "set below 0", move: authority.Move{Kind: authority.MoveSet, Amount: -1}, want: conflict("balance")},
		{name: "reset", move: authority.Move{Kind: authority.MoveReset, Amount: 40}, amount: 30, after: 40},
		{name: "add", move: authority.Move{Kind: authority.MoveAdd, Amount: 4}, amount: 4, after: 14},
		{name: "add up to the most", move: authority.Move{Kind: authority.MoveAdd, Amount: math.MaxInt64 - 10}, amount: math.MaxInt64 - 10, after: math.MaxInt64},
		{name: "add beyond the most", move: authority.Move{Kind: authority.MoveAdd, Amount: math.MaxInt64 - 9}, want: conflict("balance")},
		{name: "refill", move: authority.Move{Kind: authority.MoveRefill, Amount: 5, Was: noon}, amount: 5, after: 15},
		{name: "refill a second time", move: authority.Move{Kind: authority.MoveRefill, Amount: 5, Was: noon.Add(-time.Hour)}, want: conflict("refilled")},
		{name: "take all", move: authority.Move{Kind: authority.MoveTake, Amount: -10}, amount: -10, after: 0},
		{name: "take more", move: authority.Move{Kind: authority.MoveTake, Amount: -11}, want: conflict("balance")},
		{name: "take the most", move: authority.Move{Kind: authority.MoveTake, Amount: math.MinInt64}, want: conflict("balance")},
		{name: "make", move: authority.Move{Kind: authority.MoveAdd, Amount: 4, Owner: "acme"}, absent: true, amount: 4, after: 4},
		{name: "take from none", move: authority.Move{Kind: authority.MoveTake, Amount: -1}, absent: true, want: conflict("account")},
	} {
		a := &Account{Balance: before, Exists: true}
		if c.absent {
			a = &Account{Balance: authority.Balance{Account: one}}
		}
		was := *a
		c.move.Account, c.move.Keyspace, c.move.Next = one, "default", noon.Add(2*time.Hour)
		amount, err := a.Move(&c.move)
		if !reflect.DeepEqual(err, c.want) || amount != c.amount {
			t.Errorf("%s: %d (%v), want %d (%v)", c.name, amount, err, c.amount, c.want)
		}
		want := was
		if c.want == nil {
			want.Keyspace, want.Owner, want.Remaining, want.Next, want.Exists = "default", c.move.Owner, c.after, c.move.Next, true
		}
		if *a != want {
			t.Errorf("%s: the account becomes %+v, want %+v", c.name, *a, want)
		}
	}
}

func TestMoveKeepsTheOwnerAndTheBoundary(t *testing.T) {
	a := &Account{Balance: authority.Balance{Account: one, Keyspace: "default", Owner: "acme", Refilled: noon}, Exists: true}
	if _, err := a.Move(&authority.Move{Kind: authority.MoveAdd, Amount: 1, Keyspace: "other", Owner: "other"}); err != nil {
		t.Fatal(err)
	}
	if a.Keyspace != "default" || a.Owner != "acme" || !a.Refilled.Equal(noon) || !a.Next.IsZero() {
		t.Errorf("the account becomes %+v", a)
	}
	if _, err := a.Move(&authority.Move{Kind: authority.MoveRefill, Amount: 1, Refilled: noon.Add(time.Hour)}); err != nil || !a.Refilled.Equal(noon.Add(time.Hour)) {
		t.Errorf("the boundary becomes %v (%v)", a.Refilled, err)
	}
}

func TestMoveRefuses(t *testing.T) {
	for name, m := range map[string]authority.Move{
		"a taking that adds":   {Kind: authority.MoveTake, Amount: 1},
		"a spend":              {Kind: authority.MoveSpend, Amount: 1},
		"an unreadable text":   {Kind: authority.MoveAdd, Amount: 1, Owner: "\xff"},
		"no kind":              {Amount: 1},
		"a keyspace with NULs": {Kind: authority.MoveAdd, Amount: 1, Keyspace: "\x00"},
	} {
		a := &Account{Balance: authority.Balance{Account: one, Remaining: 3}, Exists: true}
		was := *a
		if amount, err := a.Move(&m); err == nil || errors.Is(err, authority.ErrConflict) || amount != 0 || *a != was {
			t.Errorf("%s: %d (%v), the account becomes %+v", name, amount, err, *a)
		}
	}
}
