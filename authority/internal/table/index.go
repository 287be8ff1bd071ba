// SPDX-License-Identifier: Apache-2.0

package table

import "hash/maphash"

const (
	indexParts     = 64 // they grow one at a time, so that nobody waits long
	indexFirstSize = 8  // places of a new part
	indexMaxLoad   = 85 // of 100
)

// An index finds the number of a thing by its hash: five bytes a place, without a pointer. Its zero value is ready. It
// is for one goroutine at a time.
type index struct {
	seed  maphash.Seed
	ready bool
	parts [indexParts]part
}

// part is a hash table with linear probing.
type part struct {
	tags    []uint8 // eight bits of the hash, with which most others are told apart unseen; 0 is free
	numbers []uint32
	used    int
}

// start prepares an index for its first use.
func (x *index) start() {
	if !x.ready {
		x.seed, x.ready = maphash.MakeSeed(), true
	}
}

func tagOf(hash uint64) uint8 { return max(uint8(hash>>8), 1) }

// find returns the number whose thing has this hash and is the same.
func (x *index) find(hash uint64, same func(uint32) bool) (uint32, bool) {
	p := &x.parts[hash%indexParts]
	if len(p.tags) == 0 {
		return 0, false
	}
	tag := tagOf(hash)
	for i := home(hash, len(p.tags)); p.tags[i] != 0; i = (i + 1) % len(p.tags) {
		if p.tags[i] == tag && same(p.numbers[i]) {
			return p.numbers[i], true
		}
	}
	return 0, false
}

// add notes a number that find did not find. Where the part grows, hashOf tells the hashes of the numbers in it.
func (x *index) add(hash uint64, n uint32, hashOf func(uint32) uint64) {
	p := &x.parts[hash%indexParts]
	if (p.used+1)*100 > len(p.tags)*indexMaxLoad {
		old := *p
		size := max(indexFirstSize, len(old.tags)+len(old.tags)/4)
		p.tags, p.numbers = make([]uint8, size), make([]uint32, size)
		for i, tag := range old.tags {
			if tag != 0 {
				p.put(hashOf(old.numbers[i]), old.numbers[i])
			}
		}
	}
	p.put(hash, n)
	p.used++
}

func (p *part) put(hash uint64, n uint32) {
	i := home(hash, len(p.tags))
	for p.tags[i] != 0 {
		i = (i + 1) % len(p.tags)
	}
	p.tags[i], p.numbers[i] = tagOf(hash), n
}

// bytes returns the size of all places.
func (x *index) bytes() int {
	n := 0
	for i := range x.parts {
		n += 5 * len(x.parts[i].tags)
	}
	return n
}
