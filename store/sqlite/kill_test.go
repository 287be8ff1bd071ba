// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/keywright/keywright/store/sqlite/internal/faultfs"
)

// TestKillThenPowerLoss kills the process at every change of the disk in a history and opens the store in another: the
// system lives on and shows what was written, also what is on no disk yet. Whatever the second process sees it will act
// on, and so it must be on the disk, or a loss of power takes it away, together with what was acknowledged after it.
func TestKillThenPowerLoss(t *testing.T) {
	seed := seedOf(t)
	h := newHistory(t, seed)
	moments := h.record(func() {})
	seen := 0
	for i, m := range moments {
		if drawn(seed, i) {
			seen += m.killed(t, seed, uint64(i))
		}
	}
	if seen == 0 && oneOf == 1 {
		t.Errorf("no kill of %d left a change that was not answered: this proves nothing", len(moments))
	}
	t.Logf("%d moments, %d kills left a change that was not answered", len(moments), seen)
}

// TestFailedSyncThenKillThenPowerLoss kills the process as soon as a sync has failed, each of a history in turn. What
// the system then shows may be on no disk, and after some failures no later sync would write it.
func TestFailedSyncThenKillThenPowerLoss(t *testing.T) {
	seed := seedOf(t)
	for _, how := range []faultfs.Failure{faultfs.EIO, faultfs.Forgotten, faultfs.Dropped} {
		t.Run(how.String(), func(t *testing.T) {
			seen := 0
			for _, c := range callsOf(t, seed) {
				if c.Operation != faultfs.Sync || !drawn(seed, c.Number) {
					continue
				}
				synctest.Test(t, func(t *testing.T) {
					if m := momentOfFailure(t, seed, c.Number, how); m.wreck != nil {
						seen += m.killed(t, seed, uint64(c.Number))
					}
				})
			}
			if (seen == 0) != (how == faultfs.Dropped) && oneOf == 1 {
				t.Errorf("a change that failed was seen again %d times", seen)
			}
		})
	}
}

// momentOfFailure runs a history in which one call fails, and returns the moment at which the store told of it, if it
// did.
func momentOfFailure(t *testing.T, seed uint64, at int, how faultfs.Failure) (m moment) {
	t.Helper()
	h := newHistory(t, seed)
	h.undone = func(*act) {}
	h.told = func() { m = moment{h.disk.Wreck(), h.outcomes()} }
	h.fail(at, how)
	h.run(func() {})
	h.close()
	return m
}

// killed goes on with another process, and cuts the power. It returns how many changes the second process found that the
// first had not been told of.
func (m moment) killed(t *testing.T, seed, round uint64) (unanswered int) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, round))
	next := newHistory(t, seed+round+1)
	next.name = fmt.Sprintf("kill %d", round)
	next.disk = m.wreck.Kill(next.dir)
	next.open()
	next.acts = m.acts
	next.mustBeWhole(next.store, true, "after the kill")
	f, err := findAll(next.store)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range next.acts {
		if a.outcome == refused || a.outcome == acknowledged {
			continue
		}
		if a.outcome = undone; f.countParts(a) > 0 {
			a.outcome = acknowledged
			unanswered++
		}
	}
	if round%2 == 0 {
		next.apply(next.issue(1))
	}
	next.powerLoss(random, false, "in a loss of power after the kill")
	return unanswered
}
