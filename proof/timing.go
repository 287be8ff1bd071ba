// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"math"
	mrand "math/rand/v2"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

// alarm is the |t| of Welch's test from which on two classes are said to differ. With so many samples even two classes of
// unknown keys come near it, so a difference also has to be a quarter of that of the control, which is some 35 ns.
const (
	alarm   = 4.5
	quarter = 4
)

// timing refuses keys of several classes in turns, in random order, by each door, and compares the times with those of an
// unknown key, all for a caller that is bound to an owner. The control does one SHA-256 more, and must be told apart: a
// test that cannot see that sees nothing.
func timing(args []string) error {
	flags := flag.NewFlagSet("timing", flag.ExitOnError)
	rounds := flags.Int("rounds", 200_000, "how often each class is asked about")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx := context.Background()
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	a, err := authority.Open(ctx, authority.Options{Store: store, Clock: time.Now, Random: rand.Reader})
	if err != nil {
		return err
	}
	defer a.Close()
	classes, err := refusals(ctx, a)
	if err != nil {
		return err
	}
	service, err := boundTo(ctx, a, ownOwner)
	if err != nil {
		return err
	}
	if err := a.Warm(ctx); err != nil {
		return err
	}
	var all []error
	for _, open := range []func(context.Context, *authority.Authority, keywright.Secret) (*door, error){library, forwardAuth} {
		d, err := open(ctx, a, service)
		if err != nil {
			return err
		}
		fmt.Println(d.name)
		if err := measure(d, classes, *rounds); err != nil {
			return err
		}
		if err := judge(classes); err != nil {
			all = append(all, fmt.Errorf("%s: %w", d.name, err))
		}
	}
	return errors.Join(all...)
}

// measure asks by a door.
func measure(d *door, classes []*class, rounds int) error {
	order := make([]int, len(classes))
	for i, c := range classes {
		order[i], c.took = i, make([]float64, 0, rounds)
	}
	for n := range rounds {
		mrand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			c := classes[i]
			key := c.keys[n%keysOfAClass]
			ask := d.prepare(key)
			begun := time.Now()
			err := ask()
			if i == len(classes)-1 {
				c.control = keywright.HashText(key.Reveal())
			}
			took := time.Since(begun)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.took = append(c.took, float64(took))
		}
	}
	return nil
}

// judge compares each class with the first. Times beyond the slowest twentieth are interruptions, and are left out.
func judge(classes []*class) error {
	var all []error
	base := trimmed(classes[0].took)
	first, _ := moments(base)
	most, _ := moments(trimmed(classes[len(classes)-1].took))
	fmt.Printf("  %-26s %10s %8s\n", "", "mean ns", "t")
	for i, c := range classes {
		times := trimmed(c.took)
		mean, _ := moments(times)
		t := welch(times, base)
		fmt.Printf("  %-26s %10.1f %8.1f\n", c.name, mean, t)
		control := i == len(classes)-1
		switch {
		case control && math.Abs(t) < alarm:
			all = append(all, errors.New("the control was not told apart: the machine is too noisy for this to prove anything"))
		case i > 0 && !control && !c.shown && math.Abs(t) >= alarm && math.Abs(mean-first)*quarter >= most-first:
			all = append(all, fmt.Errorf("%s can be told from unknown by the time of the refusal", c.name))
		}
	}
	return errors.Join(all...)
}

func trimmed(times []float64) []float64 {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[:len(sorted)*19/20]
}

func moments(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x)-1)
	}
	return mean, variance
}

// welch is the t of Welch's test for samples of different variance.
func welch(x, y []float64) float64 {
	mx, vx := moments(x)
	my, vy := moments(y)
	return (mx - my) / math.Sqrt(vx/float64(len(x))+vy/float64(len(y)))
}
