// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

// explain returns the plan of a query, one step a line.
func explain(t *testing.T, s *Store, text string, args []any) string {
	t.Helper()
	rows, err := s.read.Query("EXPLAIN QUERY PLAN "+text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(step + "\n")
	}
	return plan.String()
}

// issue is a change of n new records, each with one secret and one event.
func issue(n int) authority.Change {
	var c authority.Change
	now := time.Now()
	for range n {
		id, err := keywright.NewKeyID(now, rand.Reader)
		if err != nil {
			panic(err) // there is no randomness
		}
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
	events, err := s.Events(t.Context(), authority.EventQuery{})
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
