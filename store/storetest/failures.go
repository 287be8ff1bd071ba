// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"testing"

	"github.com/keywright/keywright/authority"
)

// testSpendFailure makes the store fail in the middle of a spend.
func testSpendFailure(t *testing.T, s authority.Store, fail func(*testing.T, authority.Store) func()) {
	const n = 2000
	var accounts authority.Change
	spendings := make([]authority.Spending, n)
	for i := range spendings {
		a := newAccount(t)
		accounts.Puts = append(accounts.Puts, set(a, 10))
		spendings[i] = authority.Spending{Key: newID(t), Time: now, Accounts: []authority.Account{a}, Amount: 3}
	}
	apply(t, s, accounts)
	left := func() (sum int64, lines int) {
		for _, b := range list(t, s, authority.Query{Of: authority.Balances}).Balances {
			sum += b.Remaining
		}
		return sum, len(list(t, s, authority.Query{Of: authority.Ledger}).Ledger)
	}
	mend := fail(t, s)
	if spent, err := s.Spend(t.Context(), spendings); err == nil || spent != nil {
		t.Fatalf("spend: %d ends and error %v where the store was made to fail", len(spent), err)
	}
	mend()
	if sum, lines := left(); sum != 10*n || lines != n {
		t.Fatalf("%d credits and %d lines are left, want %d and %d", sum, lines, 10*n, n)
	}
	spend(t, s, spendings...)
	if sum, lines := left(); sum != 7*n || lines != 2*n {
		t.Fatalf("%d credits and %d lines are left, want %d and %d", sum, lines, 7*n, 2*n)
	}
}

// testLoadFailure makes the store fail in the middle of a load.
func (s Suite) testLoadFailure(t *testing.T, fail func(*testing.T, authority.Store) func()) {
	from, to := s.open(t), s.open(t)
	as := archivers(t, from, to)
	records := make([]*authority.Record, 1000)
	for i := range records {
		records[i] = newRecord(t)
		records[i].Metadata = []byte(`{"some": "weight, so that it does not fit into a page that is there already"}`)
	}
	apply(t, from, issue(records...))
	all := dumped(t, as[0])
	mend := fail(t, to)
	if err := as[1].Load(t.Context(), stream(all)); err == nil {
		t.Fatal("load: no error where the store was made to fail")
	}
	mend()
	same(t, len(dumped(t, as[1])), 0)
	if err := as[1].Load(t.Context(), stream(all)); err != nil {
		t.Fatalf("load: %v", err)
	}
	if !applied(t, to, records) || len(chain(t, to)) != len(records) {
		t.Fatal("what was loaded is not there")
	}
}
