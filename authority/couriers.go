// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// watchEvery is how often the end of the chain is looked at for the endpoints.
const watchEvery = 200 * time.Millisecond

// couriers are those of all endpoints: each brings events to one, so that none waits for another.
type couriers struct {
	sender Sender // nil: nothing is sent
	acts   sync.Mutex
	head   atomic.Uint64 // of the chain, as it was when last looked at

	outdated atomic.Bool // another node may have changed endpoints

	mu  sync.RWMutex
	all []*courier // oldest first
	ctx context.Context
}

func (s *couriers) list() []*courier {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.all)
}

// find returns the courier of an endpoint that the caller may see. What it may not see does not exist.
func (s *couriers) find(c Caller, scope, id string) (*courier, error) {
	if err := c.May(scope); err != nil {
		return nil, err
	}
	for _, courier := range s.list() {
		if e := courier.now(); e.ID == id && c.mayEndpoints(scope, e.Keyspaces) == nil {
			return courier, nil
		}
	}
	return nil, unknown("endpoint", "ids begin with "+endpointPrefix+"; webhook list shows them")
}

func (s *couriers) add(c *courier) {
	s.mu.Lock()
	s.all = append(s.all, c)
	s.mu.Unlock()
	c.begin()
}

func (s *couriers) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = slices.DeleteFunc(s.all, func(c *courier) bool { return c.now().ID == id })
}

// loadEndpoints reads endpoints, their places in the chain and what they were to get, and begins to send.
func (a *Authority) loadEndpoints(ctx context.Context) error {
	a.couriers.ctx = ctx
	page, err := a.store.List(ctx, Query{Of: Items, Item: itemEndpoint})
	if err != nil {
		return fromStore(err)
	}
	byID := map[string]*courier{}
	for i := range page.Items {
		item := &page.Items[i]
		e, err := a.openEndpoint(item)
		c := a.newCourier(e, item.Version)
		if err != nil {
			a.log.Error("an endpoint cannot be opened; nothing is sent to it", "endpoint", item.Name, "error", err)
			c.closed = true
			c.set(&Endpoint{ID: item.Name, Kind: Webhook, Created: item.Created, Disabled: true, Reason: "sealed with another root key"})
		}
		byID[item.Name] = c
	}
	if page, err = a.store.List(ctx, Query{Of: Items, Item: itemCursor}); err != nil {
		return fromStore(err)
	}
	for _, item := range page.Items {
		if c := byID[item.Name]; c != nil && json.Unmarshal(item.Data, &c.cursor) == nil {
			c.saved, c.cursorVersion = c.cursor, item.Version
		}
	}
	if err := a.loadDeliveries(ctx, byID); err != nil {
		return err
	}
	for _, c := range byID {
		a.couriers.all = append(a.couriers.all, c)
	}
	slices.SortFunc(a.couriers.all, func(x, y *courier) int { return strings.Compare(x.now().ID, y.now().ID) })
	for _, c := range a.couriers.all {
		c.begin()
	}
	return nil
}

func (a *Authority) loadDeliveries(ctx context.Context, byID map[string]*courier) error {
	q := Query{Of: Items, Item: itemDelivery, Limit: maxPage}
	for {
		page, err := a.store.List(ctx, q)
		if err != nil {
			return fromStore(err)
		}
		for i := range page.Items {
			item := &page.Items[i]
			q.After = item.Name
			id, _, _ := strings.Cut(item.Name, "/")
			var d Delivery
			if err := json.Unmarshal(item.Data, &d); err != nil || byID[id] == nil {
				a.log.Error("a delivery cannot be read, and is left alone", "delivery", item.Name)
				continue
			}
			d.version = item.Version
			byID[id].deliveries[d.Sequence] = &d
		}
		if !page.More {
			return nil
		}
	}
}

// watchChain wakes couriers for which there is something to do.
func (a *Authority) watchChain(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		list := a.couriers.list()
		if len(list) == 0 {
			continue
		}
		a.try(ctx, "looking for events to send", func(ctx context.Context) error {
			last, err := a.lastSequence(ctx)
			if err == nil {
				a.couriers.head.Store(last)
			}
			return err
		})
		now := a.now()
		for _, c := range list {
			if c.hasWork(now, a.couriers.head.Load()) {
				c.rouse()
			}
		}
	}
}

// held returns the highest sequence that may be pruned so that no endpoint misses an event, and which endpoint holds it.
func (a *Authority) held() (through uint64, name string) {
	through = ^uint64(0)
	for _, c := range a.couriers.list() {
		if e := c.now(); !e.Disabled {
			if keep := c.dealtWith(); keep < through {
				through, name = keep, e.ID
			}
		}
	}
	return through, name
}

func cursorItem(id string, sequence uint64, now time.Time, version uint64) *Item {
	return &Item{Kind: itemCursor, Name: id, Data: fmt.Append(nil, sequence), Created: now, Version: version}
}
