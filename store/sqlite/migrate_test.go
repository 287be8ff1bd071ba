// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// oldStore makes a store as the program of an earlier version left it, and runs statements in it.
func oldStore(t *testing.T, version int, statements func(exec func(text string, args ...any))) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, databaseName)
	if err := prepareFile(t.Context(), systemDisk{}, path); err != nil {
		t.Fatal(err)
	}
	db, err := connect(writerDSN(path), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	first := fstest.MapFS{}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names[:version] {
		text, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		first[filepath.Base(name)] = &fstest.MapFile{Data: text}
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, first, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	statements(func(text string, args ...any) {
		if _, err := db.Exec(text, args...); err != nil {
			t.Fatal(err)
		}
	})
	return dir
}

// TestFirstVersionIsMigrated fills every table of version 1.
func TestFirstVersionIsMigrated(t *testing.T) {
	now := time.UnixMilli(1772368215123).UTC()
	const n = 500
	c := issue(n)
	records := make([]authority.Record, n)
	for i, p := range c.Puts {
		r := p.(*authority.Record)
		r.Created, r.Updated = r.Created.UTC().Truncate(time.Millisecond), r.Updated.UTC().Truncate(time.Millisecond)
		r.Secrets[0].Created = now.Add(time.Duration(i) * time.Second)
		if i%10 == 0 {
			r.Secrets = append(r.Secrets, authority.StoredSecret{Hash: keywright.HashText(r.ID.String()), Created: now, Expires: now, Registered: true})
			r.Rules.Owner, r.Expires, r.NotBefore, r.Disabled, r.Revoked, r.Reason = "acme", now, now, true, now, "leaked"
		}
		if i == 7 {
			r.Secrets = nil
		}
		records[i] = *r
	}
	slices.SortFunc(records, func(a, b authority.Record) int { return bytes.Compare(b.ID[:], a.ID[:]) })
	var event authority.Event
	event.Time, event.Verb = now, "key.issue"
	event.Link(1, keywright.Hash{})
	dir := oldStore(t, 1, func(exec func(string, ...any)) {
		for _, r := range records {
			rules, err := column.Rules(r.Rules)
			if err != nil {
				t.Fatal(err)
			}
			exec(`INSERT INTO records (id, keyspace, format, environment, owner, scopes, rules, not_before, expires, disabled, revoked,
				created, updated, version, name, reason, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				r.ID[:], r.Keyspace, r.Format, r.Environment, r.Owner, `["invoices:read","invoices:write"]`, rules, column.Millis(r.NotBefore),
				column.Millis(r.Expires), r.Disabled, column.Millis(r.Revoked), column.Millis(r.Created), column.Millis(r.Updated), r.Version, r.Name, r.Reason, string(r.Metadata))
			for i, s := range r.Secrets {
				exec(`INSERT INTO secrets (record, position, keyspace, hash, public_id, created, expires, registered) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
					r.ID[:], i, r.Keyspace, s.Hash[:], s.PublicID, column.Millis(s.Created), column.Millis(s.Expires), s.Registered)
			}
		}
		exec(`INSERT INTO keyspaces (name, version) VALUES ('default', 3)`)
		exec(`INSERT INTO answers (id, request, record) VALUES (?, ?, ?)`, bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32), bytes.Repeat([]byte{3}, 16))
		exec(`INSERT INTO events (sequence, time, verb, previous, hash) VALUES (1, ?, 'key.issue', ?, ?)`, now.UnixMilli(), event.Previous[:], event.Hash[:])
	})
	s := open(t, dir)
	got, err := s.List(t.Context(), authority.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range got.Records {
		if fmt.Sprintf("%+v", r) != fmt.Sprintf("%+v", records[i]) {
			t.Fatalf("record %d was\n%+v, is\n%+v", i, records[i], r)
		}
	}
	if len(got.Records) != n {
		t.Fatalf("%d records, want %d", len(got.Records), n)
	}
	due, err := s.List(t.Context(), authority.Query{Keyspace: "default", RotatedBefore: now.Add(10 * time.Second)})
	if err != nil || len(due.Records) != 9 { // the eighth has no secret
		t.Fatalf("%d records have a secret of the first ten seconds, want 9 (%v)", len(due.Records), err)
	}
	if err := s.Apply(t.Context(), issue(1)); err != nil {
		t.Fatal(err)
	}
	if wholeChain(t, s) != 2 {
		t.Fatal("the chain does not go on")
	}
	same := *c.Puts[0].(*authority.Record)
	same.ID[0]++
	if err := s.Apply(t.Context(), authority.Change{Puts: []authority.Put{&same}}); err == nil {
		t.Fatal("a hash is no longer unique")
	}
	sameSchema(t, s)
}

// sameSchema compares the schema of a migrated store with that of a new one, and asks SQLite whether all of it is sound.
func sameSchema(t *testing.T, s *Store) {
	t.Helper()
	fresh := openMemory(t)
	defer fresh.Close()
	if got, want := schema(t, s), schema(t, fresh); !slices.Equal(got, want) {
		t.Fatalf("schema\n%q, that of a new store\n%q", got, want)
	}
	for _, pragma := range []string{"integrity_check", "foreign_key_check"} {
		var answer string
		if err := s.write.QueryRow("PRAGMA " + pragma).Scan(&answer); err == nil && answer != "ok" || err != nil && pragma == "integrity_check" {
			t.Fatalf("%s: %s %v", pragma, answer, err)
		}
	}
}

func schema(t *testing.T, s *Store) (lines []string) {
	t.Helper()
	rows, err := s.write.Query("SELECT name || ': ' || ifnull(sql, '') FROM sqlite_schema ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

// TestInterruptedMigrationIsRepeated has a table in the way of the second version.
func TestInterruptedMigrationIsRepeated(t *testing.T) {
	dir := oldStore(t, 1, func(exec func(string, ...any)) {
		exec(`INSERT INTO keyspaces (name, version) VALUES ('default', 1)`)
		exec(`CREATE TABLE meters (x)`) // among the last that are made
	})
	for range 2 {
		if s, err := Open(t.Context(), dir, Options{}); err == nil {
			s.Close()
			t.Fatal("opened")
		}
	}
	db, err := connect(writerDSN(filepath.Join(dir, databaseName)), 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("DROP TABLE meters"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	s := open(t, dir)
	p, err := s.List(t.Context(), authority.Query{Of: authority.Keyspaces})
	if err != nil || len(p.Keyspaces) != 1 {
		t.Fatalf("%d keyspaces (%v)", len(p.Keyspaces), err)
	}
	sameSchema(t, s)
}
