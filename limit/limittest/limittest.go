// SPDX-License-Identifier: Apache-2.0

// Package limittest is the contract of authority.Limiter as a suite of tests, for every limiter to pass:
//
//	func TestLimiter(t *testing.T) {
//		limittest.Run(t, func(t *testing.T) func() authority.Limiter { server := start(t); return server.limiter })
//	}
package limittest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

// Run tests limiters. For each test open returns what makes limiters over the same meters, as several nodes have them. The
// meters are full at first.
func Run(t *testing.T, open func(t *testing.T) func() authority.Limiter) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, func() authority.Limiter)
	}{
		{"a meter empties and tells so", testStory},
		{"the same asks get the same answers as in memory", testLikeMemory},
		{"asks that are handed over together are decided one after the other", testTogether},
		{"asks at once from several nodes get what is there and no more", testAtOnce},
		{"of several meters all are taken from or none", testAllOrNone},
		{"what comes back is never more than the limit", testRefill},
		{"of nothing nothing is told", testNothing},
		{"an ask that nobody waits for is an error", testEnded},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// year is so long that nothing comes back while a test runs.
const year = 366 * 24 * time.Hour

func newID() (id [24]byte) {
	_, _ = rand.Read(id[:])
	return id
}

func meter(id [24]byte, limit, cost int64) authority.LimitMeter {
	return authority.LimitMeter{ID: id, Limit: limit, Window: year, Cost: cost}
}

func take(meters ...authority.LimitMeter) authority.LimitAsk {
	return authority.LimitAsk{Act: authority.TakeLimits, Meters: meters}
}

func look(meters ...authority.LimitMeter) authority.LimitAsk {
	return authority.LimitAsk{Act: authority.LookLimits, Meters: meters}
}

func answers(t testing.TB, l authority.Limiter, asks ...authority.LimitAsk) []authority.LimitAnswer {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	got, err := l.Take(ctx, asks)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(asks) {
		t.Fatalf("%d answers to %d asks", len(got), len(asks))
	}
	for i := range got {
		if len(got[i].Meters) != len(asks[i].Meters) {
			t.Fatalf("ask %d has %d meters, its answer %d", i, len(asks[i].Meters), len(got[i].Meters))
		}
	}
	return got
}

func answer(t testing.TB, l authority.Limiter, ask authority.LimitAsk) authority.LimitAnswer {
	t.Helper()
	return answers(t, l, ask)[0]
}

func testNothing(t *testing.T, open func() authority.Limiter) { answers(t, open()) }

func testEnded(t *testing.T, open func() authority.Limiter) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := open().Take(ctx, []authority.LimitAsk{take(meter(newID(), 1, 1))}); err == nil {
		t.Error("it was answered after its end")
	}
}
