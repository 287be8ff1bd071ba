// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"time"
)

// A spread is how a figure came out over several rounds.
type spread []float64

func (s spread) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[len(sorted)/2]
}

func (s spread) String() string {
	return fmt.Sprintf("%.2f (%.2f to %.2f)", s.median(), slices.Min(s), slices.Max(s))
}

// inTurns runs two functions in turns, after one round that does not count, and returns what each took for one of n,
// in nanoseconds, and the ratios round by round.
func inTurns(rounds, n int, took func() time.Duration, ours, floor func(n int)) (a, b, ratio spread) {
	measure := func(f func(int)) float64 {
		from := took()
		f(n)
		return float64(took()-from) / float64(n)
	}
	for round := range rounds + 1 {
		x, y := measure(ours), measure(floor)
		if round > 0 {
			a, b, ratio = append(a, x), append(b, y), append(ratio, x/y)
		}
	}
	return a, b, ratio
}

// wall is the time that passes.
func wall() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}
