// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

var (
	ctx   = context.Background()
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	admin = authority.Operator("test", authority.Origin{Request: "req_1"})
)

// clock is a time that a test moves.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

// open returns an authority over a fresh store in memory, with its table complete.
func open(t testing.TB) (*authority.Authority, *clock) {
	t.Helper()
	return over(t, memory(t))
}

// memory returns an empty store: SQLite in memory, or PostgreSQL if KEYWRIGHT_TEST_STORE says so.
func memory(t testing.TB) authority.Store {
	t.Helper()
	if os.Getenv("KEYWRIGHT_TEST_STORE") == "postgres" {
		return onPostgres(t)
	}
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// eventually waits for what is done in the background.
func eventually(t testing.TB, done func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen")
		}
	}
}

// random is where tests take randomness from.
type random struct{}

func (random) Read(p []byte) (int, error) { return rand.Read(p) }

func over(t testing.TB, store authority.Store, change ...func(*authority.Options)) (*authority.Authority, *clock) {
	t.Helper()
	c := &clock{}
	c.at.Store(start.UnixNano())
	o := authority.Options{Store: store, Clock: c.now, Random: rand.Reader, Sealer: sealer(t, 1)}
	for _, f := range change {
		f(&o)
	}
	a, err := authority.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a, c
}

// sealer returns one of a root key that a test can have again.
func sealer(t testing.TB, root byte) authority.Sealer {
	t.Helper()
	s, err := authority.NewSealer(bytes.Repeat([]byte{root}, authority.RootKeyBytes), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func issue(t testing.TB, a *authority.Authority, q authority.IssueRequest) authority.Issued {
	t.Helper()
	issued, err := a.Issue(ctx, admin, q)
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

func verify(t testing.TB, a *authority.Authority, ask keywright.Ask) keywright.Verdict {
	t.Helper()
	v, err := a.Verify(ctx, ask)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// wantError checks the kind and field of an error, and that it says what would do.
func wantError(t testing.TB, err error, kind authority.ErrorKind, field string) {
	t.Helper()
	var e *authority.Error
	switch {
	case !errors.As(err, &e):
		t.Fatalf("got %v, want an *authority.Error", err)
	case e.Kind != kind || e.Field != field:
		t.Fatalf("got kind %d, field %q (%v), want kind %d, field %q", e.Kind, e.Field, err, kind, field)
	case e.Hint == "":
		t.Fatalf("%v says nothing of what would do", err)
	}
}

func events(t testing.TB, a *authority.Authority) []authority.Event {
	t.Helper()
	list, err := a.Events(ctx, admin, authority.EventQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
