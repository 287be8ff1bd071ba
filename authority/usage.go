// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"slices"
	"time"

	"github.com/keywright/keywright"
)

// usageLife is how long hours of usage are kept.
const usageLife = 400 * 24 * time.Hour

// spaceUsage adds to a tally what was counted for whole keyspaces since the last, and returns what is counted now.
func (a *Authority) spaceUsage(t *Tally) map[string][len(codes)]uint64 {
	totals := map[string][len(codes)]uint64{}
	hour := a.now().Truncate(time.Hour)
	for name, s := range *a.spaces.Load() {
		now, before := s.counts.sum(), a.counted.totals[name]
		for step := range codes {
			if n := now[step] - before[step]; n > 0 {
				t.Usage = append(t.Usage, Usage{Keyspace: name, Hour: hour, Code: codes[step], Count: int64(n)})
			}
		}
		totals[name] = now
	}
	return totals
}

// A UsageRequest asks how often keys were verified.
type UsageRequest struct {
	Keyspace string
	Key      keywright.KeyID // zero: the whole keyspace
	Since    time.Time       // zero: 24 hours ago
	Until    time.Time       // zero: now
}

// UsageOf returns how often a key, or the keys of a keyspace, were verified, by hour and code, and the request with what it
// left out. What was counted since the last writing, as a rule a second ago, may be missing.
func (a *Authority) UsageOf(ctx context.Context, c Caller, q UsageRequest) ([]Usage, UsageRequest, error) {
	if !q.Key.IsZero() {
		r, err := a.record(ctx, c, ScopeUsage, q.Key)
		if err != nil {
			return nil, q, err
		}
		q.Keyspace = r.Keyspace
	}
	q.Keyspace = c.keyspace(q.Keyspace)
	now := a.now()
	if q.Until.IsZero() {
		q.Until = now
	}
	if q.Since.IsZero() {
		q.Since = now.Add(-24 * time.Hour)
	}
	if err := a.checkUsage(c, &q); err != nil {
		return nil, q, err
	}
	q.Since = q.Since.UTC().Truncate(time.Hour)
	page, err := a.store.List(ctx, Query{
		Of: UsageHours, Keyspace: q.Keyspace, ID: q.Key, Totals: q.Key.IsZero(),
		Since: q.Since, Until: q.Until.Add(time.Millisecond), // an hour that begins just then
	})
	return page.Usage, q, fromStore(err)
}

func (a *Authority) checkUsage(c Caller, q *UsageRequest) error {
	if err := c.may(ScopeUsage, q.Keyspace); err != nil {
		return err
	}
	switch {
	case q.Key.IsZero() && c.owner != "":
		return denied("the caller is bound to an owner and may not see the usage of others", "ask for one key")
	case a.space(q.Keyspace) == nil:
		return unknown("keyspace", "list the keyspaces to see them")
	case !q.Since.Before(q.Until):
		return invalid("since", "is not before until", "ask for a time that has passed")
	case q.Until.Sub(q.Since) > usageLife:
		return invalid("since", "is more than 400 days before until", "usage is kept for 400 days")
	}
	return nil
}

// LastUses returns when and from where the secrets of a record were last used, in the order of its secrets; of those
// that never were, a zero Use.
func (a *Authority) LastUses(ctx context.Context, c Caller, r *Record) ([]Use, error) {
	if err := c.mayRecord(ScopeRead, r); err != nil {
		return nil, err
	}
	page, err := a.store.List(ctx, Query{Of: Uses, ID: r.ID})
	if err != nil {
		return nil, fromStore(err)
	}
	uses := make([]Use, len(r.Secrets))
	for i := range r.Secrets {
		if n := slices.IndexFunc(page.Uses, func(u Use) bool { return u.Hash == r.Secrets[i].Hash }); n >= 0 {
			uses[i] = page.Uses[n]
		}
	}
	return uses, nil
}
