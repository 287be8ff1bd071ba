// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/keywright/keywright/store/sqlite/internal/faultfs"
)

// A moment is a call of a history that changed the disk: what a loss of power just then could leave, and what had been
// answered by then. Calls that only read leave the same as the one before them.
type moment struct {
	wreck *faultfs.Wreck
	acts  []*act
}

// record runs a history and keeps every moment of it.
func (h *history) record(before func()) (moments []moment) {
	h.disk.Watch = func(w *faultfs.Wreck) {
		moments = append(moments, moment{w, h.outcomes()})
	}
	h.run(before)
	h.close()
	h.disk.Watch = nil
	return moments
}

// rounds is how many wrecks are drawn of a moment.
const rounds = 3

// TestPowerLoss cuts the power at every change of the disk in a history. Where the disk comes back with unsynced parts
// missing, all that was acknowledged must be there; then the power fails once more, while the store is being opened.
func TestPowerLoss(t *testing.T) {
	seed := seedOf(t)
	h := newHistory(t, seed)
	moments := h.record(func() {})
	after := t.TempDir()
	unsynced := 0
	for i, m := range moments {
		unsynced += m.wreck.Unsynced()
		if !drawn(seed, i) {
			continue
		}
		for round := range uint64(rounds) {
			random := rand.New(rand.NewPCG(seed, uint64(i)<<8|round))
			if err := m.restart(t, after, random); err != nil {
				t.Fatalf("power loss at %d of %d, round %d: %v", i, len(moments), round, err)
			}
		}
	}
	if len(moments) < 150 || unsynced < 10*len(moments) {
		t.Errorf("%d moments with %d parts not synced: the history is too short to tell anything", len(moments), unsynced)
	}
	t.Logf("%d moments, %d parts were not synced", len(moments), unsynced)
}

// restart opens a store as a loss of power left it, twice.
func (m moment) restart(t *testing.T, dir string, random *rand.Rand) error {
	disk := m.wreck.Rebuild(dir, random)
	defer disk.Close()
	wrecks := []*faultfs.Wreck{disk.Wreck()}
	disk.Watch = func(w *faultfs.Wreck) { wrecks = append(wrecks, w) }
	if err := m.check(t, disk, dir); err != nil {
		return err
	}
	again := wrecks[random.IntN(len(wrecks))].Rebuild(dir, random)
	defer again.Close()
	if err := m.check(t, again, dir); err != nil {
		return fmt.Errorf("and once more while it was opened: %w", err)
	}
	return nil
}

// check opens the store and compares it with what had been answered.
func (m moment) check(t *testing.T, disk *faultfs.FS, dir string) error {
	s, err := openOn(t.Context(), disk, dir, Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	watch := disk.Watch
	disk.Watch = nil
	defer func() { disk.Watch = watch }()
	return checkWhole(s, m.acts, true)
}

// TestPowerLossIsNoticed has SQLite not wait for the disk. That must lose something, or the search finds nothing.
func TestPowerLossIsNoticed(t *testing.T) {
	seed := seedOf(t)
	h := newHistory(t, seed)
	moments := h.record(func() { execute(t, h.store, "PRAGMA synchronous = off") })
	after := t.TempDir()
	losses := 0
	for i, m := range moments {
		if !drawn(seed, i) {
			continue
		}
		if err := m.restart(t, after, rand.New(rand.NewPCG(seed, uint64(i)))); err != nil {
			losses++
		}
	}
	if losses == 0 {
		t.Errorf("no loss in %d moments of a disk that nobody waited for", len(moments))
	}
	t.Logf("%d of %d wrecks had lost something", losses, len(moments))
}
