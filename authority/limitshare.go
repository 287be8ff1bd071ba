// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"sync"
	"time"

	"github.com/keywright/keywright/authority/internal/rate"
)

// A meterPlace is where meters are that were taken from.
type meterPlace uint8

const (
	fromMemory meterPlace = iota
	fromLimiter
	fromShare
)

const (
	maxOwed       = 100_000 // meters
	longestWindow = 366 * 24 * time.Hour
)

// share is the part of a limit that one of n nodes lets pass: what all let pass together is not more than the limit, except
// that each lets pass one at a time.
func share(l rate.Limit, n int) rate.Limit {
	nodes := int64(max(n, 1))
	if l.Burst == 0 {
		l.Burst = l.Amount
	}
	l.Burst = max(l.Burst/nodes, 1)
	if l.Amount >= nodes {
		l.Amount /= nodes
		return l
	}
	unit := (l.Window + time.Duration(l.Amount) - 1) / time.Duration(l.Amount)
	l.Amount, l.Window = 1, longestWindow
	if nodes <= int64(longestWindow/unit) {
		l.Window = unit * time.Duration(nodes)
	}
	return l
}

// takeShare decides without the limiter: by the share of this node, or with an error.
func (s *sharedMeters) takeShare(choice LimiterAway, now time.Time, items []rate.Item, act LimitAct) (ok bool, err error) {
	if choice == AwayRefuse {
		s.refused.Add(1)
		return false, &Error{
			Kind: Unavailable, Problem: "it is not known whether the limits of this key are reached",
			Hint: "the shared limiter does not answer, and the keyspace chose to refuse meanwhile: try again; the server's log says more",
		}
	}
	s.byShare.Add(1)
	shares := s.sharesOf(items)
	if act == LookLimits {
		ok = s.shares.PeekAll(now, shares)
	} else if ok = s.shares.TakeAll(now, shares); ok {
		s.owed.add(items, 1)
	}
	for i := range items {
		items[i].Decision = shares[i].Decision
	}
	return ok, nil
}

func (s *sharedMeters) sharesOf(items []rate.Item) []rate.Item {
	shares, nodes := make([]rate.Item, len(items)), s.nodes()
	for i := range items {
		shares[i] = rate.Item{Key: items[i].Key, Limit: share(items[i].Limit, nodes), Cost: items[i].Cost}
	}
	return shares
}

func (s *sharedMeters) giveShareBack(items []rate.Item) {
	s.shares.GiveBack(s.sharesOf(items))
	s.owed.add(items, -1)
}

// countNodes notes how many nodes of a cluster share the limiter. While they cannot be counted, it is as many as before.
func (s *sharedMeters) countNodes(ctx context.Context, cluster Cluster) error {
	nodes, _, err := cluster.Nodes(ctx)
	if err != nil {
		return err
	}
	n := int64(0)
	for i := range nodes {
		if !nodes[i].Lost {
			n++
		}
	}
	s.counted.Store(n)
	return nil
}

// watch asks a limiter that is away again and again. Before it is used again, it is told what was taken meanwhile.
func (s *sharedMeters) watch(ctx context.Context) {
	again := time.NewTicker(limiterProbe)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
			s.comeBack()
		}
	}
}

// probe takes from a meter of nobody: it shows that the limiter can also write.
var probe = []LimitAsk{{Act: TakeLimits, Meters: []LimitMeter{{Limit: 1e9, Window: time.Second, Cost: 1}}}}

func (s *sharedMeters) comeBack() {
	away := s.away.Load()
	if away {
		if _, err := s.call(probe); err != nil {
			return
		}
	}
	for asks := s.owed.some(); len(asks) > 0; asks = s.owed.some() {
		if _, err := s.call(asks); err != nil {
			s.owed.back(asks)
			return
		}
	}
	if away {
		s.away.Store(false)
		s.log.Info("the shared limiter answers again")
	}
}

// owed is what was taken by the share of this node and the limiter does not know of.
type owed struct {
	mu sync.Mutex
	of map[rate.Key]LimitMeter
}

// add notes what was taken, or with sign -1 given back.
func (o *owed) add(items []rate.Item, sign int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of == nil {
		o.of = map[rate.Key]LimitMeter{}
	}
	for _, m := range askOf(items, OweLimits).Meters {
		o.put(m, sign*m.Cost)
	}
}

// put adds units of a meter. Where too many meters are owed, a further one is not noted.
func (o *owed) put(m LimitMeter, units int64) {
	was, ok := o.of[m.ID]
	if m.Cost = min(was.Cost+units, maxCost); m.Cost <= 0 {
		delete(o.of, m.ID)
	} else if ok || len(o.of) < maxOwed {
		o.of[m.ID] = m
	}
}

// some takes out as much as goes into one call.
func (o *owed) some() (asks []LimitAsk) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, m := range o.of {
		if len(asks) == maxLimitAsks {
			break
		}
		asks = append(asks, LimitAsk{Act: OweLimits, Meters: []LimitMeter{m}})
		delete(o.of, id)
	}
	return asks
}

// back notes again what some took out. It may have been told: then less passes than could.
func (o *owed) back(asks []LimitAsk) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range asks {
		o.put(asks[i].Meters[0], asks[i].Meters[0].Cost)
	}
}

func (o *owed) len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.of)
}

// LimiterStats are figures about a shared limiter.
type LimiterStats struct {
	Shared   bool   // there is one
	Away     bool   // it does not answer
	Answered uint64 // asks that it answered
	Local    uint64 // asks that were decided by the share of this node
	Refused  uint64 // asks without a judgement, as their keyspace chose
	Failures uint64 // calls, each of one or more asks, that failed
	Nodes    int    // that share it, as far as is known
	Owed     int    // meters of which the limiter is to be told what was taken while it was away
}

// LimiterStats returns figures about the shared limiter.
func (a *Authority) LimiterStats() LimiterStats {
	s := a.shared
	if s == nil {
		return LimiterStats{}
	}
	return LimiterStats{
		Shared: true, Nodes: s.nodes(), Away: s.away.Load(), Answered: s.answered.Load(), Local: s.byShare.Load(),
		Refused: s.refused.Load(), Failures: s.failures.Load(), Owed: s.owed.len(),
	}
}
