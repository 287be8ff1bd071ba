// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"testing"
	"time"
)

var start = time.Date(2026, time.November, 22, 9, 0, 0, 123_456_789, time.UTC)

// One meter of ten a minute, from one ask to the next.
func TestStoryOfAMeter(t *testing.T) {
	limit := Limit{Amount: 10, Window: time.Minute}
	const unit = 6 * time.Second
	now, tat := start, int64(0)
	for _, c := range []struct {
		what string
		wait time.Duration
		cost int64
		want Decision
	}{
		{"a new meter is full", 0, 1, Decision{true, 10, 9, 0, unit}},
		{"at the same moment there is more", 0, 4, Decision{true, 10, 5, 0, 5 * unit}},
		{"nothing costs nothing", 0, 0, Decision{true, 10, 5, 0, 5 * unit}},
		{"what is left can be taken at once", 0, 5, Decision{true, 10, 0, 0, time.Minute}},
		{"then it is empty", 0, 1, Decision{false, 10, 0, unit, time.Minute}},
		{"nothing still passes", 0, 0, Decision{true, 10, 0, 0, time.Minute}},
		{"a refusal takes nothing", 0, 3, Decision{false, 10, 0, 3 * unit, time.Minute}},
		{"a nanosecond too early", unit - 1, 1, Decision{false, 10, 0, 1, 54*time.Second + 1}},
		{"on time", 1, 1, Decision{true, 10, 0, 0, time.Minute}},
		{"two come back in twice the time", 2 * unit, 0, Decision{true, 10, 2, 0, 48 * time.Second}},
		{"three are too many", 0, 3, Decision{false, 10, 2, unit, 48 * time.Second}},
		{"two are not", 0, 2, Decision{true, 10, 0, 0, time.Minute}},
		{"one unit and a half are one", unit + unit/2, 1, Decision{true, 10, 0, 0, 57 * time.Second}},
		{"but the half is not lost", unit / 2, 1, Decision{true, 10, 0, 0, time.Minute}},
		{"after a window it is full", time.Minute, 0, Decision{true, 10, 10, 0, 0}},
		{"and does not become fuller", time.Hour, 10, Decision{true, 10, 0, 0, time.Minute}},
		{"more than the burst never passes", time.Hour, 11, Decision{false, 10, 10, Never, 0}},
		{"less than nothing gives nothing", 0, -5, Decision{true, 10, 10, 0, 0}},
	} {
		now = now.Add(c.wait)
		before := tat
		peeked := limit.Peek(tat, now, c.cost)
		var got Decision
		if tat, got = limit.Take(tat, now, c.cost); got != c.want {
			t.Fatalf("%s: %+v, want %+v", c.what, got, c.want)
		}
		if peeked.OK != got.OK || peeked.RetryAfter != got.RetryAfter {
			t.Errorf("%s: a look sees %+v", c.what, peeked)
		}
		if taken := got.OK && c.cost > 0; taken == (tat == before) || taken && peeked.Remaining-c.cost != got.Remaining {
			t.Errorf("%s: state %d after %d, a look sees %+v", c.what, tat, before, peeked)
		}
	}
}

// A burst of the whole limit can be followed by its refill: so much comes in a window, and no more.
func TestWorstWindow(t *testing.T) {
	for _, c := range []struct {
		limit Limit
		want  int
	}{
		{Limit{Amount: 60, Window: time.Minute}, 120},
		{Limit{Amount: 60, Window: time.Minute, Burst: 1}, 61},
		{Limit{Amount: 60, Window: time.Minute, Burst: 600}, 660},
		{Limit{Amount: 7, Window: time.Minute}, 14},
	} {
		got, tat := 0, int64(0)
		for at := time.Duration(0); at <= c.limit.Window; at += 10 * time.Millisecond {
			for ok := true; ok; {
				var d Decision
				if tat, d = c.limit.Take(tat, start.Add(at), 1); d.OK {
					got++
				}
				ok = d.OK
			}
		}
		if got != c.want {
			t.Errorf("%+v: %d in a window, want %d", c.limit, got, c.want)
		}
	}
}

// Seven in a minute, each asked for the moment it is due, for a year: none is refused, and none comes early. One more is
// taken at the start, as a meter that is full begins anew with the ask, and time has no sevenths of a nanosecond.
func TestSevenAMinuteDoNotDrift(t *testing.T) {
	limit := Limit{Amount: 7, Window: time.Minute, Burst: 2}
	tat, _ := limit.Take(0, start, 2)
	for k := int64(1); k < 7*60*24*366; k++ {
		due := start.Add(time.Duration((k*int64(time.Minute) + 6) / 7))
		if d := limit.Peek(tat, due.Add(-2), 1); d.OK || d.RetryAfter > 2 {
			t.Fatalf("unit %d, two nanoseconds early: %+v", k, d)
		}
		var d Decision
		if tat, d = limit.Take(tat, due, 1); !d.OK {
			t.Fatalf("unit %d, on time: %+v", k, d)
		}
	}
}

// All of a burst comes at one moment, in one piece or many, whatever the moment.
func TestBurstInPieces(t *testing.T) {
	for moment := range time.Duration(1000) {
		tat, got := int64(0), 0
		for range 8 {
			next, d := Limit{Amount: 7, Window: time.Minute}.Take(tat, start.Add(moment), 1)
			if tat = next; d.OK {
				got++
			}
		}
		if got != 7 {
			t.Fatalf("%d of 7 at %d", got, moment)
		}
	}
}

