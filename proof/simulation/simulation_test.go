// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"flag"
	"fmt"
	"runtime"
	"slices"
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
			fmt.Printf("%d seeds in %s: %d rights taken away, %d of them answered VALID shortly before the return; %d VALID, %d refusals, %d without a judgement; the law held\n",
				done, time.Since(begun).Round(time.Second), taken, near, valid, refused, unjudged)
		}
	}
	if near*nearShare < taken || unjudged == 0 {
		t.Errorf("it proves nothing: %d of %d rights were VALID shortly before their end, and %d verifications got no judgement", near, taken, unjudged)
	}
}

// TestASeedRepeats runs seeds twice: the same keys live the same lives, and the same fails. Go decides by chance what is
// first of what happens at the same moment, so a history may differ in that.
func TestASeedRepeats(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		first, second := run(t, seed), run(t, seed)
		if first.Sum.Taken == 0 || first.Sum.Taken != second.Sum.Taken || len(first.Faults) == 0 || !slices.Equal(first.Faults, second.Faults) {
			t.Errorf("seed %d: first %d rights were taken away among %q, and then %d among %q",
				seed, first.Sum.Taken, first.Faults, second.Sum.Taken, second.Faults)
		}
	}
}
