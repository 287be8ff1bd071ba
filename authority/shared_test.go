// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// A line is a limiter behind a connection that can be cut, before the ask arrives or before its answer does.
type line struct {
	authority.Limiter
	cut, deaf atomic.Bool
	asks      atomic.Int64
}

var errCut = errors.New("the connection is cut")

func (l *line) Take(ctx context.Context, asks []authority.LimitAsk) ([]authority.LimitAnswer, error) {
	l.asks.Add(int64(len(asks)))
	if l.cut.Load() {
		return nil, errCut
	}
	answers, err := l.Limiter.Take(ctx, asks)
	if l.deaf.Load() {
		return nil, errCut
	}
	return answers, err
}

func newLine() *line {
	at := &clock{}
	at.at.Store(start.Add(1000 * time.Hour).UnixNano()) // a clock of its own
	return &line{Limiter: authority.NewMemoryLimiter(at.now, [16]byte{1})}
}

// nodesOver returns authorities over a store, each with a line of its own to one limiter. They know the keys that are there.
func nodesOver(t *testing.T, store authority.Store, n int) (nodes []*authority.Authority, lines []*line) {
	t.Helper()
	shared := newLine()
	for range n {
		l := &line{Limiter: shared.Limiter}
		a, _ := over(t, store, func(o *authority.Options) {
			o.Limiter, o.Nodes = l, func() int { return n }
		})
		nodes, lines = append(nodes, a), append(lines, l)
	}
	return nodes, lines
}

// once verifies a key, and reports whether it is VALID.
func once(t testing.TB, a *authority.Authority, key keywright.Secret) bool {
	t.Helper()
	v := verify(t, a, keywright.Ask{Key: key, Keyspace: "default"})
	if !v.Valid() && v.Code != keywright.RateLimited {
		t.Fatalf("%+v", v)
	}
	return v.Valid()
}

func TestLimitsAreSharedByNodes(t *testing.T) {
	store := memory(t)
	first, _ := over(t, store)
	k := issue(t, first, authority.IssueRequest{Limits: []authority.Limit{limit("requests", 300, time.Hour), limit("others", 1000, time.Hour)}})
	nodes, _ := nodesOver(t, store, 3)
	var valid atomic.Int64
	var wg sync.WaitGroup
	for _, a := range nodes {
		for range 4 {
			wg.Go(func() {
				for range 60 {
					if once(t, a, k.Key) {
						valid.Add(1)
					}
				}
			})
		}
	}
	wg.Wait()
	if valid.Load() != 300 {
		t.Errorf("%d VALID of a limit of 300", valid.Load())
	}
	v := verify(t, nodes[1], keywright.Ask{Key: k.Key, Keyspace: "default", Include: []string{"limits"}})
	if v.Code != keywright.RateLimited || v.Limit.Name != "requests" || v.Limit.RetryAfter != 12*time.Second || len(v.Limits) != 2 || v.Limits[1].Remaining != 700 {
		t.Errorf("%+v, %+v", v.Limit, v.Detail)
	}
}

func TestKeysWithoutLimitsAskNobody(t *testing.T) {
	l := newLine()
	a, _ := over(t, memory(t), func(o *authority.Options) { o.Limiter = l })
	k := issue(t, a, authority.IssueRequest{Limits: []authority.Limit{{Name: "exports", Limit: 1, Window: time.Hour}}})
	wantCode(t, a, k.Key, keywright.Valid)
	if n := l.asks.Load(); n != 0 {
		t.Errorf("%d asks of a limit that no verification named", n)
	}
	l.cut.Store(true)
	wantCode(t, a, k.Key, keywright.Valid)
}

