// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// numbered returns the account, or key id, of a number, spread as ids are.
func numbered(n int) (id [16]byte) {
	binary.BigEndian.PutUint64(id[:], uint64(n)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(id[8:], uint64(n)+1)
	return id
}

// BenchmarkSpend spends in batches of 64, from as many accounts or from one.
func BenchmarkSpend(b *testing.B) {
	const accounts, batch = 10_000, 64
	for name, spread := range map[string]int{"64 accounts": 1, "key and owner": 2, "one account": 0} {
		b.Run(name, func(b *testing.B) {
			s := open(b, b.TempDir())
			var c authority.Change
			for i := range accounts {
				c.Puts = append(c.Puts, &authority.Move{Account: numbered(i), Kind: authority.MoveSet, Amount: 1 << 60, Time: time.Now()})
			}
			if err := s.Apply(context.Background(), c); err != nil {
				b.Fatal(err)
			}
			n, list := 0, make([]authority.Spending, batch)
			for b.Loop() {
				for i := range list {
					n++
					a := authority.Account(numbered(n * min(spread, 1) % accounts))
					list[i] = authority.Spending{Key: keywright.KeyID(a), Time: time.Now(), Accounts: []authority.Account{a}, Amount: 1}
					if spread == 2 {
						list[i].Accounts = append(list[i].Accounts, numbered(accounts-1))
						if a == list[i].Accounts[1] {
							list[i].Accounts = list[i].Accounts[:1]
						}
					}
				}
				if _, err := s.Spend(context.Background(), list); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "spendings/s")
		})
	}
}

// BenchmarkCount writes a tally of ten thousand keys, each with usage, a use and a meter, in an hour that goes on or anew.
func BenchmarkCount(b *testing.B) {
	const n = 10_000
	for name, hours := range map[string]int{"same hour": 0, "new hour": 1} {
		b.Run(name, func(b *testing.B) {
			s := open(b, b.TempDir())
			rounds := 0
			for b.Loop() {
				b.StopTimer()
				rounds++
				now := time.Now().Add(time.Duration(rounds*hours) * time.Hour)
				var c authority.Tally
				for i := range n {
					key := keywright.KeyID(numbered(i))
					c.Usage = append(c.Usage, authority.Usage{Keyspace: "default", Key: key, Hour: now.Truncate(time.Hour), Code: keywright.Valid, Count: 1})
					c.Uses = append(c.Uses, authority.Use{Key: key, Hash: keywright.HashText(string(key[:])), Time: now.Add(time.Duration(rounds) * time.Second), From: netip.MustParseAddr("192.0.2.7")})
					m := authority.Meter{Full: now.Add(time.Duration(rounds) * time.Minute)}
					copy(m.ID[:], key[:])
					c.Meters = append(c.Meters, m)
				}
				b.StartTimer()
				if err := s.Count(context.Background(), c); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(3*n*rounds)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkArchive loads a million records with their events, and dumps them. Run it with -benchtime 1x.
func BenchmarkArchive(b *testing.B) {
	const n = 1_000_000
	ctx := context.Background()
	s := open(b, b.TempDir())
	b.Run(fmt.Sprintf("load %d", n), func(b *testing.B) {
		if err := s.Load(ctx, many(b, n)); err != nil {
			b.Fatal(err)
		}
	})
	b.Run("dump", func(b *testing.B) {
		for b.Loop() {
			visited := 0
			if err := s.Dump(ctx, func(any) error { visited++; return nil }); err != nil || visited != 2*n {
				b.Fatal(visited, err)
			}
		}
	})
}

// many returns n records, then their events.
func many(b *testing.B, n int) func() (any, error) {
	b.StopTimer()
	c, head := issue(n), keywright.Hash{}
	for i := range c.Events {
		c.Events[i].Link(uint64(i+1), head)
		head = c.Events[i].Hash
	}
	b.StartTimer()
	i := 0
	return func() (any, error) {
		defer func() { i++ }()
		switch {
		case i < n:
			return c.Puts[i], nil
		case i < 2*n:
			return &c.Events[i-n], nil
		}
		return nil, io.EOF
	}
}
