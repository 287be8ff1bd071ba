// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

// testLifeFilters asks for records by what happens in their lives.
func testLifeFilters(t *testing.T, s authority.Store) {
	hours := func(n int) time.Time { return now.Add(time.Duration(n) * time.Hour) }
	records := make([]*authority.Record, 8)
	for i := range records {
		r := newRecord(t)
		r.Created = hours(i)
		r.Secrets[0].Created = hours(-i)
		r.Keyspace = []string{"default", "partners"}[i%2]
		records[i] = r
	}
	records[1].Parent, records[2].Parent, records[3].Parent = records[0].ID, records[0].ID, records[1].ID
	records[2].Expires, records[3].Expires, records[4].Expires = hours(-1), hours(1), hours(2)
	records[4].Owner, records[4].Disabled = "globex", true
	records[5].Secrets = append(records[5].Secrets, newSecret(), newSecret())
	records[5].Secrets[2].Grace = true
	records[6].Secrets = append(records[6].Secrets, newSecret())
	records[6].Secrets[1].Grace, records[6].Secrets[1].Expires = true, hours(-1)
	records[7].Secrets = nil // it is not due for another, and in no grace
	apply(t, s, issue(records...))
	for name, test := range map[string]struct {
		q    authority.Query
		want []int // from new to old
	}{
		"children":                  {authority.Query{Parent: records[0].ID}, []int{2, 1}},
		"children in a keyspace":    {authority.Query{Parent: records[0].ID, Keyspace: "partners"}, []int{1}},
		"children of none":          {authority.Query{Parent: records[5].ID}, nil},
		"children, a page":          {authority.Query{Parent: records[0].ID, Before: records[2].ID, Limit: 1}, []int{1}},
		"created since":             {authority.Query{CreatedSince: hours(6)}, []int{7, 6}},
		"created before":            {authority.Query{CreatedBefore: hours(2)}, []int{1, 0}},
		"created between":           {authority.Query{CreatedSince: hours(2), CreatedBefore: hours(4), Owner: "acme"}, []int{3, 2}},
		"expires":                   {authority.Query{ExpiresBefore: hours(2)}, []int{3, 2}},
		"expires in a keyspace":     {authority.Query{Keyspace: "default", ExpiresBefore: hours(3)}, []int{4, 2}},
		"expires of an owner":       {authority.Query{Keyspace: "default", Owner: "globex", ExpiresBefore: hours(3)}, []int{4}},
		"expires and is active":     {authority.Query{State: authority.StateActive, At: now, ExpiresBefore: hours(3)}, []int{3}},
		"active in a keyspace":      {authority.Query{Keyspace: "default", State: authority.StateActive, At: hours(-2), ExpiresBefore: hours(3)}, []int{2}},
		"active at its end":         {authority.Query{Keyspace: "default", State: authority.StateActive, At: hours(-1), ExpiresBefore: hours(3)}, nil},
		"active before 1970":        {authority.Query{Keyspace: "default", State: authority.StateActive, ExpiresBefore: hours(3)}, []int{2}},
		"expires and is disabled":   {authority.Query{Keyspace: "default", State: authority.StateDisabled, At: hours(9), ExpiresBefore: hours(3)}, []int{4}},
		"rotated":                   {authority.Query{RotatedBefore: hours(-4)}, []int{6, 5}},
		"rotated in a keyspace":     {authority.Query{Keyspace: "default", RotatedBefore: hours(-2)}, []int{6, 4}},
		"rotated, a page":           {authority.Query{Keyspace: "default", RotatedBefore: hours(-2), Limit: 1, Before: records[6].ID}, []int{4}},
		"rotated and expires":       {authority.Query{Keyspace: "default", RotatedBefore: hours(-2), ExpiresBefore: hours(3)}, []int{4}},
		"rotated of an owner":       {authority.Query{Keyspace: "default", RotatedBefore: hours(-2), Owner: "globex"}, []int{4}},
		"in grace":                  {authority.Query{InGrace: true}, []int{6, 5}},
		"in grace in a keyspace":    {authority.Query{InGrace: true, Keyspace: "partners"}, []int{5}},
		"in grace and rotated":      {authority.Query{InGrace: true, Keyspace: "default", RotatedBefore: hours(9)}, []int{6}},
		"children and their expiry": {authority.Query{Parent: records[1].ID, ExpiresBefore: hours(3), Owner: "acme", InGrace: false}, []int{3}},
	} {
		t.Run(name, func(t *testing.T) {
			var want []authority.Record
			for _, i := range test.want {
				want = append(want, *records[i])
			}
			same(t, list(t, s, test.q).Records, want)
		})
	}
	testLifeFollows(t, s, records)
	testLongAgo(t, s)
}

