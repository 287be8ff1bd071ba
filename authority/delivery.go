// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A Delivery is an event that a webhook did not take at the first attempt. It is tried again for a day; then it is dead, and
// kept for 30 days.
type Delivery struct {
	Sequence uint64    `json:"sequence"` // of the event
	ID       string    `json:"id"`       // as the receiver sees it
	Verb     string    `json:"verb"`
	Target   string    `json:"target"`
	Attempts int       `json:"attempts"`
	First    time.Time `json:"first"`         // attempt
	Last     time.Time `json:"last"`          // attempt
	Next     time.Time `json:"next,omitzero"` // attempt; zero: there will be none
	Status   int       `json:"status,omitempty"`
	Problem  string    `json:"problem"`
	Dead     bool      `json:"dead,omitempty"`

	version uint64
}

const (
	atOnce      = 8   // messages that one endpoint gets at the same time
	eventsPage  = 100 // events that are looked at before the cursor moves
	duePage     = 100 // deliveries that are tried again before new events are looked at
	maxPending  = 10_000
	maxDead     = 10_000
	deadLife    = 30 * 24 * time.Hour
	tryFor      = 24 * time.Hour
	maxAskedFor = time.Hour // that a receiver may ask to be left alone for
	sweepEvery  = time.Hour
)

// pauses are those between attempts; the last one repeats until a day is over. Each is up to a tenth longer, so that what
// failed together does not come back together.
var pauses = [...]time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour}

func (a *Authority) pauseAfter(attempts int, asked time.Duration) time.Duration {
	pause := max(pauses[min(attempts, len(pauses))-1], min(asked, maxAskedFor))
	var random [1]byte
	_, _ = a.noise.Read(random[:]) // without it, they come back together
	return (pause + pause*time.Duration(random[0])/2560).Truncate(time.Millisecond)
}

func deliveryName(id string, sequence uint64) string { return fmt.Sprintf("%s/%020d", id, sequence) }

func (d *Delivery) item(id string, version uint64) (*Item, error) {
	data, err := json.Marshal(d)
	return &Item{Kind: itemDelivery, Name: deliveryName(id, d.Sequence), Data: data, Created: d.First, Version: version}, err
}

// A job is an event that is sent to a webhook, for the first time or again.
type job struct {
	event  Event
	before *Delivery // nil: for the first time
	result Result
	err    error
}

// deliver tries again what is due, and sends what is new.
func (c *courier) deliver(ctx context.Context, e *Endpoint) (more bool, err error) {
	if err := c.sweep(ctx); err != nil {
		return false, err
	}
	now := c.authority.now()
	c.mu.Lock()
	due, room, cursor, moved := c.due(now), maxPending-c.pending(), c.cursor, c.moved
	c.mu.Unlock()
	jobs, err := c.again(ctx, due)
	if err != nil {
		return false, err
	}
	through, page := cursor, 0
	if room > 0 {
		events, err := c.authority.store.Events(ctx, EventQuery{After: cursor, Limit: min(eventsPage, room)})
		if err != nil {
			return false, fromStore(err)
		}
		for i := range events {
			through = events[i].Sequence
			if e.wants(&events[i]) {
				jobs = append(jobs, &job{event: events[i]})
			}
		}
		page = len(events)
	}
	if c.now().Disabled { // since this pass began: what happened after it is not sent
		return false, nil
	}
	c.attempt(ctx, jobs)
	if ctx.Err() != nil {
		return false, nil // nothing is noted, so everything is sent again
	}
	if err := c.settle(ctx, jobs, through, moved); err != nil {
		return false, err
	}
	if slices.ContainsFunc(jobs, func(j *job) bool { return j.result.Gone }) {
		return false, c.disable(ctx, e)
	}
	return page == eventsPage || len(due) == duePage, c.tellFailing(ctx, e)
}

// again reads the events of deliveries. Those that were pruned are forgotten.
func (c *courier) again(ctx context.Context, due []Delivery) (jobs []*job, err error) {
	for i := range due {
		events, err := c.authority.store.Events(ctx, EventQuery{After: due[i].Sequence - 1, Before: due[i].Sequence + 1, Limit: 1})
		if err != nil {
			return nil, fromStore(err)
		}
		if len(events) == 0 {
			if err := c.drop(ctx, due[i].Sequence); err != nil {
				return nil, err
			}
			continue
		}
		jobs = append(jobs, &job{event: events[0], before: &due[i]})
	}
	return jobs, nil
}

