// SPDX-License-Identifier: Apache-2.0

package limittest

import (
	mathrand "math/rand/v2"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

func testStory(t *testing.T, open func() authority.Limiter) {
	one, other, id := open(), open(), newID()
	for n, c := range []struct {
		what      string
		ask       authority.LimitAsk
		ok        bool
		remaining int64
	}{
		{"a look at a new meter", look(meter(id, 7, 7)), true, 7},
		{"three of seven", take(meter(id, 7, 3)), true, 4},
		{"five more are too many", take(meter(id, 7, 5)), false, 4},
		{"a look sees what is left", look(meter(id, 7, 4)), true, 4},
		{"all that is left", take(meter(id, 7, 4)), true, 0},
		{"nothing is left", take(meter(id, 7, 1)), false, 0},
		{"two are given back", authority.LimitAsk{Act: authority.GiveLimits, Meters: []authority.LimitMeter{meter(id, 7, 2)}}, false, -1},
		{"and there again", take(meter(id, 7, 1)), true, 1},
		{"three are owed", authority.LimitAsk{Act: authority.OweLimits, Meters: []authority.LimitMeter{meter(id, 7, 3)}}, false, -1},
		{"so nothing is left", take(meter(id, 7, 1)), false, 0},
		{"two of these are given back, which were more than there was", authority.LimitAsk{Act: authority.GiveLimits, Meters: []authority.LimitMeter{meter(id, 7, 2)}}, false, -1},
		{"so there is still nothing", take(meter(id, 7, 1)), false, 0},
		{"one more", authority.LimitAsk{Act: authority.GiveLimits, Meters: []authority.LimitMeter{meter(id, 7, 1)}}, false, -1},
		{"and it is there", take(meter(id, 7, 1)), true, 0},
		{"more than the burst never passes", take(meter(id, 7, 8)), false, 0},
	} {
		l := one
		if n%2 == 1 {
			l = other
		}
		a := answer(t, l, c.ask)
		if c.remaining < 0 {
			continue
		}
		m := a.Meters[0]
		if a.OK != c.ok || m.OK != c.ok || m.Remaining != c.remaining || m.Burst != 7 {
			t.Fatalf("%s: %+v", c.what, a)
		}
		if never := c.ask.Meters[0].Cost > 7; never != (m.RetryAfter < 0) || !never && c.ok != (m.RetryAfter == 0) {
			t.Fatalf("%s: come again in %v", c.what, m.RetryAfter)
		}
		if full := m.Remaining == 7; full != (m.ResetAfter == 0) {
			t.Fatalf("%s: full in %v", c.what, m.ResetAfter)
		}
	}
}

// testLikeMemory asks at random, and a limiter in memory the same. Nothing comes back while it runs, so what differs is
// how long ago the first ask was.
func testLikeMemory(t *testing.T, open func() authority.Limiter) {
	var seed [16]byte
	memory, real := authority.NewMemoryLimiter(time.Now, seed), []authority.Limiter{open(), open()}
	r := mathrand.New(mathrand.NewPCG(3, 4))
	ids := make([][24]byte, 5)
	for i := range ids {
		ids[i] = newID()
	}
	sizes := []authority.LimitMeter{
		{Limit: 7, Window: year},
		{Limit: 1000, Window: year, Burst: 30},
		{Limit: 13, Window: year, Burst: 40},
		{Limit: 1, Window: year, Burst: 20},
		{Limit: 100_000, Window: year, Burst: 11},
	}
	for n := range 400 {
		ask := authority.LimitAsk{Act: authority.LimitAct(r.IntN(8))}
		if ask.Act > authority.OweLimits {
			ask.Act = authority.TakeLimits
		}
		for _, i := range r.Perm(len(ids))[:1+r.IntN(3)] {
			m := sizes[i]
			m.ID, m.Cost = ids[i], 1+r.Int64N(4)
			ask.Meters = append(ask.Meters, m)
		}
		want, got := answer(t, memory, ask), answer(t, real[n%2], ask)
		if ask.Act > authority.LookLimits {
			continue
		}
		if got.OK != want.OK {
			t.Fatalf("ask %d, %+v: %+v, in memory %+v", n, ask, got, want)
		}
		for i := range want.Meters {
			g, w := got.Meters[i], want.Meters[i]
			if g.OK != w.OK || g.Burst != w.Burst || g.Remaining != w.Remaining || !near(g.RetryAfter, w.RetryAfter) || !near(g.ResetAfter, w.ResetAfter) {
				t.Fatalf("ask %d, %+v, meter %d: %+v, in memory %+v", n, ask, i, g, w)
			}
		}
	}
}

// near compares times of asks that came one after the other.
func near(a, b time.Duration) bool {
	return (a-b).Abs() < time.Minute && (a < 0) == (b < 0) && (a == 0) == (b == 0)
}
