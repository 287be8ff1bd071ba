// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"github.com/keywright/keywright/backup"
)

// stepTexts are what a person reads when a step begins.
var stepTexts = map[backup.Step]string{
	backup.Copy:        "copying",
	backup.CountSource: "the target was filled by an earlier run: reading the source",
	backup.CountTarget: "reading the copy back",
}

// migrationEvery is how often a log is told how far a migration is; a person sees it all the time.
const migrationEvery = 10 * time.Second

type migrationProgress struct {
	s    *session
	step backup.Step
	bar  *progress
	next time.Time
}

func (p *migrationProgress) at(step backup.Step, n int) {
	if step != p.step {
		p.bar.end()
		p.s.say("%s", stepTexts[step])
		p.step, p.bar, p.next = step, p.s.newCount(), p.s.now().Add(migrationEvery)
	}
	p.bar.at(n)
	if p.bar.s == nil && p.s.now().After(p.next) {
		p.next = p.s.now().Add(migrationEvery)
		p.s.say("%s: %s", stepTexts[step], grouped(n))
	}
}
