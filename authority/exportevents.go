// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"fmt"
	"time"
)

const (
	exportPage     = 500 // events in one batch
	maxExportPause = 5 * time.Minute
)

// export sends the events behind the cursor that the endpoint wants, as one batch, in order. One that is not taken is sent
// again until it is: whoever reads the export misses nothing.
func (c *courier) export(ctx context.Context, e *Endpoint) (more bool, err error) {
	c.mu.Lock()
	cursor, moved, waits := c.cursor, c.moved, c.authority.now().Before(c.retryAt)
	c.mu.Unlock()
	if waits {
		return false, nil
	}
	events, err := c.authority.store.Events(ctx, EventQuery{After: cursor, Limit: exportPage})
	if err != nil || len(events) == 0 || c.now().Disabled { // disabled since this pass began: what happened after it is not sent
		return false, fromStore(err)
	}
	through, batch := events[len(events)-1].Sequence, events[:0]
	for i := range events {
		if e.wants(&events[i]) {
			batch = append(batch, events[i])
		}
	}
	var result Result
	var failure error
	if len(batch) > 0 {
		now := c.authority.now()
		result, failure = c.authority.couriers.sender.Send(ctx, Dispatch{Endpoint: c.now().inForce(now), ID: batchID(batch), Time: now, Events: batch})
		if ctx.Err() != nil {
			return false, nil // the cursor stays, so the batch is sent again
		}
	}
	if err := c.settleBatch(ctx, through, moved, len(batch) > 0, result, failure); err != nil {
		return false, err
	}
	if failure != nil {
		if result.Gone {
			return false, c.disable(ctx, e)
		}
		return false, c.tellFailing(ctx, e)
	}
	return len(events) == exportPage, nil
}

func (c *courier) settleBatch(ctx context.Context, through uint64, moved int, sent bool, r Result, failure error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if sent {
		c.outcome(r, failure)
	}
	if failure != nil {
		c.failures++
		c.retryAt = c.authority.now().Add(max(min(c.authority.pauseAfter(c.failures, 0), maxExportPause), min(r.RetryAfter, maxAskedFor)))
		return nil
	}
	c.failures, c.retryAt = 0, time.Time{}
	if c.moved != moved {
		return nil
	}
	if sent {
		c.savedAt = time.Time{} // what was taken is noted at once
	}
	return c.write(ctx, nil, through)
}

// batchID names a batch: by its first event and its last.
func batchID(batch []Event) string {
	last := &batch[len(batch)-1]
	return fmt.Sprintf("evt_%d-%d_%s", batch[0].Sequence, last.Sequence, shortHash(last.Hash))
}
