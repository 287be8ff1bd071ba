// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

const million = 1_000_000

var scopes = []string{"invoices:read"}

// verify issues a million keys in bulk, starts over them, and judges them in process. The floor is SHA-256 of the key
// and one random read of a 64-byte line from an array as large as the table.
func verify() error {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "keywright-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	keys, err := issueMillion(ctx, dir)
	if err != nil {
		return err
	}
	a, done, err := openWarm(ctx, dir)
	if err != nil {
		return err
	}
	defer done()
	stats := a.Stats()
	fmt.Printf("table: %d hashes, %.1f bytes for each\n", stats.Secrets, float64(stats.Bytes)/float64(stats.Secrets))
	runtime.GC()

	ours := func(n int) {
		var next uint32
		for range n {
			v, err := a.Verify(ctx, keywright.Ask{Key: keys[next%million], Keyspace: "default", Environment: "live", Scopes: scopes})
			if err != nil || !v.Valid() {
				exit(fmt.Errorf("%s, %w", v.Code, err))
			}
			next += 1 + uint32(v.KeyID[15]&1) // the next one waits for this answer
		}
	}
	lines := make([][8]uint64, stats.Bytes/64)
	for i := range lines {
		lines[i][0] = uint64(i) * 2654435761 >> 7
	}
	floor := func(n int) { floorVerify(keys, lines, n) }
	before := mallocs()
	ours(million)
	fmt.Printf("allocations of %d verifications: %d\n", million, mallocs()-before)
	x, y, ratio := inTurns(15, million/2, wall(), ours, floor)
	fmt.Printf("warm verification with one scope asked: %.0f ns\n", x.median())
	fmt.Printf("floor: SHA-256 of the key and one random read of a 64-byte line of %d MB: %.0f ns\n", stats.Bytes>>20, y.median())
	fmt.Printf("ratio to the floor: %s (aim: at most 1.25)\n", ratio)
	if runtime.NumCPU() < 2 {
		fmt.Println("two cores: this machine has one")
		return nil
	}
	_, _, gain := inTurns(9, million/2, wall(), ours, func(n int) { both(ours, n/2) })
	_, _, floorGain := inTurns(9, million/2, wall(), floor, func(n int) { both(floor, n/2) })
	fmt.Printf("two cores beside one: %s times as many (aim: at least 1.9); the floor: %s\n", gain, floorGain)
	return nil
}

func floorVerify(keys []keywright.Secret, lines [][8]uint64, n int) {
	var next uint32
	for range n {
		var text [128]byte
		length := copy(text[:], keys[next%uint32(len(keys))].Reveal())
		h := sha256.Sum256(text[:length])
		place := (uint64(h[0])<<32 | uint64(h[1])<<24 | uint64(h[2])<<16 | uint64(h[3])<<8 | uint64(h[4])) % uint64(len(lines))
		next += 1 + uint32(lines[place][0]^lines[place][7])&1
	}
}

// both runs f twice at the same time.
func both(f func(int), n int) {
	var wait sync.WaitGroup
	wait.Go(func() { f(n) })
	wait.Go(func() { f(n) })
	wait.Wait()
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// issueMillion issues a million keys into a store in dir.
func issueMillion(ctx context.Context, dir string) ([]keywright.Secret, error) {
	store, err := sqlite.Open(ctx, dir, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	a, err := authority.Open(ctx, authority.Options{Store: store, Clock: time.Now, Random: rand.Reader})
	if err != nil {
		return nil, err
	}
	keys := make([]keywright.Secret, 0, million)
	requests := func(yield func(authority.IssueRequest) bool) {
		for i := range million {
			if !yield(authority.IssueRequest{Name: "bench", Owner: fmt.Sprint("team_", i%10_000), Scopes: scopes}) {
				return
			}
		}
	}
	start := time.Now()
	err = a.IssueMany(ctx, authority.Operator("bench", authority.Origin{}), requests, func(i authority.Issued, err error) error {
		keys = append(keys, i.Key)
		return err
	})
	took := time.Since(start)
	a.Close()
	if err == nil {
		err = store.Close()
	}
	fmt.Printf("bulk issue into SQLite: %d keys in %.1f s, %.0f a second, with an event for each\n", million, took.Seconds(), million/took.Seconds())
	return keys, err
}

// openWarm starts over a store and waits until its table is complete.
func openWarm(ctx context.Context, dir string) (*authority.Authority, func(), error) {
	start, used := time.Now(), busy()
	store, err := sqlite.Open(ctx, dir, sqlite.Options{})
	if err != nil {
		return nil, nil, err
	}
	a, err := open(ctx, store)
	if err != nil {
		return nil, nil, err
	}
	ready := time.Since(start)
	err = a.Warm(ctx)
	fmt.Printf("start: ready after %.0f ms, warm after %.1f s, %.1f s of processor time\n",
		float64(ready.Microseconds())/1e3, time.Since(start).Seconds(), (busy() - used).Seconds())
	return a, func() { a.Close(); _ = store.Close() }, err
}
