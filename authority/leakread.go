// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"slices"
	"time"
)

// A LeakQuery asks for leaks. Every field that is not zero narrows it.
type LeakQuery struct {
	Keyspace string // empty: all that the caller may see
	Owner    string
	Open     bool   // the secret verifies still
	Ended    bool   // it does not
	After    string // the id of the last of the page before
	Limit    int
}

// Leaks lists leaks, newest first, and says whether there are more.
func (a *Authority) Leaks(ctx context.Context, c Caller, q LeakQuery) ([]Leak, bool, error) {
	if err := c.May(ScopeLeaksRead); err != nil {
		return nil, false, err
	}
	if q.Keyspace != "" {
		if err := c.may(ScopeLeaksRead, q.Keyspace); err != nil {
			return nil, false, err
		}
		if a.space(q.Keyspace) == nil {
			return nil, false, unknown("keyspace", "list the keyspaces to see them")
		}
	}
	if q.Limit < 0 || q.Limit > maxPage {
		return nil, false, invalid("limit", "is not between 1 and 1000", "ask for the next page with the cursor")
	}
	if q.Limit == 0 {
		q.Limit = defaultPage
	}
	ids, more, known := a.leaks.page(func(l *leakLine) bool { return q.chooses(l) && c.mayLeak(l.keyspace, l.owner) }, q.After, q.Limit)
	if !known {
		return nil, false, invalid("cursor", "is not one that was given", "use next_cursor of the page before")
	}
	list := make([]Leak, 0, len(ids))
	for _, id := range ids {
		l, err := a.readLeak(ctx, id)
		if err != nil {
			return nil, false, err
		}
		list = append(list, l)
	}
	return list, more, nil
}

func (q *LeakQuery) chooses(l *leakLine) bool {
	return (q.Keyspace == "" || q.Keyspace == l.keyspace) && (q.Owner == "" || q.Owner == l.owner) &&
		(!q.Open || !l.ended) && (!q.Ended || l.ended)
}

// mayLeak reports whether a leak exists for the caller.
func (c Caller) mayLeak(keyspace, owner string) bool {
	return c.may(ScopeLeaksRead, keyspace) == nil && (c.owner == "" || c.owner == owner)
}

func (a *Authority) readLeak(ctx context.Context, id string) (Leak, error) {
	page, err := a.store.List(ctx, Query{Of: Items, Item: itemLeak, Name: id})
	if err != nil {
		return Leak{}, fromStore(err)
	}
	if len(page.Items) == 0 {
		return Leak{}, unknown("leak", "ids begin with leak_; the list shows them")
	}
	return openLeak(&page.Items[0])
}

// Leak returns one leak.
func (a *Authority) Leak(ctx context.Context, c Caller, id string) (Leak, error) {
	if err := c.May(ScopeLeaksRead); err != nil {
		return Leak{}, err
	}
	l, err := a.readLeak(ctx, id)
	if err == nil && !c.mayLeak(l.Keyspace, l.Owner) {
		return Leak{}, unknown("leak", "ids begin with leak_; the list shows them")
	}
	return l, err
}

const (
	leakEvents   = 200 // of a report
	leakChildren = 1000
)

// A LeakReport tells a leak from exposure to end.
type LeakReport struct {
	Leak
	Record   Record
	Hours    []Usage // since it was seen
	Since    time.Time
	Uses     LeakUses // since it was reported
	Complete bool     // Uses holds all since it was seen
	Children []Record
	Events   []Event  // about the key since it was seen, oldest first
	Receipt  *Receipt // nil: the key was not revoked
	Tokens   time.Time
}

// LeakReport returns one leak and all that hangs on it.
func (a *Authority) LeakReport(ctx context.Context, c Caller, id string) (LeakReport, error) {
	l, err := a.Leak(ctx, c, id)
	if err != nil {
		return LeakReport{}, err
	}
	out := LeakReport{Leak: l, Since: l.FirstSeen}
	page, err := a.store.List(ctx, Query{ID: l.Key})
	if err != nil {
		return out, fromStore(err)
	}
	if len(page.Records) == 0 {
		return out, unknown("key", "the record of this leak is not there")
	}
	out.Record = page.Records[0]
	if err := a.hangsOn(ctx, &out); err != nil {
		return out, fromStore(err)
	}
	now := a.now()
	if r := &out.Record; !r.Revoked.IsZero() {
		out.Receipt = &Receipt{KeyID: r.ID, Revoked: r.Revoked, True: r.Revoked, TokensUntil: a.exchanges.latest(r.Keyspace, now)}
	}
	out.Tokens = a.exchanges.latest(l.Keyspace, now)
	return out, nil
}

// hangsOn reads uses, children and events.
func (a *Authority) hangsOn(ctx context.Context, out *LeakReport) error {
	now := a.now()
	since := out.Since.UTC().Truncate(time.Hour)
	if oldest := now.Add(-usageLife); since.Before(oldest) {
		since = oldest
	}
	page, err := a.store.List(ctx, Query{Of: UsageHours, Keyspace: out.Keyspace, ID: out.Key, Since: since, Until: now.Add(time.Hour)})
	if err != nil {
		return err
	}
	out.Hours = page.Usage
	if out.Uses, err = a.leakUses(ctx, out.Key); err != nil {
		return err
	}
	out.Complete = !out.Uses.More && !out.FirstSeen.Before(out.Reported)
	if page, err = a.store.List(ctx, Query{Keyspace: out.Keyspace, Parent: out.Key, Limit: leakChildren}); err != nil {
		return err
	}
	out.Children = page.Records
	out.Events, err = a.store.Events(ctx, EventQuery{Target: out.Key.String(), Since: out.Since, Limit: leakEvents, Descending: true})
	slices.Reverse(out.Events)
	return err
}
