// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite/internal/faultfs"
)

// A history is what was done to a store on a disk that may fail, and what came of it. All of it follows from a seed.
type history struct {
	t      testing.TB
	name   string // of what happens to it, if no call fails
	disk   *faultfs.FS
	dir    string // of the disk
	store  *Store
	random *rand.ChaCha8
	acts   []*act
	// revoked are the records that a change of the history revokes.
	revoked map[keywright.KeyID]bool

	failure faultfs.Failure // that is injected once
	failed  faultfs.Call    // the call that it hit; number 0: none yet
	excused bool            // the store has told of it
	retry   bool            // a change that failed is applied again
	told    func()          // called when the store has told of the failure
	undone  func(*act)      // called when a change has failed by it
}

// An act is one change and what came of it.
type act struct {
	change  authority.Change
	outcome outcome
}

type outcome uint8

const (
	underWay     outcome = iota // no answer yet: whole or not at all
	acknowledged                // whole
	refused                     // by a conflict: nothing
	undone                      // by the disk: nothing; after a loss of power before the next acknowledged write, whole or nothing
)

const seedVariable = "KEYWRIGHT_TEST_SEED"

// seedOf returns another seed each time, or that of a run which is to be repeated. A test that fails tells it.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s=%d", seedVariable, seed)
		}
	})
	return seed
}

// oneOf is how many places of a history there are for each at which something happens to it: 1 is all of them.
var oneOf = 1

// drawn says whether a place is one of those of a run. Each is, in some run.
func drawn(seed uint64, place int) bool { return (seed+uint64(place))%uint64(oneOf) == 0 }

func newHistory(t testing.TB, seed uint64) *history {
	h := &history{t: t, dir: t.TempDir(), random: chacha(seed), revoked: map[keywright.KeyID]bool{}}
	h.disk = faultfs.New(h.dir)
	t.Cleanup(func() {
		if h.store != nil {
			h.store.Close() // again, if it went well
		}
		h.disk.Close()
	})
	return h
}

func chacha(seed uint64) *rand.ChaCha8 {
	var key [32]byte
	copy(key[:], strconv.FormatUint(seed, 10))
	return rand.NewChaCha8(key)
}

// run opens a new store, uses it in all the ways that write differently, and opens it again. before is called when it
// has been opened.
func (h *history) run(before func()) {
	h.open()
	before()
	h.apply(h.issue(1))
	h.apply(h.issue(3))
	h.apply(h.revoke())
	h.conflict()
	h.apply(h.issue(12)) // more pages than any other
	h.checkpoint()
	h.apply(h.revoke()) // from the front of the log again
	h.apply(h.erase())  // and cut the log
	h.read()
	h.close()
	h.open()
	before()
	h.apply(h.issue(2))
	h.read()
}

// fail has the disk fail once.
func (h *history) fail(at int, how faultfs.Failure) {
	h.failure = how
	h.disk.Fail = func(c faultfs.Call) faultfs.Failure {
		if c.Number != at {
			return faultfs.None
		}
		h.failed = c
		return how
	}
}

// excuse fails the test if an error is none of the disk's, and the first time only: it fails once.
func (h *history) excuse(err error) {
	h.t.Helper()
	if h.failed.Number == 0 || h.excused {
		h.t.Fatalf("%s: unexpected: %v", h.what(), err)
	}
	conflict := new(authority.ConflictError)
	for _, wrong := range []error{authority.ErrNotFound, ErrNotOurs, ErrInUse, fs.ErrNotExist, context.Canceled} {
		if errors.Is(err, wrong) {
			h.t.Fatalf("%s is told as: %v", h.what(), err)
		}
	}
	if errors.As(err, &conflict) || errors.Is(err, authority.ErrFull) != (h.failure == faultfs.Full) {
		h.t.Fatalf("%s is told as: %v", h.what(), err)
	}
	h.excused = true
	if h.told != nil {
		h.told()
	}
}

// what names the failure that the history is about.
func (h *history) what() string {
	if h.failed.Number == 0 {
		return h.name
	}
	return fmt.Sprintf("%s at %s", h.failure, h.failed)
}

// outcomes returns what came of the changes up to now.
func (h *history) outcomes() (acts []*act) {
	for _, a := range h.acts {
		acts = append(acts, &act{a.change, a.outcome})
	}
	return acts
}

func (h *history) open() {
	h.t.Helper()
	s, err := openOn(h.t.Context(), h.disk, h.dir, Options{})
	if err != nil {
		h.excuse(err)
		s, err = openOn(h.t.Context(), h.disk, h.dir, Options{})
	}
	if err != nil {
		h.t.Fatalf("%s: it does not open again: %v", h.what(), err)
	}
	h.store = s
}

func (h *history) close() {
	h.t.Helper()
	if err := h.store.Close(); err != nil {
		h.excuse(err)
	}
}

func (h *history) apply(a *act) {
	h.t.Helper()
	a.outcome = underWay
	err := h.store.Apply(h.t.Context(), a.change)
	if err == nil {
		a.outcome = acknowledged
		return
	}
	h.excuse(err)
	a.outcome = undone
	for _, e := range a.change.Events {
		if e.Sequence != 0 || e.Hash != (keywright.Hash{}) {
			h.t.Fatalf("%s: the change failed and is not as it was", h.what())
		}
	}
	h.undone(a)
	if h.retry {
		h.apply(a)
	}
}

// conflict applies a change of a new record and of one whose hash is taken.
func (h *history) conflict() {
	h.t.Helper()
	a := h.issue(2)
	a.change.Puts[1].(*authority.Record).Secrets[0].Hash = h.stored(false).Secrets[0].Hash
	conflict := new(authority.ConflictError)
	err := h.store.Apply(h.t.Context(), a.change)
	if err != nil && !errors.As(err, &conflict) {
		h.excuse(err)
		err = h.store.Apply(h.t.Context(), a.change)
	}
	if !errors.As(err, &conflict) {
		h.t.Fatalf("%s: want a conflict, got %v", h.what(), err)
	}
	a.outcome = refused
}

// checkpoint folds the log in as it is done when it has grown long.
func (h *history) checkpoint() {
	h.t.Helper()
	if _, err := h.store.write.Exec("PRAGMA wal_checkpoint(passive)"); err != nil {
		h.excuse(asFull(err))
	}
}

// read looks for everything that was acknowledged.
func (h *history) read() {
	h.t.Helper()
	for _, a := range h.acts {
		for _, p := range a.change.Puts {
			r, ok := p.(*authority.Record)
			if !ok || a.outcome != acknowledged {
				continue
			}
			if _, err := h.store.Lookup(h.t.Context(), r.Secrets[0].Hash); err != nil {
				h.excuse(err)
			}
		}
	}
}
