// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

// orders are those of records, and what decides each.
var orders = map[authority.Sort]func(a, b *authority.Record) int{
	authority.Newest: func(a, b *authority.Record) int { return -compareIDs(a, b) },
	authority.Oldest: compareIDs,
	authority.Ending: func(a, b *authority.Record) int {
		if c := a.Expires.Compare(b.Expires); c != 0 {
			return c
		}
		return compareIDs(a, b)
	},
}

func compareIDs(a, b *authority.Record) int { return slices.Compare(a.ID[:], b.ID[:]) }

// testListOrders pages through records in every order and with every filter of a console, however few are looked at for a
// page: each record comes once, in its place, and what comes or goes meanwhile moves no other.
func testListOrders(t *testing.T, s authority.Store) {
	var all []*authority.Record
	for i := range 160 {
		r := newRecord(t)
		r.Keyspace = []string{"default", "default", "default", "partners"}[i%4]
		r.Owner, r.Name = []string{"acme", "globex"}[i%2], fmt.Sprint("key ", i)
		switch {
		case i%3 == 0:
			r.Expires = now.Add(time.Duration(i%7-3) * time.Hour) // many end at the same moment
		case i%10 == 1:
			r.Revoked = now
		case i%10 == 2:
			r.Disabled = true
		case i%10 == 4:
			r.NotBefore = now.Add(time.Hour)
		}
		all = append(all, r)
	}
	apply(t, s, issue(all...))
	filters := map[string]authority.Query{
		"all": {}, "text": {Text: "key 1"}, "no such text": {Text: "nowhere"}, "owner": {Owner: "acme"}, "endless": {Endless: true},
		"ending soon": {ExpiresBefore: now.Add(2 * time.Hour)}, "owner and text": {Owner: "globex", Text: "7"}, "rotated": {RotatedBefore: now.Add(time.Hour)},
	}
	for _, state := range []authority.State{authority.StateActive, authority.StatePending, authority.StateExpired, authority.StateDisabled, authority.StateRevoked} {
		filters["state "+string(state)] = authority.Query{State: state, At: now}
		filters["owner, state "+string(state)] = authority.Query{State: state, At: now, Owner: "acme"}
	}
	for name, q := range filters {
		for sort, compare := range orders {
			q.Keyspace, q.Sort = "default", sort
			var want []authority.Record
			for _, r := range all {
				if wanted(&q, r) {
					want = append(want, *r)
				}
			}
			slices.SortFunc(want, func(a, b authority.Record) int { return compare(&a, &b) })
			for _, bound := range [][2]int{{7, 0}, {7, 1}, {3, 10}, {50, 20}, {1000, 1000}} {
				q.Limit, q.Scan = bound[0], bound[1]
				t.Run(fmt.Sprint(name, " order ", sort, " pages ", bound), func(t *testing.T) { same(t, allPages(t, s, q), want) })
			}
		}
	}
	testPagesHold(t, s)
}

func wanted(q *authority.Query, r *authority.Record) bool {
	ends := !r.Expires.IsZero()
	return r.Keyspace == q.Keyspace && (q.Owner == "" || r.Owner == q.Owner) && (q.State == "" || r.StateAt(q.At) == q.State) &&
		(q.Text == "" || contains(r.Name, q.Text)) && (!q.Endless || !ends) && (q.Sort != authority.Ending || ends) &&
		(q.ExpiresBefore.IsZero() || ends && r.Expires.Before(q.ExpiresBefore)) &&
		(q.RotatedBefore.IsZero() || r.Secrets[0].Created.Before(q.RotatedBefore))
}

func contains(text, part string) bool {
	for i := range len(text) - len(part) + 1 {
		if text[i:i+len(part)] == part {
			return true
		}
	}
	return false
}

func allPages(t *testing.T, s authority.Store, q authority.Query) (got []authority.Record) {
	t.Helper()
	for pages := 0; ; pages++ {
		p := list(t, s, q)
		got = append(got, p.Records...)
		if !p.More {
			return got
		}
		if len(p.Records) > q.Limit || pages > 1000 || p.Next == q.From || p.Next.ID.IsZero() {
			t.Fatalf("page %d has %d records and goes on at %+v", pages, len(p.Records), p.Next)
		}
		q.From, q.Before = p.Next, p.Next.ID
	}
}

// testPagesHold changes records between two pages.
func testPagesHold(t *testing.T, s authority.Store) {
	for sort := range orders {
		keyspace := fmt.Sprint("order-", sort)
		var all []*authority.Record
		for i := range 30 {
			r := newRecord(t)
			r.Keyspace, r.Expires = keyspace, now.Add(time.Duration(i/10)*time.Hour)
			all = append(all, r)
		}
		apply(t, s, issue(all[5:25]...))
		q := authority.Query{Keyspace: keyspace, Sort: sort, Limit: 9, Scan: 1000}
		first := list(t, s, q)
		apply(t, s, issue(append(all[:5:5], all[25:]...)...)) // on both sides
		gone := next(&first.Records[8])
		gone.Keyspace, gone.Name = "elsewhere", "moved"
		apply(t, s, authority.Change{Puts: []authority.Put{gone}})
		q.From, q.Before = first.Next, first.Next.ID
		seen := map[string]int{}
		for _, r := range append(first.Records, allPages(t, s, q)...) {
			seen[r.ID.String()]++
		}
		for _, r := range all[5:25] {
			if n := seen[r.ID.String()]; n != 1 {
				t.Fatalf("order %d: a record that was there all the time came %d times", sort, n)
			}
		}
	}
}
