// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/postgrestest"
)

// BenchmarkApply puts records with one secret and one event each. The server of the tests does not wait for a disk.
func BenchmarkApply(b *testing.B) {
	for name, n := range map[string]int{"1 record": 1, "63 records": 63, "1000 records": 1000, "5000 records": 5000} {
		b.Run(name, func(b *testing.B) {
			s := openAt(b, postgrestest.Database(b))
			keys := 0
			for b.Loop() {
				b.StopTimer()
				c := issue(n)
				b.StartTimer()
				if err := s.Apply(context.Background(), c); err != nil {
					b.Fatal(err)
				}
				keys += n
			}
			b.ReportMetric(float64(keys)/b.Elapsed().Seconds(), "keys/s")
		})
	}
}

// BenchmarkRevoke updates 5,000 records with their events.
func BenchmarkRevoke(b *testing.B) {
	s := openAt(b, postgrestest.Database(b))
	c := issue(5000)
	if err := s.Apply(context.Background(), c); err != nil {
		b.Fatal(err)
	}
	keys := 0
	for b.Loop() {
		for _, p := range c.Puts {
			r := p.(*authority.Record)
			r.Version, r.Revoked = r.Version+1, time.Now()
		}
		if err := s.Apply(context.Background(), c); err != nil {
			b.Fatal(err)
		}
		keys += len(c.Puts)
	}
	b.ReportMetric(float64(keys)/b.Elapsed().Seconds(), "keys/s")
}

// BenchmarkCount writes 10,000 lines of usage, as many last uses and as many meters.
func BenchmarkCount(b *testing.B) {
	s := openAt(b, postgrestest.Database(b))
	var c authority.Tally
	now := time.Now()
	for i := range 10000 {
		id := newID()
		c.Usage = append(c.Usage, authority.Usage{Keyspace: "default", Key: id, Hour: now.Truncate(time.Hour), Code: keywright.Valid, Count: 3, Cost: 3})
		c.Uses = append(c.Uses, authority.Use{Key: id, Hash: keywright.HashText(id.String()), Time: now})
		c.Meters = append(c.Meters, authority.Meter{ID: [24]byte{byte(i), byte(i >> 8)}, Full: now})
	}
	for b.Loop() {
		for i := range c.Uses {
			c.Uses[i].Time = c.Uses[i].Time.Add(time.Second)
		}
		if err := s.Count(context.Background(), c); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSpend takes from a hundred accounts, in batches.
func BenchmarkSpend(b *testing.B) {
	for name, n := range map[string]int{"1 spending": 1, "500 spendings": 500} {
		b.Run(name, func(b *testing.B) {
			s := openAt(b, postgrestest.Database(b))
			var c authority.Change
			for range 100 {
				c.Puts = append(c.Puts, &authority.Move{Account: authority.Account(newID()), Kind: authority.MoveSet, Amount: 1 << 50, Time: time.Now()})
			}
			if err := s.Apply(context.Background(), c); err != nil {
				b.Fatal(err)
			}
			var list []authority.Spending
			for i := range n {
				a := c.Puts[i%100].(*authority.Move).Account
				list = append(list, authority.Spending{Key: keywright.KeyID(a), Time: time.Now(), Accounts: []authority.Account{a}, Amount: 1})
			}
			for b.Loop() {
				if _, err := s.Spend(context.Background(), list); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "spendings/s")
		})
	}
}

// BenchmarkRead reads a store of 100,000 records in the ways that matter.
func BenchmarkRead(b *testing.B) {
	ctx := context.Background()
	s := openAt(b, postgrestest.Database(b))
	const n = 100_000
	var some []keywright.Hash
	for range n / 5000 {
		c := issue(5000)
		if err := s.Apply(ctx, c); err != nil {
			b.Fatal(err)
		}
		some = append(some, c.Puts[0].(*authority.Record).Secrets[0].Hash)
	}
	execute(b, s, "ANALYZE")
	b.Run("scan", func(b *testing.B) {
		for b.Loop() {
			visited := 0
			if err := s.Scan(ctx, func(*authority.Record) error { visited++; return nil }); err != nil || visited != n {
				b.Fatal(visited, err)
			}
		}
		b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("lookup", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := s.Lookup(ctx, some[i%len(some)]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("list 50", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.List(ctx, authority.Query{Keyspace: "default", Limit: 50}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
