// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

// personalEvents are events that each hold an address: a word that is nowhere else, over and over, as long as may be.
func personalEvents(t *testing.T, random *mathrand.Rand, n int) (events []authority.Event, words []string) {
	t.Helper()
	for range n {
		word := rand.Text()
		length := random.IntN(300)
		if random.IntN(10) == 0 {
			length = random.IntN(20_000) // beyond its page
		}
		p, err := authority.NewPersonal("address", word+strings.Repeat(word, length/len(word)), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, authority.Event{Time: time.Now(), Actor: "local", Verb: "key.issue", Target: rand.Text(), Personal: []authority.Personal{p}})
		words = append(words, word)
	}
	return events, words
}

// readable returns which of some words are in a file of a store.
func readable(t *testing.T, dir string, words []string) (found []string) {
	t.Helper()
	for _, name := range []string{databaseName, databaseName + "-wal"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range words {
			if bytes.Contains(content, []byte(word)) && !slices.Contains(found, word) {
				found = append(found, word)
			}
		}
	}
	return found
}

// wordsOf applies events in some changes, and finds all of their words in the files.
func wordsOf(t *testing.T, s *Store, dir string, random *mathrand.Rand) (words []string) {
	t.Helper()
	for range 10 {
		events, more := personalEvents(t, random, 40)
		mustApply(t, s, authority.Change{Events: events})
		words = append(words, more...)
	}
	if found := readable(t, dir, words); len(found) != len(words) {
		t.Fatalf("%d words of %d are found before they are erased: the search is worth nothing", len(found), len(words))
	}
	return words
}

func mustApply(t *testing.T, s *Store, c authority.Change) {
	t.Helper()
	if err := s.Apply(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// TestErasedIsInNoFile erases personal fields in any order, and looks for each in the files while the store is open.
func TestErasedIsInNoFile(t *testing.T) {
	seed := seedOf(t)
	random := mathrand.New(mathrand.NewPCG(seed, 0))
	dir := t.TempDir()
	s := open(t, dir)
	words := wordsOf(t, s, dir, random)
	order := random.Perm(len(words))
	for len(order) > 0 {
		var c authority.Change
		var gone, kept []string
		n := min(len(order), 1+random.IntN(60))
		for _, i := range order[:n] {
			c.Puts = append(c.Puts, &authority.Erasure{Sequence: uint64(i + 1), Fields: []string{"address"}})
			gone = append(gone, words[i])
		}
		for _, i := range order[n:] {
			kept = append(kept, words[i])
		}
		order = order[n:]
		mustApply(t, s, c)
		if found := readable(t, dir, gone); len(found) > 0 {
			t.Fatalf("%d of %d erased values are readable", len(found), len(gone))
		}
		if found := readable(t, dir, kept); len(found) != len(kept) {
			t.Fatalf("%d values of %d are left", len(found), len(kept))
		}
	}
	if found := readable(t, dir, words); len(found) > 0 {
		t.Fatalf("%d of %d erased values are readable again", len(found), len(words))
	}
	if n := wholeChain(t, s); n != len(words) {
		t.Errorf("%d events, want %d", n, len(words))
	}
}

// TestPrunedIsInNoFile prunes the chain in some steps, and erases in what is left between them: each must be gone, also
// where pages were merged before.
func TestPrunedIsInNoFile(t *testing.T) {
	random := mathrand.New(mathrand.NewPCG(seedOf(t), 0))
	dir := t.TempDir()
	s := open(t, dir)
	words := wordsOf(t, s, dir, random)
	for pruned := 0; len(words)-pruned > 100; {
		pruned += 1 + random.IntN(100)
		prune(t, s, uint64(pruned))
		var c authority.Change
		gone := slices.Clone(words[:pruned])
		for range 3 {
			i := pruned + random.IntN(len(words)-pruned)
			c.Puts = append(c.Puts, &authority.Erasure{Sequence: uint64(i + 1), Fields: []string{"address"}})
			gone = append(gone, words[i])
		}
		mustApply(t, s, c)
		if found := readable(t, dir, gone); len(found) > 0 {
			t.Fatalf("%d pruned, and %d values are readable that should be gone", pruned, len(found))
		}
	}
	if found := readable(t, dir, words); len(found) == 0 {
		t.Error("nothing is left that was not pruned")
	}
}

func prune(t *testing.T, s *Store, sequence uint64) {
	t.Helper()
	last, err := s.Events(t.Context(), authority.EventQuery{After: sequence - 1, Limit: 1})
	if err != nil || len(last) != 1 {
		t.Fatal(len(last), err)
	}
	mustApply(t, s, authority.Change{Puts: []authority.Put{
		&authority.Checkpoint{Sequence: sequence, Hash: last[0].Hash, Time: time.Now()}, &authority.Prune{Sequence: sequence},
	}})
}

// TestErasedWhileTheLogIsRead erases while a dump reads from the log: nobody waits for it, and the log is cut when it has
// ended.
func TestErasedWhileTheLogIsRead(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	events, words := personalEvents(t, mathrand.New(mathrand.NewPCG(1, 1)), 1)
	mustApply(t, s, authority.Change{Events: events})
	stop, copied := errors.New("stop"), t.TempDir()
	err := s.Dump(t.Context(), func(any) error {
		start := time.Now()
		mustApply(t, s, authority.Change{Puts: []authority.Put{&authority.Erasure{Sequence: 1, Fields: []string{"address"}}}})
		if waited := time.Since(start); waited > busyWait*time.Millisecond/2 {
			t.Errorf("the erasure waited %s for a reader", waited)
		}
		if len(readable(t, dir, words)) == 0 {
			t.Error("the log was cut while it was read: this proves nothing")
		}
		copyFiles(t, dir, copied)
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	for n := 1; len(readable(t, dir, words)) > 0; n++ {
		if n > writesCut {
			t.Fatalf("the value is readable after %d more writes", n)
		}
		mustApply(t, s, issue(1))
	}
	open(t, copied) // as the next process does, if this one had been killed just then
	if len(readable(t, copied, words)) > 0 {
		t.Error("the value is readable after a kill and a start")
	}
}

func copyFiles(t *testing.T, from, to string) {
	t.Helper()
	for _, name := range []string{databaseName, databaseName + "-wal"} {
		content, err := os.ReadFile(filepath.Join(from, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
