// SPDX-License-Identifier: Apache-2.0

package backup_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"reflect"
	"sort"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/backup"
	"github.com/keywright/keywright/internal/postgrestest"
	"github.com/keywright/keywright/store/postgres"
	"github.com/keywright/keywright/store/sqlite"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// A side is a store of one kind, and how it is changed behind the back of the program.
type side struct {
	backup.Movable
	execute func(t *testing.T, statement string)
}

func inFolder(t *testing.T) side {
	t.Helper()
	dir := t.TempDir()
	store, err := sqlite.Open(ctx, dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return side{store, func(t *testing.T, statement string) {
		t.Helper()
		db, err := sql.Open("sqlite", "file://"+filepath.Join(dir, "keywright.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}}
}

func inDatabase(t *testing.T) side {
	t.Helper()
	url := postgrestest.Database(t)
	store, err := postgres.Open(ctx, url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return side{store, func(t *testing.T, statement string) {
		t.Helper()
		postgrestest.Execute(t, url, "SET search_path = keywright; "+statement)
	}}
}

// eachWay runs a test from a folder into a database, and back.
func eachWay(t *testing.T, test func(t *testing.T, from, to side)) {
	t.Helper()
	t.Run("into a database", func(t *testing.T) { test(t, inFolder(t), inDatabase(t)) })
	t.Run("into a folder", func(t *testing.T) { test(t, inDatabase(t), inFolder(t)) })
}

// live fills a store by an authority that does what authorities do, and by items of every kind. It returns a key that works.
func live(t *testing.T, store backup.Movable) keywright.Secret {
	t.Helper()
	root := make([]byte, authority.RootKeyBytes)
	_, _ = rand.Read(root)
	sealer, err := authority.NewSealer(root, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := open(t, store, func(o *authority.Options) { o.Sealer = sealer })
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err = a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "partners"})
	must(err)
	hundred := int64(100)
	limits := []authority.Limit{{Name: "requests", Limit: 1000, Window: time.Minute, Auto: true}}
	_, err = a.PutOwner(ctx, admin, authority.OwnerRequest{ID: "ann", Limits: &limits, Credits: &authority.CreditsUpdate{Remaining: &hundred}})
	must(err)
	owned := issue(t, a, authority.IssueRequest{Owner: "ann", IdempotencyKey: "once"})
	for i := range 20 {
		issue(t, a, authority.IssueRequest{Name: fmt.Sprint("key <", i, "> Zoë")})
	}
	_, err = a.Rotate(ctx, admin, owned.Record.ID, authority.RotateRequest{})
	must(err)
	v, err := a.Verify(ctx, keywright.Ask{Key: owned.Key, Keyspace: "default", ClientIP: netip.MustParseAddr("2001:db8::1")})
	if err != nil || v.Code != keywright.Valid {
		t.Fatal(v.Code, err)
	}
	mark, err := a.Checkpoint(ctx, admin, authority.CheckpointRequest{})
	must(err)
	_, err = a.Prune(ctx, admin, authority.PruneRequest{Sequence: mark.Sequence})
	must(err)
	issue(t, a, authority.IssueRequest{})
	_, err = a.RotateSigningKeys(ctx, admin, false)
	must(err)
	a.Close()
	var items authority.Change
	for _, kind := range []string{"session", "endpoint", "delivery", "pepper"} {
		items.Puts = append(items.Puts, &authority.Item{Kind: kind, Name: "of the test", Data: []byte{0, 1, 255}, Created: moment, Version: 1})
	}
	must(store.Apply(ctx, items))
	return owned.Key
}

// contents are the values of a store without the mark, in an order that is the same for every kind of store.
func contents(t *testing.T, store authority.Archiver) (all []any) {
	t.Helper()
	var texts []string
	values := map[string]any{}
	err := store.Dump(ctx, func(v any) error {
		if item, ok := v.(*authority.Item); ok && item.IsMigration() {
			return nil
		}
		copied := reflect.New(reflect.TypeOf(v).Elem())
		copied.Elem().Set(reflect.ValueOf(v).Elem())
		if r, ok := copied.Interface().(*authority.Record); ok {
			r.Secrets = append([]authority.StoredSecret(nil), r.Secrets...)
		}
		text := fmt.Sprintf("%T %+v", v, copied.Elem().Interface())
		texts = append(texts, text)
		values[text] = copied.Interface()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(texts)
	for _, text := range texts {
		all = append(all, values[text])
	}
	return all
}

// withoutEnd takes out the event that a migration leaves when it has ended.
func withoutEnd(values []any) (rest []any, end *authority.Event) {
	for _, v := range values {
		if e, ok := v.(*authority.Event); ok && e.Verb == "store.migrate" {
			end = e
			continue
		}
		rest = append(rest, v)
	}
	return rest, end
}

func sameContents(t *testing.T, want, got []any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(), cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
		t.Error(diff)
	}
}

func wantDone(t *testing.T, m *backup.Migration) backup.Contents {
	t.Helper()
	c, err := m.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMigrationMovesEverything(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to side) {
		key := live(t, from)
		before := contents(t, from)
		m := &backup.Migration{From: from, To: to, Now: moment}
		c := wantDone(t, m)
		sameContents(t, before, contents(t, from)) // the source is as it was
		rest, last := withoutEnd(contents(t, to))
		if last == nil || last.Sequence != c.Sequence+1 || last.Previous != c.Hash || last.Actor != "migrate" {
			t.Errorf("left %+v", last)
		}
		sameContents(t, before, rest)
		for _, kind := range []string{"keyspace", "owner", "record", "balance", "entry", "answer", "item", "checkpoint", "usage", "use", "event"} {
			if c.Counts[kind] == 0 {
				t.Errorf("the test moves no %s", kind)
			}
		}
		a := open(t, to)
		wantCode(t, a, key, keywright.Valid)
		if r, err := a.VerifyChain(ctx, admin); err != nil || r.Broken != nil {
			t.Errorf("%+v, %v", r, err)
		}
		if _, err := m.Run(ctx); !errors.Is(err, authority.ErrNotEmpty) {
			t.Errorf("again: %v", err)
		}
	})
}

// TestMigrationKeepsEveryField moves one value of each kind with no field that is zero.
func TestMigrationKeepsEveryField(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to side) {
		values := everything(t)
		if _, err := backup.Restore(ctx, from, bytes.NewReader(archive(t, values)), moment); err != nil {
			t.Fatal(err)
		}
		want := contents(t, from)
		if len(want) != len(values)+1 { // with the mark of the restore, which moves too
			t.Fatalf("%d values", len(want))
		}
		wantDone(t, &backup.Migration{From: from, To: to, Now: moment})
		got, _ := withoutEnd(contents(t, to))
		sameContents(t, want, got)
	})
}

// stoppedAt runs a migration that is stopped when a step has come to its nth value.
func stoppedAt(t *testing.T, from, to side, step backup.Step, n int) {
	t.Helper()
	stopping, stop := context.WithCancel(ctx)
	defer stop()
	m := &backup.Migration{From: from, To: to, Now: moment, At: func(s backup.Step, at int) {
		if s == step && at == n {
			stop()
		}
	}}
	if _, err := m.Run(stopping); err == nil {
		t.Fatal("it was not stopped")
	}
}

func TestStoppedMigrationGoesOn(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to side) {
		key := live(t, from)
		before := contents(t, from)
		for _, n := range []int{1, 7, len(before)} {
			stoppedAt(t, from, to, backup.Copy, n)
			if left := contents(t, to); len(left) > 0 {
				t.Fatalf("stopped within the load, %d values are left", len(left))
			}
		}
		stoppedAt(t, from, to, backup.CountTarget, 3)
		a := open(t, to)
		wantFrozen(t, a, key)
		if err := a.Thaw(ctx, admin, nil); err == nil {
			t.Error("a store that nobody has compared was thawed")
		}
		a.Close()
		if _, err := (&backup.Migration{From: to, To: from}).Run(ctx); !errors.Is(err, backup.ErrUnfinished) {
			t.Errorf("out of a store that is not whole: %v", err)
		}
		var steps []backup.Step
		m := &backup.Migration{From: from, To: to, Now: moment, At: func(s backup.Step, n int) {
			if n == 1 {
				steps = append(steps, s)
			}
		}}
		wantDone(t, m)
		if want := []backup.Step{backup.CountSource, backup.CountTarget}; !reflect.DeepEqual(steps, want) {
			t.Errorf("went %v, want %v", steps, want)
		}
		sameContents(t, before, contents(t, from))
		wantCode(t, open(t, to), key, keywright.Valid)
	})
}

// TestMigrationSurvivesALostConnection ends the sessions of the database while values go over them.
func TestMigrationSurvivesALostConnection(t *testing.T) {
	from, to := inFolder(t), inDatabase(t)
	live(t, from)
	m := &backup.Migration{From: from, To: to, Now: moment, At: func(_ backup.Step, at int) {
		if at == 5 {
			to.execute(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'")
		}
	}}
	if _, err := m.Run(ctx); err == nil {
		t.Fatal("nothing was lost")
	}
	if left := contents(t, to); len(left) > 0 {
		t.Fatalf("%d values are left", len(left))
	}
	m.At = nil
	wantDone(t, m)
}

// TestDamagedCopyIsRefused changes one thing of each kind in a copy that was loaded.
func TestDamagedCopyIsRefused(t *testing.T) {
	damages := map[string][]string{
		"record":   {"UPDATE records SET revoked = 1 WHERE name LIKE 'key <3>%'", "DELETE FROM records WHERE name LIKE 'key <4>%'", "DELETE FROM secrets WHERE record IN (SELECT id FROM records WHERE name LIKE 'key <5>%')"},
		"keyspace": {"UPDATE keyspaces SET version = version + 1 WHERE name = 'partners'"},
		"owner":    {"DELETE FROM owners"},
		"balance":  {"UPDATE balances SET remaining = remaining + 1"},
		"entry":    {"DELETE FROM ledger WHERE kind = 'spend'"},
		"item":     {"DELETE FROM items WHERE kind = 'session'"},
		"usage":    {"UPDATE usage SET count = count + 1"},
		"answer":   {"DELETE FROM answers"},
		"event":    {"DELETE FROM events WHERE sequence = (SELECT max(sequence) FROM events)"},
	}
	eachWay(t, func(t *testing.T, from, to side) {
		key := live(t, from)
		stoppedAt(t, from, to, backup.CountTarget, 1)
		whole := contents(t, to)
		for kind, statements := range damages {
			for _, statement := range statements {
				copied := inFolder(t)
				if err := copied.Load(ctx, streamOf(append(whole, authority.Migrating(moment)))); err != nil {
					t.Fatal(err)
				}
				copied.execute(t, statement)
				_, err := (&backup.Migration{From: from, To: copied, Now: moment}).Run(ctx)
				var different *backup.DifferenceError
				if !errors.As(err, &different) || different.Kind != kind {
					t.Errorf("%s: %v", statement, err)
				}
				wantFrozen(t, open(t, copied), key)
			}
		}
		to.execute(t, "UPDATE events SET verb = 'key.other' WHERE sequence = (SELECT max(sequence) FROM events)")
		if _, err := (&backup.Migration{From: from, To: to, Now: moment}).Run(ctx); !errors.Is(err, backup.ErrChain) {
			t.Errorf("a broken chain: %v", err)
		}
	})
}

// streamOf returns what a load reads, in the order that it needs.
func streamOf(values []any) func() (any, error) {
	order := []string{"Keyspace", "Owner", "Record", "Balance", "Entry", "Answer", "Item", "Checkpoint", "Usage", "Use", "Meter", "Event"}
	place := func(v any) (n int, sequence uint64) {
		for i, name := range order {
			if reflect.TypeOf(v).Elem().Name() == name {
				n = i
			}
		}
		if e, ok := v.(*authority.Event); ok {
			sequence = e.Sequence
		}
		return n, sequence
	}
	values = append([]any(nil), values...)
	sort.SliceStable(values, func(i, j int) bool {
		a, x := place(values[i])
		b, y := place(values[j])
		return a < b || a == b && x < y
	})
	return func() (any, error) {
		if len(values) == 0 {
			return nil, io.EOF
		}
		v := values[0]
		values = values[1:]
		return v, nil
	}
}

// TestMigrationOfWhatCannotBeRead: a record that the store passes over is not left behind.
func TestMigrationOfWhatCannotBeRead(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to side) {
		live(t, from)
		from.execute(t, "UPDATE records SET rules = '{' WHERE name LIKE 'key <3>%'")
		if c, err := (&backup.Migration{From: from, To: to, Now: moment}).Run(ctx); err == nil {
			t.Errorf("moved %v", c.Counts)
		}
		if left := contents(t, to); len(left) > 0 {
			t.Errorf("%d values are left", len(left))
		}
	})
}
