// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/listing"
)

// A page of each usual list is one range of an index, however many an owner has: nothing else is read to find it.
func TestPageIndexes(t *testing.T) {
	s := openMemory(t)
	defer s.Close()
	for index, q := range map[string]authority.Query{
		"COVERING INDEX records_keyspace (keyspace=?)":                  {},
		"COVERING INDEX records_keyspace (keyspace=? AND id>?)":         {Sort: authority.Oldest, From: authority.Place{ID: [16]byte{1}}},
		"COVERING INDEX records_expires (keyspace=?)":                   {Sort: authority.Ending},
		"INDEX records_revoked (keyspace=?)":                            {State: authority.StateRevoked},
		"COVERING INDEX records_owner (owner=? AND keyspace=?)":         {Owner: "acme"},
		"COVERING INDEX records_owner (owner=? AND keyspace=? AND id<?": {Owner: "acme", Before: [16]byte{1}},
		"COVERING INDEX records_owner_expires (owner=? AND keyspace=?)": {Owner: "acme", Sort: authority.Ending},
	} {
		q.Keyspace, q.At, q.Limit, q.Scan = "default", time.Now(), 50, 1000
		f, name, end, err := s.recordPage(t.Context(), &q)
		if err != nil || end != nil {
			t.Fatal(end, err)
		}
		text, args := f.query("SELECT id FROM records INDEXED BY "+name+" WHERE /* filter */ ORDER BY "+listing.Order(&q, "")+" LIMIT ?", 51)
		if plan := explain(t, s, text, args); !contains(plan, index) || contains(plan, "TEMP B-TREE") {
			t.Errorf("%s does not give the page alone:\n%s", index, plan)
		}
	}
}

// What has ended is not looked at for what is active by end.
func TestActiveByEndPassesOverTheEnded(t *testing.T) {
	s := openMemory(t)
	defer s.Close()
	now := time.Now()
	var c authority.Change
	for i := range 30 {
		r := &authority.Record{ID: [16]byte{byte(i + 1)}, Keyspace: "default", Owner: "acme", Version: 1, Created: now, Expires: now.Add(-time.Hour)}
		if i == 17 {
			r.Expires = now.Add(time.Hour)
		}
		c.Puts = append(c.Puts, r)
	}
	if err := s.Apply(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for _, owner := range []string{"", "acme"} {
		p, err := s.List(t.Context(), authority.Query{
			Keyspace: "default", Owner: owner, Sort: authority.Ending, State: authority.StateActive, At: now, Limit: 2, Scan: 5,
		})
		if err != nil || len(p.Records) != 1 || p.More {
			t.Errorf("of owner %q: %d records, more %v (%v)", owner, len(p.Records), p.More, err)
		}
	}
}
