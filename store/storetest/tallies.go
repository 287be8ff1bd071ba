// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"bytes"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func count(t *testing.T, s authority.Store, c authority.Tally) {
	t.Helper()
	if err := s.Count(t.Context(), c); err != nil {
		t.Fatalf("count: %v", err)
	}
}

func usage(t *testing.T, s authority.Store, q authority.Query) []authority.Usage {
	t.Helper()
	q.Of = authority.UsageHours
	return list(t, s, q).Usage
}

func testUsage(t *testing.T, s authority.Store) {
	first, second := newID(t), newID(t)
	hour := now.Truncate(time.Hour)
	line := func(key keywright.KeyID, hours int, code keywright.Code, count, cost int64) authority.Usage {
		return authority.Usage{Keyspace: "default", Key: key, Hour: hour.Add(time.Duration(hours) * time.Hour), Code: code, Count: count, Cost: cost}
	}
	all := []authority.Usage{ // by hour, key and code
		line(keywright.KeyID{}, 0, keywright.NotFound, 9, 0),
		line(first, 0, keywright.Revoked, 1, 0),
		line(first, 0, keywright.Valid, 2, 20),
		line(second, 0, keywright.Valid, 3, 30),
		line(first, 1, keywright.Valid, 4, 40),
		line(second, 1, keywright.Valid, 5, 50),
		line(first, 2, keywright.Valid, 6, 60),
	}
	all[5].Keyspace = "partners"
	filled(t, all[2])
	count(t, s, authority.Tally{Usage: []authority.Usage{all[6], all[5], all[1], all[2], all[0], all[4], all[3]}})
	count(t, s, authority.Tally{})
	same(t, usage(t, s, authority.Query{}), all)
	for name, test := range map[string]struct {
		q    authority.Query
		want []authority.Usage
	}{
		"of a key":              {authority.Query{ID: second}, []authority.Usage{all[3], all[5]}},
		"of a keyspace":         {authority.Query{Keyspace: "partners"}, all[5:6]},
		"of whole keyspaces":    {authority.Query{Totals: true}, all[:1]},
		"of another keyspace":   {authority.Query{Totals: true, Keyspace: "partners"}, nil},
		"since":                 {authority.Query{Since: hour.Add(time.Hour)}, all[4:]},
		"since the middle":      {authority.Query{Since: hour.Add(time.Millisecond)}, all[4:]},
		"until":                 {authority.Query{Until: hour.Add(time.Hour)}, all[:4]},
		"of a key in a time":    {authority.Query{ID: first, Since: hour.Add(time.Hour), Until: hour.Add(2 * time.Hour)}, all[4:5]},
		"of what is not there":  {authority.Query{ID: newID(t)}, nil},
		"of a key and keyspace": {authority.Query{ID: second, Keyspace: "default"}, all[3:4]},
	} {
		t.Run(name, func(t *testing.T) { same(t, usage(t, s, test.q), test.want) })
	}
	if p := list(t, s, authority.Query{Of: authority.UsageHours, Limit: 3}); len(p.Usage) != 3 || !p.More {
		t.Fatalf("a page of 3 of 7: %d, more %v", len(p.Usage), p.More)
	}

	again := []authority.Usage{line(first, 2, keywright.Valid, 1, math.MaxInt64), line(first, 2, keywright.Valid, 10, 7)}
	count(t, s, authority.Tally{Usage: again}) // a sum of costs stays at the largest
	all[6].Count, all[6].Cost = 17, math.MaxInt64
	same(t, usage(t, s, authority.Query{}), all)
	same(t, len(chain(t, s)), 0)
}

// testManyTallies counts more than a store writes at once, in no order, and lines of the same key more than once.
func testManyTallies(t *testing.T, s authority.Store) {
	const keys, times = 333, 3
	var c authority.Tally
	var usages []authority.Usage
	var uses []authority.Use
	var meters []authority.Meter
	for i := range keys {
		id := newID(t)
		u := authority.Usage{Keyspace: "default", Key: id, Hour: now.Truncate(time.Hour), Code: keywright.Valid, Count: int64(i) + 1, Cost: 7}
		use := authority.Use{Key: id, Hash: keywright.Hash{1: byte(i), 2: byte(i >> 8)}, Time: now, From: netip.MustParseAddr("192.0.2.7")}
		m := authority.Meter{ID: [24]byte{1: byte(i >> 8), 2: byte(i)}, Full: now.Add(time.Hour)}
		older, earlier := use, m
		older.Time, older.From, earlier.Full = now.Add(-time.Second), netip.Addr{}, now.Add(time.Minute)
		c.Usage, c.Uses, c.Meters = append(c.Usage, u, u), append(c.Uses, use, older), append(c.Meters, earlier, m)
		u.Count, u.Cost = 2*times*u.Count, 2*times*u.Cost
		usages, uses, meters = append(usages, u), append(uses, use), append(meters, m)
	}
	scramble(c.Usage, c.Uses)
	for range times {
		count(t, s, c)
	}
	slices.SortFunc(usages, func(a, b authority.Usage) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	slices.SortFunc(uses, func(a, b authority.Use) int { return bytes.Compare(a.Hash[:], b.Hash[:]) })
	same(t, usage(t, s, authority.Query{}), usages)
	same(t, list(t, s, authority.Query{Of: authority.Uses}).Uses, uses)
	same(t, list(t, s, authority.Query{Of: authority.Meters}).Meters, meters)

	c.Usage[len(c.Usage)-1].Keyspace = "no\x00text"
	if err := s.Count(t.Context(), c); err == nil {
		t.Fatal("what is no text was counted")
	}
	same(t, usage(t, s, authority.Query{}), usages) // nothing of it
}

// scramble puts two lists of the same length in an order that is none, the same at each run.
func scramble(usage []authority.Usage, uses []authority.Use) {
	r := rand.New(rand.NewPCG(1, 2))
	r.Shuffle(len(usage), func(i, j int) {
		usage[i], usage[j] = usage[j], usage[i]
		uses[i], uses[j] = uses[j], uses[i]
	})
}

func testConcurrentUsage(t *testing.T, s authority.Store) {
	const writers, rounds = 6, 20
	u := authority.Usage{Keyspace: "default", Key: newID(t), Hour: now.Truncate(time.Hour), Code: keywright.Valid, Count: 3, Cost: 5}
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range rounds {
				if err := s.Count(t.Context(), authority.Tally{Usage: []authority.Usage{u, u}}); err != nil {
					t.Errorf("count: %v", err)
				}
			}
		})
	}
	wg.Wait()
	u.Count, u.Cost = 3*2*writers*rounds, 5*2*writers*rounds
	same(t, usage(t, s, authority.Query{}), []authority.Usage{u})
}

