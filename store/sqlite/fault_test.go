// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/keywright/keywright/store/sqlite/internal/faultfs"
)

// applicable are the failures that a call can have. A write fails with half of it done, and with nothing of it done, for
// one reason or the other.
func applicable(c faultfs.Call) []faultfs.Failure {
	switch c.Operation {
	case faultfs.Write:
		return []faultfs.Failure{faultfs.Short, []faultfs.Failure{faultfs.EIO, faultfs.Full}[c.Number%2]}
	case faultfs.Sync:
		return []faultfs.Failure{faultfs.EIO, faultfs.Forgotten, faultfs.Dropped}
	case faultfs.Share:
		return []faultfs.Failure{faultfs.EIO, faultfs.Full}
	}
	return []faultfs.Failure{faultfs.EIO}
}

// TestEachCallFailsOnce repeats a history as often as it has calls of the disk, and has another one fail each time, in
// every way that it can. What the store then says must be true, at once and after a loss of power, and it must go on
// working.
func TestEachCallFailsOnce(t *testing.T) {
	seed := seedOf(t)
	calls := callsOf(t, seed)
	total := map[faultfs.Failure]int{}
	changes := 0
	for _, c := range calls {
		if !drawn(seed, c.Number) {
			continue
		}
		for _, how := range applicable(c) {
			total[how]++
			synctest.Test(t, func(t *testing.T) { // nobody waits for the second after which a migration is tried again
				f := newHistory(t, seed)
				changes += f.withFailure(c.Number, how)
				if f.failed != c {
					t.Fatalf("%s was %s at first", f.failed, c)
				}
			})
			if t.Failed() {
				return
			}
		}
	}
	if changes < len(calls)/4/oneOf {
		t.Errorf("%d changes failed in all, of %d calls: the history is too short to tell anything", changes, len(calls))
	}
	t.Logf("%d calls; failures %v; %d changes failed", len(calls), total, changes)
}

// callsOf returns the calls of a history in which none fails.
func callsOf(t *testing.T, seed uint64) (calls []faultfs.Call) {
	t.Helper()
	h := newHistory(t, seed)
	h.disk.Fail = func(c faultfs.Call) faultfs.Failure {
		calls = append(calls, c)
		return faultfs.None
	}
	h.run(func() {})
	h.close()
	return calls
}

// withFailure runs a history in which one call fails, and returns how many changes failed by it.
func (h *history) withFailure(at int, how faultfs.Failure) (changes int) {
	h.t.Helper()
	random := rand.New(rand.NewPCG(uint64(at), uint64(how)))
	h.retry = random.IntN(2) == 0
	h.undone = func(*act) {
		changes++
		h.mustBeWhole(h.store, false, "at once")
		h.powerLoss(random, true, "in a loss of power before the next write")
	}
	h.fail(at, how)
	h.run(func() {})
	if h.failed.Operation.Changes() {
		h.powerLoss(random, true, "in a loss of power later") // the change that failed may be the last of the history
	}
	h.close()
	h.open()
	h.mustBeWhole(h.store, false, "after a restart")
	h.close()
	return changes
}

func (h *history) mustBeWhole(s *Store, unknown bool, when string) {
	h.t.Helper()
	if err := checkWhole(s, h.acts, unknown); err != nil {
		h.t.Fatalf("%s: %s: %v", h.what(), when, err)
	}
}

// powerLoss opens another store as a loss of power now would leave this one.
func (h *history) powerLoss(random *rand.Rand, unknown bool, when string) {
	h.t.Helper()
	dir := h.dir + "-after"
	disk := h.disk.Wreck().Rebuild(dir, random)
	defer disk.Close()
	s, err := openOn(h.t.Context(), disk, dir, Options{})
	if err != nil {
		h.t.Fatalf("%s: %s: %v", h.what(), when, err)
	}
	defer s.Close()
	h.mustBeWhole(s, unknown, when)
}
