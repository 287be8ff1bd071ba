// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"time"
)

// A Limiter keeps the meters of rate limits where several nodes share them. It goes by a clock of its own, so that those of
// the nodes do not matter. It must be safe for use by several goroutines.
//
// Package limit has the arithmetic, and limit/limittest the tests that every Limiter passes.
type Limiter interface {
	// Take answers each ask, in their order. An ask is all or none: of its meters each is taken from, or no one is. Two
	// asks are apart: one may be refused and the other not. An error means that it is not known what was taken, of any
	// of them.
	Take(ctx context.Context, asks []LimitAsk) ([]LimitAnswer, error)
}

// A LimitAsk is about the meters of one verification.
type LimitAsk struct {
	Act    LimitAct
	Meters []LimitMeter // each ID once, at least one
}

// A LimitAct says what an ask does.
type LimitAct uint8

// The acts.
const (
	TakeLimits LimitAct = iota // takes the costs if all of them are there
	LookLimits                 // tells what Take would, and takes nothing
	GiveLimits                 // gives back what was taken in vain; the answer tells nothing
	OweLimits                  // takes the costs whether or not they are there; the answer tells nothing
)

// A LimitMeter is one meter and what is asked of it. The numbers must have been checked, as those of a Limit are.
type LimitMeter struct {
	ID     [24]byte // whose it is and which of their limits
	Limit  int64
	Window time.Duration
	Burst  int64 // 0: as Limit
	Cost   int64 // at least 1
}

// A LimitAnswer says whether an ask passed, and how each of its meters stands, in their order.
type LimitAnswer struct {
	OK     bool
	Meters []LimitStanding
}

// A LimitStanding is how a meter stands after an ask.
type LimitStanding struct {
	OK         bool          // this meter would have let the ask pass
	Burst      int64         // how many may come at once
	Remaining  int64         // how many could be taken now
	RetryAfter time.Duration // until the same cost passes; 0 if OK; negative: never
	ResetAfter time.Duration // until the meter is full
}

// LimiterAway says what a keyspace does with keys that have limits while the shared limiter does not answer.
type LimiterAway string

// The choices.
const (
	AwayLocal  LimiterAway = "local"  // each node lets pass its share, which is all divided by the nodes; the default
	AwayRefuse LimiterAway = "refuse" // no judgement is made
)

func (w LimiterAway) check(field string) error {
	if w != "" && w != AwayLocal && w != AwayRefuse {
		return invalid(field, "is neither local nor refuse", "leave it out for local: each node lets pass its share while the shared limiter is away")
	}
	return nil
}
