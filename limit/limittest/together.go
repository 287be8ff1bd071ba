// SPDX-License-Identifier: Apache-2.0

package limittest

import (
	"context"
	mathrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

func testTogether(t *testing.T, open func() authority.Limiter) {
	l, a, b := open(), newID(), newID()
	var asks []authority.LimitAsk
	for range 5 {
		asks = append(asks, take(meter(a, 3, 1)))
	}
	asks = append(asks,
		take(meter(a, 3, 1), meter(b, 10, 4)), // a is empty
		take(meter(b, 10, 6)),
		look(meter(b, 10, 4)), look(meter(b, 10, 5)), look(meter(b, 10, 4)),
		authority.LimitAsk{Act: authority.GiveLimits, Meters: []authority.LimitMeter{meter(a, 3, 1)}},
		take(meter(b, 10, 4), meter(a, 3, 1)),
		take(meter(b, 10, 1)),
	)
	want := []struct {
		ok        bool
		remaining int64 // of the first meter; below 0: not told
	}{
		{true, 2},
		{true, 1},
		{true, 0},
		{false, 0},
		{false, 0},
		{false, 0},
		{true, 4},
		{true, 4},
		{false, 4},
		{true, 4},
		{false, -1},
		{true, 0},
		{false, 0},
	}
	for i, got := range answers(t, l, asks...) {
		if want[i].remaining < 0 {
			continue
		}
		if got.OK != want[i].ok || got.Meters[0].Remaining != want[i].remaining {
			t.Errorf("ask %d, %+v: %+v, want %+v", i, asks[i], got, want[i])
		}
	}
}

const nodes = 3

// atOnce runs asks from several nodes, in lists of several, until each has handed over all its lists.
func atOnce(t *testing.T, open func() authority.Limiter, lists int, next func(r *mathrand.Rand) []authority.LimitAsk, told func(authority.LimitAsk, authority.LimitAnswer)) {
	t.Helper()
	var all sync.WaitGroup
	for node := range nodes {
		l := open()
		for worker := range 4 {
			all.Go(func() {
				r := mathrand.New(mathrand.NewPCG(uint64(node), uint64(worker)))
				for range lists {
					asks := next(r)
					got, err := l.Take(context.Background(), asks)
					if err != nil {
						t.Error(err)
						return
					}
					for i := range got {
						told(asks[i], got[i])
					}
				}
			})
		}
	}
	all.Wait()
}

func testAtOnce(t *testing.T, open func() authority.Limiter) {
	const there = 500
	id := newID()
	var passed atomic.Int64
	atOnce(t, open, 20, func(r *mathrand.Rand) (asks []authority.LimitAsk) {
		for range 1 + r.IntN(8) {
			asks = append(asks, take(meter(id, there, 1)))
		}
		return asks
	}, func(_ authority.LimitAsk, a authority.LimitAnswer) {
		if a.OK {
			passed.Add(1)
		}
	})
	if passed.Load() != there {
		t.Errorf("%d passed of a limit of %d", passed.Load(), there)
	}
}

func testAllOrNone(t *testing.T, open func() authority.Limiter) {
	const there = 120
	ids := [][24]byte{newID(), newID(), newID(), newID()}
	taken := make([]atomic.Int64, len(ids))
	at := map[[24]byte]int{}
	for i, id := range ids {
		at[id] = i
	}
	atOnce(t, open, 15, func(r *mathrand.Rand) (asks []authority.LimitAsk) {
		for range 1 + r.IntN(5) {
			var meters []authority.LimitMeter
			for _, i := range r.Perm(len(ids))[:1+r.IntN(3)] {
				meters = append(meters, meter(ids[i], there, 1+r.Int64N(3)))
			}
			asks = append(asks, take(meters...))
		}
		return asks
	}, func(ask authority.LimitAsk, a authority.LimitAnswer) {
		if !a.OK {
			return
		}
		for _, m := range ask.Meters {
			taken[at[m.ID]].Add(m.Cost)
		}
	})
	l := open()
	for i, id := range ids {
		left := answer(t, l, look(meter(id, there, 1))).Meters[0].Remaining
		if taken[i].Load()+left != there {
			t.Errorf("meter %d: %d were taken and %d are left of %d", i, taken[i].Load(), left, there)
		}
	}
}

// testRefill takes for a while what comes back quickly: never more than GCRA allows in so long.
func testRefill(t *testing.T, open func() authority.Limiter) {
	const perSecond, burst = 400, 5
	m := authority.LimitMeter{ID: newID(), Limit: perSecond, Window: time.Second, Burst: burst, Cost: 1}
	var passed atomic.Int64
	start := time.Now()
	atOnce(t, open, 60, func(*mathrand.Rand) []authority.LimitAsk { return []authority.LimitAsk{take(m), take(m)} },
		func(_ authority.LimitAsk, a authority.LimitAnswer) {
			if a.OK {
				passed.Add(1)
			}
		})
	most := int64(burst + perSecond*time.Since(start).Seconds() + 1)
	if n := passed.Load(); n > most || n < burst {
		t.Errorf("%d passed where at most %d could", n, most)
	}
	l := open()
	for deadline := time.Now().Add(10 * time.Second); !answer(t, l, take(m)).OK; {
		if time.Now().After(deadline) {
			t.Fatal("nothing comes back")
		}
	}
}
