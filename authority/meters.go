// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"time"

	"github.com/keywright/keywright/authority/internal/rate"
)

// loadMeters reads the rate limits with windows over a minute, so that a restart does not fill them up.
func (a *Authority) loadMeters(ctx context.Context) error {
	if a.shared != nil {
		return nil // they are not in memory
	}
	page, err := a.store.List(ctx, Query{Of: Meters})
	if err != nil {
		return err
	}
	for _, m := range page.Meters {
		a.meters.Restore(m.ID, m.Full.UnixNano())
	}
	a.metersLoaded.Store(true)
	return nil
}

// takeLimits takes what a bill wants of limits, all or none, and tells from where. Dry, it only looks.
func (j *judgement) takeLimits(ctx context.Context, now time.Time, items []rate.Item, dry bool) (ok bool, from meterPlace, err error) {
	a := j.authority
	switch {
	case a.shared != nil && dry:
		return a.shared.take(ctx, j.space.Policy.LimiterAway, now, items, LookLimits)
	case a.shared != nil:
		return a.shared.take(ctx, j.space.Policy.LimiterAway, now, items, TakeLimits)
	}
	if err := a.restoreMeters(ctx, items); err != nil {
		return false, fromMemory, err
	}
	if dry {
		return a.meters.PeekAll(now, items), fromMemory, nil
	}
	return a.meters.TakeAll(now, items), fromMemory, nil
}

// giveLimitsBack puts back what takeLimits took in vain.
func (a *Authority) giveLimitsBack(ctx context.Context, from meterPlace, items []rate.Item) {
	if from == fromMemory {
		a.meters.GiveBack(items)
		return
	}
	a.shared.giveBack(ctx, from, items)
}

// restoreMeters reads those of a bill one by one, until all have been read.
func (a *Authority) restoreMeters(ctx context.Context, items []rate.Item) error {
	if a.metersLoaded.Load() {
		return nil
	}
	for i := range items {
		if items[i].Limit.Window <= time.Minute {
			continue
		}
		page, err := a.store.List(ctx, Query{Of: Meters, Meter: items[i].Key})
		if err != nil {
			return fromStore(err)
		}
		for _, m := range page.Meters {
			a.meters.Restore(m.ID, m.Full.UnixNano())
		}
	}
	return nil
}
