// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/rate"
)

// A counting is what was gathered from the notes of verifications and not written yet.
type counting struct {
	mu     sync.Mutex
	usage  map[usageKey]usageSum
	last   map[keywright.Hash]Use
	ended  map[endedKey]string    // uses of what has ended, and in which keyspace, for events
	waits  int64                  // verifications in usage
	meters map[rate.Key]time.Time // those whose state is to be written; not cleared but by writing

	nameOf func(uint32) string           // of a keyspace
	totals map[string][len(codes)]uint64 // of each keyspace, as they were when last written
}

type usageKey struct {
	space uint32
	key   keywright.KeyID
	hour  int64
	step  uint8
}

type usageSum struct{ count, cost int64 }

type endedKey struct {
	key  keywright.KeyID
	step uint8
}

func newCounting(nameOf func(uint32) string) *counting {
	c := &counting{nameOf: nameOf, totals: map[string][len(codes)]uint64{}, meters: map[rate.Key]time.Time{}}
	c.clear()
	return c
}

func (c *counting) clear() {
	c.waits = 0
	c.usage, c.last, c.ended = map[usageKey]usageSum{}, map[keywright.Hash]Use{}, map[endedKey]string{}
}

// gather counts what was noted.
func (a *Authority) gather() {
	now := a.now()
	hour := now.Truncate(time.Hour).Unix()
	c := a.counted
	c.mu.Lock()
	defer c.mu.Unlock()
	a.uses.turnPages(func(u *use) { c.count(u, now, hour) })
}

func (c *counting) count(u *use, now time.Time, hour int64) {
	if u.id.IsZero() {
		return // no key was found
	}
	k := usageKey{u.space, u.id, hour, u.step}
	sum := c.usage[k]
	sum.count++
	c.waits++
	switch u.step {
	case stepValid:
		sum.cost += u.cost
		c.last[u.hash] = Use{Key: u.id, Hash: u.hash, Time: now, From: u.address()}
	case stepRevoked, stepExpired:
		c.ended[endedKey{u.id, u.step}] = c.nameOf(u.space)
	}
	c.usage[k] = sum
}

// waiting returns how many verifications are gathered and not written.
func (c *counting) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int(c.waits)
}

// restore puts back what could not be written.
func (c *counting) restore(usage map[usageKey]usageSum, last map[keywright.Hash]Use) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, old := range usage {
		sum := c.usage[k]
		sum.count, sum.cost = sum.count+old.count, sum.cost+old.cost
		c.usage[k] = sum
		c.waits += old.count
	}
	for h, old := range last {
		if _, newer := c.last[h]; !newer {
			c.last[h] = old
		}
	}
}

// Flush writes what was counted, as is done every second.
func (a *Authority) Flush(ctx context.Context) error {
	a.flushing.Lock()
	defer a.flushing.Unlock()
	a.gather()
	c := a.counted
	c.mu.Lock()
	usage, last, ended := c.usage, c.last, c.ended
	c.clear()
	c.mu.Unlock()
	t := Tally{Now: a.now(), Forget: a.now().Add(-usageLife)}
	totals := a.spaceUsage(&t)
	for k, sum := range usage {
		t.Usage = append(t.Usage, Usage{
			Keyspace: a.names.At(k.space), Key: k.key, Hour: time.Unix(k.hour, 0).UTC(), Code: codes[k.step], Count: sum.count, Cost: sum.cost,
		})
	}
	for _, u := range last {
		t.Uses = append(t.Uses, u)
	}
	a.meters.Dirty(func(key rate.Key, full int64) { c.meters[key] = time.Unix(0, full).UTC() })
	for id, full := range c.meters {
		t.Meters = append(t.Meters, Meter{ID: id, Full: full})
	}
	if len(t.Usage)+len(t.Uses)+len(t.Meters) > 0 {
		if err := a.store.Count(ctx, t); err != nil {
			c.restore(usage, last)
			return fromStore(err)
		}
	}
	clear(c.meters)
	c.totals = totals
	a.extendGraces(last)
	return errors.Join(a.noteEnded(ctx, ended), a.lookAtStrangers(ctx), a.noteRefused(ctx))
}

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
// left out. What was counted within the last second may be missing.
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
