// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright/authority/internal/rate"
)

const (
	maxLimitAsks   = 256 // in one call of the limiter
	limiterWorkers = 4   // calls of it at a time
	limiterTime    = 500 * time.Millisecond
	limiterProbe   = 250 * time.Millisecond // how often one that is away is asked again
)

// sharedMeters take from meters that several nodes share. While calls of the limiter are under way, the next asks gather, so
// that many verifications share a round trip. Where it does not answer, the choice of the keyspace counts.
type sharedMeters struct {
	limiter Limiter
	nodes   func() int
	clock   func() time.Time
	log     *slog.Logger
	orders  chan *limitOrder
	stopped <-chan struct{}

	away    atomic.Bool
	counted atomic.Int64 // nodes of the cluster, where there is one
	shares  *rate.Meters // of this node, for when the limiter is away
	owed    owed

	answered, byShare, refused, failures atomic.Uint64
}

// A limitOrder is an ask that waits for its answer.
type limitOrder struct {
	ctx    context.Context
	ask    LimitAsk
	answer LimitAnswer
	err    error
	done   chan struct{}
}

func newSharedMeters(o *Options, seed [16]byte) *sharedMeters {
	s := &sharedMeters{
		limiter: o.Limiter, nodes: o.Nodes, clock: o.Clock, log: o.Logger, shares: rate.New(seed),
		orders: make(chan *limitOrder, maxLimitAsks),
	}
	if s.nodes == nil {
		s.nodes = func() int { return max(int(s.counted.Load()), 1) }
	}
	return s
}

// begin serves until the context ends.
func (s *sharedMeters) begin(ctx context.Context, run func(func())) {
	s.stopped = ctx.Done()
	for range limiterWorkers {
		run(func() {
			for {
				select {
				case first := <-s.orders:
					s.serve(s.gather(first))
				case <-ctx.Done():
					return
				}
			}
		})
	}
	run(func() { s.watch(ctx) })
}

// gather takes what has been waiting, after those who were answered just now could ask again.
func (s *sharedMeters) gather(first *limitOrder) []*limitOrder {
	runtime.Gosched()
	group := []*limitOrder{first}
	for len(group) < maxLimitAsks {
		select {
		case o := <-s.orders:
			group = append(group, o)
		default:
			return group
		}
	}
	return group
}

var errLimiterAway = errors.New("the shared limiter is away")

func (s *sharedMeters) serve(group []*limitOrder) {
	served := make([]*limitOrder, 0, len(group))
	asks := make([]LimitAsk, 0, len(group))
	for _, o := range group {
		o.err = o.ctx.Err()
		if o.err == nil && s.away.Load() {
			o.err = errLimiterAway
		}
		if o.err != nil {
			close(o.done)
			continue
		}
		served, asks = append(served, o), append(asks, o.ask)
	}
	if len(asks) == 0 {
		return
	}
	answers, err := s.call(asks)
	for i, o := range served {
		if o.err = err; err == nil {
			o.answer = answers[i]
		}
		close(o.done)
	}
}

// call asks the limiter, and notes when it does not answer.
func (s *sharedMeters) call(asks []LimitAsk) ([]LimitAnswer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limiterTime)
	defer cancel()
	answers, err := s.limiter.Take(ctx, asks)
	if err == nil && len(answers) != len(asks) {
		err = errors.New("it answered another number of asks")
	}
	if err == nil {
		return answers, nil
	}
	s.failures.Add(1)
	if s.away.CompareAndSwap(false, true) {
		s.log.Error("the shared limiter does not answer; until it does, keys with limits pass by a share of this node, or not at all, as their keyspaces say", "error", err)
	}
	return nil, errLimiterAway
}

// order waits for the answer to an ask.
func (s *sharedMeters) order(ctx context.Context, ask LimitAsk) (LimitAnswer, error) {
	if s.away.Load() {
		return LimitAnswer{}, errLimiterAway
	}
	o := &limitOrder{ctx: ctx, ask: ask, done: make(chan struct{})}
	select {
	case s.orders <- o:
	case <-ctx.Done():
		return LimitAnswer{}, ctx.Err()
	case <-s.stopped:
		return LimitAnswer{}, errClosed
	}
	select {
	case <-o.done:
		return o.answer, o.err
	case <-s.stopped:
		return LimitAnswer{}, errClosed
	}
}

// take sets the decision of every item, and reports whether all pass and from where they were taken.
func (s *sharedMeters) take(ctx context.Context, choice LimiterAway, now time.Time, items []rate.Item, act LimitAct) (ok bool, from meterPlace, err error) {
	ask := askOf(items, act)
	answer, err := s.order(ctx, ask)
	switch {
	case errors.Is(err, errLimiterAway):
		ok, err = s.takeShare(choice, now, items, act)
		return ok, fromShare, err
	case err != nil:
		return false, fromLimiter, fromStore(err)
	}
	s.answered.Add(1)
	for i := range items {
		items[i].Decision = answer.Meters[i].decision()
		s.shares.Restore(items[i].Key, now.Add(items[i].Decision.ResetAfter).UnixNano()) // what is left is what a share goes on with
	}
	return answer.OK, fromLimiter, nil
}

// giveBack puts back what was taken in vain. Where the limiter does not answer, it stays taken: less passes than could.
func (s *sharedMeters) giveBack(ctx context.Context, from meterPlace, items []rate.Item) {
	if from == fromShare {
		s.giveShareBack(items)
		return
	}
	if _, err := s.order(context.WithoutCancel(ctx), askOf(items, GiveLimits)); err == nil {
		s.shares.GiveBack(items) // what take noted of them
	}
}

// askOf makes an ask of a bill. Two limits of one subject whose names have the same hash get meters of their own.
func askOf(items []rate.Item, act LimitAct) LimitAsk {
	meters := make([]LimitMeter, len(items))
	for i := range items {
		it := &items[i]
		meters[i] = LimitMeter{ID: it.Key, Limit: it.Limit.Amount, Window: it.Limit.Window, Burst: it.Limit.Burst, Cost: it.Cost}
		for slices.ContainsFunc(meters[:i], func(m LimitMeter) bool { return m.ID == meters[i].ID }) {
			meters[i].ID[len(meters[i].ID)-1]++
		}
	}
	return LimitAsk{Act: act, Meters: meters}
}
