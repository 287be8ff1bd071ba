// SPDX-License-Identifier: Apache-2.0

package history

import (
	"strings"
	"testing"
	"time"
)

var start = time.Now()

func at(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

// taken is a right that was given at 0, and taken away between 100 and 120.
func taken(l *Law) *Right {
	r := l.Give("a key", at(0))
	r.Taking(at(100))
	return r
}

func TestTheLaw(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(l *Law)
		broken  string // what the error tells; empty: nothing is broken
	}{
		"VALID until the return": {func(l *Law) {
			r := taken(l)
			r.Answered(1, at(50), at(51), true)
			r.Answered(2, at(119), at(130), true)
			r.Taken(at(120))
			r.Answered(0, at(110), at(140), true) // it began before
			r.Answered(0, at(121), at(122), false)
		}, ""},
		"VALID after the return": {func(l *Law) {
			r := taken(l)
			r.Answered(1, at(118), at(119), true)
			r.Taken(at(120))
			r.Answered(2, at(121), at(122), true)
		}, "node 2 answered VALID to a verification that began 1ms after"},
		"VALID after the return, told before it": {func(l *Law) {
			r := taken(l)
			r.Answered(2, at(123), at(124), true)
			r.Answered(1, at(119), at(119), true)
			r.Taken(at(120))
		}, "node 2 answered VALID to a verification that began 3ms after"},
		"a refusal while nobody takes it": {func(l *Law) {
			r := l.Give("a key", at(0))
			r.Answered(1, at(1), at(2), false)
		}, "node 1 refused it 1ms after it was given"},
		"a refusal before the act was sent, told after": {func(l *Law) {
			r := taken(l)
			r.Answered(1, at(98), at(99), false)
		}, "node 1 refused it 98ms after"},
		"a refusal before the right was given": {func(l *Law) {
			r := taken(l)
			r.Answered(1, at(-1), at(2), false)
			r.Answered(1, at(119), at(120), true)
			r.Taken(at(120))
		}, ""},
		"a refusal while it is taken": {func(l *Law) {
			r := taken(l)
			r.Answered(1, at(117), at(118), true)
			r.Answered(1, at(99), at(101), false)
			r.Taken(at(120))
		}, ""},
		"an act that is sent again counts from the first time": {func(l *Law) {
			r := taken(l)
			r.Taking(at(110))
			r.Answered(1, at(104), at(105), false)
			r.Answered(1, at(116), at(117), true)
			r.Taken(at(120))
		}, ""},
		"VALID once it is being given back": {func(l *Law) {
			r := taken(l)
			r.Answered(1, at(117), at(118), true)
			r.Taken(at(120))
			r.Restoring(at(200))
			r.Answered(1, at(190), at(201), true)
			r.Answered(1, at(201), at(202), true)
		}, ""},
		"VALID before it is being given back": {func(l *Law) {
			r := taken(l)
			r.Taken(at(120))
			r.Restoring(at(200))
			r.Answered(1, at(190), at(199), true)
		}, "began 70ms after"},
	} {
		t.Run(name, func(t *testing.T) {
			var l Law
			c.happens(&l)
			err := l.Sum().Err(2)
			if c.broken == "" && err != nil {
				t.Errorf("nothing is broken, and %v", err)
			}
			if c.broken != "" && (err == nil || !strings.Contains(err.Error(), c.broken)) {
				t.Errorf("%v, and not that %q", err, c.broken)
			}
		})
	}
}

func TestWhatProvesNothing(t *testing.T) {
	if err := new(Law).Sum().Err(10); err == nil {
		t.Error("nothing happened, and that is taken for a proof")
	}
	var l Law
	for i := range 10 {
		r := taken(&l)
		if i == 0 {
			r.Answered(0, at(110), at(116), true) // near
		}
		r.Answered(0, at(110), at(114), true) // too early to prove anything
		r.Taken(at(120))
	}
	s := l.Sum()
	if s.Taken != 10 || s.Near != 1 || s.Began != 0 {
		t.Fatalf("%d taken, %d near", s.Taken, s.Near)
	}
	if err := s.Err(10); err != nil {
		t.Error(err)
	}
	if err := s.Err(9); err == nil || !strings.Contains(err.Error(), "proves nothing") {
		t.Errorf("one in ten was near, one in nine is needed: %v", err)
	}
}

// TestNear counts one right once, whether its VALID is told before the return or after it.
func TestNear(t *testing.T) {
	var l Law
	r := taken(&l)
	r.Answered(0, at(117), at(118), true)
	r.Taken(at(120))
	r.Answered(0, at(112), at(121), true)
	if s := l.Sum(); s.Near != 1 || s.Began != 1 {
		t.Errorf("told before: %d near, %d began", s.Near, s.Began)
	}
	r = taken(&l)
	r.Taken(at(120))
	r.Answered(0, at(112), at(121), true)
	r.Answered(1, at(112), at(121), true)
	if s := l.Sum(); s.Near != 2 || s.Began != 1 {
		t.Errorf("told after: %d near, %d began", s.Near, s.Began)
	}
}
