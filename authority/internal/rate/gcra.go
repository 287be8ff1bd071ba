// SPDX-License-Identifier: Apache-2.0

// Package rate decides whether something comes too often. It is arithmetic and a directory of meters: time is an
// argument, and where the state rests is somebody else's business.
//
// The arithmetic is GCRA, the generic cell rate algorithm (ITU-T I.371, as virtual scheduling). The whole state of a
// meter is one time: when it will be full again if nothing more is taken. Nothing has to run for a meter to fill.
//
// What it promises: in any interval of length e at most Burst + Amount × e / Window units are given. So a burst of the
// whole limit at once can be followed by its refill, and a single window can see Burst + Amount units, no more.
//
// # Rounding
//
// Time is counted in steps, of which a unit is a whole number: as many as there are whole nanoseconds between two units,
// so that a step is at least one and less than two nanoseconds long. If a whole number of nanoseconds lies between two
// units, as nearly always, a step is a nanosecond and all results are exact. Else (seven in a minute) the time of
// an ask is rounded down to a step: a unit may come less than two nanoseconds early, never late, and as nothing is
// rounded but the time of the ask, this never adds up. What callers are told is rounded so that it holds.
package rate

import (
	"math/bits"
	"time"
)

// Never is what RetryAfter says where no waiting helps: the cost is more than the whole burst.
const Never time.Duration = -1

const (
	longest = 100 * 366 * 24 * time.Hour // what a meter can be in debt
	lastNow = 1 << 62                    // later times, from the year 2116 on, count as this one
)

// A Limit allows Amount units in each Window, spread evenly; up to Burst units may come at once.
//
// Its values must have been checked: Amount from 1 to 1e9, Window from a second to 366 days, Burst from 0 to 1e9, where 0
// stands for Amount. A burst that takes more than a hundred years to refill is cut to what does not.
type Limit struct {
	Amount int64
	Window time.Duration
	Burst  int64
}

// A Decision says whether a cost passes a limit, and what to tell the caller. Counts are units.
type Decision struct {
	OK         bool
	Limit      int64         // how many may come at once
	Remaining  int64         // how many could be taken now
	RetryAfter time.Duration // until the same cost passes, if nothing else is taken; 0 if OK, or Never
	ResetAfter time.Duration // until the meter is full
}

// Take takes cost units from the meter whose state is tat, or none. The state is a time in Unix nanoseconds, 0 for a
// meter that was never used; next is the state to keep, also after a refusal. A cost of 0 or less takes nothing and passes.
//
// A clock that was set back gives no units: the meter goes on from where it was. It keeps nobody waiting for longer
// than a window and the refill of the burst: what is further ahead is cut to that.
func (l Limit) Take(tat int64, now time.Time, cost int64) (next int64, d Decision) {
	next = l.take(tat, nanoseconds(now), cost, &d)
	return next, d
}

func (l Limit) take(tat, now, cost int64, d *Decision) (next int64) {
	var r reading
	r.read(l, tat, now)
	r.decide(cost, d)
	if d.OK && cost > 0 {
		r.full = max(r.full, r.now) + cost*r.unit
		d.Remaining -= cost
		d.ResetAfter = r.until(r.full)
	}
	return r.state(r.full)
}

// Peek decides as Take would and takes nothing: Remaining and ResetAfter are those of the meter as it is.
func (l Limit) Peek(tat int64, now time.Time, cost int64) (d Decision) {
	var r reading
	r.read(l, tat, nanoseconds(now))
	r.decide(cost, &d)
	return d
}

// GiveBack returns the state after cost units that were just taken in vain are put back.
func (l Limit) GiveBack(tat, cost int64) int64 {
	var r reading
	r.read(l, 0, 0)
	full := r.steps(max(tat, 0), up) // however far it is ahead: that depends on the time
	return r.state(max(0, full-min(max(cost, 0), r.burst)*r.unit))
}

// A reading is a meter at a time, in steps. A step is window/perWindow nanoseconds.
type reading struct {
	window    uint64 // nanoseconds
	perWindow uint64 // steps in a window; at most one for each nanosecond
	unit      int64  // steps from one unit to the next
	burst     int64  // units
	clock     int64  // nanoseconds
	now       int64  // the step of the clock
	full      int64  // the step at which the meter is full
}

// read sets all of the reading. No number overflows, as a step is not shorter than a nanosecond, a burst refills within
// longest, and now is not beyond lastNow.
func (r *reading) read(l Limit, tat, now int64) {
	r.window = uint64(l.Window)
	unit := r.window / uint64(l.Amount)
	r.unit, r.perWindow = int64(unit), uint64(l.Amount)*unit
	if r.burst = l.Burst; r.burst == 0 {
		r.burst = l.Amount
	}
	if hi, lo := bits.Mul64(uint64(r.burst), unit); hi != 0 || lo > uint64(longest) {
		r.burst = int64(longest) / r.unit
	}
	r.clock, r.now = now, r.steps(now, down)
	// The slack of a window is for asks that read the clock one before the other and arrive the other way round.
	r.full = min(r.steps(max(tat, 0), up), r.now+r.burst*r.unit+int64(r.perWindow))
}

func (r *reading) decide(cost int64, d *Decision) {
	debt := max(0, r.full-r.now)
	d.Limit = r.burst
	d.Remaining = int64(uint64(max(0, r.burst*r.unit-debt)) / uint64(r.unit))
	d.ResetAfter = r.until(r.full)
	d.OK, d.RetryAfter = cost <= d.Remaining, 0
	switch {
	case cost > r.burst:
		d.RetryAfter = Never
	case !d.OK:
		d.RetryAfter = r.until(r.full - (r.burst-cost)*r.unit)
	}
}

type rounding bool

const (
	down rounding = false
	up   rounding = true
)

// whole reports whether a step is a nanosecond.
func (r *reading) whole() bool { return r.window == r.perWindow }

// steps converts a time of at least 0.
func (r *reading) steps(nanoseconds int64, to rounding) int64 {
	if r.whole() {
		return nanoseconds
	}
	return scale(nanoseconds, r.perWindow, r.window, to)
}

// state is the time of a step. As steps are not shorter than nanoseconds, rounded up it gives the same step again.
func (r *reading) state(step int64) int64 {
	if r.whole() {
		return step
	}
	return scale(step, r.window, r.perWindow, down)
}

// until returns how long it takes until the clock reaches a step.
func (r *reading) until(step int64) time.Duration {
	if step <= r.now {
		return 0
	}
	if r.whole() {
		return time.Duration(step - r.clock)
	}
	return time.Duration(scale(step, r.window, r.perWindow, up) - r.clock)
}

// scale returns n × times / by.
func scale(n int64, times, by uint64, to rounding) int64 {
	hi, lo := bits.Mul64(uint64(n), times)
	quotient, rest := bits.Div64(hi, lo, by)
	if to == up && rest > 0 {
		quotient++
	}
	return int64(quotient)
}

// nanoseconds returns a time as a meter counts it, from 1970 to lastNow.
func nanoseconds(now time.Time) int64 {
	switch seconds := now.Unix(); {
	case seconds < 0:
		return 0
	case seconds >= lastNow/int64(time.Second):
		return lastNow
	}
	return now.UnixNano()
}