func TestGiveBack(t *testing.T) {
	limit := Limit{Amount: 7, Window: time.Minute}
	first, _ := limit.Take(0, start, 2)
	second, _ := limit.Take(first, start, 3)
	if got := limit.GiveBack(second, 3); got != first {
		t.Errorf("state %d, want %d", got, first)
	}
	if d := limit.Peek(limit.GiveBack(first, 2), start, 7); !d.OK || d.ResetAfter != 0 {
		t.Errorf("all given back: %+v", d)
	}
	if d := limit.Peek(limit.GiveBack(first, 1<<62), start, 8); d.Remaining != 7 || d.RetryAfter != Never {
		t.Errorf("more given back than there was: %+v", d)
	}
	if got := limit.GiveBack(second, -3); got != second {
		t.Errorf("less than nothing given back: %d, want %d", got, second)
	}
}

func TestClockSetBack(t *testing.T) {
	limit := Limit{Amount: 10, Window: time.Minute, Burst: 20}
	empty, _ := limit.Take(0, start, 20)

	// By less than a window: the meter goes on from where it was.
	next, d := limit.Take(empty, start.Add(-30*time.Second), 1)
	if want := (Decision{false, 20, 0, 36 * time.Second, 150 * time.Second}); d != want || next != empty {
		t.Errorf("half a minute: %+v, state %d after %d", d, next, empty)
	}
	// By a year: nothing comes of it, and a window and the refill of the burst later the meter is as new.
	past := start.AddDate(-1, 0, 0)
	next, d = limit.Take(empty, past, 20)
	if want := (Decision{false, 20, 0, 3 * time.Minute, 3 * time.Minute}); d != want {
		t.Errorf("a year: %+v", d)
	}
	if d := limit.Peek(next, past.Add(3*time.Minute-1), 20); d.OK {
		t.Errorf("a nanosecond before the end: %+v", d)
	}
	if d := limit.Peek(next, past.Add(3*time.Minute), 20); !d.OK {
		t.Errorf("at the end: %+v", d)
	}
	// There and back again: what was taken before is still taken.
	if d := limit.Peek(next, past.Add(time.Minute), 1); d.OK {
		t.Errorf("a unit came before the refill of the burst began: %+v", d)
	}
}

// At the edges of what a limit may be and of time nothing overflows.
func TestEdges(t *testing.T) {
	const year = 366 * 24 * time.Hour
	for _, c := range []struct {
		what      string
		limit     Limit
		cost      int64
		remaining int64
		retry     time.Duration // of the same cost at once
		reset     time.Duration
	}{
		{"most in a second", Limit{1e9, time.Second, 0}, 1e9, 0, time.Second, time.Second},
		{"most in a second, burst of one", Limit{1e9, time.Second, 1}, 1, 0, 1, 1},
		{"just over a nanosecond apart", Limit{999_999_999, time.Second, 1e9}, 1e9, 0, time.Second + 2, time.Second + 2},
		{"one and a half nanoseconds apart", Limit{666_666_667, time.Second, 2}, 2, 0, 3, 3},
		{"most in a year", Limit{1e9, year, 1e9}, 1e9, 0, year, year},
		{"one a year", Limit{1, year, 0}, 1, 0, year, year},
		{"one a year, what refills in a hundred", Limit{1, year, 1e9}, 100, 0, 100 * year, 100 * year},
		{"one a second, most at once", Limit{1, time.Second, 1e9}, 1e9, 0, 1e9 * time.Second, 1e9 * time.Second},
	} {
		for _, now := range []time.Time{
			time.Unix(1, 1), start, time.Unix(0, lastNow), time.Unix(0, lastNow).AddDate(5000, 0, 0), time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC), {},
		} {
			tat, d := c.limit.Take(0, now, c.cost)
			if !d.OK || d.Remaining != c.remaining || d.ResetAfter > c.reset || d.ResetAfter < c.reset-2 {
				t.Errorf("%s: taken at %v: %+v", c.what, now, d)
			}
			if _, d = c.limit.Take(tat, now, c.cost); d.OK || d.RetryAfter > c.retry || d.RetryAfter < c.retry-2 {
				t.Errorf("%s: again at %v: %+v", c.what, now, d)
			}
			for _, tat := range []int64{1<<63 - 1, -1 << 63} {
				next, d := c.limit.Take(tat, now, c.cost)
				if d.OK != (tat < 0) || d.RetryAfter < 0 || d.RetryAfter > c.retry+c.limit.Window+2 || next < 0 {
					t.Errorf("%s: state %d at %v: next %d, %+v", c.what, tat, now, next, d)
				}
				if back := c.limit.GiveBack(tat, 1<<63-1); back < 0 || back > max(0, tat) {
					t.Errorf("%s: given back to %d: %d", c.what, tat, back)
				}
			}
			if next, d := c.limit.Take(tat, now, 1<<63-1); d.OK || d.RetryAfter != Never || next != tat {
				t.Errorf("%s: far too much at %v: %+v", c.what, now, d)
			}
		}
	}
}
