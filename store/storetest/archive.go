// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// archivers skips the test of a store that cannot be dumped.
func archivers(t *testing.T, stores ...authority.Store) []authority.Archiver {
	t.Helper()
	var as []authority.Archiver
	for _, s := range stores {
		a, ok := s.(authority.Archiver)
		if !ok {
			t.Skip("the store is no Archiver")
		}
		as = append(as, a)
	}
	return as
}

// dumped collects a dump. Values may be used again by the store, so they are kept as copies.
func dumped(t *testing.T, a authority.Archiver) (all []any) {
	t.Helper()
	err := a.Dump(t.Context(), func(v any) error {
		all = append(all, clone(v))
		return nil
	})
	if err != nil {
		t.Fatalf("dump: %v", err)
	}
	return all
}

func clone(v any) any {
	switch v := v.(type) {
	case *authority.Record:
		c := *v
		c.Secrets = append([]authority.StoredSecret(nil), v.Secrets...)
		return &c
	case *authority.Keyspace:
		return copied(v)
	case *authority.Owner:
		return copied(v)
	case *authority.Balance:
		return copied(v)
	case *authority.Entry:
		return copied(v)
	case *authority.Answer:
		return copied(v)
	case *authority.Item:
		return copied(v)
	case *authority.Checkpoint:
		return copied(v)
	case *authority.Usage:
		return copied(v)
	case *authority.Use:
		return copied(v)
	case *authority.Meter:
		return copied(v)
	case *authority.Event:
		return copied(v)
	}
	panic(fmt.Sprintf("a dump has a %T", v))
}

func copied[T any](v *T) *T {
	c := *v
	return &c
}

// stream returns what a load reads.
func stream(all []any) func() (any, error) {
	return func() (any, error) {
		if len(all) == 0 {
			return nil, io.EOF
		}
		v := all[0]
		all = all[1:]
		return v, nil
	}
}

// furnish puts something of every kind into a store, with versions above 1, a pruned chain and erased fields.
func furnish(t *testing.T, s authority.Store) {
	t.Helper()
	r, bare, owner, item := fullRecord(t), newRecord(t), newOwner("default", "acme"), &authority.Item{Kind: "pepper", Name: "2026", Data: []byte{0, 1}, Version: 1}
	owner.Limits, owner.Credits = newLimits(), newCredits()
	bare.Secrets = nil
	expired := newAnswer(t)
	expired.Expires = now.Add(time.Millisecond)
	c := issue(r, bare, newRecord(t))
	c.Puts = append(c.Puts, newKeyspace("default"), newKeyspace("partners"), owner, item, newAnswer(t), expired)
	apply(t, s, c)
	apply(t, s, authority.Change{Puts: []authority.Put{next(r)}})
	a := newAccount(t)
	move(t, s, set(a, 100), set(authority.AccountOf("default", "acme"), 5))
	spend(t, s, authority.Spending{Key: r.ID, Time: now, Accounts: []authority.Account{a}, Amount: 3})
	move(t, s, &authority.Move{Account: a, Kind: authority.MoveAdd, Amount: 1, Time: now, Refilled: now, Next: now.Add(time.Hour)})
	hour := now.Truncate(time.Hour)
	count(t, s, authority.Tally{
		Usage:  []authority.Usage{{Keyspace: "default", Key: r.ID, Hour: hour, Code: keywright.Valid, Count: 2, Cost: 3}, {Keyspace: "default", Hour: hour, Code: keywright.NotFound, Count: 1}},
		Uses:   []authority.Use{{Key: r.ID, Hash: r.Secrets[0].Hash, Time: now, From: netip.MustParseAddr("192.0.2.7")}, {Key: r.ID, Hash: r.Secrets[1].Hash, Time: now}},
		Meters: []authority.Meter{{ID: [24]byte{1}, Full: now.Add(time.Nanosecond)}, {ID: [24]byte{2}, Full: now}},
	})
	es := act(t, s, 4)
	apply(t, s, authority.Change{Puts: []authority.Put{checkpointOf(es[0]), checkpointOf(es[2])}})
	apply(t, s, authority.Change{Puts: []authority.Put{&authority.Prune{Sequence: es[0].Sequence}}})
}

// testArchive dumps a store, loads it into another, and goes on there.
func (s Suite) testArchive(t *testing.T) {
	from, to := s.open(t), s.open(t)
	as := archivers(t, from, to)
	same(t, len(dumped(t, as[0])), 0)
	furnish(t, from)
	all := dumped(t, as[0])
	if err := as[1].Load(t.Context(), stream(all)); err != nil {
		t.Fatalf("load: %v", err)
	}
	again := dumped(t, as[1])
	same(t, len(again), len(all))
	kinds, last := map[string]int{}, ""
	for i := range all {
		same(t, again[i], all[i])
		kind := fmt.Sprintf("%T", all[i])
		if kinds[kind]++; kind != last && kinds[kind] > 1 {
			t.Fatalf("%s comes in two places", kind)
		}
		last = kind
	}
	same(t, kinds, map[string]int{
		"*authority.Keyspace": 2, "*authority.Owner": 1, "*authority.Record": 3, "*authority.Balance": 2, "*authority.Entry": 4,
		"*authority.Answer": 2, "*authority.Item": 1, "*authority.Checkpoint": 2, "*authority.Usage": 2, "*authority.Use": 2,
		"*authority.Meter": 2, "*authority.Event": 3,
	})
	for _, q := range []authority.Query{
		{},
		{Keyspace: "default"},
		{Owner: "acme"},
		{InGrace: true},
		{Keyspace: "default", RotatedBefore: now.Add(time.Hour)},
		{Of: authority.Keyspaces},
		{Of: authority.Answers},
		{Of: authority.Owners},
		{Of: authority.Items},
		{Of: authority.Checkpoints},
		{Of: authority.Balances, NextBefore: now.Add(time.Hour)},
		{Of: authority.Ledger},
		{Of: authority.UsageHours},
		{Of: authority.Uses},
		{Of: authority.Meters},
	} {
		same(t, list(t, to, q), list(t, from, q))
	}
	for _, e := range act(t, to, 1) { // the chain goes on where it was
		same(t, act(t, from, 1)[0].Sequence, e.Sequence)
	}
	if err := as[1].Load(t.Context(), stream(all)); !errors.Is(err, authority.ErrNotEmpty) {
		t.Fatalf("load into a store that is not empty: error %v, want ErrNotEmpty", err)
	}
}
