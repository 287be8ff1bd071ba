// SPDX-License-Identifier: Apache-2.0

// Package limit is the arithmetic of rate limits that several nodes share. The limiters below it keep the meters:
// redislimit in Redis or Valkey, postgreslimit in PostgreSQL. Each decides where the meters are, by the clock there, with
// nothing but additions and comparisons of what a Meter says; all else is told from what it found.
//
// It is GCRA (ITU-T I.371), as in the authority's own meters: the state of a meter is the time at which it is full again.
// An ask that costs Charge passes if
//
//	max(full, now) + Charge <= now + Room
//
// and then the left side is the new state. A full that is beyond now + Most is cut to that first: it was written before a
// clock was set back. Times are Spans, in femtoseconds: seven units in a minute stay seven, and so do 999,999,999 a second
// up to a millionth.
package limit

import (
	"time"

	"github.com/keywright/keywright/authority"
)

// longest is in what time a burst has to refill; one that is longer is cut.
const longest = 100 * 366 * 24 * time.Hour

// A Meter is what an ask wants of a meter, in time.
type Meter struct {
	Charge Span // what the cost takes
	Room   Span // what a full meter holds
	Most   Span // how far a meter can be from being full: Room and a window

	unit        Span
	burst, cost int64
}

// Of prepares what a limiter needs. The numbers of m must have been checked.
func Of(m *authority.LimitMeter) Meter {
	window := spanOf(m.Window)
	p := Meter{unit: window.divide(m.Limit), burst: m.Burst, cost: max(m.Cost, 0)}
	if p.burst == 0 {
		p.burst = m.Limit
	}
	if most := spanOf(longest); p.unit.times(p.burst).compare(most) > 0 {
		p.burst = most.into(p.unit)
	}
	p.Room = p.unit.times(p.burst)
	p.Most = p.Room.add(window)
	if p.Charge = p.unit.times(p.cost); p.Charge.compare(p.Most) > 0 { // never passes, however much it is
		p.Charge = p.Most
	}
	return p
}

// Debt returns how far a meter is from being full.
func (m *Meter) Debt(full, now Span) Span {
	switch debt := full.sub(now); {
	case debt.Seconds < 0:
		return Span{}
	case debt.compare(m.Most) > 0:
		return m.Most
	default:
		return debt
	}
}

// After returns the debt of a meter from which n such asks took.
func (m *Meter) After(debt Span, n int64) Span { return debt.add(m.Charge.times(n)) }

// Standing tells how a meter stands that had a debt before an ask, and whether the ask passes by it. If taken, the ask took.
func (m *Meter) Standing(debt Span, taken bool) (s authority.LimitStanding) {
	after := m.After(debt, 1)
	s.OK, s.Burst = after.compare(m.Room) <= 0 || m.cost == 0, m.burst
	switch {
	case m.cost > m.burst:
		s.RetryAfter = -1
	case !s.OK:
		s.RetryAfter = after.sub(m.Room).duration()
	}
	if taken {
		debt = after
	}
	if left := m.Room.sub(debt); left.Seconds >= 0 {
		s.Remaining = left.into(m.unit)
	}
	s.ResetAfter = debt.duration()
	return s
}

// Micros returns the time that a clock tells in seconds and microseconds.
func Micros(seconds, micros int64) Span { return Span{seconds, micros * 1_000_000_000} }
