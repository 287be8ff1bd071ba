// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var (
	from  = flag.Uint64("from", 1, "the first seed")
	seeds = flag.Int("seeds", 40, "how many seeds")
)

// nearShare is the part of the rights, one in so many, that must be VALID shortly before their end.
const nearShare = 8

// run simulates one seed, in time that does not pass by itself.
func run(t *testing.T, seed uint64) (result Result) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // what happens at the same moment happens in one order
	synctest.Test(t, func(t *testing.T) {
		var err error
		if result, err = simulate(seed); err != nil {
			t.Fatal(err)
		}
	})
	return result
}

// TestSeeds holds the law against histories in which everything fails.
func TestSeeds(t *testing.T) {
	begun := time.Now()
	var taken, near int
	var valid, refused, unjudged uint64
	for i := range *seeds {
		seed := *from + uint64(i)
		r := run(t, seed)
		if len(r.Sum.Broken) > 0 {
			t.Fatalf("seed %d: %v\n%s\n\ngo test ./proof/simulation -run TestSeeds -from %d -seeds 1 repeats it",
				seed, r.Sum.Err(1), strings.Join(r.Log, "\n"), seed)
		}
		taken, near = taken+r.Sum.Taken, near+r.Sum.Near
		valid, refused, unjudged = valid+r.Sum.Valid, refused+r.Sum.Refused, unjudged+r.Unjudged
		if done := i + 1; done%1000 == 0 || done == *seeds {
			fmt.Printf("%d seeds in %s: %d rights taken away, %d of them answered VALID within 5ms before the return; %d VALID, %d refusals, %d without a judgement; the law held\n",
				done, time.Since(begun).Round(time.Second), taken, near, valid, refused, unjudged)
		}
	}
	if near*nearShare < taken || unjudged == 0 {
		t.Errorf("it proves nothing: %d of %d rights were VALID shortly before their end, and %d verifications got no judgement", near, taken, unjudged)
	}
}

// TestASeedRepeats runs seeds twice: the same is done at the same moments.
func TestASeedRepeats(t *testing.T) {
	for seed := uint64(1); seed <= 8; seed++ {
		first, second := run(t, seed), run(t, seed)
		if first.Trace == second.Trace {
			continue
		}
		for i := range min(len(first.Log), len(second.Log)) {
			if first.Log[i] != second.Log[i] {
				t.Fatalf("seed %d: first %s, and then %s", seed, first.Log[i], second.Log[i])
			}
		}
		t.Fatalf("seed %d: first %d lines, and then %d", seed, len(first.Log), len(second.Log))
	}
}
