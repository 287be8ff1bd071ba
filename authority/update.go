// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// An Update changes what is not nil. A pointer to a zero value clears the field.
type Update struct {
	Name      *string
	Owner     *string
	Scopes    *[]string
	Roles     *[]string
	Limits    *[]Limit
	Credits   *CreditsUpdate
	Metadata  *[]byte
	Networks  *[]netip.Prefix
	Origins   *[]string
	Methods   *[]string
	Paths     *[]string
	Keyspaces *[]string // of a service key
	NotBefore *time.Time
	ExpiresAt *time.Time
}

// A CreditsUpdate begins to keep credits of a key, changes how they are refilled, or ends to keep them.
type CreditsUpdate struct {
	End       bool    // not kept any more
	Remaining *int64  // what is left from now on; needed to begin
	Refill    *Refill // nil: as it is
	NoRefill  bool    // only by hand from now on
}

// Update changes a record. What it takes away is gone for every verification that begins after it has returned.
func (a *Authority) Update(ctx context.Context, c Caller, id keywright.KeyID, u Update) (Record, error) {
	var moves []Put
	return a.change(ctx, c, id, edit{
		scope: ScopeWrite, verb: "key.update",
		change: func(r *Record) (changes []string, err error) {
			if !r.Revoked.IsZero() {
				return nil, &Error{Kind: Conflicting, Problem: "the key was revoked and cannot be changed", Hint: "issue another key"}
			}
			if err := a.checkOwnerChange(ctx, r, u.Owner); err != nil {
				return nil, err
			}
			changes = u.apply(r)
			moves, err = u.Credits.apply(r, a.now(), &changes)
			if err != nil || len(changes) == 0 {
				return nil, err
			}
			s := a.space(r.Keyspace)
			if s == nil {
				return nil, unknown("keyspace", "")
			}
			if err := a.checkWithin(ctx, u.asked(r)); err != nil {
				return nil, err
			}
			return changes, a.checkRecord(c, s, r)
		},
		also: func() []Put { return moves },
		personal: func(r *Record) [][2]string {
			var fields [][2]string
			if u.Name != nil {
				fields = append(fields, [2]string{"name", r.Name})
			}
			if u.Owner != nil {
				fields = append(fields, [2]string{"owner", r.Owner})
			}
			return fields
		},
	})
}

// asked is of a changed record what the update asks for. What is as it was may be more than the keys above have by now:
// it is judged, and does not stand in the way.
func (u *Update) asked(r *Record) *Record {
	asked := &Record{Keyspace: r.Keyspace, Parent: r.Parent, Expires: unixSecond}
	if u.Scopes != nil || u.Roles != nil {
		asked.Scopes, asked.Roles = r.Scopes, r.Roles
	}
	if u.Networks != nil {
		asked.Rules.Networks = r.Rules.Networks
	}
	if u.Origins != nil {
		asked.Rules.Origins = r.Rules.Origins
	}
	if u.Methods != nil {
		asked.Rules.Methods = r.Rules.Methods
	}
	if u.Paths != nil {
		asked.Rules.Paths = r.Rules.Paths
	}
	if u.ExpiresAt != nil {
		asked.Expires = r.Expires
	}
	return asked
}

// unixSecond is an end that is not beyond any other.
var unixSecond = time.Unix(1, 0)

// apply changes the credits of a record, and returns the moves of its balance.
func (u *CreditsUpdate) apply(r *Record, now time.Time, changes *[]string) ([]Put, error) {
	if u == nil {
		return nil, nil
	}
	if u.End {
		if r.Credits != nil {
			r.Credits = nil
			*changes = append(*changes, "credits none")
		}
		return nil, nil
	}
	kind, amount := MoveAdd, int64(0)
	switch {
	case u.Remaining != nil:
		if err := checkBalance("credits.remaining", *u.Remaining); err != nil {
			return nil, err
		}
		kind, amount = MoveSet, *u.Remaining
		*changes = append(*changes, fmt.Sprintf("credits %d", amount))
	case r.Credits == nil:
		return nil, invalid("credits.remaining", "is missing", "say how many credits the key begins with")
	}
	kept := Credits{}
	if r.Credits != nil {
		kept = *r.Credits
	}
	if u.NoRefill {
		kept.Refill = nil
		*changes = append(*changes, "refill none")
	}
	if u.Refill != nil {
		kept = *(&CreditsRequest{Refill: u.Refill}).kept(now)
		*changes = append(*changes, fmt.Sprintf("refill %s %d", kept.Refill.Mode, kept.Refill.Amount))
	}
	if err := checkCredits(&kept); err != nil {
		return nil, err
	}
	r.Credits = &kept
	return []Put{kept.opening(Account(r.ID), r.Keyspace, "", kind, amount, now)}, nil
}

