// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

// issueMany makes a change as an import does: records, some with a balance and some with two secrets.
func issueMany(n int) authority.Change {
	c := issue(n)
	var puts []authority.Put
	for i, p := range c.Puts {
		r := p.(*authority.Record)
		puts = append(puts, r)
		if i%3 == 0 {
			puts = append(puts, &authority.Move{Account: authority.Account(r.ID), Keyspace: r.Keyspace, Kind: authority.MoveSet, Amount: int64(i), Time: r.Created})
		}
		if i%7 == 0 {
			second := r.Secrets[0]
			second.Hash[0], second.Hash[1], second.PublicID = ^second.Hash[0], ^second.Hash[1], ""
			second.Expires = time.Now().Add(time.Hour)
			r.Secrets = append(r.Secrets, second)
		}
	}
	c.Puts = puts
	return c
}

// TestManyRecordsAreAsTheyWerePut puts as many as fill no statement, one, several, and some beyond.
func TestManyRecordsAreAsTheyWerePut(t *testing.T) {
	for _, n := range []int{bulkRows - 1, bulkRows, bulkRows + 1, 4*bulkRows + 7} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			s := openMemory(t)
			c := issueMany(n)
			if err := s.Apply(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			balances := 0
			for _, p := range c.Puts {
				switch p := p.(type) {
				case *authority.Record:
					for i := range p.Secrets {
						got, err := s.Lookup(t.Context(), p.Secrets[i].Hash)
						if err != nil || got.ID != p.ID || got.Name != p.Name || len(got.Secrets) != len(p.Secrets) || got.Secrets[i].Hash != p.Secrets[i].Hash || got.Secrets[i].PublicID != p.Secrets[i].PublicID || !slices.Equal(got.Scopes, p.Scopes) {
							t.Fatalf("%+v, want %+v: %v", got, *p, err)
						}
					}
				case *authority.Move:
					balances++
					page, err := s.List(t.Context(), authority.Query{Of: authority.Balances, Account: p.Account})
					if err != nil || len(page.Balances) != 1 || page.Balances[0].Remaining != p.Amount {
						t.Fatalf("%+v, want %d: %v", page.Balances, p.Amount, err)
					}
				}
			}
			if balances != (n+2)/3 {
				t.Errorf("%d balances of %d records", balances, n)
			}
			if got := wholeChain(t, s); got != n {
				t.Errorf("%d events of %d", got, n)
			}
		})
	}
}

// TestManyRecordsOrNone spoils one of many, wherever it stands.
func TestManyRecordsOrNone(t *testing.T) {
	const n = 3*bulkRows + 5
	s := openMemory(t)
	first := issue(1)
	if err := s.Apply(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	there := first.Puts[0].(*authority.Record)
	for name, spoil := range map[string]struct {
		what string
		do   func(c *authority.Change, r *authority.Record)
	}{
		"id":        {"id", func(_ *authority.Change, r *authority.Record) { r.ID = there.ID }},
		"hash":      {"hash", func(_ *authority.Change, r *authority.Record) { r.Secrets[0].Hash = there.Secrets[0].Hash }},
		"public id": {"public_id", func(_ *authority.Change, r *authority.Record) { r.Secrets[0].PublicID = there.Secrets[0].PublicID }},
		"version": {"version", func(c *authority.Change, r *authority.Record) {
			moved := *there
			moved.Version = 7
			c.Puts = append(c.Puts, &moved)
		}},
		"text of a record": {"", func(_ *authority.Change, r *authority.Record) { r.Name = "a\x00b" }},
		"text of a secret": {"", func(_ *authority.Change, r *authority.Record) { r.Secrets[0].Pepper = "\xff" }},
		"text of an event": {"", func(c *authority.Change, _ *authority.Record) { c.Events[n/2].Verb = "\xff" }},
	} {
		for _, place := range []int{0, n / 2, n - 1} {
			c := issue(n)
			spoil.do(&c, c.Puts[place].(*authority.Record))
			err := s.Apply(t.Context(), c)
			var conflict *authority.ConflictError
			if errors.As(err, &conflict) != (spoil.what != "") || conflict != nil && conflict.What != spoil.what || err == nil {
				t.Errorf("%s of %d: %v", name, place, err)
			}
			page, err := s.List(t.Context(), authority.Query{})
			if err != nil || len(page.Records) != 1 {
				t.Fatalf("%s of %d: %d records are there: %v", name, place, len(page.Records), err)
			}
		}
	}
	if n := wholeChain(t, s); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
}

// TestEncodedStops has nothing read the rows once the loop over their values has ended.
func TestEncodedStops(t *testing.T) {
	for _, until := range []int{1, 5, 1000} {
		var read bytes.Buffer // no lock: the race detector would see a read behind the end
		seen := 0
		for values, err := range encoded(0, 1000, 10, func(i int) ([]any, error) {
			read.WriteByte(byte(i))
			return []any{i, uint64(i)}, nil
		}) {
			if err != nil || len(values) != 20 || values[0].Value != int64(10*seen) || values[19].Ordinal != 20 {
				t.Fatal(seen, values, err)
			}
			if seen++; seen == until {
				break
			}
		}
		if seen != min(until, 100) || read.Len() < 10*seen {
			t.Errorf("%d lists of %d rows", seen, read.Len())
		}
	}
	broken := errors.New("broken")
	var errs []error
	for _, err := range encoded(0, 100, 10, func(i int) ([]any, error) {
		if i == 33 {
			return nil, broken
		}
		return []any{i}, nil
	}) {
		errs = append(errs, err)
	}
	if !slices.Equal(errs, []error{nil, nil, nil, broken}) {
		t.Error(errs)
	}
}

// TestManyRecordsAreGivenUp ends the context while they are written.
func TestManyRecordsAreGivenUp(t *testing.T) {
	s := openMemory(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.transact(ctx, func(w *transaction) error {
		cancel()
		return w.putAll(issue(2 * bulkRows).Puts)
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	page, err := s.List(t.Context(), authority.Query{})
	if err != nil || len(page.Records) != 0 {
		t.Errorf("%d records are there: %v", len(page.Records), err)
	}
}
