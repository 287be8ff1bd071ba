// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A model is a meter in exact fractions of nanoseconds, slow and plain.
type model struct {
	interval *big.Rat // between two units
	burst    int64
	full     *big.Rat
	early    *big.Rat // a unit may come less than this too early
}

func rat(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

func sum(a, b *big.Rat) *big.Rat { return new(big.Rat).Add(a, b) }

func difference(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }

func newModel(l Limit) *model {
	m := &model{interval: big.NewRat(int64(l.Window), l.Amount), burst: l.Burst, full: rat(0), early: rat(0)}
	if m.burst == 0 {
		m.burst = l.Amount
	}
	if !m.interval.IsInt() {
		m.early = rat(2)
	}
	if most := new(big.Rat).Quo(rat(int64(longest)), m.interval); rat(m.burst).Cmp(most) > 0 {
		m.burst = new(big.Int).Quo(most.Num(), most.Denom()).Int64()
	}
	return m
}

// span is how long it takes until so many units come back.
func (m *model) span(units int64) *big.Rat { return new(big.Rat).Mul(m.interval, rat(units)) }

// after returns when the meter is full after a cost is taken.
func (m *model) after(now *big.Rat, cost int64) *big.Rat {
	if m.full.Cmp(now) < 0 {
		return sum(now, m.span(cost))
	}
	return sum(m.full, m.span(cost))
}

// passes reports whether a cost passes at a time, were the meter read later by late.
func (m *model) passes(now *big.Rat, cost int64, late *big.Rat) bool {
	return difference(m.after(now, cost), sum(now, late)).Cmp(m.span(m.burst)) <= 0
}

func drawLimit(t *rapid.T) Limit {
	small := rapid.Int64Range(1, 30)
	large := rapid.Int64Range(1, 1e9)
	windows := rapid.OneOf(
		rapid.SampledFrom([]int64{1e9, 60e9, 3600e9, 86400e9, 366 * 86400e9}),
		rapid.Int64Range(int64(time.Second), int64(time.Minute)),
		rapid.Int64Range(int64(time.Second), int64(366*24*time.Hour)),
	)
	return Limit{
		Amount: rapid.OneOf(small, large).Draw(t, "amount"),
		Window: time.Duration(windows.Draw(t, "window")),
		Burst:  rapid.OneOf(rapid.Just(int64(0)), small, large).Draw(t, "burst"),
	}
}

// drawWait draws how long nothing comes: from a nanosecond to more than the refill of the burst.
func drawWait(t *rapid.T, m *model) time.Duration {
	nanoseconds := func(r *big.Rat) int64 { f, _ := r.Float64(); return max(1, min(int64(f), int64(longest))) }
	unit, burst := nanoseconds(m.interval), nanoseconds(m.span(m.burst))
	return time.Duration(rapid.OneOf(
		rapid.Int64Range(0, 3),
		rapid.Int64Range(max(0, unit-2), unit+2),
		rapid.Int64Range(0, min(3*unit, int64(longest))),
		rapid.Int64Range(0, min(burst+burst/3+2, int64(longest)/10)),
	).Draw(t, "wait"))
}

func drawCost(t *rapid.T, m *model, remaining int64) int64 {
	return rapid.OneOf(
		rapid.Int64Range(0, 3),
		rapid.Int64Range(0, m.burst+1),
		rapid.Int64Range(max(0, remaining-1), remaining+1),
	).Draw(t, "cost")
}

type grant struct {
	at   *big.Rat
	cost int64
}

// What the exact model gives is given; what it does not is not given, but for a step of rounding where units are not
// whole nanoseconds apart; and in no interval comes more than is promised.
func TestTakeAgreesWithExactModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := drawLimit(t)
		m := newModel(limit)
		clock := rapid.Int64Range(0, 2e18).Draw(t, "start")
		var tat, remaining int64
		var grants []grant
		for range rapid.IntRange(1, 30).Draw(t, "asks") {
			clock = min(clock+int64(drawWait(t, m)), lastNow-1e9)
			cost := drawCost(t, m, remaining)
			now, at := rat(clock), time.Unix(0, clock)
			next, d := limit.Take(tat, at, cost)
			if d.Limit != m.burst {
				t.Fatalf("limit %d, want %d", d.Limit, m.burst)
			}
			if cost > 0 && d.OK != m.passes(now, cost, rat(0)) && (!d.OK || !m.passes(now, cost, m.early)) {
				t.Fatalf("cost %d: %+v", cost, d)
			}
			checkRetry(t, limit, tat, at, cost, d)
			if d.OK && cost > 0 {
				m.full = m.after(now, cost)
				grants = append(grants, grant{now, cost})
			}
			tat, remaining = next, d.Remaining
			checkRest(t, m, now, d)
		}
		checkIntervals(t, m, grants)
	})
}

// checkRetry holds a decision to its word: until then the same cost does not pass, from then on it does.
func checkRetry(t *rapid.T, l Limit, tat int64, now time.Time, cost int64, d Decision) {
	switch {
	case d.OK || cost > d.Limit:
		if d.OK && d.RetryAfter != 0 || !d.OK && d.RetryAfter != Never {
			t.Fatalf("cost %d: %+v", cost, d)
		}
	case !l.Peek(tat, now.Add(d.RetryAfter), cost).OK || l.Peek(tat, now.Add(d.RetryAfter-1), cost).OK:
		t.Fatalf("cost %d does not pass first after %v", cost, d.RetryAfter)
	}
}

// checkRest compares what is left after an ask, and when all is back.
func checkRest(t *rapid.T, m *model, now *big.Rat, d Decision) {
	if d.Remaining > 0 && !m.passes(now, d.Remaining, m.early) || m.passes(now, d.Remaining+1, rat(0)) {
		t.Fatalf("%d remain", d.Remaining)
	}
	reset := difference(m.full, now)
	if reset.Sign() < 0 {
		reset = rat(0)
	}
	if off := difference(rat(int64(d.ResetAfter)), reset); off.Cmp(rat(1)) >= 0 || sum(off, m.early).Sign() < 0 {
		t.Fatalf("full again after %v, want %s", d.ResetAfter, reset.FloatString(3))
	}
}

func checkIntervals(t *rapid.T, m *model, grants []grant) {
	for i := range grants {
		var got int64
		for _, last := range grants[i:] {
			got += last.cost
			elapsed := sum(difference(last.at, grants[i].at), m.early)
			if most := new(big.Rat).Quo(elapsed, m.interval); rat(got-m.burst).Cmp(most) > 0 {
				t.Fatalf("%d units in %s ns", got, elapsed.FloatString(0))
			}
		}
	}
}
