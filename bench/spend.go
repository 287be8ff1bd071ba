// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

const (
	spendKeys    = 10_000
	spendersBusy = 64
	spendTime    = 3 * time.Second
)

// spend measures what limits add to a verification, and how many credits can be spent in a second, durably.
func spend() error {
	ctx := context.Background()
	return overSQLite(ctx, func(a *authority.Authority, dir string) error {
		if err := withLimits(ctx, a); err != nil {
			return err
		}
		return withCredits(ctx, a, dir)
	})
}

// overSQLite runs a benchmark of an authority over an empty store on disk, in a folder of its own.
func overSQLite(ctx context.Context, bench func(a *authority.Authority, dir string) error) error {
	dir, err := os.MkdirTemp("", "keywright-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	store, err := sqlite.Open(ctx, filepath.Join(dir, "data"), sqlite.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	a, err := authority.Open(ctx, authority.Options{Store: store, Clock: time.Now, Random: rand.Reader})
	if err != nil {
		return err
	}
	defer a.Close()
	return bench(a, dir)
}

// issueSome issues keys that are alike.
func issueSome(ctx context.Context, a *authority.Authority, q authority.IssueRequest) (keys []keywright.Secret, err error) {
	requests := func(yield func(authority.IssueRequest) bool) {
		for range spendKeys {
			if !yield(q) {
				return
			}
		}
	}
	err = a.IssueMany(ctx, authority.Operator("bench", authority.Origin{}), requests, func(i authority.Issued, err error) error {
		keys = append(keys, i.Key)
		return err
	})
	return keys, err
}

func withLimits(ctx context.Context, a *authority.Authority) error {
	plain, err := issueSome(ctx, a, authority.IssueRequest{Scopes: scopes})
	if err != nil {
		return err
	}
	limited, err := issueSome(ctx, a, authority.IssueRequest{Scopes: scopes, Limits: []authority.Limit{
		{Name: "minute", Limit: 1e9, Window: time.Minute, Auto: true}, {Name: "second", Limit: 1e9, Window: time.Second, Auto: true},
	}})
	if err != nil {
		return err
	}
	if err := a.Warm(ctx); err != nil {
		return err
	}
	loop := func(keys []keywright.Secret) func(int) {
		return func(n int) {
			var next uint32
			for range n {
				v, err := a.Verify(ctx, keywright.Ask{Key: keys[next%spendKeys], Keyspace: "default", Environment: "live", Scopes: scopes})
				if err != nil || !v.Valid() {
					exit(fmt.Errorf("%s, %w", v.Code, err))
				}
				next += 1 + uint32(v.KeyID[15]&1)
			}
		}
	}
	loop(limited)(2 * spendKeys)
	before := mallocs()
	loop(limited)(10 * spendKeys)
	fmt.Printf("allocations of %d verifications with two limits: %d\n", 10*spendKeys, mallocs()-before)
	x, y, ratio := inTurns(15, 50*spendKeys, busy, loop(limited), loop(plain))
	fmt.Printf("warm verification with two limits: %.0f ns of CPU, without: %.0f ns\n", x.median(), y.median())
	fmt.Printf("ratio: %s (aim: at most 1.5)\n\n", ratio)
	return nil
}

// withCredits lets 64 clients verify keys that have credits. The floor is one client after the other that commits an
// update of one row, as a store without groups would.
func withCredits(ctx context.Context, a *authority.Authority, dir string) error {
	keys, err := issueSome(ctx, a, authority.IssueRequest{Credits: &authority.CreditsRequest{Remaining: 1_000_000}})
	if err != nil {
		return err
	}
	var valid atomic.Int64
	var wait sync.WaitGroup
	used, begun := busy(), time.Now()
	for client := range spendersBusy {
		wait.Go(func() {
			for n := client; time.Since(begun) < spendTime; n += spendersBusy {
				v, err := a.Verify(ctx, keywright.Ask{Key: keys[n%spendKeys], Keyspace: "default"})
				if err != nil || !v.Valid() {
					exit(fmt.Errorf("%s, %w", v.Code, err))
				}
				valid.Add(1)
			}
		})
	}
	wait.Wait()
	ours := float64(valid.Load()) / time.Since(begun).Seconds()
	each := float64((busy() - used).Microseconds()) / float64(valid.Load())
	floor, err := commits(ctx, dir)
	if err != nil {
		return err
	}
	fmt.Printf("credits: %d clients, %d keys, every spend durable before its VALID: %.0f a second (aim: at least 13000)\n", spendersBusy, spendKeys, ours)
	fmt.Printf("processor time for each, with its verification: %.1f µs\n", each)
	fmt.Printf("floor: one commit for each, of one row, log and synchronous=FULL as in the store: %.0f a second\n", floor)
	fmt.Printf("ratio to the floor: %.1f\n", ours/floor)
	return nil
}

// commits measures commits of one row a second, on the same disk.
func commits(ctx context.Context, dir string) (float64, error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "floor.db")+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)")
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "CREATE TABLE balances (account INTEGER PRIMARY KEY, remaining INTEGER); INSERT INTO balances VALUES (1, 0)"); err != nil {
		return 0, err
	}
	n := 0
	begun := time.Now()
	for ; time.Since(begun) < spendTime; n++ {
		if _, err := db.ExecContext(ctx, "UPDATE balances SET remaining = remaining + 1 WHERE account = 1"); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(begun).Seconds(), nil
}
