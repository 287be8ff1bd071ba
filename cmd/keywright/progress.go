// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"
)

// progress shows people how far a long task has come. Tasks of less than a second show nothing.
type progress struct {
	s     *session
	of    int
	shown bool
	next  time.Time
}

// newProgress is silent where standard error is no terminal, or where what is made is shown itself.
func (s *session) newProgress(of int) *progress {
	if !isTerminal(s.stderr) || isTerminal(s.stdout) {
		return &progress{}
	}
	return &progress{s: s, of: of, next: s.now().Add(time.Second)}
}

// newCount is for a task of which nobody knows how long it is.
func (s *session) newCount() *progress {
	if !isTerminal(s.stderr) {
		return &progress{}
	}
	return &progress{s: s, next: s.now().Add(time.Second)}
}

// at says that n are done.
func (p *progress) at(n int) {
	if p.s == nil || p.s.now().Before(p.next) {
		return
	}
	p.shown = true
	p.next = p.s.now().Add(200 * time.Millisecond)
	text := grouped(n)
	if p.of > 0 {
		text += " of " + grouped(p.of)
	}
	_, _ = fmt.Fprint(p.s.stderr, "\r"+text)
}

// end takes the line away.
func (p *progress) end() {
	if p.shown {
		_, _ = fmt.Fprint(p.s.stderr, "\r\x1b[K")
	}
}