func testForget(t *testing.T, s authority.Store) {
	hour, keys := now.Truncate(time.Hour), 50
	var c authority.Tally
	for i := range keys {
		for h := range 3 {
			key := newID(t)
			c.Usage = append(c.Usage, authority.Usage{Key: key, Hour: hour.Add(time.Duration(h) * time.Hour), Code: keywright.Valid, Count: int64(i)})
		}
	}
	count(t, s, c)
	same(t, len(usage(t, s, authority.Query{})), 3*keys)
	count(t, s, authority.Tally{Now: now.AddDate(1, 0, 0)}) // of usage, nothing
	same(t, len(usage(t, s, authority.Query{})), 3*keys)
	for range 3 * keys { // a part with each
		count(t, s, authority.Tally{Forget: hour.Add(2 * time.Hour)})
	}
	got := usage(t, s, authority.Query{})
	same(t, len(got), keys)
	same(t, got[0].Hour, hour.Add(2*time.Hour))
}

func testUses(t *testing.T, s authority.Store) {
	uses := func(q authority.Query) []authority.Use {
		q.Of = authority.Uses
		return list(t, s, q).Uses
	}
	u := authority.Use{Key: newID(t), Hash: keywright.Hash{1}, Time: now, From: netip.MustParseAddr("2001:db8::7")}
	filled(t, u)
	previous := authority.Use{Key: u.Key, Hash: keywright.Hash{2}, Time: now.Add(-time.Hour), From: netip.MustParseAddr("192.0.2.7")}
	unknown := authority.Use{Key: newID(t), Hash: keywright.Hash{3}, Time: now}
	count(t, s, authority.Tally{Uses: []authority.Use{unknown, previous, u}})
	same(t, uses(authority.Query{}), []authority.Use{u, previous, unknown})
	same(t, uses(authority.Query{ID: u.Key}), []authority.Use{u, previous})
	same(t, uses(authority.Query{ID: newID(t)}), nil)

	older, newer := u, previous
	older.Time, older.From = now.Add(-time.Second), netip.Addr{}
	newer.Time, newer.From = now.Add(time.Hour), netip.Addr{}
	count(t, s, authority.Tally{Uses: []authority.Use{older, newer}})
	same(t, uses(authority.Query{ID: u.Key}), []authority.Use{u, newer})
}

func testMeters(t *testing.T, s authority.Store) {
	meters := func(q authority.Query) []authority.Meter {
		q.Of = authority.Meters
		return list(t, s, q).Meters
	}
	a := authority.Meter{ID: [24]byte{1, 23: 9}, Full: now.Add(time.Nanosecond)}
	b := authority.Meter{ID: [24]byte{2, 23: 9}, Full: now.Add(time.Hour)}
	filled(t, a)
	count(t, s, authority.Tally{Meters: []authority.Meter{b, a}})
	exactly := func(got []authority.Meter, want ...authority.Meter) {
		t.Helper()
		same(t, got, want)
		for i := range got {
			if !got[i].Full.Equal(want[i].Full) { // same compares milliseconds
				t.Fatalf("a meter is full at %v, want %v", got[i].Full, want[i].Full)
			}
		}
	}
	exactly(meters(authority.Query{}), a, b)
	exactly(meters(authority.Query{Meter: b.ID}), b)
	exactly(meters(authority.Query{Meter: [24]byte{3}}))

	b.Full = b.Full.Add(-3 * time.Nanosecond) // replaced, also by one that is full earlier
	count(t, s, authority.Tally{Meters: []authority.Meter{b}, Now: now})
	exactly(meters(authority.Query{}), a, b)
	count(t, s, authority.Tally{Forget: now.AddDate(1, 0, 0)})
	exactly(meters(authority.Query{}), a, b)
	count(t, s, authority.Tally{Now: a.Full})
	exactly(meters(authority.Query{}), b)
}
