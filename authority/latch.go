// SPDX-License-Identifier: Apache-2.0

package authority

import "sync"

// A latch is a lock that may be held while the store is asked. It differs from a sync.Mutex only to testing/synctest: who
// waits for one may wait for time to pass, so time goes on.
type latch struct {
	mu    sync.Mutex
	freed *sync.Cond
	held  bool
}

// Lock waits until nobody holds the latch, and takes it.
func (l *latch) Lock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.held {
		if l.freed == nil {
			l.freed = sync.NewCond(&l.mu)
		}
		l.freed.Wait()
	}
	l.held = true
}

// Unlock lets go of the latch.
func (l *latch) Unlock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = false
	if l.freed != nil {
		l.freed.Signal()
	}
}
