// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"crypto/rand"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// checkpointOf covers the chain up to an event.
func checkpointOf(e authority.Event) *authority.Checkpoint {
	return &authority.Checkpoint{
		Sequence: e.Sequence, Hash: e.Hash, Time: now, Signer: []byte{1, 0, 2}, Signature: []byte{0, 255},
	}
}

func checkpoints(t *testing.T, s authority.Store) []authority.Checkpoint {
	t.Helper()
	return list(t, s, authority.Query{Of: authority.Checkpoints}).Checkpoints
}

// act leaves some events.
func act(t *testing.T, s authority.Store, n int) []authority.Event {
	t.Helper()
	var c authority.Change
	for range n {
		c.Events = append(c.Events, newEvent("key.update", newRecord(t)))
	}
	apply(t, s, c)
	return c.Events
}

func testCheckpoints(t *testing.T, s authority.Store) {
	es := act(t, s, 3)
	second, third := checkpointOf(es[1]), checkpointOf(es[2])
	filled(t, *second, "Pruned")
	third.Signer, third.Signature = nil, nil
	apply(t, s, authority.Change{Puts: []authority.Put{third, second}})
	same(t, checkpoints(t, s), []authority.Checkpoint{*second, *third})
	refused(t, s, authority.Change{Puts: []authority.Put{second}}, "checkpoint")
	if p := list(t, s, authority.Query{Of: authority.Checkpoints, Limit: 1}); len(p.Checkpoints) != 1 || !p.More {
		t.Fatalf("a page of one of two checkpoints: %d, more %v", len(p.Checkpoints), p.More)
	}
}

// testErasure empties fields of some events and leaves the others and the chain as they were.
func testErasure(t *testing.T, s authority.Store) {
	var c authority.Change
	for range 3 {
		e := newEvent("key.issue", newRecord(t))
		for _, name := range []string{"address", "owner", "name"} {
			p, err := authority.NewPersonal(name, "a "+name, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			e.Personal = append(e.Personal, p)
		}
		c.Events = append(c.Events, e)
	}
	c.Events = append(c.Events, newEvent("key.update", newRecord(t)))
	apply(t, s, c)
	want := chain(t, s)
	apply(t, s, authority.Change{
		Puts: []authority.Put{
			&authority.Erasure{Sequence: 2, Fields: []string{"address", "name", "unknown"}},
			&authority.Erasure{Sequence: 3, Fields: []string{"owner"}},
			&authority.Erasure{Sequence: 4, Fields: []string{"owner"}},
			&authority.Erasure{Sequence: 1 << 63, Fields: []string{"owner"}}, // there is none, or no longer
			&authority.Erasure{Sequence: 1},
		},
		Events: []authority.Event{newEvent("audit.erase", newRecord(t))},
	})
	for _, at := range [][2]int{{1, 0}, {1, 2}, {2, 1}} {
		p := &want[at[0]].Personal[at[1]]
		p.Value, p.Salt = "", nil
	}
	got := chain(t, s)
	same(t, got[:4], want)
	same(t, len(got), 5)

	undone := authority.Change{Puts: []authority.Put{&authority.Erasure{Sequence: 1, Fields: []string{"name"}}, &authority.Prune{Sequence: 1}}}
	refused(t, s, undone, "checkpoint")
	same(t, chain(t, s), got)
}

// testPrune deletes events up to checkpoints, at last all of them, and goes on with the chain.
func testPrune(t *testing.T, s authority.Store) {
	es := act(t, s, 10)
	third, sixth, wrong, ahead := checkpointOf(es[2]), checkpointOf(es[5]), checkpointOf(es[7]), checkpointOf(es[9])
	wrong.Hash, ahead.Sequence = keywright.HashText("another chain"), 11
	apply(t, s, authority.Change{Puts: []authority.Put{third, sixth, wrong, ahead}})
	for _, sequence := range []uint64{0, 1, 8, 11, 1 << 63} {
		refused(t, s, authority.Change{Puts: []authority.Put{&authority.Prune{Sequence: sequence}}}, "checkpoint")
	}
	same(t, chain(t, s), es)

	c := authority.Change{Puts: []authority.Put{&authority.Prune{Sequence: 6}}, Events: []authority.Event{newEvent("audit.prune", newRecord(t))}}
	apply(t, s, c)
	es = append(es, c.Events...)
	walked(t, s, *sixth, es[6:])
	sixth.Pruned, third.Pruned = true, true // what lies before the third is gone as well
	same(t, checkpoints(t, s), []authority.Checkpoint{*third, *sixth, *wrong, *ahead})
	refused(t, s, authority.Change{Puts: []authority.Put{&authority.Prune{Sequence: 3}}}, "checkpoint")
	refused(t, s, authority.Change{Puts: []authority.Put{&authority.Prune{Sequence: 6}}}, "checkpoint")

	es = append(es, act(t, s, 3)...)
	last := checkpointOf(es[13])
	apply(t, s, authority.Change{Puts: []authority.Put{last}})
	apply(t, s, authority.Change{Puts: []authority.Put{&authority.Prune{Sequence: 14}}})
	walked(t, s, *last, nil)
	walked(t, s, *last, act(t, s, 2))
	refused(t, s, authority.Change{Puts: []authority.Put{&authority.Prune{Sequence: 8}}}, "checkpoint")
}

// walked checks that what is left is the chain behind a checkpoint, and these events.
func walked(t *testing.T, s authority.Store, from authority.Checkpoint, want []authority.Event) {
	t.Helper()
	got := events(t, s, authority.EventQuery{})
	same(t, got, want)
	walk := authority.WalkFrom(from.Sequence, from.Hash)
	for _, e := range got {
		if err := walk.Next(e); err != nil {
			t.Fatalf("chain behind event %d: %v", from.Sequence, err)
		}
	}
}
