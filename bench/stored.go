// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

const (
	fewRecords = 1000
	changes    = 200 // of each kind
)

// startAndChange starts over a store of n records, and revokes and rotates keys of it and of a small one in turns.
func startAndChange(ctx context.Context, n int) error {
	many, closeMany, err := filledStore(ctx, n, shared)
	if err != nil {
		return err
	}
	defer closeMany()
	few, closeFew, err := filledStore(ctx, fewRecords, shared)
	if err != nil {
		return err
	}
	defer closeFew()
	operator := authority.Operator("bench", authority.Origin{})
	revoke := func(s *filled, i int) error {
		_, err := s.authority.Revoke(ctx, operator, s.ids[i*(len(s.ids)/changes)], "bench")
		return err
	}
	rotate := func(s *filled, i int) error { // those behind the revoked
		_, err := s.authority.Rotate(ctx, operator, s.ids[i*(len(s.ids)/changes)+1], authority.RotateRequest{})
		return err
	}
	for _, c := range []struct {
		what   string
		change func(*filled, int) error
	}{{"revoke", revoke}, {"rotate", rotate}} {
		var x, y, ratio spread
		for i := range changes {
			a, err := timed(func() error { return c.change(many, i) })
			if err != nil {
				return err
			}
			b, err := timed(func() error { return c.change(few, i) })
			if err != nil {
				return err
			}
			x, y, ratio = append(x, a), append(y, b), append(ratio, a/b)
		}
		fmt.Printf("%s, with its event on the disk: %.2f ms (95 of 100 within %.2f) among %d records, %.2f ms (%.2f) among %d: %.2f times as long\n",
			c.what, x.median(), percentile(x, 95), n, y.median(), percentile(y, 95), fewRecords, ratio.median())
	}
	return nil
}

// timed returns how long something took, in milliseconds.
func timed(do func() error) (float64, error) {
	start := time.Now()
	err := do()
	return float64(time.Since(start).Microseconds()) / 1e3, err
}

func percentile(s spread, p int) float64 {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[len(sorted)*p/100]
}

// filled is an authority over a store that was filled.
type filled struct {
	authority *authority.Authority
	ids       []keywright.KeyID
}

// shared gives a record one of 10,000 owners.
func shared(i int, r *authority.Record) { r.Owner = fmt.Sprint("team_", i%sharedOwners) }

// filledStore fills a store on the disk with records as shape makes them, and starts over it.
func filledStore(ctx context.Context, n int, shape func(int, *authority.Record)) (*filled, func(), error) {
	dir, err := os.MkdirTemp("", "keywright-bench")
	if err != nil {
		return nil, nil, err
	}
	remove := func() { _ = os.RemoveAll(dir) }
	ids, err := fill(ctx, dir, n, shape)
	if err != nil {
		remove()
		return nil, nil, err
	}
	a, done, err := openWarm(ctx, dir)
	if err != nil {
		remove()
		return nil, nil, err
	}
	return &filled{a, ids}, func() { done(); remove() }, nil
}

// fill puts records of which nobody has the keys: their hashes are random.
func fill(ctx context.Context, dir string, n int, shape func(int, *authority.Record)) (ids []keywright.KeyID, err error) {
	store, err := sqlite.Open(ctx, dir, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	a, err := open(ctx, store) // makes the keyspace
	if err != nil {
		return nil, err
	}
	a.Close()
	start, processor := time.Now(), busy()
	for len(ids) < n {
		var c authority.Change
		for range min(5000, n-len(ids)) {
			r, err := randomRecord()
			if err != nil {
				return nil, err
			}
			shape(len(ids), r)
			ids, c.Puts = append(ids, r.ID), append(c.Puts, r)
		}
		if err := store.Apply(ctx, c); err != nil {
			return nil, err
		}
	}
	fmt.Printf("%d records put, %.0f a second, %.1f µs of processor time each\n", n, float64(n)/time.Since(start).Seconds(),
		float64((busy()-processor).Microseconds())/float64(n))
	return ids, store.Close()
}

func randomRecord() (*authority.Record, error) {
	now := time.Now()
	id, err := keywright.NewKeyID(now, rand.Reader)
	return &authority.Record{
		ID: id, Keyspace: authority.DefaultKeyspace, Format: "secret", Environment: "live", Name: "bench",
		Scopes: scopes, Created: now, Updated: now, Version: 1,
		Secrets: []authority.StoredSecret{{Hash: keywright.HashText(rand.Text()), PublicID: rand.Text()[:12], Created: now}},
	}, err
}
