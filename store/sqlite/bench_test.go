// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

// BenchmarkApply puts records with one secret and one event each, and counts all three as rows.
func BenchmarkApply(b *testing.B) {
	for name, n := range map[string]int{"one record": 1, "1000 records": 1000, "10000 records": 10000} {
		b.Run(name, func(b *testing.B) {
			s := open(b, b.TempDir())
			rows := 0
			for b.Loop() {
				b.StopTimer()
				c := issue(n)
				b.StartTimer()
				if err := s.Apply(context.Background(), c); err != nil {
					b.Fatal(err)
				}
				rows += 3 * n
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkMillion fills a store with a million records, once, and reads them back in the ways that matter. Run it with
// -benchtime 1x.
func BenchmarkMillion(b *testing.B) {
	const n, each = 1_000_000, 5000
	ctx := context.Background()
	s := open(b, b.TempDir())
	var some []*authority.Record
	b.Run("fill", func(b *testing.B) {
		b.StopTimer()
		for range n / each {
			c := issue(each)
			b.StartTimer()
			if err := s.Apply(ctx, c); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			some = append(some, c.Puts[0].(*authority.Record))
		}
		b.ReportMetric(3*n/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("scan", func(b *testing.B) {
		for b.Loop() {
			visited := 0
			if err := s.Scan(ctx, func(*authority.Record) error { visited++; return nil }); err != nil || visited != n {
				b.Fatal(visited, err)
			}
		}
	})
	b.Run("lookup", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := s.Lookup(ctx, some[i*7919%len(some)].Secrets[0].Hash); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, test := range []struct {
		name string
		q    authority.Query
	}{
		{"list 50", authority.Query{Keyspace: "default", Limit: 50}},
		{"list 50 of an owner", authority.Query{Owner: "acme", Limit: 50, Before: some[100].ID}},
		{"list none by text", authority.Query{Text: "nowhere", Limit: 50}},
		{"list none by state", authority.Query{State: authority.StateRevoked, Limit: 50}},
	} {
		b.Run(test.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.List(ctx, test.q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("revoke 200", func(b *testing.B) {
		version := uint64(1)
		for b.Loop() {
			version++
			var c authority.Change
			for _, r := range some {
				r.Version, r.Revoked = version, time.Now()
				c.Puts = append(c.Puts, r)
			}
			if err := s.Apply(ctx, c); err != nil {
				b.Fatal(err)
			}
		}
	})
}
