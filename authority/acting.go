// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"sync"
)

// acting knows which acts are under way that may take something away, so that a token can say as of which event of the
// audit chain its key was judged. An act is in the chain a moment before every verification sees it; a token that was made
// in between must not count as made after it.
type acting struct {
	mu      sync.Mutex
	running map[uint64]uint64 // by the number of the act: a sequence below that of its events
	last    uint64            // number of an act
	reached uint64            // a sequence that the chain has reached
	changed chan struct{}     // closed when an act has ended
}

func newActing() *acting {
	return &acting{running: map[uint64]uint64{}, changed: make(chan struct{})}
}

// begin is called before the events of an act are written, and what it returns when every verification that begins from then
// on sees the act.
func (t *acting) begin() (end func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	number := t.last
	t.running[number] = t.reached
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.running, number)
		close(t.changed)
		t.changed = make(chan struct{})
	}
}

// asOf returns a sequence such that every act whose events are not behind it is seen by verifications that begin from now
// on. The chain has reached the given one.
func (t *acting) asOf(reached uint64) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reached = max(t.reached, reached)
	for _, below := range t.running {
		reached = min(reached, below)
	}
	return reached
}

// next returns a channel that is closed when the next act has ended.
func (t *acting) next() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}

// reached returns how far a node of several has come where the chain has reached a sequence.
func (a *Authority) reached(sequence uint64) uint64 {
	if a.member == nil {
		return sequence
	}
	return min(sequence, a.member.applied.Load())
}

// lastSequence returns the sequence of the last event.
func (a *Authority) lastSequence(ctx context.Context) (uint64, error) {
	events, err := a.store.Events(ctx, EventQuery{Descending: true, Limit: 1})
	if err != nil || len(events) == 0 {
		return 0, fromStore(err)
	}
	return events[0].Sequence, nil
}
