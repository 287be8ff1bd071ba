// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func testLookup(t *testing.T, s authority.Store) {
	missing(t, s, keywright.HashText("nothing yet"))
	r, other := newRecord(t), newRecord(t)
	r.Secrets = append(r.Secrets, newSecret(), newSecret())
	apply(t, s, issue(r, other))
	for _, secret := range r.Secrets {
		same(t, lookup(t, s, secret.Hash), *r)
	}
	same(t, lookup(t, s, other.Secrets[0].Hash), *other)
	missing(t, s, keywright.HashText("unknown"))
	missing(t, s, keywright.Hash{})
}

// testUpdateSecrets follows a rotation: a second secret, the end of the first, and both at once.
func testUpdateSecrets(t *testing.T, s authority.Store) {
	first := newRecord(t)
	apply(t, s, issue(first))

	both := next(first)
	both.Secrets[0].Expires = now.Add(time.Hour)
	both.Secrets = append([]authority.StoredSecret{newSecret()}, both.Secrets...)
	apply(t, s, authority.Change{Puts: []authority.Put{both}})
	same(t, lookup(t, s, first.Secrets[0].Hash), *both)
	same(t, lookup(t, s, both.Secrets[0].Hash), *both)

	one := next(both)
	one.Secrets = one.Secrets[:1]
	apply(t, s, authority.Change{Puts: []authority.Put{one}})
	missing(t, s, first.Secrets[0].Hash)
	same(t, lookup(t, s, one.Secrets[0].Hash), *one)

	moved := next(one)
	moved.Keyspace = "partners"
	apply(t, s, authority.Change{Puts: []authority.Put{moved}})
	again := newRecord(t) // the public id is free again where it was, and taken where it is
	again.Secrets[0].PublicID = moved.Secrets[0].PublicID
	apply(t, s, issue(again))
	again = newRecord(t)
	again.Keyspace, again.Secrets[0].PublicID = "partners", moved.Secrets[0].PublicID
	refused(t, s, issue(again), "public_id")

	none := next(moved)
	none.Secrets = nil
	apply(t, s, authority.Change{Puts: []authority.Put{none}})
	missing(t, s, moved.Secrets[0].Hash)
	same(t, list(t, s, authority.Query{ID: none.ID}).Records, []authority.Record{*none})
}

func testVersions(t *testing.T, s authority.Store) {
	r, k := newRecord(t), newKeyspace("partners")
	apply(t, s, authority.Change{Puts: []authority.Put{r, k}})
	for _, version := range []uint64{3, 4, 1 << 40} {
		ahead, keyspaceAhead := next(r), *k
		ahead.Version, keyspaceAhead.Version = version, version
		refused(t, s, authority.Change{Puts: []authority.Put{ahead}}, "version")
		refused(t, s, authority.Change{Puts: []authority.Put{&keyspaceAhead}}, "version")
	}
	second, keyspaceSecond := next(r), *k
	keyspaceSecond.Version = 2
	apply(t, s, authority.Change{Puts: []authority.Put{second, &keyspaceSecond}})
	refused(t, s, authority.Change{Puts: []authority.Put{second}}, "version")
	refused(t, s, authority.Change{Puts: []authority.Put{&keyspaceSecond}}, "version")

	unknown := newRecord(t)
	unknown.Version = 2
	refused(t, s, authority.Change{Puts: []authority.Put{unknown}}, "version")
	unknown.Version = 0
	if err := s.Apply(t.Context(), authority.Change{Puts: []authority.Put{unknown}}); err == nil {
		t.Fatal("a put of version 0 was accepted")
	}
	same(t, lookup(t, s, r.Secrets[0].Hash), *second)
}

func testUnique(t *testing.T, s authority.Store) {
	r, k := newRecord(t), newKeyspace("partners")
	apply(t, s, authority.Change{Puts: []authority.Put{r, k}})

	sameID := newRecord(t)
	sameID.ID = r.ID
	refused(t, s, issue(sameID), "id")
	sameHash := newRecord(t)
	sameHash.Keyspace = "partners" // a hash is unique in all keyspaces
	sameHash.Secrets[0].Hash = r.Secrets[0].Hash
	refused(t, s, issue(sameHash), "hash")
	samePublicID := newRecord(t)
	samePublicID.Secrets[0].PublicID = r.Secrets[0].PublicID
	refused(t, s, issue(samePublicID), "public_id")
	refused(t, s, authority.Change{Puts: []authority.Put{newKeyspace("partners")}}, "keyspace")

	within := newRecord(t)
	within.Secrets = append(within.Secrets, within.Secrets[0])
	within.Secrets[1].PublicID = ""
	refused(t, s, issue(within), "hash")
	rotated := newRecord(t)
	apply(t, s, issue(rotated))
	rotated = next(rotated)
	rotated.Secrets = append(rotated.Secrets, authority.StoredSecret{Hash: r.Secrets[0].Hash})
	refused(t, s, authority.Change{Puts: []authority.Put{rotated}}, "hash")

	elsewhere := newRecord(t) // a public id is unique in its keyspace alone
	elsewhere.Keyspace, elsewhere.Secrets[0].PublicID = "partners", r.Secrets[0].PublicID
	bare, alsoBare := newRecord(t), newRecord(t) // and many secrets have none
	bare.Secrets[0].PublicID, alsoBare.Secrets[0].PublicID = "", ""
	apply(t, s, issue(elsewhere, bare, alsoBare))
	same(t, lookup(t, s, r.Secrets[0].Hash), *r)
}

