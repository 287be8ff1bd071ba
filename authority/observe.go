// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"

	"github.com/keywright/keywright"
)

// A StoreCall is what an observer is told of a call of the store: never what it is about.
type StoreCall struct {
	Operation string // the method: Lookup, List, Apply, Spend, Count, Events or Scan
	Size      int    // of Apply the puts, of Spend the spendings of one transaction, of Count the lines; of others 0
}

// An Observer is told of each call of the store when it begins. The call is made with the context that it returns, and what
// else it returns is told how the call ended. It must be quick, and may be called by several goroutines.
type Observer func(ctx context.Context, call StoreCall) (context.Context, func(error))

// observed is the store as the authority calls it. It is a struct and no interface, so that nothing asks it what else the
// store can do: that is asked of the store itself.
type observed struct {
	Store
	observe Observer
	news    *news
	member  *member // nil: the store is this process's alone
}

func unobserved(ctx context.Context, _ StoreCall) (context.Context, func(error)) {
	return ctx, func(error) {}
}

func observe(s Store, o Observer) observed {
	if o == nil {
		o = unobserved
	}
	return observed{Store: s, observe: o, news: &news{}}
}

// Lookup implements Store, and so do the methods below.
func (s observed) Lookup(ctx context.Context, h keywright.Hash) (r Record, err error) {
	ctx, end := s.observe(ctx, StoreCall{Operation: "Lookup"})
	defer func() { end(err) }()
	return s.Store.Lookup(ctx, h)
}

func (s observed) List(ctx context.Context, q Query) (p Page, err error) {
	ctx, end := s.observe(ctx, StoreCall{Operation: "List"})
	defer func() { end(err) }()
	return s.Store.List(ctx, q)
}

func (s observed) Apply(ctx context.Context, c Change) (err error) {
	ctx, end := s.observe(ctx, StoreCall{"Apply", len(c.Puts)})
	defer func() { end(err) }()
	if len(c.Events) > 0 {
		defer s.news.tell() // also where it is not known whether they were written
	}
	if s.member != nil {
		return s.member.write(ctx, c)
	}
	return s.Store.Apply(ctx, c)
}

func (s observed) Spend(ctx context.Context, group []Spending) (spent []Spent, err error) {
	ctx, end := s.observe(ctx, StoreCall{"Spend", len(group)})
	defer func() { end(err) }()
	return s.Store.Spend(ctx, group)
}

func (s observed) Count(ctx context.Context, t Tally) (err error) {
	ctx, end := s.observe(ctx, StoreCall{"Count", len(t.Usage) + len(t.Uses) + len(t.Meters)})
	defer func() { end(err) }()
	return s.Store.Count(ctx, t)
}

func (s observed) Events(ctx context.Context, q EventQuery) (e []Event, err error) {
	ctx, end := s.observe(ctx, StoreCall{Operation: "Events"})
	defer func() { end(err) }()
	return s.Store.Events(ctx, q)
}

// scan reads all records, where the store is a Scanner.
func (s observed) scan(ctx context.Context, scanner Scanner, visit func(*Record) error) (err error) {
	ctx, end := s.observe(ctx, StoreCall{Operation: "Scan"})
	defer func() { end(err) }()
	return scanner.Scan(ctx, visit)
}
