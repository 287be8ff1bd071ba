// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/postgrestest"
)

// rule opens an authority over a store, as a restart would.
func rule(t *testing.T, s *Store) *authority.Authority {
	t.Helper()
	a, err := authority.Open(t.Context(), authority.Options{Store: s, Clock: time.Now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

func judged(t *testing.T, a *authority.Authority, key string) keywright.Code {
	t.Helper()
	v, err := a.Verify(t.Context(), keywright.Ask{Key: keywright.NewSecret(key), Keyspace: "default"})
	if err != nil {
		t.Fatal(err)
	}
	return v.Code
}

// TestAuthority follows keys through their lives, with a restart between any two acts.
func TestAuthority(t *testing.T) {
	url := postgrestest.Database(t)
	me := authority.Operator("test", authority.Origin{})
	s := openAt(t, url)
	a := rule(t, s)
	restart := func() {
		t.Helper()
		a.Close()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = openAt(t, url)
		a = rule(t, s)
	}
	_, made, err := a.FirstServiceKey(t.Context())
	if err != nil || !made {
		t.Fatalf("the first service key was not made: %v", err)
	}
	kept, err := a.Issue(t.Context(), me, authority.IssueRequest{Name: "kept", Owner: "acme", Scopes: []string{"invoices:read"}})
	if err != nil {
		t.Fatal(err)
	}
	ended, err := a.Issue(t.Context(), me, authority.IssueRequest{Name: "ended"})
	if err != nil {
		t.Fatal(err)
	}
	check := func(want keywright.Code) {
		t.Helper()
		if code := judged(t, a, kept.Key.Reveal()); code != keywright.Valid {
			t.Fatalf("a key is %s", code)
		}
		if code := judged(t, a, ended.Key.Reveal()); code != want {
			t.Fatalf("a key is %s, want %s", code, want)
		}
	}
	check(keywright.Valid)
	restart()
	if _, made, err := a.FirstServiceKey(t.Context()); err != nil || made {
		t.Fatalf("a second first service key was made: %v", err)
	}
	check(keywright.Valid)
	if _, err := a.Disable(t.Context(), me, ended.Record.ID); err != nil {
		t.Fatal(err)
	}
	check(keywright.Disabled)
	restart()
	check(keywright.Disabled)
	if _, err := a.Revoke(t.Context(), me, ended.Record.ID, "no longer needed"); err != nil {
		t.Fatal(err)
	}
	check(keywright.Revoked)
	restart()
	check(keywright.Revoked)
	if report, err := a.VerifyChain(t.Context(), me); err != nil || report.Events < 5 {
		t.Fatalf("%+v (%v), want a chain of all acts", report, err)
	}
	a.Close()
}

// TestAuthorityWithoutLease has acts and verifications fail while nobody knows whether another process has the store.
// The key is in the table: without the lease it would be VALID.
func TestAuthorityWithoutLease(t *testing.T) {
	s := openAt(t, postgrestest.Database(t))
	a := rule(t, s)
	defer a.Close()
	me := authority.Operator("test", authority.Origin{})
	issued, err := a.Issue(t.Context(), me, authority.IssueRequest{})
	if err != nil || judged(t, a, issued.Key.Reveal()) != keywright.Valid {
		t.Fatal(err)
	}
	s.hold.broken.Store(&ErrLost)
	v, err := a.Verify(t.Context(), keywright.Ask{Key: issued.Key, Keyspace: "default"})
	if !errors.Is(err, ErrLost) || v.Code != "" {
		t.Fatalf("verdict %q and error %v, want ErrLost alone", v.Code, err)
	}
	if _, err := a.Issue(t.Context(), me, authority.IssueRequest{}); !errors.Is(err, ErrLost) {
		t.Fatalf("issue: error %v, want ErrLost", err)
	}
	s.hold.broken.Store(nil)
	if code := judged(t, a, issued.Key.Reveal()); code != keywright.Valid {
		t.Fatalf("with the lease the key is %s", code)
	}
}
