// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

func testChain(t *testing.T, s authority.Store) {
	if n := len(chain(t, s)); n != 0 {
		t.Fatalf("an empty store has %d events", n)
	}
	r := newRecord(t)
	apply(t, s, issue(r))
	apply(t, s, authority.Change{Events: []authority.Event{newEvent("a", r), newEvent("b", r), newEvent("c", r)}})
	apply(t, s, authority.Change{Puts: []authority.Put{next(r)}}) // leaves none
	apply(t, s, authority.Change{})
	last := authority.Change{Events: []authority.Event{newEvent("d", r)}}
	apply(t, s, last)
	es := chain(t, s)
	if len(es) != 5 {
		t.Fatalf("%d events, want 5", len(es))
	}
	same(t, last.Events[0], es[4])
}

func testEventFilters(t *testing.T, s authority.Store) {
	var c authority.Change
	for i := range 20 {
		c.Events = append(c.Events, authority.Event{
			Time: now.Add(time.Duration(i) * time.Second), Actor: []string{"local", "system"}[i%2],
			Verb: []string{"key.issue", "key.revoke", "key.rotate"}[i%3], Target: []string{"a", "b", "c", "d"}[i%4],
			Keyspace: []string{"default", "partners", "", "x", "y"}[i%5],
		})
	}
	apply(t, s, c)
	for name, test := range map[string]struct {
		q    authority.EventQuery
		want []uint64
	}{
		"after":              {authority.EventQuery{After: 17}, []uint64{18, 19, 20}},
		"before":             {authority.EventQuery{Before: 3}, []uint64{1, 2}},
		"between":            {authority.EventQuery{After: 3, Before: 6}, []uint64{4, 5}},
		"far":                {authority.EventQuery{After: 1 << 63, Before: 1<<64 - 1}, nil},
		"target":             {authority.EventQuery{Target: "b"}, []uint64{2, 6, 10, 14, 18}},
		"keyspace":           {authority.EventQuery{Keyspace: "partners"}, []uint64{2, 7, 12, 17}},
		"actor and keyspace": {authority.EventQuery{Actor: "system", Keyspace: "x"}, []uint64{4, 14}},
		"verb and target":    {authority.EventQuery{Verb: "key.revoke", Target: "b"}, []uint64{2, 14}},
		"since":              {authority.EventQuery{Since: now.Add(18 * time.Second)}, []uint64{19, 20}},
		"until":              {authority.EventQuery{Until: now.Add(2 * time.Second)}, []uint64{1, 2}},
		"limit":              {authority.EventQuery{Limit: 2}, []uint64{1, 2}},
		"newest":             {authority.EventQuery{Limit: 3, Descending: true}, []uint64{20, 19, 18}},
		"page back":          {authority.EventQuery{Limit: 2, Descending: true, Before: 18, Target: "a"}, []uint64{17, 13}},
		"none":               {authority.EventQuery{Verb: "key.unknown"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []uint64
			for _, e := range events(t, s, test.q) {
				got = append(got, e.Sequence)
				same(t, e, c.Events[e.Sequence-1])
			}
			same(t, got, test.want)
		})
	}
}

func testConcurrentChain(t *testing.T, s authority.Store) {
	const writers, changes = 8, 25
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range changes {
				r := newRecord(t)
				c := issue(r)
				c.Events = append(c.Events, newEvent("key.update", r))
				if err := s.Apply(t.Context(), c); err != nil {
					t.Errorf("apply: %v", err)
				}
				if _, err := s.Lookup(t.Context(), r.Secrets[0].Hash); err != nil {
					t.Errorf("lookup of a record just put: %v", err)
				}
				if c.Events[1].Sequence != c.Events[0].Sequence+1 {
					t.Errorf("the events of one change are %d and %d", c.Events[0].Sequence, c.Events[1].Sequence)
				}
			}
		})
	}
	wg.Wait()
	es := chain(t, s)
	if len(es) != 2*writers*changes {
		t.Fatalf("%d events, want %d", len(es), 2*writers*changes)
	}
	for i := 0; i < len(es); i += 2 {
		if es[i].Target != es[i+1].Target {
			t.Fatalf("events %d and %d are of two changes", es[i].Sequence, es[i+1].Sequence)
		}
	}
}

// testConcurrentUpdates lets several writers count in the same record; each version can be written once.
func testConcurrentUpdates(t *testing.T, s authority.Store) {
	const writers, rounds = 8, 20
	r := newRecord(t)
	apply(t, s, issue(r))
	for range rounds {
		var wg sync.WaitGroup
		results := make([]error, writers)
		for i := range writers {
			wg.Go(func() {
				u := next(r)
				u.Secrets = append(u.Secrets[:1:1], newSecret())
				results[i] = s.Apply(t.Context(), authority.Change{
					Puts: []authority.Put{u}, Events: []authority.Event{newEvent("key.rotate", u)},
				})
			})
		}
		wg.Wait()
		won := 0
		for _, err := range results {
			var conflict *authority.ConflictError
			switch {
			case err == nil:
				won++
			case !errors.As(err, &conflict) || conflict.What != "version":
				t.Fatalf("apply: got error %v, want a conflict of version", err)
			}
		}
		if won != 1 {
			t.Fatalf("%d of %d writers of one version won", won, writers)
		}
		got := lookup(t, s, r.Secrets[0].Hash)
		if got.Version != r.Version+1 || len(got.Secrets) != 2 {
			t.Fatalf("version %d with %d secrets, want %d with 2", got.Version, len(got.Secrets), r.Version+1)
		}
		r = &got
	}
	if n := len(chain(t, s)); n != rounds+1 {
		t.Fatalf("%d events, want %d", n, rounds+1)
	}
}
