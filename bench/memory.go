// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

const sharedOwners = 10_000

// memory measures what a table of many keys costs, and what it makes slower. Its arguments are the number of keys in
// the table (1,000,000), which are warmed from memory, and the number of records in the SQLite store that is started
// over (as many, at most 1,000,000).
func memory() error {
	n, stored, err := sizes()
	if err != nil {
		return err
	}
	ctx := context.Background()
	fmt.Printf("%d keys in the table, from memory; the floor and the smaller table hold every tenth of them\n", n)
	k, err := makeKeys(ctx, n, 10)
	if err != nil {
		return err
	}
	fmt.Printf("a collection without a table: %s\n\n", collection())
	if err := weigh(ctx, &source{keys: k, step: 1}); err != nil {
		return err
	}
	if err := weigh(ctx, &source{keys: k, step: 1, owners: sharedOwners}); err != nil {
		return err
	}
	if err := compareSizes(ctx, k); err != nil {
		return err
	}
	*k = keys{}
	fmt.Printf("\n%d records in SQLite, put through Store.Apply without events\n", stored)
	return startAndChange(ctx, stored)
}

func sizes() (n, stored int, err error) {
	n = million
	if len(os.Args) > 2 {
		n, err = strconv.Atoi(os.Args[2])
	}
	stored = min(n, million)
	if err == nil && len(os.Args) > 3 {
		stored, err = strconv.Atoi(os.Args[3])
	}
	if err != nil || n < 10_000 || stored < 10_000 {
		return 0, 0, fmt.Errorf("memory wants numbers of keys, from 10000 on")
	}
	return n, stored, nil
}

// weigh warms a table and says what it takes.
func weigh(ctx context.Context, s *source) error {
	runtime.GC()
	before := heap()
	a, took, err := warm(ctx, s)
	if err != nil {
		return err
	}
	defer a.Close()
	defer func() { _ = s.Close() }()
	runtime.GC()
	after := heap()
	stats := a.Stats()
	each := func(bytes int) float64 { return float64(bytes) / float64(stats.Secrets) }
	what, own := fmt.Sprintf("%d owners", s.owners), 0
	if s.owners == 0 {
		what = "every key has an owner of its own"
		for i := range s.keys.hashes {
			own += len(s.owner(i))
		}
	}
	fmt.Printf("%s:\n", what)
	fmt.Printf("  table: %.1f bytes a key (aim: at most 64); owners and grants: %.1f, of which texts of its own %.1f\n",
		each(stats.Bytes), each(stats.Shared), each(own))
	fmt.Printf("  heap: %.1f bytes a key in %d objects, so %.1f beyond these\n",
		each(after.bytes-before.bytes), after.objects-before.objects, each(after.bytes-before.bytes-stats.Bytes-stats.Shared))
	fmt.Printf("  warm from memory after %.2f s of processor time, %.0f ns a key\n", took.Seconds(), float64(took)/float64(stats.Secrets))
	fmt.Printf("  a collection with it: %s\n", collection())
	return nil
}

type heaped struct{ bytes, objects int }

func heap() heaped {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return heaped{int(m.HeapAlloc), int(m.HeapObjects)}
}

// collection says how long a garbage collection takes, and how long it stops the world.
func collection() string {
	const rounds = 9
	var took, paused spread
	for range rounds {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		pause, start := m.PauseTotalNs, time.Now()
		runtime.GC()
		took = append(took, float64(time.Since(start).Microseconds())/1e3)
		runtime.ReadMemStats(&m)
		paused = append(paused, float64(m.PauseTotalNs-pause)/1e3)
	}
	return fmt.Sprintf("%.2f ms (%.2f to %.2f), the world stopped for %.0f µs", took.median(), slices.Min(took), slices.Max(took), paused.median())
}

// compareSizes judges the same keys in the whole table and in one of every tenth key, in turns, and does the floor in as
// much memory. What counts is processor time.
func compareSizes(ctx context.Context, k *keys) error {
	all := &source{keys: k, step: 1, owners: sharedOwners}
	tenth := &source{keys: k, step: k.each, owners: sharedOwners}
	big, _, err := warm(ctx, all)
	if err != nil {
		return err
	}
	defer big.Close()
	small, _, err := warm(ctx, tenth)
	if err != nil {
		return err
	}
	defer small.Close()
	secrets := k.secrets()
	lines := make([][8]uint64, big.Stats().Bytes/64)
	for i := range lines {
		lines[i][0] = uint64(i) * 2654435761 >> 7
	}
	fewer := lines[:small.Stats().Bytes/64]
	const n = million / 2
	before := mallocs()
	judge(ctx, big, secrets)(n)
	fmt.Printf("\nallocations of %d verifications: %d\n", n, mallocs()-before)
	x, y, ratio := inTurns(15, n, busy, judge(ctx, big, secrets), judge(ctx, small, secrets))
	fmt.Printf("warm verification: %.0f ns among %d keys, %.0f ns among %d: %s times as long (aim: at most 1.5)\n",
		x.median(), big.Stats().Secrets, y.median(), small.Stats().Secrets, ratio)
	floor := func(lines [][8]uint64) func(int) { return func(n int) { floorVerify(secrets, lines, n) } }
	f, g, ratio := inTurns(15, n, busy, floor(lines), floor(fewer))
	fmt.Printf("floor: %.0f ns in %d MB, %.0f ns in %d MB: %s times as long\n", f.median(), len(lines)>>14, g.median(), len(fewer)>>14, ratio)
	_, _, ratio = inTurns(15, n, busy, judge(ctx, big, secrets), floor(lines))
	fmt.Printf("ratio to the floor among %d keys: %s\n", big.Stats().Secrets, ratio)
	return nil
}

// judge verifies keys one after the other; the next one waits for the answer.
func judge(ctx context.Context, a *authority.Authority, secrets []keywright.Secret) func(int) {
	next := 0
	return func(n int) {
		for range n {
			v, err := a.Verify(ctx, keywright.Ask{Key: secrets[next%len(secrets)], Keyspace: "default", Environment: "live", Scopes: scopes})
			if err != nil || !v.Valid() {
				exit(fmt.Errorf("%s, %w", v.Code, err))
			}
			next += 1 + int(v.KeyID[0]>>7)
		}
	}
}
