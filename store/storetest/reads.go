// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func testListFilters(t *testing.T, s authority.Store) {
	names := []string{"Billing", "100% wool", "a_b", `back\slash`, "axb", "ÄRGER", ""}
	records := make([]*authority.Record, len(names))
	for i, name := range names {
		r := newRecord(t)
		r.Name = name
		r.Owner = []string{"acme", "globex"}[i%2]
		r.Keyspace = []string{"default", "default", "partners"}[i%3]
		records[i] = r
	}
	records[3].Secrets = append(records[3].Secrets, newSecret())
	records[6].Secrets = nil
	apply(t, s, issue(records...))
	for name, test := range map[string]struct {
		q    authority.Query
		want []int // from new to old
	}{
		"all":                  {authority.Query{}, []int{6, 5, 4, 3, 2, 1, 0}},
		"id":                   {authority.Query{ID: records[2].ID}, []int{2}},
		"unknown id":           {authority.Query{ID: newID(t)}, nil},
		"id and other owner":   {authority.Query{ID: records[2].ID, Owner: "globex"}, nil},
		"keyspace":             {authority.Query{Keyspace: "partners"}, []int{5, 2}},
		"owner":                {authority.Query{Owner: "globex"}, []int{5, 3, 1}},
		"owner and keyspace":   {authority.Query{Owner: "acme", Keyspace: "default"}, []int{6, 4, 0}},
		"public id":            {authority.Query{PublicID: records[3].Secrets[1].PublicID}, []int{3}},
		"public id elsewhere":  {authority.Query{PublicID: records[3].Secrets[1].PublicID, Keyspace: "partners"}, nil},
		"text":                 {authority.Query{Text: "LING"}, []int{0}},
		"text in owner":        {authority.Query{Text: "GLOB"}, []int{5, 3, 1}},
		"percent is a letter":  {authority.Query{Text: "0% w"}, []int{1}},
		"percent alone":        {authority.Query{Text: "%"}, []int{1}},
		"underscore":           {authority.Query{Text: "A_B"}, []int{2}},
		"backslash":            {authority.Query{Text: `\`}, []int{3}},
		"case of ASCII alone":  {authority.Query{Text: "Ärg"}, []int{5}},
		"no case of others":    {authority.Query{Text: "ärg"}, nil},
		"before":               {authority.Query{Before: records[2].ID}, []int{1, 0}},
		"before, owner, limit": {authority.Query{Before: records[5].ID, Owner: "globex", Limit: 1}, []int{3}},
		"state":                {authority.Query{State: authority.StateRevoked, At: now}, nil},
		"unknown state":        {authority.Query{State: "lost", At: now}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var want []authority.Record
			for _, i := range test.want {
				want = append(want, *records[i])
			}
			same(t, list(t, s, test.q).Records, want)
		})
	}
	if _, err := s.List(t.Context(), authority.Query{Of: 200}); err == nil {
		t.Fatal("a kind that does not exist was listed")
	}
}

func testListPages(t *testing.T, s authority.Store) {
	var all []*authority.Record
	for range 25 {
		all = append(all, newRecord(t))
	}
	apply(t, s, issue(all...))
	slices.Reverse(all)
	for _, limit := range []int{1, 4, 5, 24, 25, 26} {
		var got []authority.Record
		q := authority.Query{Keyspace: "default", Limit: limit}
		for more := true; more; {
			p := list(t, s, q)
			got = append(got, p.Records...)
			if more = p.More; more {
				if len(p.Records) != limit {
					t.Fatalf("a page of %d with more behind it, want %d", len(p.Records), limit)
				}
				q.Before = p.Records[limit-1].ID
			}
		}
		if len(got) != len(all) {
			t.Fatalf("%d records in pages of %d, want %d", len(got), limit, len(all))
		}
		for i := range got {
			same(t, got[i], *all[i])
		}
	}
	if p := list(t, s, authority.Query{Keyspace: "unknown", Limit: 1}); len(p.Records) > 0 || p.More {
		t.Fatalf("a page of nothing: %d records, more %v", len(p.Records), p.More)
	}
}

// testListStates lists every combination of what decides a state, at moments around the borders.
func testListStates(t *testing.T, s authority.Store) {
	var all []*authority.Record
	times := []time.Time{{}, now.Add(-time.Second), now, now.Add(time.Second)}
	for i := range len(times) * len(times) * 4 {
		r := newRecord(t)
		r.NotBefore, r.Expires, r.Disabled = times[i%4], times[i/4%4], i/16%2 == 1
		if i/32 == 1 {
			r.Revoked = now
		}
		all = append(all, r)
	}
	apply(t, s, issue(all...))
	states := []authority.State{
		authority.StateRevoked, authority.StateDisabled, authority.StateExpired, authority.StatePending, authority.StateActive,
	}
	for _, at := range []time.Time{{}, now.Add(-time.Millisecond), now, now.Add(time.Millisecond), now.Add(time.Hour)} {
		n := 0
		for _, state := range states {
			for _, r := range list(t, s, authority.Query{State: state, At: at}).Records {
				if n++; r.StateAt(at) != state {
					t.Fatalf("record listed as %s is %s", state, r.StateAt(at))
				}
			}
		}
		if n != len(all) {
			t.Fatalf("%d records in all states, want %d", n, len(all))
		}
	}
}

func testListKeyspaces(t *testing.T, s authority.Store) {
	b, a, c := newKeyspace("b"), newKeyspace("a"), newKeyspace("c")
	apply(t, s, authority.Change{Puts: []authority.Put{b, a, c}})
	same(t, list(t, s, authority.Query{Of: authority.Keyspaces}).Keyspaces, []authority.Keyspace{*a, *b, *c})
	same(t, list(t, s, authority.Query{Of: authority.Keyspaces, Keyspace: "b"}).Keyspaces, []authority.Keyspace{*b})
	same(t, list(t, s, authority.Query{Of: authority.Keyspaces, Keyspace: "d"}), authority.Page{})
}

func testBulk(t *testing.T, s authority.Store) {
	records := make([]*authority.Record, 1500)
	for i := range records {
		records[i] = newRecord(t)
	}
	apply(t, s, issue(records...))
	if !applied(t, s, records) {
		t.Fatal("the records of a change that was acknowledged are not there")
	}
	var c authority.Change
	for _, r := range records { // an emergency: all at once, each with its event
		u := next(r)
		u.Revoked, u.Reason = now, "incident"
		c.Puts, c.Events = append(c.Puts, u), append(c.Events, newEvent("key.revoke", u))
	}
	apply(t, s, c)
	if n := len(list(t, s, authority.Query{State: authority.StateRevoked, At: now}).Records); n != len(records) {
		t.Fatalf("%d records are revoked, want %d", n, len(records))
	}
	if n := len(chain(t, s)); n != 2*len(records) {
		t.Fatalf("%d events, want %d", n, 2*len(records))
	}
}

// testScan has more records than a store may care to hold at once, with none, one and several secrets.
func testScan(t *testing.T, s authority.Store) {
	scanner, ok := s.(authority.Scanner)
	if !ok {
		t.Skip("the store is no Scanner")
	}
	want := map[keywright.KeyID]*authority.Record{}
	for range 5 {
		var c authority.Change
		for i := range 2000 {
			r := newRecord(t)
			r.Scopes = []string{fmt.Sprint("scope:", i%7)}
			if i%100 == 0 {
				r = fullRecord(t)
			}
			if i%100 == 1 {
				r.Secrets = nil
			}
			want[r.ID] = r
			c.Puts = append(c.Puts, r)
		}
		apply(t, s, c)
	}
	err := scanner.Scan(t.Context(), func(got *authority.Record) error {
		r, ok := want[got.ID]
		if !ok {
			return errors.New("visited twice, or never put")
		}
		delete(want, got.ID)
		expected, seen := *r, *got
		expected.Name, expected.Reason, expected.Metadata = "", "", nil
		seen.Name, seen.Reason, seen.Metadata = "", "", nil
		same(t, seen, expected)
		if len(want) == 5000 { // a visitor may use the store
			same(t, lookup(t, s, anySecret(want)).Version, uint64(1))
			return s.Apply(t.Context(), authority.Change{Events: []authority.Event{newEvent("table.warm", r)}})
		}
		return nil
	})
	if err != nil {
		t.Fatalf("scan: %v", err)
	}
	if len(want) > 0 {
		t.Fatalf("%d records were not visited", len(want))
	}
}

func anySecret(records map[keywright.KeyID]*authority.Record) keywright.Hash {
	for _, r := range records {
		if len(r.Secrets) > 0 {
			return r.Secrets[0].Hash
		}
	}
	return keywright.Hash{}
}

func testScanError(t *testing.T, s authority.Store) {
	scanner, ok := s.(authority.Scanner)
	if !ok {
		t.Skip("the store is no Scanner")
	}
	apply(t, s, issue(newRecord(t), newRecord(t)))
	want, visited := errors.New("enough"), 0
	err := scanner.Scan(t.Context(), func(*authority.Record) error { visited++; return want })
	if !errors.Is(err, want) || visited != 1 {
		t.Fatalf("scan: error %v after %d records, want %v after 1", err, visited, want)
	}
}

func testReadContext(t *testing.T, s authority.Store) {
	r := newRecord(t)
	apply(t, s, issue(r))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, lookupErr := s.Lookup(ctx, r.Secrets[0].Hash)
	_, listErr := s.List(ctx, authority.Query{})
	_, eventsErr := s.Events(ctx, authority.EventQuery{})
	for name, err := range map[string]error{"lookup": lookupErr, "list": listErr, "events": eventsErr} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want context.Canceled", name, err)
		}
	}
	same(t, lookup(t, s, r.Secrets[0].Hash), *r)
}
