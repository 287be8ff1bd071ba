// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"time"
)

const (
	leadEvery   = 2 * time.Second  // how often a node tries to become the one that sends
	rereadEvery = 10 * time.Second // how often one that does not looks how far the other has come
)

// takeTurns sends events from one of several nodes at a time. While two believe to be the one, some events go out twice,
// as they may after a crash.
func (a *Authority) takeTurns(ctx context.Context) {
	for read := a.member.awake(); ctx.Err() == nil; pause(ctx, leadEvery) {
		a.try(ctx, "sending events", func(ctx context.Context) error {
			if a.couriers.sender != nil {
				if ran, err := a.member.cluster.Alone(ctx, "couriers", a.lead); ran || err != nil {
					return err
				}
			}
			if a.couriers.outdated.Load() || a.member.awake()-read > rereadEvery {
				read = a.member.awake()
				return a.rereadEndpoints(ctx)
			}
			return nil
		})
	}
}

// lead sends events until ctx ends.
func (a *Authority) lead(ctx context.Context) error {
	a.couriers.mu.Lock()
	a.couriers.ctx = ctx
	a.couriers.mu.Unlock()
	a.couriers.leads.Store(true)
	defer func() {
		a.couriers.leads.Store(false)
		for _, c := range a.couriers.list() {
			c.end()
		}
	}()
	a.couriers.outdated.Store(true)
	for ctx.Err() == nil {
		if a.couriers.outdated.Load() {
			if err := a.rereadEndpoints(ctx); err != nil {
				return err
			}
		}
		pause(ctx, watchEvery)
	}
	return nil
}

// rereadEndpoints takes endpoints as the store has them, and lets their couriers work again if this node sends.
func (a *Authority) rereadEndpoints(ctx context.Context) error {
	for _, c := range a.couriers.list() {
		c.end() // before acts is held: it may be about to disable its endpoint
	}
	a.couriers.acts.Lock()
	defer a.couriers.acts.Unlock()
	a.couriers.outdated.Store(false)
	all, err := a.readEndpoints(ctx)
	if err != nil {
		a.couriers.outdated.Store(true)
		return err
	}
	a.couriers.mu.Lock()
	a.couriers.all = all
	a.couriers.mu.Unlock()
	for _, c := range all {
		c.begin()
	}
	return nil
}

// freshEndpoints is called before an act on endpoints: another node may have moved on since they were read.
func (a *Authority) freshEndpoints(ctx context.Context) error {
	if a.member == nil || a.couriers.leads.Load() && !a.couriers.outdated.Load() {
		return nil
	}
	return fromStore(a.rereadEndpoints(ctx))
}