// attempt sends each job once, some at a time, to the endpoint as it is by then: a change of its URL or secret holds for all
// that happens after it.
func (c *courier) attempt(ctx context.Context, jobs []*job) {
	var group sync.WaitGroup
	turns := make(chan struct{}, atOnce)
	for _, j := range jobs {
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
			group.Wait()
			return
		}
		group.Go(func() {
			now := c.authority.now()
			j.result, j.err = c.authority.couriers.sender.Send(ctx, Dispatch{
				Endpoint: c.now().inForce(now), ID: j.event.EventID(), Time: now, Events: []Event{j.event},
			})
			<-turns
		})
	}
	group.Wait()
}

// settle writes how the attempts went, and moves the cursor unless somebody else moved it meanwhile.
func (c *courier) settle(ctx context.Context, jobs []*job, through uint64, moved int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.moved != moved {
		through = c.cursor
	}
	id, changed := c.now().ID, map[uint64]*Delivery{}
	var puts []Put
	for _, j := range jobs {
		c.outcome(j.result, j.err)
		known := c.deliveries[j.event.Sequence]
		switch {
		case j.before != nil && (known == nil || known.version != j.before.version):
			continue // somebody dropped or replayed it meanwhile
		case j.err == nil && known == nil:
			continue
		case j.err == nil:
			puts = append(puts, &Removal{Item: &Item{Kind: itemDelivery, Name: deliveryName(id, known.Sequence), Version: known.version}})
			changed[known.Sequence] = nil
			continue
		}
		d := c.next(known, j)
		item, err := d.item(id, d.version)
		if err != nil {
			return err
		}
		puts = append(puts, item)
		changed[d.Sequence] = d
	}
	if len(jobs) > 0 {
		c.savedAt = time.Time{} // what was taken is noted at once
	}
	if err := c.write(ctx, puts, through); err != nil {
		return err
	}
	for sequence, d := range changed {
		if delete(c.deliveries, sequence); d != nil {
			c.deliveries[sequence] = d
		}
	}
	return nil
}

// next is a delivery after an attempt that failed.
func (c *courier) next(known *Delivery, j *job) *Delivery {
	now := c.authority.now()
	d := &Delivery{Sequence: j.event.Sequence, ID: j.event.EventID(), Verb: j.event.Verb, Target: j.event.Target, First: now}
	if known != nil {
		*d = *known
	}
	d.version++
	d.Attempts++
	d.Last, d.Status, d.Problem = now, j.result.Status, j.err.Error()
	d.Next = now.Add(c.authority.pauseAfter(d.Attempts, j.result.RetryAfter))
	if d.Next.Sub(d.First) > tryFor {
		d.Dead, d.Next = true, time.Time{}
	}
	return d
}

// pending counts deliveries that are tried again. The caller holds mu.
func (c *courier) pending() (n int) {
	for _, d := range c.deliveries {
		n += count(!d.Dead)
	}
	return n
}

func (c *courier) oldestDue(now time.Time) bool {
	for _, d := range c.deliveries {
		if !d.Dead && !now.Before(d.Next) {
			return true
		}
	}
	return false
}

// due returns deliveries that are to be tried again, those first that wait longest. The caller holds mu.
func (c *courier) due(now time.Time) (list []Delivery) {
	for _, d := range c.deliveries {
		if !d.Dead && !now.Before(d.Next) {
			list = append(list, *d)
		}
	}
	slices.SortFunc(list, func(x, y Delivery) int { return x.Next.Compare(y.Next) })
	return list[:min(len(list), duePage)]
}

// drop forgets a delivery.
func (c *courier) drop(ctx context.Context, sequences ...uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var puts []Put
	for _, sequence := range sequences {
		if d := c.deliveries[sequence]; d != nil {
			puts = append(puts, &Removal{Item: &Item{Kind: itemDelivery, Name: deliveryName(c.now().ID, sequence), Version: d.version}})
		}
	}
	if err := c.write(ctx, puts, c.cursor); err != nil {
		return err
	}
	for _, sequence := range sequences {
		delete(c.deliveries, sequence)
	}
	return nil
}

// sweep forgets, once an hour, dead deliveries that are too old or too many.
func (c *courier) sweep(ctx context.Context) error {
	now := c.authority.now()
	c.mu.Lock()
	if now.Sub(c.sweptAt).Abs() < sweepEvery {
		c.mu.Unlock()
		return nil
	}
	c.sweptAt = now
	var dead []*Delivery
	for _, d := range c.deliveries {
		if d.Dead {
			dead = append(dead, d)
		}
	}
	c.mu.Unlock()
	slices.SortFunc(dead, func(x, y *Delivery) int { return y.Last.Compare(x.Last) })
	var old []uint64
	for i, d := range dead {
		if i >= maxDead || now.Sub(d.Last) > deadLife {
			old = append(old, d.Sequence)
		}
	}
	if len(old) == 0 {
		return nil
	}
	return c.drop(ctx, old...)
}
