// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"fmt"
	"testing"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/postgrestest"
	"github.com/keywright/keywright/store/storetest"
)

// openAt opens the store of a database, to be closed at the end of the test.
func openAt(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(context.Background(), url, Options{Holder: "a test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// openShared opens the store of a database beside others that have it open.
func openShared(t testing.TB, url string) *Store {
	t.Helper()
	s, err := open(context.Background(), url, Options{}, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func execute(t testing.TB, s *Store, statement string) {
	t.Helper()
	if _, err := s.pool.Exec(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}

// failing makes the store fail in the middle of a thousand events, and of a thousand lines of the ledger.
func failing(act string) func(*testing.T, authority.Store) func() {
	return func(t *testing.T, store authority.Store) func() {
		s := store.(*Store)
		execute(t, s, `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF NEW.sequence % 1000 = 700 THEN `+act+`; END IF; RETURN NEW; END $$`)
		execute(t, s, "CREATE TRIGGER fail BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION fail()")
		execute(t, s, "CREATE TRIGGER fail BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION fail()")
		return func() { execute(t, s, "DROP FUNCTION fail CASCADE") }
	}
}

func TestStore(t *testing.T) {
	// A schema for each test: to make a database for each would take longer than the tests.
	url, schemas := postgrestest.Database(t), map[authority.Store]string{}
	open := func(t *testing.T, schema string) authority.Store {
		s, err := Open(t.Context(), url, Options{Schema: schema})
		if err != nil {
			t.Fatal(err)
		}
		schemas[s] = schema
		return s
	}
	storetest.Suite{
		Open: func(t *testing.T) authority.Store { return open(t, fmt.Sprint("test_", len(schemas))) },
		Reopen: func(t *testing.T, s authority.Store) authority.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, schemas[s])
		},
		Failures: map[string]func(*testing.T, authority.Store) func(){
			"failing statement": failing("RAISE 'injected'"),
			"full disk":         failing("RAISE 'injected' USING ERRCODE = '53100'"),
			"killed backend":    failing("PERFORM pg_terminate_backend(pg_backend_pid())"),
			"cancelled backend": failing("PERFORM pg_cancel_backend(pg_backend_pid())"),
			"endless deadlock":  failing("RAISE 'injected' USING ERRCODE = '40P01'"),
		},
	}.Run(t)
}
