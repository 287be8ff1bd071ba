// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keywright/keywright/authority"
)

func TestSecondOpenerIsToldWhoWasFirst(t *testing.T) {
	dir := t.TempDir()
	first, err := Open(t.Context(), dir, Options{Holder: "keywright serve, http://127.0.0.1:8420"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), dir, Options{Holder: "keywright key list"})
	var inUse *InUseError
	if !errors.As(err, &inUse) || !errors.Is(err, ErrInUse) {
		t.Fatalf("got error %v, want an InUseError", err)
	}
	if inUse.Holder != "keywright serve, http://127.0.0.1:8420" || inUse.Process != os.Getpid() || inUse.Path != dir || inUse.Since.IsZero() {
		t.Fatalf("got %+v", inUse)
	}
	for _, part := range []string{dir, inUse.Holder, fmt.Sprint("process ", os.Getpid()), "stop it"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := open(t, dir) // the description of the first was longer
	_, err = Open(t.Context(), dir, Options{})
	if !errors.As(err, &inUse) || inUse.Holder != "a test" {
		t.Fatalf("got error %v, want the second holder in it", err)
	}
	second.Close()
	open(t, dir)
}

func TestForeignFilesAreRefusedUntouched(t *testing.T) {
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	db, err := connect(fileDSN(foreign), 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE precious (x); PRAGMA user_version = 1"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	another, err := os.ReadFile(foreign)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"another SQLite database": another,
		"text":                    []byte(strings.Repeat("not a database\n", 100)),
		"short text":              []byte("hello"),
		"nothing":                 {},
		"zeros":                   make([]byte, 4096),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, databaseName)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(t.Context(), dir, Options{})
			if !errors.Is(err, ErrNotOurs) || !strings.Contains(err.Error(), path) {
				t.Fatalf("got error %v, want ErrNotOurs and the path", err)
			}
			untouched(t, dir, content)
		})
	}
}

// untouched checks that a folder holds a database file just as it was, and nothing else but the lock.
func untouched(t *testing.T, dir string, content []byte) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(dir, databaseName))
	if err != nil || !bytes.Equal(got, content) {
		t.Fatalf("the file was changed (%v)", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Fatalf("%d files, want the database and the lock (%v)", len(entries), err)
	}
}

func TestNewerSchemaIsRefusedUntouched(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	execute(t, s, "PRAGMA user_version = 7")
	s.Close()
	content, err := os.ReadFile(filepath.Join(dir, databaseName))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), dir, Options{})
	var newer *NewerError
	if !errors.As(err, &newer) || newer.Found != 7 || newer.Known != schemaVersion {
		t.Fatalf("got error %v, want a NewerError", err)
	}
	for _, part := range []string{"version 7", fmt.Sprint("up to ", schemaVersion), "upgrade"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	untouched(t, dir, content)
}

// TestNewerSchemaInTheLog has the version where the header does not show it yet.
func TestNewerSchemaInTheLog(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	s := open(t, dir)
	execute(t, s, "PRAGMA wal_checkpoint(TRUNCATE)")
	execute(t, s, "PRAGMA user_version = 7")
	for _, name := range []string{databaseName, databaseName + "-wal"} { // as a crash would leave them
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(copied, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := inspect(systemDisk{}, filepath.Join(copied, databaseName)); err != nil {
		t.Fatalf("the header alone shows it: %v", err)
	}
	_, err := Open(t.Context(), copied, Options{})
	var newer *NewerError
	if !errors.As(err, &newer) || newer.Found != 7 {
		t.Fatalf("got error %v, want a NewerError", err)
	}
}

func TestInterruptedCreationIsRepeated(t *testing.T) {
	dir := t.TempDir()
	for _, leftover := range []string{".new", ".new-journal"} {
		if err := os.WriteFile(filepath.Join(dir, databaseName+leftover), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir)
	if err := s.Apply(t.Context(), authority.Change{Events: []authority.Event{{Verb: "test"}}}); err != nil {
		t.Fatal(err)
	}
}

// TestUnusableFolders uses what stops root as well.
func TestUnusableFolders(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below"), string([]byte{'/', 0})} {
		_, err := Open(t.Context(), dir, Options{})
		if err == nil || !strings.HasPrefix(err.Error(), "cannot ") {
			t.Errorf("got error %v", err)
		}
		t.Log(err)
	}
}
