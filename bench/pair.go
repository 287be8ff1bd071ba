// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
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

// busy is the processor time of this process: what others do on the machine counts less than by the clock on the wall.
func busy() time.Duration {
	d, err := processorTime("self")
	exit(err)
	return d
}

// processorTime is what a process has used of all processors, in hundredths of a second.
func processorTime(process string) (time.Duration, error) {
	text, err := os.ReadFile("/proc/" + process + "/stat")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 13 {
		return 0, errors.New("/proc does not tell processor times")
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * (time.Second / 100), errors.Join(err1, err2)
}
