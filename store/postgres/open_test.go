// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright/internal/postgrestest"
)

// with returns a URL with something of it replaced.
func with(t *testing.T, raw string, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

// TestErrorsHoldNoPassword opens what cannot be opened. No error may hold a part of a password, however badly the URL
// is written.
func TestErrorsHoldNoPassword(t *testing.T) {
	good := postgrestest.Database(t)
	host := ""
	with(t, good, func(u *url.URL) { host = u.Host })
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, test := range map[string]struct {
		url  string
		want error
	}{
		"wrong password":        {with(t, good, func(u *url.URL) { u.User = url.UserPassword("keywright", "sesame-open") }), ErrRefused},
		"unknown user":          {with(t, good, func(u *url.URL) { u.User = url.UserPassword("nobody", "sesame-open") }), ErrRefused},
		"no such database":      {with(t, good, func(u *url.URL) { u.Path = "/missing" }), ErrNoDatabase},
		"nobody listens":        {"postgres://keywright:sesame-open@" + closed.Addr().String() + "/x", ErrUnreachable},
		"TLS is not spoken":     {"postgres://keywright:sesame-open@" + host + "/x?sslmode=require", ErrUnreachable},
		"no such host":          {"postgres://keywright:sesame-open@nowhere.invalid/x", ErrUnreachable},
		"port is a word":        {"postgres://keywright:sesame-open@localhost:port/x", ErrURL},
		"@ in password":         {"postgres://keywright:sesame@open@" + host + "/x", ErrURL},
		"/ in password":         {"postgres://keywright:sesame/open@" + host + "/x", ErrURL},
		"number, / in it":       {"postgres://127.0.0.1:1234/sesame-open@" + host + "/x", ErrURL},
		"? in password":         {"postgres://keywright:1?sesame-open@" + host + "/x", ErrURL},
		"# in password":         {"postgres://keywright:1#sesame-open@" + host + "/x", ErrURL},
		"% in password":         {"postgres://keywright:sesame%open@" + host + "/x", ErrURL},
		"space in password":     {"postgres://keywright:sesame open@" + host + "/x", ErrURL},
		"control in password":   {"postgres://keywright:sesame\x01open@" + host + "/x", ErrURL},
		"password as setting":   {"postgres://" + host + "/x?user=keywright&sslmode=disable&password=sesame-open", ErrRefused},
		"unknown setting":       {"postgres://keywright:sesame-open@" + host + "/x?sslmode=sesame-open", ErrURL},
		"another scheme":        {"mysql://keywright:sesame-open@" + host + "/x", ErrURL},
		"words, not a URL":      {"host=127.0.0.1 password=sesame-open", ErrURL},
		"nothing":               {"", ErrURL},
		"a file with a line":    {"postgres://keywright:sesame-open@" + host + "/x\n", ErrURL},
		"a name with no scheme": {"sesame-open", ErrURL},
	} {
		s, err := Open(t.Context(), test.url, Options{})
		if !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", name, err, test.want)
		}
		if err != nil && (strings.Contains(err.Error(), "sesame") || strings.Contains(err.Error(), "open@")) {
			t.Errorf("%s: the error holds a part of the password: %v", name, err)
		}
		if s != nil {
			s.Close()
		}
	}
}

func TestErrorNamesTheDatabase(t *testing.T) {
	u := with(t, postgrestest.Database(t), func(u *url.URL) { u.User = url.UserPassword("keywright", "wrong") })
	_, err := Open(t.Context(), u, Options{})
	parsed, parseErr := url.Parse(u)
	if parseErr != nil {
		t.Fatal(parseErr)
	}
	if err == nil || !strings.Contains(err.Error(), parsed.Host) || !strings.Contains(err.Error(), strings.TrimPrefix(parsed.Path, "/")) {
		t.Fatalf("error %v, want one that names host and database", err)
	}
}

func TestOpenHonoursContext(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err = Open(ctx, "postgres://a:b@"+silent.Addr().String()+"/x?sslmode=disable", Options{})
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 5*time.Second {
		t.Fatalf("after %s: error %v, want context.DeadlineExceeded", time.Since(begun), err)
	}
}

