// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// now is the time of the tests, with milliseconds so that they show if they are lost.
var now = time.Date(2026, 3, 1, 12, 30, 15, 123e6, time.UTC)

// made counts records, so that each is a millisecond younger than the one before and ids sort as they were made.
var made atomic.Int64

// newID returns a key id that is newer than all before it.
func newID(t *testing.T) keywright.KeyID {
	t.Helper()
	id, err := keywright.NewKeyID(now.Add(time.Duration(made.Add(1))*time.Millisecond), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// newSecret returns a secret with a random hash and public id.
func newSecret() authority.StoredSecret {
	return authority.StoredSecret{Hash: keywright.HashText(rand.Text()), PublicID: rand.Text()[:12], Created: now}
}

// newRecord returns a record with one secret, ready to be put.
func newRecord(t *testing.T) *authority.Record {
	t.Helper()
	return &authority.Record{
		ID: newID(t), Keyspace: "default", Format: "secret", Environment: "live", Owner: "acme",
		Secrets: []authority.StoredSecret{newSecret()}, Created: now, Updated: now, Version: 1,
	}
}

// newEvent returns an event of an act on a record.
func newEvent(verb string, r *authority.Record) authority.Event {
	return authority.Event{Time: now, Actor: "local", Verb: verb, Target: r.ID.String(), Keyspace: r.Keyspace}
}

// issue is the change that an issue makes.
func issue(records ...*authority.Record) (c authority.Change) {
	for _, r := range records {
		c.Puts = append(c.Puts, r)
		c.Events = append(c.Events, newEvent("key.issue", r))
	}
	return c
}

// next is a copy of a record, one version on.
func next(r *authority.Record) *authority.Record {
	n := *r
	n.Version++
	n.Secrets = append([]authority.StoredSecret(nil), r.Secrets...)
	return &n
}

func apply(t *testing.T, s authority.Store, c authority.Change) {
	t.Helper()
	if err := s.Apply(t.Context(), c); err != nil {
		t.Fatalf("apply: %v", err)
	}
}

// refused applies a change that must meet a conflict.
func refused(t *testing.T, s authority.Store, c authority.Change, what string) {
	t.Helper()
	conflictOf(t, s.Apply(t.Context(), c), what)
}

// conflictOf checks that an error of Apply is a conflict of that.
func conflictOf(t *testing.T, err error, what string) {
	t.Helper()
	var conflict *authority.ConflictError
	switch {
	case !errors.Is(err, authority.ErrConflict) || !errors.As(err, &conflict):
		t.Fatalf("apply: got error %v, want a conflict of %s", err, what)
	case conflict.What != what:
		t.Fatalf("apply: got a conflict of %s, want of %s", conflict.What, what)
	}
}

func lookup(t *testing.T, s authority.Store, h keywright.Hash) authority.Record {
	t.Helper()
	r, err := s.Lookup(t.Context(), h)
	if err != nil {
		t.Fatalf("lookup: %v", err)
	}
	return r
}

// missing checks that no record holds a hash.
func missing(t *testing.T, s authority.Store, h keywright.Hash) {
	t.Helper()
	if r, err := s.Lookup(t.Context(), h); !errors.Is(err, authority.ErrNotFound) {
		t.Fatalf("lookup of an unknown hash: got record %q and error %v, want ErrNotFound", r.ID, err)
	}
}

func list(t *testing.T, s authority.Store, q authority.Query) authority.Page {
	t.Helper()
	p, err := s.List(t.Context(), q)
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	return p
}

func events(t *testing.T, s authority.Store, q authority.EventQuery) []authority.Event {
	t.Helper()
	es, err := s.Events(t.Context(), q)
	if err != nil {
		t.Fatalf("events: %v", err)
	}
	return es
}

// chain returns all events and checks that they are one chain, numbered from 1.
func chain(t *testing.T, s authority.Store) []authority.Event {
	t.Helper()
	es := events(t, s, authority.EventQuery{})
	var walk authority.Walk
	for _, e := range es {
		if err := walk.Next(e); err != nil {
			t.Fatalf("chain: %v", err)
		}
	}
	return es
}

// same compares two values. A list of nothing is as good as no list; times are the same moment, and in UTC.
func same[T any](t *testing.T, got, want T) {
	t.Helper()
	utc := cmp.Transformer("UTC", func(t time.Time) string { return fmt.Sprint(t.UnixMilli(), t.Location()) })
	if d := cmp.Diff(want, got, utc, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{})); d != "" {
		t.Fatalf("not as it was put (-want +got):\n%s", d)
	}
}
