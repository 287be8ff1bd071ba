// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"time"

	"github.com/keywright/keywright"
)

const chainPage = 10_000

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

// ChainReport is what VerifyChain found.
type ChainReport struct {
	Events uint64
	Head   keywright.Hash
	Broken *ChainError // the first break, or nil
}

// VerifyChain walks the whole audit chain and names the first break.
func (a *Authority) VerifyChain(ctx context.Context, c Caller) (ChainReport, error) {
	if err := c.May(ScopeAudit); err != nil {
		return ChainReport{}, err
	}
	if len(c.keyspaces) > 0 || c.owner != "" {
		return ChainReport{}, denied("the caller may not see the whole chain", "use a service key that is not bound")
	}
	var w Walk
	for {
		after, _ := w.Head()
		events, err := a.store.Events(ctx, EventQuery{After: after, Limit: chainPage})
		if err != nil {
			return ChainReport{}, fromStore(err)
		}
		for _, e := range events {
			if err := w.Next(e); err != nil {
				n, head := w.Head()
				report := ChainReport{Events: n, Head: head}
				errors.As(err, &report.Broken)
				return report, nil
			}
		}
		if len(events) < chainPage {
			n, head := w.Head()
			return ChainReport{Events: n, Head: head}, nil
		}
	}
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
