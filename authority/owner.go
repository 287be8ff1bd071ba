// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// An OwnerRequest says what limits and credits the keys of an owner share. Nil leaves a field as it is.
type OwnerRequest struct {
	Keyspace string // where it is empty: the one that the caller is bound to, or default
	ID       string
	Limits   *[]Limit
	Credits  *CreditsUpdate
}

// PutOwner sets limits and credits that all keys of an owner in a keyspace share. They hold for every verification that
// begins after it has returned.
func (a *Authority) PutOwner(ctx context.Context, c Caller, q OwnerRequest) (Owner, error) {
	defer a.lockOwner(c, &q.Keyspace, q.ID)()
	if err := a.mayOwner(c, ScopeOwnersWrite, q.Keyspace, q.ID); err != nil {
		return Owner{}, err
	}
	if q.ID == "" || q.ID != strings.TrimSpace(q.ID) {
		return Owner{}, invalid("owner", "is missing, or has spaces around it", "use the id that keys name as their owner")
	}
	if err := checkText("owner", q.ID); err != nil {
		return Owner{}, err
	}
	page, err := a.store.List(ctx, Query{Of: Owners, Keyspace: q.Keyspace, Owner: q.ID})
	if err != nil {
		return Owner{}, fromStore(err)
	}
	now := a.now()
	o := Owner{Keyspace: q.Keyspace, ID: q.ID, Created: now}
	if len(page.Owners) > 0 {
		o = page.Owners[0]
	}
	puts, changes, err := q.apply(&o, now)
	if err != nil {
		return o, err
	}
	if len(changes) == 0 && o.Version > 0 {
		return o, fromStore(a.everywhere(ctx))
	}
	o.Updated = now
	o.Version++
	return o, a.applyOwner(ctx, c, &o, "owner.update", changes, append([]Put{&o}, puts...))
}

// apply sets what is not nil, and returns the moves of the balance and what changed.
func (q *OwnerRequest) apply(o *Owner, now time.Time) (moves []Put, changes []string, err error) {
	if q.Limits != nil {
		if err := checkLimits("limits", *q.Limits); err != nil {
			return nil, nil, err
		}
		if !slices.Equal(o.Limits, *q.Limits) {
			o.Limits = slices.Clone(*q.Limits)
			line := "limits"
			for _, l := range o.Limits {
				line += " " + l.String()
			}
			changes = append(changes, line)
		}
	}
	terms := Record{Keyspace: o.Keyspace, Credits: o.Credits}
	moves, err = q.Credits.apply(&terms, now, &changes)
	for _, m := range moves {
		move := m.(*Move)
		move.Account, move.Owner = AccountOf(o.Keyspace, o.ID), o.ID
	}
	o.Credits = terms.Credits
	return moves, changes, err
}

// applyOwner writes an act on an owner, and lets verifications see it.
func (a *Authority) applyOwner(ctx context.Context, c Caller, o *Owner, verb string, changes []string, puts []Put) error {
	event, err := a.event(c, verb, ownerTarget(AccountOf(o.Keyspace, o.ID)), o.Keyspace, changes, [2]string{"owner", o.ID})
	if err != nil {
		return err
	}
	err = a.store.Apply(context.WithoutCancel(ctx), Change{Puts: puts, Events: []Event{event}})
	if errors.Is(err, ErrConflict) {
		return fromStore(err)
	}
	s := a.space(o.Keyspace)
	if a.member != nil { // the feed has brought it
		return fromStore(err)
	}
	if err != nil {
		s.owners.put(false, map[string]*ownerState{o.ID: {doubtful: true}}) // nobody knows whether it was written
		return fromStore(err)
	}
	state := newOwnerState(o)
	if verb == "owner.delete" {
		state = nil
	}
	s.owners.put(false, map[string]*ownerState{o.ID: state})
	return nil
}

// DeleteOwner ends the limits and credits that the keys of an owner share. Their balance and ledger stay, in case the
// owner comes back.
func (a *Authority) DeleteOwner(ctx context.Context, c Caller, keyspace, id string) error {
	defer a.lockOwner(c, &keyspace, id)()
	o, err := a.ownerFor(ctx, c, ScopeOwnersWrite, keyspace, id)
	if err != nil {
		return err
	}
	return a.applyOwner(ctx, c, &o, "owner.delete", nil, []Put{&Removal{Owner: &o}})
}

