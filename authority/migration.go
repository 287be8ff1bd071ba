// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"slices"
	"time"
)

var errMigrating = &Error{
	Kind:    Unavailable,
	Problem: "the store is being filled from another one, and nobody has seen yet that it is whole",
	Hint:    "stop the server and run keywright migrate again: it goes on where it was",
}

// Migrating returns the mark of a store that is filled from another one. It is loaded together with the rest. An authority
// over such a store judges nothing until EndMigration took the mark away.
func Migrating(now time.Time) *Item {
	return &Item{Kind: itemFreeze, Name: freezeMoved, Created: now.UTC().Truncate(time.Millisecond), Version: 1}
}

// IsMigration reports whether an item is the mark of a store that is filled from another one.
func (i *Item) IsMigration() bool { return i.Kind == itemFreeze && i.Name == freezeMoved }

func hasMigration(items []Item) bool {
	return slices.ContainsFunc(items, func(i Item) bool { return i.IsMigration() })
}

// InMigration reports whether a store has the mark of one that is filled from another.
func InMigration(ctx context.Context, store Store) (bool, error) {
	page, err := store.List(ctx, Query{Of: Items, Item: itemFreeze})
	return hasMigration(page.Items), err
}

// EndMigration takes the mark away, and leaves an event of it with lines that say what was moved: the store is whole. It
// needs no authority, which would first read all keys.
func EndMigration(ctx context.Context, store Store, c Caller, now time.Time, lines []string) error {
	if err := c.mayAudit(ScopeAdmin); err != nil {
		return err
	}
	page, err := store.List(ctx, Query{Of: Items, Item: itemFreeze, Name: freezeMoved})
	if err != nil {
		return fromStore(err)
	}
	if !hasMigration(page.Items) {
		return &Error{Kind: Conflicting, Problem: "the store is not being filled from another one", Hint: "nothing needs to be done"}
	}
	event := Event{Time: now.UTC().Truncate(time.Millisecond), Actor: c.Actor(), Verb: "store.migrate", Target: storeTarget, Changes: lines}
	return fromStore(store.Apply(ctx, Change{Puts: []Put{&Removal{Item: &page.Items[0]}}, Events: []Event{event}}))
}