// apply sets the fields and says which differ from before; of lists and times also the new value.
func (u Update) apply(r *Record) (changes []string) {
	text := func(field string, to *string, at *string) {
		if to != nil && strings.TrimSpace(*to) != *at {
			*at = strings.TrimSpace(*to)
			changes = append(changes, field)
		}
	}
	list := func(field string, to *[]string, at *[]string) {
		if to != nil && !slices.Equal(*to, *at) {
			*at = slices.Clone(*to)
			changes = append(changes, field+" "+strings.Join(*to, " "))
		}
	}
	moment := func(field string, to *time.Time, at *time.Time) {
		if to != nil && !wholeSeconds(*to).Equal(*at) {
			*at = wholeSeconds(*to)
			line := field + " none"
			if !at.IsZero() {
				line = field + " " + at.Format(time.RFC3339)
			}
			changes = append(changes, line)
		}
	}
	text("name", u.Name, &r.Name)
	text("owner", u.Owner, &r.Owner)
	list("scopes", u.Scopes, &r.Scopes)
	list("roles", u.Roles, &r.Roles)
	if u.Limits != nil && !slices.Equal(*u.Limits, r.Limits) {
		r.Limits = slices.Clone(*u.Limits)
		line := "limits"
		for _, l := range r.Limits {
			line += " " + l.String()
		}
		changes = append(changes, line)
	}
	list("allowed_origins", u.Origins, &r.Rules.Origins)
	list("allowed_methods", u.Methods, &r.Rules.Methods)
	list("allowed_paths", u.Paths, &r.Rules.Paths)
	list("keyspaces", u.Keyspaces, &r.Rules.Keyspaces)
	moment("not_before", u.NotBefore, &r.NotBefore)
	moment("expires_at", u.ExpiresAt, &r.Expires)
	if u.Networks != nil && !slices.Equal(*u.Networks, r.Rules.Networks) {
		r.Rules.Networks = slices.Clone(*u.Networks)
		line := "allowed_networks"
		for _, n := range *u.Networks {
			line += " " + n.String()
		}
		changes = append(changes, line)
	}
	if u.Metadata != nil && !bytes.Equal(*u.Metadata, r.Metadata) {
		r.Metadata = slices.Clone(*u.Metadata)
		changes = append(changes, "metadata")
	}
	return changes
}

// Disable ends a key until it is enabled again.
func (a *Authority) Disable(ctx context.Context, c Caller, id keywright.KeyID) (Record, error) {
	return a.setDisabled(ctx, c, id, true, "key.disable")
}

// Enable undoes Disable.
func (a *Authority) Enable(ctx context.Context, c Caller, id keywright.KeyID) (Record, error) {
	return a.setDisabled(ctx, c, id, false, "key.enable")
}

func (a *Authority) setDisabled(ctx context.Context, c Caller, id keywright.KeyID, to bool, verb string) (Record, error) {
	return a.change(ctx, c, id, edit{scope: ScopeWrite, verb: verb, change: func(r *Record) ([]string, error) {
		if !r.Revoked.IsZero() {
			return nil, &Error{Kind: Conflicting, Problem: "the key was revoked, which cannot be undone", Hint: "issue another key"}
		}
		if r.Disabled == to {
			return nil, nil
		}
		r.Disabled = to
		if to {
			return []string{"disabled"}, nil
		}
		return []string{"enabled"}, a.checkGift(c, r)
	}})
}

// A Receipt is what a revoke returns.
type Receipt struct {
	KeyID   keywright.KeyID
	Revoked time.Time // when the key ended
	// True is from when on no node answers VALID: this act, or an earlier one, had reached all of them by then.
	True time.Time
	// TokensUntil is when the last token of the keyspace that keys were exchanged for has ended; zero: there is none that
	// can be valid. Until then somebody who verifies offline may accept a token of this key: who follows Revocations
	// refuses it as soon as they have read of it.
	TokensUntil time.Time
}

// Revoke ends a key for good. A verification that begins after it has returned does not answer VALID. Revoking a key
// that is revoked changes nothing and returns the first revocation.
func (a *Authority) Revoke(ctx context.Context, c Caller, id keywright.KeyID, reason string) (Receipt, error) {
	reason = strings.TrimSpace(reason)
	if err := checkText("reason", reason); err != nil {
		return Receipt{}, err
	}
	return a.revoke(ctx, c, id, edit{scope: ScopeRevoke, verb: "key.revoke"}, reason)
}

func (a *Authority) revoke(ctx context.Context, c Caller, id keywright.KeyID, e edit, reason string) (Receipt, error) {
	e.change = func(r *Record) ([]string, error) {
		if !r.Revoked.IsZero() {
			return nil, nil
		}
		r.Revoked, r.Reason = a.now(), reason
		changes := []string{"revoked"}
		if reason != "" {
			changes = append(changes, "reason "+reason)
		}
		return changes, nil
	}
	r, err := a.change(ctx, c, id, e)
	if err != nil {
		return Receipt{}, err
	}
	now := a.now()
	return Receipt{KeyID: r.ID, Revoked: r.Revoked, True: now, TokensUntil: a.exchanges.latest(r.Keyspace, now)}, nil
}
