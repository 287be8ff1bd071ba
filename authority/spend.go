// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/rate"
)

const (
	maxCost      = 1_000_000_000
	maxAskLimits = 8
)

// A metered is a limit as verifications use it.
type metered struct {
	Limit
	tag  [8]byte // of the name, for the key of its meter
	size rate.Limit
}

func meter(l Limit) metered {
	h := fnv.New64a()
	h.Write([]byte(l.Name))
	if l.Burst == 0 {
		l.Burst = l.Limit
	}
	return metered{Limit: l, tag: [8]byte(h.Sum(nil)), size: rate.Limit{Amount: l.Limit, Window: l.Window, Burst: l.Burst}}
}

func meterAll(limits []Limit) []metered {
	var all []metered
	for _, l := range limits {
		all = append(all, meter(l))
	}
	return all
}

// A bill is what one verification has to pay. It has room for as many items as its slices are long, which never
// change: so they stay on the stack. Items beyond that are counted only.
type bill struct {
	items    []rate.Item
	whose    []whose // of each item
	count    int
	asked    uint // a bit for each limit of the ask that was found
	accounts [maxDepth + 2]Account
	paying   int // how many of the accounts there are
}

const (
	usualItems = 4  // a bill of so many limits costs least
	stackItems = 16 // more take an allocation
)

type whose struct {
	limit *metered
	of    string
}

// free reports whether a verification has nothing to pay.
func (j *judgement) free(ask *keywright.Ask) bool {
	return len(ask.Limits) == 0 && len(j.space.limits) == 0 && len(j.space.ownerLimits) == 0 &&
		(j.rules == nil || len(j.rules.limits) == 0 && !j.rules.credits && j.rules.parent == nil) &&
		(j.owner == "" || j.authority.ownersLoaded.Load() && j.space.owners.empty())
}

// checkCost refuses an ask whose cost cannot be.
func checkCost(ask *keywright.Ask) error {
	if ask.Cost < 0 || ask.Cost > maxCost {
		return invalid("cost", "is not between 1 and 1,000,000,000", "leave it out for 1; dry_run takes nothing")
	}
	if len(ask.Limits) > maxAskLimits {
		return tooMany("limits", maxAskLimits)
	}
	for i, l := range ask.Limits {
		field := fmt.Sprintf("limits[%d]", i)
		if l.Cost < 0 || l.Cost > maxCost {
			return invalid(field+".cost", "is not between 1 and 1,000,000,000", "leave it out to take the cost of the ask")
		}
		if slices.ContainsFunc(ask.Limits[:i], func(o keywright.AskLimit) bool { return o.Name == l.Name }) {
			return invalid(field+".name", "is there twice", "name each limit once, with the whole cost")
		}
		limit := Limit{Name: l.Name, Limit: l.Limit, Window: l.Window, Burst: l.Burst}
		if l.Limit == 0 && l.Window == 0 && l.Burst == 0 {
			limit.Limit, limit.Window = 1, time.Second // only the name counts
		}
		if err := checkLimit(field, limit); err != nil {
			return err
		}
	}
	return nil
}

// draw writes the bill of a verification. An owner that is nil has nothing of its own to pay from.
func (j *judgement) draw(ask *keywright.Ask, o *ownerState, b *bill) error {
	cost := max(ask.Cost, 1)
	if j.rules != nil {
		b.add(ask, cost, (*[16]byte)(&j.id), j.rules.limits, "key", true)
		if j.rules.credits {
			b.charge(Account(j.id))
		}
	}
	for _, k := range j.above[:j.depth] {
		if k.rules == nil {
			continue
		}
		b.add(ask, cost, (*[16]byte)(&k.id), k.rules.limits, "parent", false)
		if k.rules.credits {
			b.charge(Account(k.id))
		}
	}
	if j.owner != "" {
		b.addOwner(ask, cost, j.space, j.owner, o)
	}
	b.add(ask, cost, (*[16]byte)(&j.space.mark), j.space.limits, "keyspace", true)
	return b.addAsked(ask, cost, (*[16]byte)(&j.id))
}

func (b *bill) addOwner(ask *keywright.Ask, cost int64, s *space, owner string, o *ownerState) {
	limits := s.ownerLimits
	if o != nil && len(o.limits) > 0 {
		limits = o.limits
	}
	if len(limits) > 0 {
		subject := AccountOf(s.Name, owner)
		b.add(ask, cost, (*[16]byte)(&subject), limits, "owner", true)
	}
	if o != nil && o.credits {
		b.charge(o.account)
	}
}

func (b *bill) charge(a Account) {
	b.accounts[b.paying] = a
	b.paying++
}

// add puts those limits on the bill that are taken at every verification, or that the ask names where it can.
func (b *bill) add(ask *keywright.Ask, cost int64, subject *[16]byte, limits []metered, of string, named bool) {
	for i := range limits {
		l := &limits[i]
		units, wanted := cost, l.Auto
		for n := range ask.Limits {
			if !named || ask.Limits[n].Name != l.Name {
				continue
			}
			wanted = true
			b.asked |= 1 << n
			if ask.Limits[n].Cost > 0 {
				units = ask.Limits[n].Cost
			}
		}
		if wanted {
			b.item(subject, l, units, of)
		}
	}
}

