// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite/internal/faultfs"
)

// TestUnreadableDiskIsNoAnswer has nothing be read from the disk: whether there is a record is then not known, and to
// say that there is none would be to refuse a good key.
func TestUnreadableDiskIsNoAnswer(t *testing.T) {
	h := newHistory(t, seedOf(t))
	h.open()
	h.apply(h.issue(50))
	h.close()
	h.open() // with nothing in memory
	h.disk.Fail = func(c faultfs.Call) faultfs.Failure {
		if c.Operation == faultfs.Read {
			return faultfs.EIO
		}
		return faultfs.None
	}
	s, known := h.store, h.stored(true).Secrets[0].Hash
	asks := map[string]func() error{
		"known":    func() error { _, err := s.Lookup(t.Context(), known); return err },
		"unknown":  func() error { _, err := s.Lookup(t.Context(), keywright.HashText("unknown")); return err },
		"list":     func() error { _, err := s.List(t.Context(), authority.Query{}); return err },
		"events":   func() error { _, err := s.Events(t.Context(), authority.EventQuery{}); return err },
		"scan":     func() error { return s.Scan(t.Context(), func(*authority.Record) error { return nil }) },
		"conflict": func() error { return s.Apply(t.Context(), h.acts[0].change) },
	}
	for what, ask := range asks {
		err := ask()
		conflict := new(authority.ConflictError)
		if err == nil || errors.Is(err, authority.ErrNotFound) || errors.As(err, &conflict) || !strings.Contains(err.Error(), "disk I/O error") {
			t.Errorf("%s: error %v, want one of the disk", what, err)
		}
	}
	h.disk.Fail = nil
	if err := asks["known"](); err != nil {
		t.Errorf("the disk can be read again, and still: %v", err)
	}
	if err := asks["unknown"](); !errors.Is(err, authority.ErrNotFound) {
		t.Errorf("the disk can be read again, and still: %v", err)
	}
}

// TestDiskThatIsGone has every call fail from some one on. Each act then ends, with an error, and once the disk is there
// again, all that was acknowledged is.
func TestDiskThatIsGone(t *testing.T) {
	seed := seedOf(t)
	calls := len(callsOf(t, seed))
	for n := 1; n <= calls; n += max(1, calls/20) {
		synctest.Test(t, func(t *testing.T) { // nobody waits for the seconds after which a migration is tried again
			h := newHistory(t, seed)
			h.name = fmt.Sprintf("no call from %d on", n)
			h.disk.Fail = faultfs.From(n)
			s, err := openOn(t.Context(), h.disk, h.dir, Options{})
			if err == nil {
				h.applyUntilGone(s, calls)
			}
			h.disk.Fail = nil
			h.open()
			h.mustBeWhole(h.store, true, "when the disk is there again")
		})
	}
}

// applyUntilGone applies changes until one fails, and another, and closes the store.
func (h *history) applyUntilGone(s *Store, calls int) {
	h.t.Helper()
	failed := 0
	for range calls { // as many as it may take
		a := h.issue(1)
		a.outcome = acknowledged
		if err := s.Apply(h.t.Context(), a.change); err != nil {
			a.outcome = undone
			failed++
		} else if failed > 0 {
			h.t.Fatalf("%s: a change after one that failed was acknowledged", h.name)
		}
		if failed == 2 {
			break
		}
	}
	if failed < 2 {
		h.t.Fatalf("%s: %d changes failed, want 2", h.name, failed)
	}
	s.Close() // which may say nothing: what was acknowledged stays in the log
}
