// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/keywright/keywright/authority"
)

// testBrokenLoad loads streams that are broken at their ends: nothing may be left, and a whole one must still go in.
func (s Suite) testBrokenLoad(t *testing.T) {
	from, to := s.open(t), s.open(t)
	as := archivers(t, from, to)
	furnish(t, from)
	all := dumped(t, as[0])
	cut := errors.New("the line was cut")
	twice := newRecord(t)
	twice.Secrets[0].Hash = firstOf[authority.Use](all).Hash // that of a record
	for name, last := range map[string]func() (any, error){
		"an error":             func() (any, error) { return nil, cut },
		"an end in the middle": func() (any, error) { return nil, fmt.Errorf("line 7: %w", io.EOF) },
		"an unexpected end":    func() (any, error) { return nil, io.ErrUnexpectedEOF },
		"nothing":              func() (any, error) { return nil, nil },
		"a foreign value":      func() (any, error) { return "a text", nil },
		"a value, no pointer":  func() (any, error) { return authority.Record{}, nil },
		"a hash that was":      func() (any, error) { return twice, nil },
		"a record that was":    func() (any, error) { return firstOf[authority.Record](all), nil },
		"a line that was":      func() (any, error) { return firstOf[authority.Entry](all), nil },
		"an event that was":    func() (any, error) { return firstOf[authority.Event](all), nil },
		"a balance that was":   func() (any, error) { return firstOf[authority.Balance](all), nil },
	} {
		t.Run(name, func(t *testing.T) {
			whole := stream(all)
			ended := false
			err := as[1].Load(t.Context(), func() (any, error) {
				v, err := whole()
				if err != nil && !ended {
					ended = true
					return last()
				}
				return v, err
			})
			if err == nil || !ended || name == "an error" && !errors.Is(err, cut) {
				t.Fatalf("load: error %v", err)
			}
			same(t, len(dumped(t, as[1])), 0)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	n, whole := 0, stream(all)
	err := as[1].Load(ctx, func() (any, error) {
		if n++; n == 5 {
			cancel()
		}
		return whole()
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("a load that is cancelled: error %v", err)
	}
	same(t, len(dumped(t, as[1])), 0)
	if err := as[1].Load(t.Context(), stream(all)); err != nil {
		t.Fatalf("load after others that failed: %v", err)
	}
	same(t, len(dumped(t, as[1])), len(all))
	refused(t, to, issue(twice), "hash") // the rules are in force again
}

func firstOf[T any](all []any) *T {
	for _, v := range all {
		if v, ok := v.(*T); ok {
			return v
		}
	}
	return nil
}

// testDumpMoment changes a store while it is dumped: the dump shows it as it was.
func testDumpMoment(t *testing.T, s authority.Store) {
	a := archivers(t, s)[0]
	account := newAccount(t)
	r := newRecord(t)
	c := issue(r)
	c.Puts = append(c.Puts, newKeyspace("default"), set(account, 10))
	apply(t, s, c)
	n := 0
	err := a.Dump(t.Context(), func(v any) error {
		if n++; n == 1 {
			apply(t, s, issue(newRecord(t)))
			apply(t, s, authority.Change{Puts: []authority.Put{next(r)}})
			spend(t, s, authority.Spending{Key: r.ID, Time: now, Accounts: []authority.Account{account}, Amount: 1})
		}
		switch v := v.(type) {
		case *authority.Record:
			same(t, *v, *r)
		case *authority.Balance:
			same(t, v.Remaining, 10)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("dump: %v", err)
	}
	same(t, n, 5) // keyspace, record, balance, line, event
	same(t, len(dumped(t, a)), 8)

	want := errors.New("enough")
	if err := a.Dump(t.Context(), func(any) error { return want }); !errors.Is(err, want) {
		t.Fatalf("dump: error %v, want that of its visitor", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Dump(ctx, func(any) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Fatalf("dump in a context that has ended: error %v", err)
	}
}
