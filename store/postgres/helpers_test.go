// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// newID returns a random key id.
func newID() keywright.KeyID {
	id, err := keywright.NewKeyID(time.Now(), rand.Reader)
	if err != nil {
		panic(err) // there is no randomness
	}
	return id
}

// issue is a change of n new records, each with one secret and one event.
func issue(n int) authority.Change {
	var c authority.Change
	now := time.Now()
	for range n {
		id := newID()
		c.Puts = append(c.Puts, &authority.Record{
			ID: id, Keyspace: "default", Format: "secret", Environment: "live", Name: "of a customer", Owner: "acme",
			Secrets: []authority.StoredSecret{{Hash: keywright.HashText(rand.Text()), PublicID: rand.Text()[:12], Created: now}},
			Scopes:  []string{"invoices:read", "invoices:write"}, Metadata: []byte(`{"plan":"pro"}`),
			Created: now, Updated: now, Version: 1,
		})
		c.Events = append(c.Events, authority.Event{
			Time: now, Actor: "local", Verb: "key.issue", Target: id.String(), Keyspace: "default", Changes: []string{"name", "scopes"},
		})
	}
	return c
}

// wholeChain returns the number of events and fails if they are not one chain.
func wholeChain(t testing.TB, s *Store) int {
	t.Helper()
	events, err := s.Events(context.Background(), authority.EventQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var walk authority.Walk
	for _, e := range events {
		if err := walk.Next(e); err != nil {
			t.Fatal(err)
		}
	}
	return len(events)
}

// records returns the ids of all records with how many secrets each has.
func records(t testing.TB, s *Store) map[keywright.KeyID]int {
	t.Helper()
	found := map[keywright.KeyID]int{}
	err := s.Scan(context.Background(), func(r *authority.Record) error {
		found[r.ID] = len(r.Secrets)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
