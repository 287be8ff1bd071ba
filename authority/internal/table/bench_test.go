// SPDX-License-Identifier: Apache-2.0

package table

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkFind looks for keys that are there and for keys that are not, each look waiting for the one before. Most of
// the time is one access to memory that no cache holds.
func BenchmarkFind(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000, 10_000_000} {
		table := New([16]byte{1})
		for i := range n {
			table.Put(quickHash(uint64(i)), idOf(i), 0)
		}
		for name, first := range map[string]uint64{"hit": 0, "miss": 1 << 40} {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				var random rand.PCG
				last := byte(0)
				for b.Loop() {
					h := quickHash(first + (random.Uint64()+uint64(last))%uint64(n))
					id, _, ok := table.Find(&h)
					if ok != (name == "hit") {
						b.Fatal("found", ok)
					}
					last = id[8]
				}
				b.ReportMetric(float64(table.Bytes())/float64(n), "B/key")
			})
		}
	}
}

// BenchmarkPut fills a table: what its growth costs is in it.
func BenchmarkPut(b *testing.B) {
	table := New([16]byte{1})
	for i := 0; b.Loop(); i++ {
		table.Put(quickHash(uint64(i)), idOf(i), 0)
	}
}

// quickHash stands for a hash where making real ones would take longer than what is measured.
func quickHash(n uint64) (h [32]byte) {
	var random rand.PCG
	random.Seed(n, n)
	for i := range h {
		if i%8 == 0 {
			v := random.Uint64()
			for j := range 8 {
				h[i+j] = byte(v >> (8 * j))
			}
		}
	}
	return h
}

// BenchmarkOwners numbers texts that are all different, and a grant for each: what a key costs that has an owner of its own.
func BenchmarkOwners(b *testing.B) {
	var texts Texts
	var values Values[[4]uint32]
	name := []byte("customer_00000000")
	for i := 0; b.Loop(); i++ {
		for j, n := len(name)-1, i; n > 0; j, n = j-1, n/10 {
			name[j] = '0' + byte(n%10)
		}
		owner, _ := texts.Number(string(name))
		values.Number([4]uint32{owner})
	}
	b.ReportMetric(float64(texts.Bytes()+values.Bytes())/float64(values.Len()), "B/key")
}