// Owner returns what the keys of an owner share.
func (a *Authority) Owner(ctx context.Context, c Caller, keyspace, id string) (Owner, error) {
	return a.ownerFor(ctx, c, ScopeOwnersRead, keyspace, id)
}

func (a *Authority) ownerFor(ctx context.Context, c Caller, scope, keyspace, id string) (Owner, error) {
	keyspace = c.keyspace(keyspace)
	if err := a.mayOwner(c, scope, keyspace, id); err != nil {
		return Owner{}, err
	}
	page, err := a.store.List(ctx, Query{Of: Owners, Keyspace: keyspace, Owner: id})
	if err != nil {
		return Owner{}, fromStore(err)
	}
	if len(page.Owners) == 0 {
		return Owner{}, unknown("owner", "owners are known that have limits or credits of their own")
	}
	return page.Owners[0], nil
}

// Owners lists owners that have limits or credits, by id, and whether there are more behind the last.
func (a *Authority) Owners(ctx context.Context, c Caller, keyspace, after string, limit int) ([]Owner, bool, error) {
	keyspace = c.keyspace(keyspace)
	if err := a.mayOwner(c, ScopeOwnersRead, keyspace, c.owner); err != nil {
		return nil, false, err
	}
	if limit < 0 || limit > maxPage {
		return nil, false, invalid("limit", "is not between 1 and 1000", "ask for the next page with the cursor")
	}
	if limit == 0 {
		limit = defaultPage
	}
	page, err := a.store.List(ctx, Query{Of: Owners, Keyspace: keyspace, Owner: c.owner, After: after, Limit: limit})
	return page.Owners, page.More, fromStore(err)
}

// OwnerCredits returns the balance that the keys of an owner share. What is due is refilled first.
func (a *Authority) OwnerCredits(ctx context.Context, c Caller, keyspace, id string) (Balance, error) {
	o, err := a.Owner(ctx, c, keyspace, id)
	if err != nil {
		return Balance{}, err
	}
	if o.Credits == nil {
		return Balance{}, errNoCredits()
	}
	return a.settled(ctx, AccountOf(o.Keyspace, o.ID))
}

// ChangeOwnerCredits sets the balance of an owner, adds to it or takes from it.
func (a *Authority) ChangeOwnerCredits(ctx context.Context, c Caller, keyspace, id string, q CreditsChange) (Balance, error) {
	defer a.lockOwner(c, &keyspace, id)()
	o, err := a.ownerFor(ctx, c, ScopeOwnersWrite, keyspace, id)
	if err != nil {
		return Balance{}, err
	}
	if o.Credits == nil {
		return Balance{}, errNoCredits()
	}
	account := AccountOf(o.Keyspace, o.ID)
	return a.changeCredits(ctx, c, Balance{Account: account, Keyspace: o.Keyspace, Owner: o.ID}, ownerTarget(account), q)
}

// OwnerLedger returns lines of the ledger of an owner, newest first, and whether there are more below the last.
func (a *Authority) OwnerLedger(ctx context.Context, c Caller, keyspace, id string, below uint64, limit int) ([]Entry, bool, error) {
	o, err := a.Owner(ctx, c, keyspace, id)
	if err != nil {
		return nil, false, err
	}
	return a.ledger(ctx, AccountOf(o.Keyspace, o.ID), below, limit)
}

func (a *Authority) mayOwner(c Caller, scope, keyspace, id string) error {
	if err := c.may(scope, keyspace); err != nil {
		return err
	}
	if a.space(keyspace) == nil || keyspace == ReservedKeyspace {
		return unknown("keyspace", "list the keyspaces to see them")
	}
	if c.owner != "" && c.owner != id {
		return unknown("owner", "the caller is bound to another")
	}
	return nil
}

// lockOwner lets one change of an owner be made at a time.
func (a *Authority) lockOwner(c Caller, keyspace *string, id string) func() {
	*keyspace = c.keyspace(*keyspace)
	account := AccountOf(*keyspace, id)
	mu := &a.records[account[15]%byte(len(a.records))]
	mu.Lock()
	return mu.Unlock
}
