// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"

	"github.com/keywright/keywright"
)

const (
	defaultPage = 50
	maxPage     = 1000
)

// A ListRequest asks for records. Every field that is not zero narrows it.
type ListRequest struct {
	Keyspace string
	Owner    string
	State    State
	PublicID string
	Text     string          // in name or owner
	Before   keywright.KeyID // the last id of the page before
	Limit    int             // 50, at most 1,000
}

// Get returns a record.
func (a *Authority) Get(ctx context.Context, c Caller, id keywright.KeyID) (Record, error) {
	return a.record(ctx, c, ScopeRead, id)
}

// List returns a page of records, newest first, and whether there are more.
func (a *Authority) List(ctx context.Context, c Caller, q ListRequest) ([]Record, bool, error) {
	q.Keyspace = c.keyspace(q.Keyspace)
	if err := c.may(ScopeRead, q.Keyspace); err != nil {
		return nil, false, err
	}
	if a.space(q.Keyspace) == nil {
		return nil, false, unknown("keyspace", "list the keyspaces to see them")
	}
	if c.owner != "" {
		if q.Owner != "" && q.Owner != c.owner {
			return nil, false, denied("the caller may not act for this owner", "leave the owner out")
		}
		q.Owner = c.owner
	}
	switch q.State {
	case "", StateActive, StatePending, StateExpired, StateDisabled, StateRevoked:
	default:
		return nil, false, invalid("state", "is not known", "use active, pending, expired, disabled or revoked")
	}
	if q.Limit < 0 || q.Limit > maxPage {
		return nil, false, invalid("limit", "is not between 1 and 1000", "ask for the next page with the cursor")
	}
	if q.Limit == 0 {
		q.Limit = defaultPage
	}
	page, err := a.store.List(ctx, Query{
		Keyspace: q.Keyspace, Owner: q.Owner, State: q.State, At: a.now(), PublicID: q.PublicID,
		Text: q.Text, Before: q.Before, Limit: q.Limit,
	})
	return page.Records, page.More, fromStore(err)
}

// StateOf returns the state of a record at this time.
func (a *Authority) StateOf(r *Record) State { return r.StateAt(a.now()) }