// TestUnfitServers has a database in another encoding, one that may only be read, and versions by their numbers.
func TestUnfitServers(t *testing.T) {
	server := postgrestest.Server(t)
	postgrestest.Execute(t, server, "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
	defer postgrestest.Execute(t, server, "DROP DATABASE latin WITH (FORCE)")
	_, err := Open(t.Context(), with(t, server, func(u *url.URL) { u.Path = "/latin" }), Options{})
	if !errors.Is(err, ErrServer) || !strings.Contains(err.Error(), "LATIN1") {
		t.Errorf("another encoding: error %v", err)
	}
	readOnly := with(t, postgrestest.Database(t), func(u *url.URL) { u.RawQuery += "&default_transaction_read_only=on" })
	if _, err := Open(t.Context(), readOnly, Options{}); !errors.Is(err, ErrServer) {
		t.Errorf("read only: error %v", err)
	}
	good := facts{version: 150004, encoding: "UTF8"}
	if err := good.check(); err != nil {
		t.Errorf("a good server: %v", err)
	}
	for what, bad := range map[string]facts{
		"13.22":   {version: 130022, encoding: "UTF8"},
		"replica": {version: 140000, encoding: "UTF8", recovering: true},
	} {
		if err := bad.check(); !errors.Is(err, ErrServer) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: error %v", what, err)
		}
	}
}

func TestNewerSchema(t *testing.T) {
	u := postgrestest.Database(t)
	s := openAt(t, u)
	execute(t, s, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), u, Options{})
	var newer *NewerError
	if !errors.As(err, &newer) || newer.Found != 99 || newer.Known != schemaVersion {
		t.Fatalf("error %v, want a *NewerError", err)
	}
	_, err = Open(t.Context(), u, Options{})
	if !errors.As(err, &newer) {
		t.Fatalf("the store that was refused is still held: %v", err)
	}
}

func TestMigrationNumbers(t *testing.T) {
	files, err := migrations.ReadDir("migrations")
	if err != nil || len(files) != schemaVersion {
		t.Errorf("%d migrations, want schemaVersion = %d (%v)", len(files), schemaVersion, err)
	}
}

// TestManyMigrate opens an empty database by many at once: one makes the schema, all can use it.
func TestManyMigrate(t *testing.T) {
	u := postgrestest.Database(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			s, err := open(t.Context(), u, Options{}, false)
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			defer s.Close()
			if err := s.Apply(t.Context(), issue(2)); err != nil {
				t.Errorf("apply: %v", err)
			}
		})
	}
	wg.Wait()
	s := openAt(t, u)
	if n := wholeChain(t, s); n != 12 {
		t.Fatalf("%d events, want 12", n)
	}
	if n := count(t, s, "goose_db_version WHERE version_id > 0"); n != schemaVersion {
		t.Fatalf("%d migrations were noted, want %d", n, schemaVersion)
	}
}

// TestOneOfManyHolds opens an empty database by many at once, each to have it alone.
func TestOneOfManyHolds(t *testing.T) {
	u := postgrestest.Database(t)
	var mu sync.Mutex
	var held []*Store
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := Open(t.Context(), u, Options{})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				held = append(held, s)
			} else if !errors.Is(err, ErrInUse) {
				t.Errorf("open: %v", err)
			}
		})
	}
	wg.Wait()
	if len(held) != 1 {
		t.Fatalf("%d hold the store, want 1", len(held))
	}
	held[0].Close()
}

// TestPlainUser opens a store as a user that owns nothing but its schema, beside another's table of the same name.
func TestPlainUser(t *testing.T) {
	u := postgrestest.Database(t)
	postgrestest.Execute(t, u, `CREATE ROLE plain LOGIN PASSWORD 'p@/:?#% ä'; CREATE SCHEMA keywright AUTHORIZATION plain;
		CREATE TABLE public.records (mine text); GRANT SELECT ON public.records TO plain; ALTER ROLE plain SET synchronous_commit = off; ALTER ROLE plain SET search_path = public`)
	defer postgrestest.Execute(t, postgrestest.Server(t), "DROP ROLE plain")
	defer postgrestest.Execute(t, u, "DROP OWNED BY plain CASCADE")
	s := openAt(t, with(t, u, func(u *url.URL) { u.User = url.UserPassword("plain", "p@/:?#% ä") }))
	defer s.Close()
	if err := s.Apply(t.Context(), issue(1)); err != nil || count(t, s, "public.records") != 0 || len(records(t, s)) != 1 {
		t.Fatalf("apply: %v", err)
	}
	var level string
	if err := s.pool.QueryRow(t.Context(), "SHOW synchronous_commit").Scan(&level); err != nil || level != "on" {
		t.Fatalf("synchronous_commit is %s (%v), want on", level, err)
	}
}
