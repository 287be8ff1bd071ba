// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"time"
)

const (
	itemFreeze  = "freeze"
	freezeMoved = "migrate" // the name of the mark of a store that is being filled; that of a restored one is restore
)

// Freeze returns the mark of a store that was restored from a backup and may have lost what was revoked since. It is loaded
// together with the rest, so that there is no moment in which the store has no mark. An authority over such a store judges
// nothing: every verification is an error of kind Unavailable.
func Freeze(now time.Time) *Item {
	return &Item{Kind: itemFreeze, Name: "restore", Created: now.UTC().Truncate(time.Millisecond), Version: 1}
}

// IsFreeze reports whether an item is the mark of a store that was restored, or is filled from another one.
func (i *Item) IsFreeze() bool { return i.Kind == itemFreeze }

var errFrozen = &Error{
	Kind:    Unavailable,
	Problem: "the store was restored from a backup, and what was revoked since the backup is not known",
	Hint:    "stop the server and merge the revocation log: keywright restore --revocation-log FILE --data DIR; without one: keywright restore --accept-loss --data DIR",
}

// Frozen returns why nothing is judged, or nil.
func (a *Authority) Frozen() error {
	if e := a.frozen.Load(); e != nil {
		return e
	}
	return nil
}

func (a *Authority) loadFreeze(ctx context.Context) error {
	page, err := a.store.List(ctx, Query{Of: Items, Item: itemFreeze})
	switch {
	case hasMigration(page.Items):
		a.frozen.Store(errMigrating)
	case len(page.Items) > 0:
		a.frozen.Store(errFrozen)
	default:
		a.frozen.Store(nil)
	}
	return fromStore(err)
}

// Thaw ends the freeze of a restored store. Lines say on what grounds, such as how much of a revocation log was merged, or
// that the loss is accepted; the audit chain keeps them. Of a store that is not frozen it is an error.
func (a *Authority) Thaw(ctx context.Context, c Caller, lines []string) error {
	if err := c.mayAudit(ScopeAdmin); err != nil {
		return err
	}
	page, err := a.store.List(ctx, Query{Of: Items, Item: itemFreeze})
	if err != nil {
		return fromStore(err)
	}
	if hasMigration(page.Items) { // nobody has seen yet that it is whole
		return errMigrating
	}
	if len(page.Items) == 0 {
		return &Error{Kind: Conflicting, Problem: "the store is not frozen", Hint: "nothing needs to be done"}
	}
	// Tokens that were made after the backup name sequences that other events have from now on: all tokens end.
	keys, err := a.store.List(ctx, Query{Of: Items, Item: itemSigningKey})
	if err != nil {
		return fromStore(err)
	}
	event, err := a.event(c, "store.restore", storeTarget, "", lines)
	if err != nil {
		return err
	}
	change := Change{Events: []Event{event}}
	for _, item := range append(page.Items, keys.Items...) {
		change.Puts = append(change.Puts, &Removal{Item: &item})
	}
	a.signing.mu.Lock()
	defer a.signing.mu.Unlock()
	a.signing.stale = true
	defer a.acting.begin()()
	if err := a.store.Apply(context.WithoutCancel(ctx), change); err != nil {
		return fromStore(err)
	}
	a.frozen.Store(nil)
	return nil
}
