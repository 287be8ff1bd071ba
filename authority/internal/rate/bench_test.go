// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"testing"
	"time"
)

func items(n int) []Item {
	all := make([]Item, n)
	for i := range all {
		all[i] = Item{Key: keyFor(i/2, i%2), Limit: Limit{Amount: 1e6, Window: time.Hour, Burst: 1e9}, Cost: 1}
	}
	return all
}

func TestWarmMetersAllocateNothing(t *testing.T) {
	m := New([16]byte{1})
	for _, n := range []int{1, 2, usualItems, usualItems + 1, stackItems} {
		all := items(n)
		m.TakeAll(start, all)
		for what, use := range map[string]func(){
			"take":      func() { m.TakeAll(start, all) },
			"look":      func() { m.PeekAll(start, all) },
			"give back": func() { m.GiveBack(all) },
			"refuse":    func() { all[0].Cost = 2e9; m.TakeAll(start, all); all[0].Cost = 1 },
			"tell":      func() { m.Dirty(func(Key, int64) {}) },
		} {
			if allocs := testing.AllocsPerRun(100, use); allocs != 0 {
				t.Errorf("%s %d: %v allocations", what, n, allocs)
			}
		}
	}
}

func BenchmarkTakeTwo(b *testing.B) {
	m := New([16]byte{1})
	two := items(2)
	for now := start; b.Loop(); now = now.Add(10 * time.Millisecond) {
		if !m.TakeAll(now, two) {
			b.Fatal("refused")
		}
	}
}

// Two of a hundred thousand keys' limits, in turn: the meters are not in the processor's cache.
func BenchmarkTakeTwoOfMany(b *testing.B) {
	m := New([16]byte{1})
	const keys = 100_000
	all := items(2 * keys)
	m.TakeAll(start, all)
	i := 0
	for now := start; b.Loop(); now = now.Add(10 * time.Millisecond) {
		i = (i + 7919) % keys
		if !m.TakeAll(now, all[2*i:2*i+2]) {
			b.Fatal("refused")
		}
	}
}

func BenchmarkTake(b *testing.B) {
	for name, limit := range map[string]Limit{
		"whole": {Amount: 100, Window: time.Minute},
		"parts": {Amount: 7, Window: time.Minute},
	} {
		b.Run(name, func(b *testing.B) {
			tat := int64(0)
			for now := start; b.Loop(); now = now.Add(time.Second) {
				tat, _ = limit.Take(tat, now, 1)
			}
		})
	}
}