func (b *bill) item(subject *[16]byte, l *metered, units int64, of string) {
	if b.count < len(b.items) {
		it := &b.items[b.count]
		copy(it.Key[:], subject[:])
		copy(it.Key[16:], l.tag[:])
		it.Limit, it.Cost = l.size, units
		b.whose[b.count] = whose{l, of}
	}
	b.count++
}

// addAsked puts the limits on the bill that stand for this ask alone.
func (b *bill) addAsked(ask *keywright.Ask, cost int64, id *[16]byte) error {
	for n, l := range ask.Limits {
		if b.asked>>n&1 == 1 {
			continue
		}
		if l.Limit == 0 {
			return invalid(fmt.Sprintf("limits[%d].name", n), "is no limit of the key, its owner or its keyspace", "use one of theirs, or give limit and window")
		}
		units := cost
		if l.Cost > 0 {
			units = l.Cost
		}
		m := meter(Limit{Name: l.Name, Limit: l.Limit, Window: l.Window, Burst: l.Burst})
		m.tag[0] ^= 0x5a // never the meter of a limit of the record that gets the name later
		b.item(id, &m, units, "key")
	}
	return nil
}

// pay takes what is on the bill, from limits first and then from credits, and returns the step that fails. Nothing
// stays taken if it does. Dry, it only looks.
func (j *judgement) pay(ctx context.Context, ask *keywright.Ask, v *keywright.Verdict, dry bool) (steps uint, err error) {
	var o *ownerState
	if j.owner != "" {
		if o, err = j.authority.owner(ctx, j.space, j.owner); err != nil {
			return 0, err
		}
	}
	var (
		items [usualItems]rate.Item
		whose [usualItems]whose
	)
	b := bill{items: items[:], whose: whose[:]}
	if err := j.draw(ask, o, &b); err != nil {
		return 0, err
	}
	if b.count > usualItems {
		return j.payMany(ctx, ask, o, v, dry, b.count)
	}
	return j.settle(ctx, ask, &b, v, dry)
}

// payMany is pay for a bill that has more items than usual. Its room on the stack is not for every verification: the
// more there is, the longer it takes to clear.
func (j *judgement) payMany(ctx context.Context, ask *keywright.Ask, o *ownerState, v *keywright.Verdict, dry bool, count int) (steps uint, err error) {
	var (
		items [stackItems]rate.Item
		room  [stackItems]whose
	)
	b := bill{items: items[:], whose: room[:]}
	if count > stackItems {
		b.items, b.whose = make([]rate.Item, count), make([]whose, count)
	}
	if err := j.draw(ask, o, &b); err != nil {
		return 0, err
	}
	return j.settle(ctx, ask, &b, v, dry)
}

// settle pays a bill that is written.
func (j *judgement) settle(ctx context.Context, ask *keywright.Ask, b *bill, v *keywright.Verdict, dry bool) (steps uint, err error) {
	a, now, items := j.authority, j.authority.clock(), b.items[:b.count]
	from := fromMemory
	if len(items) > 0 {
		var ok bool
		if ok, from, err = j.takeLimits(ctx, now, items, dry); err != nil {
			return 0, err
		}
		b.show(ask, ok, v)
		if !ok {
			return 1 << stepLimit, nil
		}
	}
	if b.paying == 0 {
		return 0, nil
	}
	left, ok, err := a.bank.pay(ctx, Spending{Key: j.id, Time: now.UTC(), Accounts: slices.Clone(b.accounts[:b.paying]), Amount: max(ask.Cost, 1)}, dry)
	if (err != nil || !ok) && !dry && len(items) > 0 {
		a.giveLimitsBack(ctx, from, items)
	}
	if err != nil {
		return 0, err
	}
	if v.Detail == nil {
		v.Detail = &keywright.Detail{}
	}
	v.Credits = &left
	if !ok {
		return 1 << stepCredits, nil
	}
	return 0, nil
}

// show tells in the verdict how the limits stand: the one that makes wait longest, or the one that is nearest to its end.
func (b *bill) show(ask *keywright.Ask, ok bool, v *keywright.Verdict) {
	nearest := 0
	for i := 1; i < b.count; i++ {
		d, n := &b.items[i].Decision, &b.items[nearest].Decision
		switch {
		case !ok && !d.OK && (n.OK || n.RetryAfter >= 0 && (d.RetryAfter < 0 || d.RetryAfter > n.RetryAfter)):
			nearest = i
		case ok && float64(d.Remaining)*float64(n.Limit) < float64(n.Remaining)*float64(d.Limit):
			nearest = i
		}
	}
	b.state(nearest, &v.Limit)
	if !slices.Contains(ask.Include, "limits") {
		return
	}
	if v.Detail == nil {
		v.Detail = &keywright.Detail{}
	}
	v.Limits = make([]keywright.LimitState, b.count)
	for i := range v.Limits {
		b.state(i, &v.Limits[i])
	}
}

func (b *bill) state(i int, s *keywright.LimitState) {
	l, d := b.whose[i].limit, &b.items[i].Decision
	s.Name, s.Of, s.Limit, s.Window, s.Amount = l.Name, b.whose[i].of, d.Limit, l.Window, l.Limit.Limit
	s.Remaining, s.Reset, s.RetryAfter = d.Remaining, d.ResetAfter, d.RetryAfter
}