func testBased(t *testing.T, s authority.Store) {
	k := newKeyspace("partners")
	apply(t, s, authority.Change{Puts: []authority.Put{k}})
	based := func(name string, version uint64) authority.Change {
		c := issue(newRecord(t))
		c.Based = []authority.Based{{Keyspace: name, Version: version}}
		return c
	}
	apply(t, s, based("partners", 1))
	refused(t, s, based("partners", 2), "version")
	refused(t, s, based("unknown", 1), "version")

	second := *k // what a change is based on is what was there before it
	second.Version = 2
	apply(t, s, authority.Change{Puts: []authority.Put{&second}, Based: []authority.Based{{Keyspace: "partners", Version: 1}}})
	refused(t, s, based("partners", 1), "version")
	apply(t, s, based("partners", 2))
}

func testAnswerExpiry(t *testing.T, s authority.Store) {
	a := newAnswer(t)
	apply(t, s, authority.Change{Puts: []authority.Put{a}})
	again := *a
	again.Record, again.Created = newID(t), a.Expires.Add(-time.Second)
	refused(t, s, authority.Change{Puts: []authority.Put{&again}}, "answer")
	same(t, list(t, s, authority.Query{Of: authority.Answers, Answer: a.ID}).Answers, []authority.Answer{*a})

	again.Created, again.Expires = a.Expires.Add(time.Second), a.Expires.Add(time.Hour)
	apply(t, s, authority.Change{Puts: []authority.Put{&again}})
	same(t, list(t, s, authority.Query{Of: authority.Answers, Answer: a.ID}).Answers, []authority.Answer{again})
	refused(t, s, authority.Change{Puts: []authority.Put{&again}}, "answer")
}

// testOrder takes a secret from one record and gives it to another, in one change.
func testOrder(t *testing.T, s authority.Store) {
	from, to := newRecord(t), newRecord(t)
	apply(t, s, issue(from))
	without := next(from)
	without.Secrets = nil
	to.Secrets = from.Secrets
	again := next(to)
	again.Name = "put twice"
	apply(t, s, authority.Change{Puts: []authority.Put{without, to, again}})
	same(t, lookup(t, s, from.Secrets[0].Hash), *again)
}

// testCancelled cancels changes at random moments of their way.
func testCancelled(t *testing.T, s authority.Store) {
	done, undone := 0, 0
	longest := 10 * time.Millisecond
	for i := range 50 {
		records := make([]*authority.Record, 100)
		for i := range records {
			records[i] = newRecord(t)
		}
		ctx, cancel := context.WithTimeout(t.Context(), rand.N(longest))
		if i == 0 {
			cancel()
		}
		err := s.Apply(ctx, issue(records...))
		cancel()
		applied := applied(t, s, records)
		switch {
		case err == nil && !applied:
			t.Fatal("a change was acknowledged and is not there")
		case applied:
			done++
		default:
			undone++
		}
	}
	apply(t, s, issue(newRecord(t)))
	if events := len(chain(t, s)); events != 100*done+1 {
		t.Fatalf("%d events of %d changes", events, done)
	}
	t.Logf("%d changes were applied, %d were not", done, undone)
}

// applied reports whether records, the newest there can be, are there, and fails if some are and some are not.
func applied(t *testing.T, s authority.Store, records []*authority.Record) bool {
	t.Helper()
	newest := map[keywright.KeyID]bool{}
	for _, r := range list(t, s, authority.Query{Limit: len(records)}).Records {
		newest[r.ID] = true
	}
	there := 0
	for i, r := range records {
		if newest[r.ID] {
			there++
		}
		switch {
		case i%10 > 0 && i < len(records)-1:
		case newest[r.ID]:
			same(t, lookup(t, s, r.Secrets[0].Hash), *r)
		default:
			missing(t, s, r.Secrets[0].Hash)
		}
	}
	if there > 0 && there < len(records) {
		t.Fatalf("%d of the %d records of a change are there", there, len(records))
	}
	return there > 0
}
