// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// A scan ends where its chunks end, and goes on behind a record that it passes over, also if that is the last of one.
func TestScanWhereChunksEnd(t *testing.T) {
	for _, n := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 2 * chunkSize} {
		s := openMemory(t)
		want, broken := map[keywright.KeyID]bool{}, keywright.KeyID{}
		if n > 0 {
			c := issue(n)
			if err := s.Apply(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			ids := make([]keywright.KeyID, n)
			for i, p := range c.Puts {
				ids[i] = p.(*authority.Record).ID
				want[ids[i]] = true
			}
			if n >= chunkSize {
				broken = inOrder(ids)[chunkSize-1]
				if _, err := s.write.Exec("UPDATE records SET scopes = '{' WHERE id = ?", broken[:]); err != nil {
					t.Fatal(err)
				}
			}
		}
		delete(want, broken)
		last := keywright.KeyID{}
		err := s.Scan(t.Context(), func(r *authority.Record) error {
			if !want[r.ID] || len(r.Secrets) != 1 || bytes.Compare(r.ID[:], last[:]) <= 0 {
				t.Fatalf("%d records: one is visited that should not be, or not yet, or with %d secrets", n, len(r.Secrets))
			}
			delete(want, r.ID)
			last = r.ID
			return nil
		})
		if len(want) > 0 || (err == nil) != broken.IsZero() {
			t.Errorf("%d records: %d were not visited, error %v", n, len(want), err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A scan that was not allowed to end says so, and nothing of it goes on: the table would be taken for complete.
func TestScanThatIsStopped(t *testing.T) {
	enough := errors.New("enough")
	for _, want := range []error{enough, context.Canceled} {
		synctest.Test(t, func(t *testing.T) { // which fails if a goroutine is left
			s := openMemory(t)
			defer s.Close()
			if err := s.Apply(t.Context(), issue(3*chunkSize)); err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			visited := 0
			err := s.Scan(ctx, func(*authority.Record) error {
				visited++
				if want == enough {
					return want
				}
				stop()
				return nil
			})
			if !errors.Is(err, want) || visited == 3*chunkSize {
				t.Errorf("%d records visited, error %v, want %v", visited, err, want)
			}
		})
	}
}

func inOrder(ids []keywright.KeyID) []keywright.KeyID {
	slices.SortFunc(ids, func(a, b keywright.KeyID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}

// What is read in one snapshot is of one time: a record that is rotated between the reading of the two tables has the
// secrets that it had.
func TestSnapshotIsOfOneTime(t *testing.T) {
	s := open(t, t.TempDir())
	c := issue(1)
	if err := s.Apply(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	r := *c.Puts[0].(*authority.Record)
	before := r.Secrets[0].Hash
	err := s.snapshot(t.Context(), func(query query) error {
		records, err := query(scanRecordsSQL, []byte{}, int64(10))
		if err != nil {
			return err
		}
		defer records.close()
		r.Version, r.Secrets = 2, []authority.StoredSecret{{Hash: keywright.HashText("another"), Created: r.Created}}
		if err := s.Apply(t.Context(), authority.Change{Puts: []authority.Put{&r}}); err != nil {
			return err
		}
		secrets, err := query(scanSecretsSQL, []byte{})
		if err != nil {
			return err
		}
		defer secrets.close()
		var w row
		var owner []byte
		if err := secrets.next(append([]any{&owner}, w.scannedSecret()...)); err != nil {
			return err
		}
		if !bytes.Equal(w.hash, before[:]) {
			t.Error("the secret is a newer one than the record")
		}
		if err := secrets.next(append([]any{&owner}, w.scannedSecret()...)); err != io.EOF {
			t.Errorf("error %v, want io.EOF", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lookup(t.Context(), before); !errors.Is(err, authority.ErrNotFound) {
		t.Errorf("after the snapshot, the old hash: error %v, want ErrNotFound", err)
	}
}

// A column of another type than the row has is an error, not a zero.
func TestCursorRefusesOtherTypes(t *testing.T) {
	s := openMemory(t)
	defer s.Close()
	var text string
	var number int64
	for _, test := range []struct {
		what, text string
		columns    []any
		ok         bool
	}{
		{"as they are", "SELECT 'a', 7", []any{&text, &number}, true},
		{"a number for a text", "SELECT 1, 7", []any{&text, &number}, false},
		{"nothing for a number", "SELECT 'a', NULL", []any{&text, &number}, false},
		{"one too many", "SELECT 'a', 7, 8", []any{&text, &number}, false},
	} {
		err := s.snapshot(t.Context(), func(query query) error {
			rows, err := query(test.text)
			if err != nil {
				return err
			}
			defer rows.close()
			return rows.next(test.columns)
		})
		if (err == nil) != test.ok {
			t.Errorf("%s: error %v", test.what, err)
		}
	}
}
