// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Many at once take from a shared tight limit, a shared wide one and one of their own, in any order. As much passes as the
// tight one gives, to the unit, and the others are charged for that and nothing else.
func TestManyTakeExactlyWhatThereIs(t *testing.T) {
	const takers, rounds = 8, 30
	tight := Limit{Amount: 7, Window: time.Second, Burst: 100}
	wide := Limit{Amount: 1000, Window: 24 * time.Hour, Burst: 100_000}
	m := New([16]byte{1})
	var passed atomic.Int64
	var own [takers]int64
	now := start
	for round := range rounds {
		now = start.Add(time.Duration(round) * time.Second)
		var wait sync.WaitGroup
		for taker := range takers {
			wait.Go(func() {
				for range 40 {
					items := []Item{
						{Key: keyFor(0, 1), Limit: tight, Cost: 1},
						{Key: keyFor(0, 2), Limit: wide, Cost: 2},
						{Key: keyFor(1+taker, 2), Limit: wide, Cost: 3},
						{Key: keyFor(0, 2), Limit: wide, Cost: 1}, // the shared one again
					}
					rand.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
					if m.TakeAll(now, items) {
						passed.Add(1)
						own[taker]++
					}
				}
			})
		}
		wait.Wait()
		if want := int64(100 + 7*round); passed.Load() != want {
			t.Fatalf("round %d: %d passed, want %d", round, passed.Load(), want)
		}
	}
	refilled := int64(rounds-1) * wide.Amount / (24 * 3600) // 0: less than one unit
	check := func(subject int, taken int64) {
		items := []Item{{Key: keyFor(subject, 2), Limit: wide}}
		m.PeekAll(now, items)
		if got := items[0].Decision.Remaining; got != wide.Burst-taken+refilled {
			t.Errorf("subject %d has %d left after %d were taken", subject, got, taken)
		}
	}
	check(0, 3*passed.Load())
	for taker := range takers {
		check(1+taker, 3*own[taker])
	}
}

// Meters are forgotten, made and used again under the hands of those who take; each key gets one unit in each round,
// and its short limit is as new in the next.
func TestSweepAmongTakers(t *testing.T) {
	const takers, rounds, keys = 4, 12, 300
	short := Limit{Amount: 1, Window: time.Second}
	long := Limit{Amount: rounds, Window: 24 * time.Hour}
	m := New([16]byte{1})
	for round := range rounds {
		now := start.Add(time.Duration(round) * time.Minute)
		var passed [keys]atomic.Int32
		done := make(chan struct{})
		var sweeping, taking sync.WaitGroup
		sweeping.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					m.Sweep(now)
					m.Dirty(func(Key, int64) {})
				}
			}
		})
		for range takers {
			taking.Go(func() {
				for _, k := range rand.Perm(keys) {
					items := []Item{
						{Key: keyFor(k, 1+round%2), Limit: short, Cost: 1}, // other names in turn, so that numbers change hands
						{Key: keyFor(k, 3), Limit: long, Cost: 1},
					}
					m.PeekAll(now, items)
					if m.TakeAll(now, items) {
						passed[k].Add(1)
					}
				}
			})
		}
		taking.Wait()
		close(done)
		sweeping.Wait()
		for k := range passed {
			if n := passed[k].Load(); n != 1 {
				t.Fatalf("round %d: key %d passed %d times", round, k, n)
			}
		}
		if n := m.Len(); n < 2*keys || n > 3*keys {
			t.Fatalf("round %d: %d meters", round, n)
		}
	}
	if m.Sweep(start.Add(25 * time.Hour)); m.Len() != 0 {
		t.Errorf("%d meters are left", m.Len())
	}
}
