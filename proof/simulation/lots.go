// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"
)

// lots draws what happens to something from the seed and its name alone.
type lots uint64

func (l lots) of(name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return rand.New(rand.NewPCG(uint64(l), h.Sum64()))
}

// latency is mostly a few hundred microseconds, as in one building; on a slow network much more.
func (l *link) latency(d *rand.Rand) time.Duration {
	takes := 30*time.Microsecond + time.Duration(d.Int64N(int64(300*time.Microsecond)))
	if d.IntN(20) == 0 {
		takes += time.Duration(d.Int64N(int64(30 * time.Millisecond)))
	}
	if l.slow > 0 {
		takes += time.Duration(d.Int64N(int64(l.slow)))
	}
	return takes
}

// A gate is shut while a process is stopped: whatever looks at a clock, or gets an answer, waits there.
type gate struct {
	mu   sync.Mutex
	shut chan struct{}
}

func (g *gate) pass() {
	for {
		g.mu.Lock()
		shut := g.shut
		g.mu.Unlock()
		if shut == nil {
			return
		}
		<-shut
	}
}

func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case shut && g.shut == nil:
		g.shut = make(chan struct{})
	case !shut && g.shut != nil:
		close(g.shut)
		g.shut = nil
	}
}

// A clock is what a node takes for the time: it may be moved, and it may not be read while the process is stopped.
type clock struct {
	gate *gate
	mu   sync.Mutex
	off  time.Duration
}

func (c *clock) now() time.Time {
	c.gate.pass()
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off)
}

func (c *clock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off += by
}
