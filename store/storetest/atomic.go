// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"testing"

	"github.com/keywright/keywright/authority"
)

// testAtomic applies changes of which the last thing is refused, between others that are not.
func testAtomic(t *testing.T, s authority.Store) {
	taken, k, answer := newRecord(t), newKeyspace("partners"), newAnswer(t)
	c := issue(taken)
	c.Puts = append(c.Puts, k, answer)
	apply(t, s, c)

	sameHash, samePublicID, stale := newRecord(t), newRecord(t), next(taken)
	sameHash.Secrets[0].Hash = taken.Secrets[0].Hash
	samePublicID.Secrets[0].PublicID = taken.Secrets[0].PublicID
	stale.Version = 7
	for what, last := range map[string]authority.Put{
		"hash": sameHash, "public_id": samePublicID, "id": taken, "version": stale, "keyspace": k, "answer": answer,
	} {
		refusedWhole(t, s, taken, what, func(c *authority.Change) { c.Puts = append(c.Puts, last) })
	}
	refusedWhole(t, s, taken, "version", func(c *authority.Change) {
		c.Based = []authority.Based{{Keyspace: "partners", Version: 1}, {Keyspace: "partners", Version: 9}}
	})
	if n := len(chain(t, s)); n != 8 {
		t.Fatalf("%d events, want 8", n)
	}
}

// refusedWhole applies a change that add makes impossible, then one that is possible.
func refusedWhole(t *testing.T, s authority.Store, taken *authority.Record, what string, add func(*authority.Change)) {
	t.Helper()
	before := chain(t, s)
	fresh, update := newRecord(t), next(taken)
	update.Name, update.Secrets = "changed", []authority.StoredSecret{newSecret()}
	c := issue(fresh)
	c.Puts = append(c.Puts, newKeyspace("fresh"), newAnswer(t))
	if what != "hash" && what != "public_id" && what != "id" && what != "version" { // those need taken as it is
		c.Puts = append(c.Puts, update)
	}
	add(&c)
	refused(t, s, c, what)
	if c.Events[0].Sequence != 0 {
		t.Fatal("a refused change numbered its events")
	}
	missing(t, s, fresh.Secrets[0].Hash)
	missing(t, s, update.Secrets[0].Hash)
	same(t, lookup(t, s, taken.Secrets[0].Hash), *taken)
	same(t, list(t, s, authority.Query{Of: authority.Keyspaces, Keyspace: "fresh"}).Keyspaces, nil)
	if n := len(list(t, s, authority.Query{Of: authority.Answers}).Answers); n != 1 {
		t.Fatalf("%d answers, want 1", n)
	}
	same(t, chain(t, s), before)
	apply(t, s, issue(newRecord(t)))
}

func (s Suite) testReopen(t *testing.T) {
	store := s.Open(t)
	r, k, a := fullRecord(t), newKeyspace("partners"), newAnswer(t)
	c := issue(r)
	c.Puts = append(c.Puts, k, a)
	apply(t, store, c)
	before := chain(t, store)
	store = s.Reopen(t, store)
	defer store.Close()
	same(t, lookup(t, store, r.Secrets[0].Hash), *r)
	same(t, list(t, store, authority.Query{Of: authority.Keyspaces}).Keyspaces, []authority.Keyspace{*k})
	same(t, list(t, store, authority.Query{Of: authority.Answers}).Answers, []authority.Answer{*a})
	same(t, chain(t, store), before)
	apply(t, store, issue(newRecord(t)))
	if n := len(chain(t, store)); n != 2 {
		t.Fatalf("%d events, want 2", n)
	}
}

// testFailure makes the store fail twice while it writes, and compares what is left.
func testFailure(t *testing.T, s authority.Store, fail func(*testing.T, authority.Store) func()) {
	kept := newRecord(t)
	apply(t, s, issue(kept))
	for range 2 {
		before := chain(t, s)
		records := make([]*authority.Record, 1000)
		for i := range records {
			records[i] = newRecord(t)
			records[i].Metadata = []byte(`{"some": "weight, so that it does not fit into a page that is there already"}`)
		}
		update := next(kept)
		update.Secrets = []authority.StoredSecret{newSecret()}
		c := issue(records...)
		c.Puts = append([]authority.Put{update}, c.Puts...)

		mend := fail(t, s)
		err := s.Apply(t.Context(), c)
		if err == nil {
			t.Fatal("apply: no error where the store was made to fail")
		}
		same(t, lookup(t, s, kept.Secrets[0].Hash), *kept)
		mend()
		missing(t, s, update.Secrets[0].Hash)
		if applied(t, s, records) {
			t.Fatalf("a change that failed is there: %v", err)
		}
		same(t, chain(t, s), before)

		apply(t, s, c)
		if !applied(t, s, records) { // kept is older than all of them
			t.Fatal("a change that was acknowledged is not there")
		}
		kept = update
		if n := len(chain(t, s)); n != len(before)+1000 {
			t.Fatalf("%d events, want %d", n, len(before)+1000)
		}
	}
}
