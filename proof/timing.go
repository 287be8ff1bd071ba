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

// A class is a kind of refusal, or of what is compared with it.
type class struct {
	name string
	asks []keywright.Ask
	took []float64 // in nanoseconds

	control keywright.Hash // so that the hash of the control is made
}

// timing verifies keys of several classes in turns, in random order, and compares the times with those of an unknown
// key, all for a caller that is bound to an owner. The control does one SHA-256 more, and must be told apart: a test that cannot see that sees nothing.
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
	caller, err := boundTo(ctx, a, ownOwner)
	if err != nil {
		return err
	}
	if err := a.Warm(ctx); err != nil {
		return err
	}
	if err := measure(ctx, a, caller, classes, *rounds); err != nil {
		return err
	}
	return judge(classes)
}

const (
	keysOfAClass = 64
	ownOwner     = "team_7" // whom the caller is bound to
	otherOwner   = "team_8"
)

// boundTo returns a caller to whom the keys of other owners do not exist.
func boundTo(ctx context.Context, a *authority.Authority, owner string) (authority.Caller, error) {
	issued, err := a.Issue(ctx, operator, authority.IssueRequest{
		Keyspace: authority.ReservedKeyspace, Scopes: []string{authority.ScopeVerify}, Rules: authority.Rules{Owner: owner},
	})
	if err != nil {
		return authority.Caller{}, err
	}
	return a.Authenticate(ctx, issued.Key, authority.Origin{})
}

// refusals makes keys of every class. The first is what the others are compared with, the last is the control.
func refusals(ctx context.Context, a *authority.Authority) ([]*class, error) {
	f, err := keywright.Preset(keywright.DefaultPreset)
	if err != nil {
		return nil, err
	}
	f.Prefix = authority.DefaultKeyspace
	unknown, again := &class{name: "unknown"}, &class{name: "unknown, again"}
	revoked, disabled, expired := &class{name: "revoked"}, &class{name: "disabled"}, &class{name: "expired"}
	foreign := &class{name: "of another owner"}
	control := &class{name: "control: one more hash"}
	add := func(c *class, key keywright.Secret) {
		c.asks = append(c.asks, keywright.Ask{Key: key, Keyspace: authority.DefaultKeyspace, Environment: "live"})
	}
	for range keysOfAClass {
		for _, c := range []*class{unknown, again, control} {
			k, err := keywright.Generate(f)
			if err != nil {
				return nil, err
			}
			add(c, k.Full())
		}
		for _, c := range []*class{revoked, disabled, expired, foreign} {
			q := authority.IssueRequest{Owner: ownOwner, ExpiresIn: time.Second}
			if c == foreign {
				q.Owner, q.ExpiresIn = otherOwner, 0
			}
			issued, err := a.Issue(ctx, operator, q)
			if err != nil {
				return nil, err
			}
			add(c, issued.Key)
			switch c {
			case revoked:
				_, err = a.Revoke(ctx, operator, issued.Record.ID, "")
			case disabled:
				_, err = a.Disable(ctx, operator, issued.Record.ID)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	time.Sleep(2 * time.Second) // until those that expire have
	return []*class{unknown, again, revoked, disabled, expired, foreign, control}, nil
}

func measure(ctx context.Context, a *authority.Authority, caller authority.Caller, classes []*class, rounds int) error {
	order := make([]int, len(classes))
	for i := range order {
		order[i] = i
	}
	for n := range rounds {
		mrand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			c := classes[i]
			ask := c.asks[n%keysOfAClass]
			begun := time.Now()
			v, err := a.VerifyAs(ctx, caller, ask)
			if i == len(classes)-1 {
				c.control = keywright.HashText(ask.Key.Reveal())
			}
			took := time.Since(begun)
			if err != nil || v.Valid() {
				return fmt.Errorf("%s: %s %w", c.name, v.Code, err)
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
	fmt.Printf("%-24s %10s %8s\n", "", "mean ns", "t")
	for i, c := range classes {
		times := trimmed(c.took)
		mean, _ := moments(times)
		t := welch(times, base)
		fmt.Printf("%-24s %10.1f %8.1f\n", c.name, mean, t)
		control := i == len(classes)-1
		switch {
		case control && math.Abs(t) < alarm:
			all = append(all, errors.New("the control was not told apart: the machine is too noisy for this to prove anything"))
		case i > 0 && !control && math.Abs(t) >= alarm && math.Abs(mean-first)*quarter >= most-first:
			all = append(all, fmt.Errorf("%s keys can be told from unknown ones by the time of the refusal", c.name))
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
