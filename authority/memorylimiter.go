// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"time"

	"github.com/keywright/keywright/authority/internal/rate"
)

// A MemoryLimiter is a Limiter for one process: what an authority without a shared one does, behind the same interface.
type MemoryLimiter struct {
	meters *rate.Meters
	clock  func() time.Time
}

// NewMemoryLimiter returns a limiter whose meters are full. The seed must be random.
func NewMemoryLimiter(clock func() time.Time, seed [16]byte) *MemoryLimiter {
	return &MemoryLimiter{rate.New(seed), clock}
}

var _ Limiter = (*MemoryLimiter)(nil)

// Take implements Limiter.
func (m *MemoryLimiter) Take(ctx context.Context, asks []LimitAsk) ([]LimitAnswer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	answers := make([]LimitAnswer, len(asks))
	for i := range asks {
		answers[i] = m.take(&asks[i])
	}
	return answers, nil
}

func (m *MemoryLimiter) take(ask *LimitAsk) (answer LimitAnswer) {
	items, now := make([]rate.Item, len(ask.Meters)), m.clock()
	for i := range items {
		q := &ask.Meters[i]
		items[i] = rate.Item{Key: q.ID, Limit: rate.Limit{Amount: q.Limit, Window: q.Window, Burst: q.Burst}, Cost: q.Cost}
	}
	switch ask.Act {
	case TakeLimits:
		answer.OK = m.meters.TakeAll(now, items)
	case LookLimits:
		answer.OK = m.meters.PeekAll(now, items)
	case GiveLimits:
		m.meters.GiveBack(items)
	case OweLimits:
		m.meters.Owe(now, items)
	}
	answer.Meters = make([]LimitStanding, len(items))
	for i := range items {
		answer.Meters[i] = standing(&items[i].Decision)
	}
	return answer
}

func standing(d *rate.Decision) LimitStanding {
	return LimitStanding{OK: d.OK, Burst: d.Limit, Remaining: d.Remaining, RetryAfter: d.RetryAfter, ResetAfter: d.ResetAfter}
}

// decision is a standing as bills keep it.
func (s *LimitStanding) decision() rate.Decision {
	return rate.Decision{OK: s.OK, Limit: s.Burst, Remaining: s.Remaining, RetryAfter: s.RetryAfter, ResetAfter: s.ResetAfter}
}
