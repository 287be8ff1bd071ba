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
	revokes    = 200
)

// startAndRevoke starts over a store of n records, and revokes keys of it and of a small one in turns.
func startAndRevoke(ctx context.Context, n int) error {
	many, closeMany, err := filledStore(ctx, n)
	if err != nil {
		return err
	}
	defer closeMany()
	few, closeFew, err := filledStore(ctx, fewRecords)
	if err != nil {
		return err
	}
	defer closeFew()
	operator := authority.Operator("bench", authority.Origin{})
	var x, y spread
	for i := range revokes {
		for _, s := range []struct {
			*revocable
			took *spread
		}{{many, &x}, {few, &y}} {
			id := s.ids[i*(len(s.ids)/revokes)]
			start := time.Now()
			if _, err := s.authority.Revoke(ctx, operator, id, "bench"); err != nil {
				return err
			}
			*s.took = append(*s.took, float64(time.Since(start).Microseconds())/1e3)
		}
	}
	fmt.Printf("revoke, with its event on the disk: %.2f ms (95 of 100 within %.2f) among %d records, %.2f ms (%.2f) among %d\n",
		x.median(), percentile(x, 95), n, y.median(), percentile(y, 95), fewRecords)
	return nil
}

func percentile(s spread, p int) float64 {
	sorted := slices.Sorted(slices.Values(s))
	return sorted[len(sorted)*p/100]
}

// revocable is an authority over a store that was filled.
type revocable struct {
	authority *authority.Authority
	ids       []keywright.KeyID
}

// filledStore fills a store on the disk and starts over it.
func filledStore(ctx context.Context, n int) (*revocable, func(), error) {
	dir, err := os.MkdirTemp("", "keywright-bench")
	if err != nil {
		return nil, nil, err
	}
	remove := func() { _ = os.RemoveAll(dir) }
	ids, err := fill(ctx, dir, n)
	if err != nil {
		remove()
		return nil, nil, err
	}
	a, done, err := openWarm(ctx, dir)
	if err != nil {
		remove()
		return nil, nil, err
	}
	return &revocable{a, ids}, func() { done(); remove() }, nil
}

// fill puts records of which nobody has the keys: their hashes are random.
func fill(ctx context.Context, dir string, n int) (ids []keywright.KeyID, err error) {
	store, err := sqlite.Open(ctx, dir, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	a, err := open(ctx, store) // makes the keyspace
	if err != nil {
		return nil, err
	}
	a.Close()
	start := time.Now()
	for len(ids) < n {
		var c authority.Change
		for range min(5000, n-len(ids)) {
			r, err := randomRecord(len(ids))
			if err != nil {
				return nil, err
			}
			ids, c.Puts = append(ids, r.ID), append(c.Puts, r)
		}
		if err := store.Apply(ctx, c); err != nil {
			return nil, err
		}
	}
	fmt.Printf("%d records put, %.0f a second\n", n, float64(n)/time.Since(start).Seconds())
	return ids, store.Close()
}

func randomRecord(i int) (*authority.Record, error) {
	now := time.Now()
	id, err := keywright.NewKeyID(now, rand.Reader)
	return &authority.Record{
		ID: id, Keyspace: authority.DefaultKeyspace, Format: "secret", Environment: "live", Name: "bench",
		Owner: fmt.Sprint("team_", i%sharedOwners), Scopes: scopes, Created: now, Updated: now, Version: 1,
		Secrets: []authority.StoredSecret{{Hash: keywright.HashText(rand.Text()), PublicID: rand.Text()[:12], Created: now}},
	}, err
}
