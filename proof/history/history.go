// SPDX-License-Identifier: Apache-2.0

// Package history holds what a proof has seen of several nodes against the law:
//
//	A verification that begins after the act that took a right away has returned is not VALID, on any node.
//	A right that was given, and that nobody has begun to take away, is not refused.
//
// Times are those of one clock that does not go back, of the clients: a verification begins before its request is sent
// and ends after its answer has arrived. Answers may be told in any order and by many goroutines.
//
// A proof in which nobody was VALID shortly before the end of the right proves nothing: it could have been refused for
// any other reason. So how near the last VALID was is counted as well: whether one was answered, or still on its way, within
// Near before the return, and whether one even began then.
package history

import (
	"fmt"
	"sync"
	"time"
)

// Near is how shortly before the return of an act a VALID has to be answered to count; where the act took long, because the
// machine is slow, a nearPart of that.
const (
	Near     = 5 * time.Millisecond
	nearPart = 10
)

// A Law gathers what broke it, and what shows that it was tried.
type Law struct {
	mu      sync.Mutex
	broken  []error
	taken   int
	near    int
	began   int
	valid   uint64
	refused uint64
}

// A Right is what one verification is about: a secret, with all that is asked for along with it.
type Right struct {
	law  *Law
	name string // never the key

	mu        sync.Mutex
	given     time.Time // when the act returned that gave it
	taking    time.Time // when the request was sent that takes it away; zero: nobody has
	taken     time.Time // when that act returned; zero: it has not
	restoring time.Time // when the request was sent that gives it back
	lastValid time.Time // the latest beginning of a verification that was VALID
	lastNode  int
	lastEnd   time.Time // the latest answer VALID
	near      bool      // counted as near
}

// Give begins to watch a right whose act has returned at that time.
func (l *Law) Give(name string, returned time.Time) *Right {
	return &Right{law: l, name: name, given: returned}
}

// Taking is told before an act is sent that takes the right away. Where it fails without a word and is sent again, the
// first time counts: it may have been done.
func (r *Right) Taking(sent time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taking.IsZero() {
		r.taking = sent
	}
}

// Taken is told when the act that takes the right away has returned without an error.
func (r *Right) Taken(returned time.Time) {
	r.mu.Lock()
	r.taken = returned
	last, node := r.lastValid, r.lastNode
	since := r.nearSince(returned)
	r.near = !r.lastEnd.Before(since)
	near := r.near
	r.mu.Unlock()
	r.law.count(near, !last.Before(since) && !last.After(returned))
	if last.After(returned) {
		r.law.breach("%s: node %d answered VALID to a verification that began %s after the act returned", r.name, node, last.Sub(returned))
	}
}

// nearSince returns from when on a VALID is shortly before the return. The caller holds mu.
func (r *Right) nearSince(returned time.Time) time.Time {
	near := Near
	if !r.taking.IsZero() {
		near = max(near, returned.Sub(r.taking)/nearPart)
	}
	return returned.Add(-near)
}

// Restoring is told before an act is sent that gives the right back. What is then given is a Right of its own.
func (r *Right) Restoring(sent time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.restoring = sent
}

// Ended reports whether the act that takes the right away has returned.
func (r *Right) Ended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.taken.IsZero()
}

// Answered tells of a verdict: of VALID or of a refusal. An error is neither, and is not told.
func (r *Right) Answered(node int, began, ended time.Time, valid bool) {
	r.law.seen(valid)
	r.mu.Lock()
	given, taking, taken, restoring := r.given, r.taking, r.taken, r.restoring
	if valid && began.After(r.lastValid) && (restoring.IsZero() || ended.Before(restoring)) {
		r.lastValid, r.lastNode = began, node
	}
	late := valid && !taken.IsZero() && !r.near && !began.After(taken) && !ended.Before(r.nearSince(taken))
	if late { // it was on its way when the act returned
		r.near = true
	}
	if valid && ended.After(r.lastEnd) {
		r.lastEnd = ended
	}
	r.mu.Unlock()
	if late {
		r.law.late()
	}
	switch {
	case valid && !taken.IsZero() && began.After(taken) && (restoring.IsZero() || ended.Before(restoring)):
		r.law.breach("%s: node %d answered VALID to a verification that began %s after the act returned", r.name, node, began.Sub(taken))
	case !valid && began.After(given) && (taking.IsZero() || ended.Before(taking)):
		r.law.breach("%s: node %d refused it %s after it was given, and nobody had begun to take it away", r.name, node, began.Sub(given))
	}
}

// Breach tells of something else that breaks a promise.
func (l *Law) Breach(format string, args ...any) { l.breach(format, args...) }

func (l *Law) breach(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = append(l.broken, fmt.Errorf(format, args...))
}

func (l *Law) count(near, began bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken++
	if near {
		l.near++
	}
	if began {
		l.began++
	}
}

func (l *Law) late() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.near++
}

func (l *Law) seen(valid bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if valid {
		l.valid++
	} else {
		l.refused++
	}
}

// A Sum is what was seen.
type Sum struct {
	Taken          int // rights that were taken away
	Near           int // of these, those with a VALID that was answered shortly (Near) before the return, or was on its way then
	Began          int // of these, those with one that even began then
	Valid, Refused uint64
	Broken         []error
}

// Sum returns what was seen so far.
func (l *Law) Sum() Sum {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Sum{Taken: l.taken, Near: l.near, Began: l.began, Valid: l.valid, Refused: l.refused, Broken: append([]error(nil), l.broken...)}
}

// mostShown is how many breaches an error tells of.
const mostShown = 10

// Err returns what broke the law; or that too little was seen to prove it: less than one in share of the rights had a
// VALID shortly before their end.
func (s Sum) Err(share int) error {
	if n := len(s.Broken); n > 0 {
		text := ""
		for _, err := range s.Broken[:min(n, mostShown)] {
			text += "\n\t" + err.Error()
		}
		return fmt.Errorf("the law was broken %d times:%s", n, text)
	}
	if s.Taken == 0 || s.Near*share < s.Taken {
		return fmt.Errorf("it proves nothing: only %d of %d rights were answered VALID within %s, or a tenth of the act, before the act returned that took them away", s.Near, s.Taken, Near)
	}
	return nil
}

func (s Sum) String() string {
	return fmt.Sprintf("%d rights taken away, %d of them answered VALID within %s, or a tenth of the act, before the return (for %d that verification even began then); %d VALID and %d refusals seen; the law was broken %d times",
		s.Taken, s.Near, Near, s.Began, s.Valid, s.Refused, len(s.Broken))
}
