// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"errors"
	"strings"
	"testing"

	"github.com/keywright/keywright/authority"
)

// TestUnreadableRecordHarmsNoOther damages two records of three, as a hand in the file or a bad disk may.
func TestUnreadableRecordHarmsNoOther(t *testing.T) {
	s := openMemory(t)
	defer s.Close()
	c := issue(3)
	if err := s.Apply(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	records := make([]*authority.Record, 3)
	for i := range records {
		records[i] = c.Puts[i].(*authority.Record)
	}
	for i, statement := range []string{"UPDATE records SET scopes = '{' WHERE id = ?", "UPDATE records SET rules = '[' WHERE id = ?"} {
		if _, err := s.write.Exec(statement, records[i].ID[:]); err != nil {
			t.Fatal(err)
		}
		_, err := s.Lookup(t.Context(), records[i].Secrets[0].Hash)
		if err == nil || errors.Is(err, authority.ErrNotFound) || !strings.Contains(err.Error(), records[i].ID.String()) {
			t.Errorf("lookup of a damaged record: error %v, want one that names it", err)
		}
	}
	if _, err := s.Lookup(t.Context(), records[2].Secrets[0].Hash); err != nil {
		t.Errorf("lookup of another record: %v", err)
	}
	visited := 0
	err := s.Scan(t.Context(), func(r *authority.Record) error {
		if visited++; r.ID != records[2].ID {
			t.Errorf("a damaged record was visited")
		}
		return nil
	})
	if visited != 1 || err == nil || !strings.Contains(err.Error(), "2 records") {
		t.Errorf("%d records visited, error %v: want the whole one, and an error that tells of the two", visited, err)
	}
}
