// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"time"

	"github.com/keywright/keywright/authority/internal/rate"
)

// loadMeters reads the rate limits with windows over a minute, so that a restart does not fill them up.
func (a *Authority) loadMeters(ctx context.Context) error {
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
