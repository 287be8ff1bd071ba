// SPDX-License-Identifier: Apache-2.0

package api

import (
	"time"

	"github.com/keywright/keywright"
)

// A Limit bounds how often something may be done: limit units in each window, spread evenly (GCRA), of which burst may
// come at once.
type Limit struct {
	Name   string   `json:"name" doc:"1 to 64 lower-case letters, digits and -." example:"requests"`
	Limit  int64    `json:"limit" doc:"Units in each window, 1 to 1,000,000,000." example:"100"`
	Window Duration `json:"window" doc:"1s to 8784h." example:"1m"`
	Burst  int64    `json:"burst,omitempty" doc:"What may come at once; absent: as limit." example:"20"`
	Auto   bool     `json:"auto,omitempty" doc:"Taken from at every verification; else only where the request names it."`
}

// Credits are a balance that verifications spend from.
type Credits struct {
	Remaining    int64     `json:"remaining" doc:"What is left, 0 to 10^15. Absent in a record: it could not be read." example:"1000"`
	Refill       *Refill   `json:"refill,omitempty" doc:"Absent: only by hand."`
	NextRefillAt time.Time `json:"next_refill_at,omitzero"`
}

// A CreditsRequest begins to keep a balance.
type CreditsRequest struct {
	Remaining int64   `json:"remaining" doc:"What it begins with, 0 to 10^15." example:"1000"`
	Refill    *Refill `json:"refill,omitempty" doc:"Absent: only by hand."`
}

// A Refill fills a balance up at an interval, or on a day of each month at midnight UTC: one of every and day.
type Refill struct {
	Amount int64    `json:"amount" doc:"1 to 10^15." example:"500"`
	Every  Duration `json:"every,omitempty" doc:"1m to 8784h, counted from when the refill was set." example:"24h"`
	Day    int      `json:"day,omitempty" doc:"1 to 28, the days that every month has." example:"1"`
	Mode   string   `json:"mode,omitempty" enum:"add,reset" doc:"add, where it is left out: adds the amount, once for each time that was missed. reset: sets the balance to it."`
}

// A CreditsPatch changes credits. A field that is absent (nil) stays as it is. The zero value ends them: they are not
// kept any more.
type CreditsPatch struct {
	Remaining *int64  `json:"remaining,omitempty" doc:"What is left from now on; needed where none were kept."`
	Refill    *Refill `json:"refill,omitempty" doc:"null: only by hand."`
}

// UnmarshalJSON tells null, which clears, from absent.
func (p *CreditsPatch) UnmarshalJSON(b []byte) error {
	type plain CreditsPatch
	return unmarshalPatch(b, (*plain)(p))
}

// Ends reports whether the patch ends the credits.
func (p *CreditsPatch) Ends() bool { return p.Remaining == nil && p.Refill == nil }

// An AskLimit takes from a limit besides those that are taken from at every verification.
type AskLimit struct {
	Name   string   `json:"name" doc:"Of a limit of the key, of its owner or of its keyspace; with limit and window any." example:"exports"`
	Cost   int64    `json:"cost,omitempty" doc:"1 to 1,000,000,000; absent: the cost of the request." example:"1"`
	Limit  int64    `json:"limit,omitempty" doc:"With window: a limit for this request alone, with a meter of the key." example:"10"`
	Window Duration `json:"window,omitempty" doc:"1s to 8784h." example:"1h"`
	Burst  int64    `json:"burst,omitempty" doc:"What may come at once; absent: as limit."`
}

// A LimitState is how a limit stands after a verification.
type LimitState struct {
	Name       string    `json:"name" example:"requests"`
	Of         string    `json:"of" enum:"key,parent,owner,keyspace,address" doc:"Whose limit it is."`
	Limit      int64     `json:"limit" doc:"Units in each window." example:"100"`
	Window     Duration  `json:"window" example:"1m"`
	Burst      int64     `json:"burst,omitempty" doc:"What may come at once; absent: as limit."`
	Remaining  int64     `json:"remaining" doc:"What may come now." example:"99"`
	ResetAt    time.Time `json:"reset_at" doc:"When all of it may come, by the clock of the server."`
	ResetAfter Duration  `json:"reset_after,omitempty" doc:"How long until then; absent: all of it may come now." example:"600ms"`
	RetryAfter Duration  `json:"retry_after,omitempty" doc:"How long until the same cost may come; absent: it may come now." example:"600ms"`
	Never      bool      `json:"never,omitempty" doc:"The cost is beyond what may ever come at once."`
}

// LimitStateOf returns the state of a limit for the wire, as it is at a time.
func LimitStateOf(s *keywright.LimitState, now time.Time) LimitState {
	w := LimitState{
		Name: s.Name, Of: s.Of, Limit: s.Amount, Window: Duration(s.Window), Remaining: s.Remaining,
		ResetAt: ResetAt(s.Reset, now), ResetAfter: Duration(Wait(s.Reset)), RetryAfter: Duration(Wait(s.RetryAfter)),
		Never: s.RetryAfter < 0,
	}
	if s.Limit != s.Amount {
		w.Burst = s.Limit
	}
	return w
}

// ResetAt returns the time after a duration, to the millisecond, never too early.
func ResetAt(after time.Duration, now time.Time) time.Time {
	return now.Add(after + time.Millisecond - 1).UTC().Truncate(time.Millisecond)
}

// Wait is how long to wait as the wire has it: to the millisecond, never too short; 0 for what is not to be waited for.
func Wait(d time.Duration) time.Duration {
	if rest := d % time.Millisecond; rest > 0 {
		d += time.Millisecond - rest
	}
	return max(d, 0)
}

// State returns the state as a program reads it.
func (w *LimitState) State() keywright.LimitState {
	s := keywright.LimitState{
		Name: w.Name, Of: w.Of, Limit: w.Limit, Window: w.Window.Duration(), Amount: w.Limit, Remaining: w.Remaining,
		Reset: w.ResetAfter.Duration(), RetryAfter: w.RetryAfter.Duration(),
	}
	if w.Burst > 0 {
		s.Limit = w.Burst
	}
	if w.Never {
		s.RetryAfter = -1
	}
	return s
}
