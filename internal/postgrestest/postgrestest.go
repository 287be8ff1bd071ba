// SPDX-License-Identifier: Apache-2.0

// Package postgrestest gives tests a real PostgreSQL: one server for each test program, started when the first test
// asks for a database, and a new database for each that asks.
//
//	func TestMain(m *testing.M) { postgrestest.Main(m) }
//
//	func TestStore(t *testing.T) { url := postgrestest.Database(t) … }
//
// Where no PostgreSQL is installed, such tests are skipped, unless KEYWRIGHT_TEST_REQUIRE is 1: then they fail.
package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Require is the variable that makes a missing PostgreSQL a failure.
const Require = "KEYWRIGHT_TEST_REQUIRE"

var (
	start   sync.Once
	running *server
	failed  error
	made    atomic.Int64 // databases
)

// Main runs the tests of a package, stops the server that they started, and ends the process.
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run is Main without the end.
func Run(m interface{ Run() int }) int {
	code := m.Run()
	if running != nil {
		if err := running.stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	return code
}

// Database returns the URL of a new, empty database. It is gone when the test ends.
func Database(t testing.TB) string {
	t.Helper()
	url := Server(t)
	name := fmt.Sprint("test_", made.Add(1))
	Execute(t, url, "CREATE DATABASE "+name)
	t.Cleanup(func() { Execute(t, url, "DROP DATABASE "+name+" WITH (FORCE)") })
	return running.url(name)
}

// Server returns the URL of the server's own database, as its superuser.
func Server(t testing.TB) string {
	t.Helper()
	start.Do(func() { running, failed = startServer() })
	switch {
	case errors.Is(failed, errNotInstalled) && os.Getenv(Require) != "1":
		t.Skip(failed)
	case failed != nil:
		t.Fatal(failed)
	}
	return running.url("postgres")
}

// Execute runs a statement on a connection of its own.
func Execute(t testing.TB, url, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatalf("cannot reach the test server: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
