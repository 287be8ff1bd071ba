// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/storetest"
)

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(context.Background(), dir, Options{Holder: "a test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func openMemory(t testing.TB) *Store {
	t.Helper()
	s, err := OpenMemory(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func execute(t testing.TB, s *Store, statement string) {
	t.Helper()
	if _, err := s.write.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

// failures work in a file and in memory.
var failures = map[string]func(*testing.T, authority.Store) func(){
	"full": func(t *testing.T, store authority.Store) func() {
		s := store.(*Store)
		var pages, free, full int
		if err := s.write.QueryRow("SELECT page_count, freelist_count FROM pragma_page_count, pragma_freelist_count").Scan(&pages, &free); err != nil {
			t.Fatal(err)
		}
		execute(t, s, fmt.Sprintf("PRAGMA max_page_count = %d", pages+30))
		if err := s.write.QueryRow("PRAGMA max_page_count").Scan(&full); err != nil || full != pages+30 {
			t.Fatalf("max_page_count is %d, want %d: %v", full, pages+30, err)
		}
		return func() { execute(t, s, "PRAGMA max_page_count = 1000000000") }
	},
	"failing statement": func(t *testing.T, store authority.Store) func() {
		s := store.(*Store)
		execute(t, s, `CREATE TEMP TRIGGER fail BEFORE INSERT ON main.events
			WHEN NEW.sequence % 1000 = 700 BEGIN SELECT raise(ABORT, 'injected'); END`)
		execute(t, s, `CREATE TEMP TRIGGER fail_spend AFTER INSERT ON main.ledger
			WHEN NEW.sequence % 1000 = 700 BEGIN SELECT raise(ABORT, 'injected'); END`)
		return func() { execute(t, s, "DROP TRIGGER fail; DROP TRIGGER fail_spend") }
	},
	"failing statement that rolls back": func(t *testing.T, store authority.Store) func() {
		s := store.(*Store)
		execute(t, s, `CREATE TEMP TRIGGER fail BEFORE INSERT ON main.secrets
			WHEN (SELECT count(*) FROM main.secrets) % 1000 > 700 BEGIN SELECT raise(ROLLBACK, 'injected'); END`)
		execute(t, s, `CREATE TEMP TRIGGER fail_spend AFTER INSERT ON main.ledger
			WHEN NEW.sequence % 1000 = 700 BEGIN SELECT raise(ROLLBACK, 'injected'); END`)
		return func() { execute(t, s, "DROP TRIGGER fail; DROP TRIGGER fail_spend") }
	},
}

func TestStoreInFile(t *testing.T) {
	storetest.Suite{
		Open: func(t *testing.T) authority.Store { return open(t, t.TempDir()) },
		Reopen: func(t *testing.T, s authority.Store) authority.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, s.(*Store).where)
		},
		Failures: failures,
	}.Run(t)
}

func TestStoreInMemory(t *testing.T) {
	storetest.Suite{
		Open:     func(t *testing.T) authority.Store { return openMemory(t) },
		Failures: failures,
	}.Run(t)
}

// TestSettings asks every connection what the durability of an acknowledgement rests on.
func TestSettings(t *testing.T) {
	s := open(t, t.TempDir())
	want := map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000", "temp_store": "2",
		"application_id": fmt.Sprint(applicationID), "user_version": fmt.Sprint(schemaVersion), "mmap_size": "0",
		"wal_autocheckpoint": fmt.Sprint(checkpointPages), "cache_size": fmt.Sprint(-writerCache),
	}
	for pragma, want := range want {
		var got string
		if err := s.write.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", pragma, got, want, err)
		}
	}
	if _, err := s.read.Exec("DELETE FROM events"); err == nil {
		t.Error("a reader could write")
	}
	files, err := migrations.ReadDir("migrations")
	if err != nil || len(files) != schemaVersion {
		t.Errorf("%d migrations, want schemaVersion = %d (%v)", len(files), schemaVersion, err)
	}
}

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "50% off?#1", "ünï")
	s := open(t, dir)
	if err := s.Apply(t.Context(), authority.Change{Events: []authority.Event{{Verb: "test"}}}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 4 {
		t.Fatalf("%d files, want database, log, index of the log and lock (%v)", len(entries), err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s has mode %v (%v)", e.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder has mode %v (%v)", info.Mode(), err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("second close: %v", err)
	}
	if err := s.Apply(t.Context(), authority.Change{}); err == nil {
		t.Fatal("a closed store accepted a change")
	}
	if entries, err = os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Fatalf("%d files after close, want database and lock (%v)", len(entries), err)
	}
}
