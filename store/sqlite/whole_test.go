// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
	"slices"

	"github.com/keywright/keywright/authority"
)

// checkWhole compares a store with what was done to it: what was acknowledged is there, what was refused or undone is
// not, nothing is half there and there is nothing else; and both the chain and the file are whole. With unknown, what
// was undone may have come back whole, unless a change was acknowledged after it.
func checkWhole(s *Store, acts []*act, unknown bool) error {
	var said string
	if err := s.write.QueryRow("PRAGMA integrity_check").Scan(&said); err != nil {
		return err
	}
	if said != "ok" {
		return fmt.Errorf("integrity_check: %s", said)
	}
	f, err := findAll(s)
	if err != nil {
		return err
	}
	events := 0
	for i, a := range acts {
		n := f.countParts(a)
		all := len(a.change.Puts) + len(a.change.Events)
		switch {
		case n != 0 && n != all:
			return fmt.Errorf("change %d, %s: %d parts of %d are there", i, a, n, all)
		case n == 0 && a.outcome == acknowledged:
			return fmt.Errorf("change %d, %s: it was acknowledged and is lost", i, a)
		case n != 0 && (a.outcome == refused || a.outcome == undone && (!unknown || anyAcknowledged(acts[i+1:]))):
			return fmt.Errorf("change %d, %s: it failed and is there", i, a)
		case n != 0:
			events += len(a.change.Events)
		}
	}
	if events != f.total {
		return fmt.Errorf("%d events are there, of which %d belong to a change", f.total, events)
	}
	return nil
}

func anyAcknowledged(acts []*act) bool {
	return slices.ContainsFunc(acts, func(a *act) bool { return a.outcome == acknowledged })
}

// found is what is in a store.
type found struct {
	versions map[string]uint64 // of the records
	events   map[string]bool   // by target and verb
	erased   map[uint64]bool   // events that are without a value they had, by sequence
	total    int               // events
}

func findAll(s *Store) (*found, error) {
	f := &found{versions: map[string]uint64{}, events: map[string]bool{}, erased: map[uint64]bool{}}
	err := s.Scan(context.Background(), func(r *authority.Record) error {
		if len(r.Secrets) != 1 {
			return fmt.Errorf("%s has %d secrets", r.ID, len(r.Secrets))
		}
		f.versions[r.ID.String()] = r.Version
		return nil
	})
	if err != nil {
		return nil, err
	}
	events, err := s.Events(context.Background(), authority.EventQuery{})
	if err != nil {
		return nil, err
	}
	var walk authority.Walk
	for _, e := range events {
		if err := walk.Next(e); err != nil {
			return nil, err
		}
		f.events[e.Target+e.Verb] = true
		f.erased[e.Sequence] = slices.ContainsFunc(e.Personal, func(p authority.Personal) bool { return p.Value == "" })
	}
	f.total = len(events)
	return f, nil
}

// countParts returns how many records, erasures and events of a change are there.
func (f *found) countParts(a *act) (n int) {
	for _, p := range a.change.Puts {
		there := false
		switch p := p.(type) {
		case *authority.Record:
			there = f.versions[p.ID.String()] >= p.Version
		case *authority.Erasure:
			there = f.erased[p.Sequence]
		}
		if there {
			n++
		}
	}
	for _, e := range a.change.Events {
		if f.events[e.Target+e.Verb] {
			n++
		}
	}
	return n
}
