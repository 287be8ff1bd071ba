// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"time"

	"github.com/keywright/keywright"
)

// Events returns a page of the audit chain. A caller that is bound to keyspaces sees what happened in them.
func (a *Authority) Events(ctx context.Context, c Caller, q EventQuery) ([]Event, error) {
	if err := c.May(ScopeAudit); err != nil {
		return nil, err
	}
	if q.Keyspace == "" && len(c.keyspaces) == 1 {
		q.Keyspace = c.keyspaces[0]
	}
	if len(c.keyspaces) > 0 && !c.bound(q.Keyspace) || c.owner != "" {
		return nil, denied("the caller may not see these events", "name a keyspace it is bound to")
	}
	if q.Limit < 0 || q.Limit > maxPage {
		return nil, invalid("limit", "is not between 1 and 1000", "ask for the next page with after or before")
	}
	if q.Limit == 0 {
		q.Limit = defaultPage
	}
	events, err := a.store.Events(ctx, q)
	return events, fromStore(err)
}

// FirstServiceKey makes the first service key, with all scopes, unless there has been one. Exactly one is ever made
// so, however many processes start at once; made tells whether it was this one.
func (a *Authority) FirstServiceKey(ctx context.Context) (issued Issued, made bool, err error) {
	now := a.now()
	answer := Answer{
		ID: keywright.HashText("first service key"), Created: now, Expires: now.AddDate(1000, 0, 0),
	}
	if _, done, err := a.repeated(ctx, answer); done || err != nil {
		return Issued{}, false, err
	}
	issued, err = a.issue(ctx, Operator("system", Origin{}), IssueRequest{
		Keyspace: ReservedKeyspace, Name: "first service key", Scopes: []string{"*"},
	}, &answer)
	var conflict *ConflictError
	if errors.As(err, &conflict) && conflict.What == "answer" {
		return Issued{}, false, nil
	}
	return issued, err == nil, err
}

// Recover makes a new service key with all scopes, for who has access to the store and lost every other way in.
func (a *Authority) Recover(ctx context.Context, from Origin) (Issued, error) {
	return a.issue(ctx, Operator("recovery", from), IssueRequest{
		Keyspace: ReservedKeyspace, Name: "recovered " + a.now().Format(time.DateOnly), Scopes: []string{"*"},
	}, nil)
}
