// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"time"

	"github.com/keywright/keywright"
)

const (
	defaultPage = 50
	maxPage     = 1000
	listScan    = 20_000 // records that are looked at for a page
)

// A ListRequest asks for records. Every field that is not zero narrows it.
type ListRequest struct {
	Keyspace string
	Owner    string
	State    State
	PublicID string
	Text     string          // in name or owner
	Parent   keywright.KeyID // the children of this key; without a keyspace, in that of the parent
	Due      bool            // keys whose rotation is due, or about to be
	// ExpiresBefore chooses keys that have an end, and it is before this.
	ExpiresBefore time.Time
	Sort          Sort   // Ending goes on with keys that have no end, newest first
	Cursor        string // of the page before
	Limit         int    // 50, at most 1,000
}

// Get returns a record.
func (a *Authority) Get(ctx context.Context, c Caller, id keywright.KeyID) (Record, error) {
	return a.record(ctx, c, ScopeRead, id)
}

// List returns a page of records, and the cursor of the next one, which is empty behind the last. A page may hold fewer
// records than asked for, and even none, although there is a next one: where a filter matches few of many, only so many
// are looked at for one page.
func (a *Authority) List(ctx context.Context, c Caller, q ListRequest) ([]Record, string, error) {
	s, err := a.checkList(ctx, c, &q)
	if err != nil {
		return nil, "", err
	}
	query := Query{
		Keyspace: q.Keyspace, Owner: q.Owner, State: q.State, At: a.now(), PublicID: q.PublicID, Parent: q.Parent,
		Text: q.Text, ExpiresBefore: q.ExpiresBefore, Limit: q.Limit, Sort: q.Sort, Scan: listScan,
	}
	if q.Due && !query.due(s) {
		return nil, "", nil
	}
	if err := query.goOn(q.Cursor); err != nil {
		return nil, "", err
	}
	return a.listPage(ctx, query)
}

// checkList completes a request, and refuses what the caller may not see.
func (a *Authority) checkList(ctx context.Context, c Caller, q *ListRequest) (*space, error) {
	if err := a.listSpace(ctx, c, q); err != nil {
		return nil, err
	}
	s := a.space(q.Keyspace)
	if s == nil {
		return nil, unknown("keyspace", "list the keyspaces to see them")
	}
	if c.owner != "" {
		if q.Owner != "" && q.Owner != c.owner {
			return nil, denied("the caller may not act for this owner", "leave the owner out")
		}
		q.Owner = c.owner
	}
	if err := checkState("", q.State, q.Due); err != nil {
		return nil, err
	}
	if q.Limit < 0 || q.Limit > maxPage {
		return nil, invalid("limit", "is not between 1 and 1000", "ask for the next page with the cursor")
	}
	if q.Limit == 0 {
		q.Limit = defaultPage
	}
	return s, nil
}

// listSpace decides which keyspace is listed: the one that is named, that of the parent, the one that the caller is bound
// to, or the default one.
func (a *Authority) listSpace(ctx context.Context, c Caller, q *ListRequest) error {
	switch {
	case q.Keyspace != "":
	case !q.Parent.IsZero():
		parent, err := a.record(ctx, c, ScopeRead, q.Parent)
		if err != nil {
			return err
		}
		q.Keyspace = parent.Keyspace
	default:
		q.Keyspace = c.keyspace("")
	}
	return c.may(ScopeRead, q.Keyspace)
}

// checkState refuses states that there are not. What is due is active: other keys need no new secret.
func checkState(before string, state State, due bool) error {
	switch state {
	case "", StateActive:
		return nil
	case StatePending, StateExpired, StateDisabled, StateRevoked:
		if due {
			return invalid(before+"due", "stands beside another state than active", "only active keys are due: leave the state out")
		}
		return nil
	}
	return invalid(before+"state", "is not known", "use active, pending, expired, disabled or revoked")
}

// due narrows a query to keys whose rotation is due, or about to be; false: in this keyspace none ever is.
func (q *Query) due(s *space) bool {
	if s.Policy.Rotation == nil {
		return false
	}
	q.RotatedBefore, q.State = s.Policy.Rotation.dueBefore(q.At), StateActive
	return true
}

// StateOf returns the state of a record at this time.
func (a *Authority) StateOf(r *Record) State { return r.StateAt(a.now()) }