// testLifeFollows rotates and moves a record: what is asked for follows it.
func testLifeFollows(t *testing.T, s authority.Store, records []*authority.Record) {
	t.Helper()
	hours := func(n int) time.Time { return now.Add(time.Duration(n) * time.Hour) }
	rotated := next(records[6])
	rotated.Parent, rotated.Expires = records[5].ID, hours(-9)
	rotated.Secrets = append([]authority.StoredSecret{newSecret()}, rotated.Secrets[:1]...)
	apply(t, s, authority.Change{Puts: []authority.Put{rotated}})
	same(t, list(t, s, authority.Query{Keyspace: "default", RotatedBefore: hours(-5)}).Records, nil)
	same(t, list(t, s, authority.Query{Keyspace: "default", InGrace: true}).Records, nil)
	same(t, list(t, s, authority.Query{Keyspace: "default", ExpiresBefore: hours(-2)}).Records, []authority.Record{*rotated})
	same(t, list(t, s, authority.Query{Parent: records[5].ID}).Records, []authority.Record{*rotated})
}

// testLongAgo finds an end before 1970.
func testLongAgo(t *testing.T, s authority.Store) {
	t.Helper()
	old := newRecord(t)
	old.Expires = time.Unix(-1, 0).UTC()
	apply(t, s, issue(old))
	for _, keyspace := range []string{"", "default"} {
		same(t, list(t, s, authority.Query{Keyspace: keyspace, ExpiresBefore: time.Unix(0, 0)}).Records, []authority.Record{*old})
	}
}

func testBalanceFilters(t *testing.T, s authority.Store) {
	var all []authority.Balance
	for i := range 6 {
		m := set(authority.Account{byte(i + 1), 15: 1}, int64(i))
		m.Keyspace = []string{"default", "partners"}[i%2]
		if i < 4 {
			m.Owner = []string{"acme", "acme", "globex", "globex"}[i]
		}
		if i > 1 {
			m.Next = now.Add(time.Duration(6-i) * time.Hour) // the last comes first
		}
		move(t, s, m)
		all = append(all, authority.Balance{Account: m.Account, Keyspace: m.Keyspace, Owner: m.Owner, Remaining: m.Amount, Next: m.Next})
	}
	for name, test := range map[string]struct {
		q    authority.Query
		want []authority.Balance
	}{
		"all":                {authority.Query{}, all},
		"account":            {authority.Query{Account: all[4].Account}, all[4:5]},
		"unknown account":    {authority.Query{Account: newAccount(t)}, nil},
		"keyspace":           {authority.Query{Keyspace: "partners"}, []authority.Balance{all[1], all[3], all[5]}},
		"owner":              {authority.Query{Owner: "acme"}, all[:2]},
		"owner in keyspace":  {authority.Query{Owner: "acme", Keyspace: "partners"}, all[1:2]},
		"next":               {authority.Query{NextBefore: now.Add(2 * time.Hour)}, all[4:]},
		"next in a keyspace": {authority.Query{NextBefore: now.Add(2 * time.Hour), Keyspace: "default"}, all[4:5]},
		"none is due":        {authority.Query{NextBefore: now}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			test.q.Of = authority.Balances
			same(t, list(t, s, test.q).Balances, test.want)
		})
	}
	if p := list(t, s, authority.Query{Of: authority.Balances, NextBefore: now.Add(9 * time.Hour), Limit: 3}); len(p.Balances) != 3 || !p.More {
		t.Fatalf("a page of 3 of 4: %d, more %v", len(p.Balances), p.More)
	}
}

func testLedgerPages(t *testing.T, s authority.Store) {
	a, b := newAccount(t), newAccount(t)
	for i := range 25 {
		move(t, s, set(a, int64(i)), set(b, int64(i)))
	}
	for _, limit := range []int{1, 4, 25, 26} {
		q, amount := authority.Query{Of: authority.Ledger, Account: b, Limit: limit}, int64(24)
		for more := true; more; {
			p := list(t, s, q)
			for _, e := range p.Ledger {
				if e.Account != b || e.Remaining != amount {
					t.Fatalf("line %d has %d of account %x, want %d of %x", e.Sequence, e.Remaining, e.Account, amount, b)
				}
				amount--
			}
			if more = p.More; more {
				q.Below = p.Ledger[len(p.Ledger)-1].Sequence
			}
		}
		same(t, amount, int64(-1))
	}
	same(t, len(list(t, s, authority.Query{Of: authority.Ledger}).Ledger), 50)
	same(t, list(t, s, authority.Query{Of: authority.Ledger, Account: newAccount(t)}).Ledger, nil)
}
