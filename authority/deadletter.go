// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// DeliveryState is that of a delivery.
type DeliveryState string

// The states.
const (
	DeliveryPending DeliveryState = "pending"
	DeliveryDead    DeliveryState = "dead"
)

// Deliveries returns a page of the deliveries of an endpoint that are pending, dead, or with the empty state either, by their
// sequence, behind the one that is given, and whether there are more.
func (a *Authority) Deliveries(c Caller, id string, state DeliveryState, after uint64, limit int) ([]Delivery, bool, error) {
	courier, err := a.couriers.find(c, ScopeWebhooksRead, id)
	switch {
	case err != nil:
		return nil, false, err
	case state != "" && state != DeliveryPending && state != DeliveryDead:
		return nil, false, invalid("state", "is not known", "use pending or dead")
	case limit < 0 || limit > maxPage:
		return nil, false, invalid("limit", "is not between 1 and 1000", "ask for the next page with the cursor")
	case limit == 0:
		limit = defaultPage
	}
	list := courier.chosen(func(d *Delivery) bool {
		return d.Sequence > after && (state == "" || d.Dead == (state == DeliveryDead))
	})
	more := len(list) > limit
	return list[:min(len(list), limit)], more, nil
}

// chosen returns deliveries by their sequence.
func (c *courier) chosen(wanted func(*Delivery) bool) (list []Delivery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.deliveries {
		if wanted(d) {
			list = append(list, *d)
		}
	}
	slices.SortFunc(list, func(x, y Delivery) int { return cmp.Compare(x.Sequence, y.Sequence) })
	return list
}

// A ReplayRequest says what is sent again: exactly one of the three.
type ReplayRequest struct {
	Sequences []uint64 // deliveries of these events
	Dead      bool     // all that are dead
	After     *uint64  // the chain behind this sequence, also what was taken before
}

// Replay sends events to an endpoint again, and returns how many deliveries it was; of a part of the chain, how many events
// it looks at again.
func (a *Authority) Replay(ctx context.Context, c Caller, id string, q ReplayRequest) (int, error) {
	if err := a.freshEndpoints(ctx); err != nil {
		return 0, err
	}
	courier, err := a.couriers.find(c, ScopeWebhooksWrite, id)
	if err != nil {
		return 0, err
	}
	if count(len(q.Sequences) > 0)+count(q.Dead)+count(q.After != nil) != 1 {
		return 0, invalid("", "the request needs one of sequences, dead and after", `use {"dead":true}`)
	}
	if q.After != nil {
		return a.rewind(ctx, c, courier, *q.After)
	}
	list, err := courier.named(q.Sequences, q.Dead)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	event, err := a.event(c, "webhook.replay", id, courier.now().keyspace(), []string{fmt.Sprintf("deliveries %d", len(list))})
	if err != nil {
		return 0, err
	}
	return len(list), courier.revive(ctx, list, event)
}

func (a *Authority) rewind(ctx context.Context, c Caller, courier *courier, after uint64) (int, error) {
	last, err := a.lastSequence(ctx)
	if err != nil {
		return 0, err
	}
	if after > last {
		return 0, invalid("after", "is beyond the end of the chain", "audit list shows sequences")
	}
	event, err := a.event(c, "webhook.replay", courier.now().ID, courier.now().keyspace(), []string{fmt.Sprintf("after %d", after)})
	if err != nil {
		return 0, err
	}
	if err := a.store.Apply(context.WithoutCancel(ctx), Change{Events: []Event{event}}); err != nil {
		return 0, fromStore(err)
	}
	if err := courier.moveTo(ctx, after); err != nil {
		return 0, err
	}
	courier.rouse()
	return int(last - after), nil
}

// named finds deliveries that somebody asks for.
func (c *courier) named(sequences []uint64, dead bool) ([]Delivery, error) {
	if len(sequences) > maxPage {
		return nil, tooMany("sequences", maxPage)
	}
	list := c.chosen(func(d *Delivery) bool { return dead && d.Dead || slices.Contains(sequences, d.Sequence) })
	if missing := slices.IndexFunc(sequences, func(s uint64) bool {
		return !slices.ContainsFunc(list, func(d Delivery) bool { return d.Sequence == s })
	}); missing >= 0 {
		return nil, invalid(fmt.Sprintf("sequences[%d]", missing), "is no delivery of this endpoint", "webhook deliveries shows those that failed; what was taken is sent again with after")
	}
	return list, nil
}

// revive lets deliveries be tried for another day, from now on.
func (c *courier) revive(ctx context.Context, list []Delivery, event Event) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.authority.now()
	change := Change{Events: []Event{event}}
	var revived []*Delivery
	for i := range list {
		known := c.deliveries[list[i].Sequence]
		if known == nil {
			continue
		}
		d := *known
		d.Attempts, d.First, d.Next, d.Dead = 0, now, now, false
		d.version++
		item, err := d.item(c.now().ID, d.version)
		if err != nil {
			return err
		}
		change.Puts, revived = append(change.Puts, item), append(revived, &d)
	}
	if err := c.authority.store.Apply(context.WithoutCancel(ctx), change); err != nil {
		return fromStore(err)
	}
	for _, d := range revived {
		c.deliveries[d.Sequence] = d
	}
	c.rouse()
	return nil
}

// DropDeliveries forgets deliveries that failed: those of these events, or all that are dead. It returns how many.
func (a *Authority) DropDeliveries(ctx context.Context, c Caller, id string, sequences []uint64, dead bool) (int, error) {
	if err := a.freshEndpoints(ctx); err != nil {
		return 0, err
	}
	courier, err := a.couriers.find(c, ScopeWebhooksWrite, id)
	if err != nil {
		return 0, err
	}
	if (len(sequences) > 0) == dead {
		return 0, invalid("", "the request needs one of sequences and dead", "name the events, or drop all that are dead")
	}
	list, err := courier.named(sequences, dead)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	event, err := a.event(c, "webhook.drop", id, courier.now().keyspace(), []string{fmt.Sprintf("deliveries %d", len(list))})
	if err != nil {
		return 0, err
	}
	if err := a.store.Apply(context.WithoutCancel(ctx), Change{Events: []Event{event}}); err != nil {
		return 0, fromStore(err)
	}
	dropped := make([]uint64, len(list))
	for i := range list {
		dropped[i] = list[i].Sequence
	}
	return len(list), courier.drop(ctx, dropped...)
}