// TestSharedLimitsGoBackWhereCreditsEnd takes from two engines: the one gets back what the other refuses.
func TestSharedLimitsGoBackWhereCreditsEnd(t *testing.T) {
	l := newLine()
	a, _ := over(t, memory(t), func(o *authority.Options) { o.Limiter = l })
	k := issue(t, a, authority.IssueRequest{Limits: []authority.Limit{limit("requests", 10, time.Hour)}, Credits: &authority.CreditsRequest{Remaining: 2}})
	left := func() int64 {
		return verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default", DryRun: true, Include: []string{"limits"}}).Limits[0].Remaining
	}
	for _, code := range []keywright.Code{keywright.Valid, keywright.Valid, keywright.CreditsExhausted, keywright.CreditsExhausted} {
		wantCode(t, a, k.Key, code)
	}
	if n := left(); n != 8 {
		t.Errorf("%d are left of 10 after 2 VALID", n)
	}
	l.cut.Store(true) // and so does the share of a node
	for range 3 {
		wantCode(t, a, k.Key, keywright.CreditsExhausted)
	}
	if n := left(); n != 8 {
		t.Errorf("%d are left of 10 without the limiter", n)
	}
}

// TestShareOfANode cuts all nodes off. Together they let pass what was left, and no more; then the limiter is told.
func TestShareOfANode(t *testing.T) {
	store := memory(t)
	first, _ := over(t, store)
	k := issue(t, first, authority.IssueRequest{Limits: []authority.Limit{limit("requests", 100, time.Hour)}})
	nodes, lines := nodesOver(t, store, 4)
	for n := range 40 { // each node hears how the meter stands
		if !once(t, nodes[n%len(nodes)], k.Key) {
			t.Fatal("it is limited too early")
		}
	}
	for _, l := range lines {
		l.cut.Store(true)
	}
	passed := 0
	for _, a := range nodes {
		for range 50 {
			if once(t, a, k.Key) {
				passed++
			}
		}
		if s := a.LimiterStats(); !s.Away || s.Local != 50 || s.Failures == 0 || s.Owed != 1 {
			t.Errorf("%+v", s)
		}
	}
	if passed < 56 || passed > 63 { // each node heard last when up to three others had not asked yet
		t.Errorf("%d passed where 60 were left for 4 nodes", passed)
	}
	for i, l := range lines {
		l.cut.Store(false)
		eventually(t, func() bool { s := nodes[i].LimiterStats(); return !s.Away && s.Owed == 0 })
	}
	if once(t, nodes[0], k.Key) || once(t, nodes[3], k.Key) {
		t.Error("what was taken without the limiter can be taken again")
	}
}

// TestLostAnswer takes from the limiter and never hears of it: less passes than could, never more.
func TestLostAnswer(t *testing.T) {
	l := newLine()
	a, _ := over(t, memory(t), func(o *authority.Options) { o.Limiter = l })
	k := issue(t, a, authority.IssueRequest{Limits: []authority.Limit{limit("requests", 10, time.Hour)}})
	passed := 0
	for n := range 30 {
		l.deaf.Store(n == 4)
		if once(t, a, k.Key) {
			passed++
		}
		l.deaf.Store(false)
		eventually(t, func() bool { s := a.LimiterStats(); return !s.Away && s.Owed == 0 })
	}
	if passed < 8 || passed > 10 {
		t.Errorf("%d passed of a limit of 10", passed)
	}
}

func TestKeyspaceThatRefusesWithoutTheLimiter(t *testing.T) {
	l := newLine()
	a, _ := over(t, memory(t), func(o *authority.Options) { o.Limiter = l })
	keyspace(t, a, "strict", authority.Policy{LimiterAway: authority.AwayRefuse, KeyLimits: []authority.Limit{limit("requests", 10, time.Hour)}})
	k := issue(t, a, authority.IssueRequest{Keyspace: "strict"})
	ask := keywright.Ask{Key: k.Key, Keyspace: "strict"}
	if v := verify(t, a, ask); !v.Valid() {
		t.Fatalf("%+v", v)
	}
	l.cut.Store(true)
	v, err := a.Verify(ctx, ask)
	wantError(t, err, authority.Unavailable, "")
	if v.Code != "" || v.Valid() {
		t.Errorf("a verdict without a judgement: %+v", v)
	}
	l.cut.Store(false)
	eventually(t, func() bool { return !a.LimiterStats().Away })
	if v := verify(t, a, ask); !v.Valid() || v.Limit.Remaining != 8 {
		t.Errorf("after it: %+v", v)
	}
	_, err = a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "strict", Policy: &authority.Policy{LimiterAway: "pass"}})
	wantError(t, err, authority.Invalid, "policy.limiter_away")
}
