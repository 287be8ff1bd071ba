// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

const (
	crashAccounts = 5
	crashCredits  = 1 << 40
)

// spendForEver spends from some accounts at once and prints, after each call, how often it was VALID.
func spendForEver(dir string) error {
	s, err := Open(context.Background(), dir, Options{Holder: "a child"})
	if err != nil {
		return err
	}
	fmt.Println("open")
	for {
		list := make([]authority.Spending, 1+rand.IntN(40))
		for i := range list {
			list[i] = authority.Spending{Key: keywright.KeyID(numbered(rand.IntN(3))), Time: time.Now(), Amount: 1}
			first := rand.IntN(crashAccounts)
			list[i].Accounts = []authority.Account{numbered(first), numbered(first + 1)}
		}
		spent, err := s.Spend(context.Background(), list)
		if err != nil {
			return err
		}
		valid := 0
		for _, s := range spent {
			if s.OK {
				valid++
			}
		}
		fmt.Println(valid)
	}
}

// TestKilledSpenderForgetsNoSpend counts what a child was told to be VALID: all of it, and at most one call more, was
// taken, from both accounts of each spending, and the ledger has it.
func TestKilledSpenderForgetsNoSpend(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	var c authority.Change
	for i := range crashAccounts + 1 {
		c.Puts = append(c.Puts, &authority.Move{Account: numbered(i), Kind: authority.MoveSet, Amount: crashCredits, Time: time.Now()})
	}
	if err := s.Apply(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	s.Close()
	told := int64(0)
	for round := range 6 {
		runAndKill(t, dir, "yes", func(line string) {
			n, err := strconv.Atoi(strings.TrimSpace(line))
			if err != nil {
				t.Fatal(err)
			}
			told += int64(n)
		})
		s := open(t, dir)
		page, err := s.List(t.Context(), authority.Query{Of: authority.Balances})
		if err != nil {
			t.Fatal(err)
		}
		left, sums, taken := map[authority.Account]int64{}, map[authority.Account]int64{}, int64(0)
		for _, b := range page.Balances {
			left[b.Account] = b.Remaining
			taken += crashCredits - b.Remaining
		}
		lines, err := s.List(t.Context(), authority.Query{Of: authority.Ledger})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range lines.Ledger {
			sums[e.Account] += e.Amount
		}
		for a, n := range left {
			if sums[a] != n {
				t.Fatalf("round %d: a ledger adds up to %d, its balance is %d", round, sums[a], n)
			}
		}
		if taken%2 != 0 || taken/2 < told || taken/2 > told+40 {
			t.Fatalf("round %d: %d spendings were VALID, of two accounts %d was taken", round, told, taken)
		}
		told = taken / 2 // the last call may have been done and not told
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if told == 0 {
		t.Fatal("nothing was spent")
	}
	t.Logf("%d spendings", told)
}
