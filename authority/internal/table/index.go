// SPDX-License-Identifier: Apache-2.0

package table

import "hash/maphash"

const (
	indexParts     = 64 // they grow one at a time, so that nobody waits long
	indexFirstSize = 8  // places of a new part
	indexMaxLoad   = 85 // of 100
	indexGrowth    = 8  // a part grows by one part of so many
)

// An index finds the number of a thing by its hash: eight bytes a place, without a pointer. Its zero value is ready. It is
// for one goroutine at a time.
type index struct {
	seed  maphash.Seed
	ready bool
	parts [indexParts]part
}

// part is a hash table with linear probing. A place holds 32 bits of the hash above the number, so that a part grows
// without a look at the things, which lie all over the memory; 0 is free.
type part struct {
	places []uint64
	used   int
}

// start prepares an index for its first use.
func (x *index) start() {
	if !x.ready {
		x.seed, x.ready = maphash.MakeSeed(), true
	}
}

// split returns the part that a hash is of, and what of the hash stands in a place.
func (x *index) split(hash uint64) (*part, uint64) { return &x.parts[hash%indexParts], hash>>32 | 1 }

// first is the place at which a search begins.
func (p *part) first(top uint64) int { return int(top * uint64(len(p.places)) >> 32) }

// find returns the number whose thing has this hash and is the same.
func (x *index) find(hash uint64, same func(uint32) bool) (uint32, bool) {
	p, top := x.split(hash)
	if len(p.places) == 0 {
		return 0, false
	}
	for i := p.first(top); p.places[i] != 0; i = (i + 1) % len(p.places) {
		if n := uint32(p.places[i]); p.places[i]>>32 == top && same(n) {
			return n, true
		}
	}
	return 0, false
}

// add notes a number that find did not find.
func (x *index) add(hash uint64, n uint32) {
	p, top := x.split(hash)
	if (p.used+1)*100 > len(p.places)*indexMaxLoad {
		old := p.places
		p.places = make([]uint64, max(indexFirstSize, len(old)+len(old)/indexGrowth+1))
		for _, place := range old {
			if place != 0 {
				p.put(place)
			}
		}
	}
	p.put(top<<32 | uint64(n))
	p.used++
}

func (p *part) put(place uint64) {
	i := p.first(place >> 32)
	for p.places[i] != 0 {
		i = (i + 1) % len(p.places)
	}
	p.places[i] = place
}

// bytes returns the size of all places.
func (x *index) bytes() int {
	n := 0
	for i := range x.parts {
		n += 8 * len(x.parts[i].places)
	}
	return n
}
