// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

const shards = 64

// A shard is a hash table with linear probing. A slot is one word: the tag of a key's hash in the upper half, the number of its
// meter, plus one, in the lower; 0 is free. A slot that is set never changes: where meters are forgotten the
// table is replaced, and readers of the old one find out under the meter's lock.
type shard struct {
	sync.Mutex // for writers
	used       int
	index      atomic.Pointer[[]uint64] // for readers
}

func wordsOf(key *Key) (w0, w1, w2 uint64) {
	return binary.LittleEndian.Uint64(key[0:]), binary.LittleEndian.Uint64(key[8:]), binary.LittleEndian.Uint64(key[16:])
}

func keyOf(w0, w1, w2 uint64) (key Key) {
	binary.LittleEndian.PutUint64(key[0:], w0)
	binary.LittleEndian.PutUint64(key[8:], w1)
	binary.LittleEndian.PutUint64(key[16:], w2)
	return key
}

func (m *Meters) hash(w0, w1, w2 uint64) uint64 {
	hi, lo := bits.Mul64(w0^m.seed[0], w1^m.seed[1])
	hi, lo = bits.Mul64(hi^lo^w2, m.seed[2])
	return hi ^ lo
}

// tagged is a slot without its number.
func tagged(hash uint64) uint64 { return hash << 32 }

// home is the slot at which a probe starts: the hash scaled to the number of slots.
func home(hash uint64, slots int) int {
	hi, _ := bits.Mul64(hash, uint64(slots))
	return int(hi)
}

// find returns the number of a key's meter without a lock; what it finds must be verified under the meter's.
func (m *Meters) find(key *Key) (number uint32, ok bool) {
	w0, w1, w2 := wordsOf(key)
	hash := m.hash(w0, w1, w2)
	return m.probe(*m.shards[hash%shards].index.Load(), hash, w0, w1, w2)
}

func (m *Meters) probe(index []uint64, hash, w0, w1, w2 uint64) (number uint32, ok bool) {
	for i, tag := home(hash, len(index)), tagged(hash); ; {
		slot := atomic.LoadUint64(&index[i])
		if slot == 0 {
			return 0, false
		}
		if (slot^tag)>>32 == 0 && m.at(uint32(slot)-1).is(w0, w1, w2) {
			return uint32(slot) - 1, true
		}
		if i++; i == len(index) {
			i = 0
		}
	}
}

// number returns the number of a key's meter, which it makes if there is none.
func (m *Meters) number(key *Key) uint32 {
	if number, ok := m.find(key); ok {
		return number
	}
	w0, w1, w2 := wordsOf(key)
	hash := m.hash(w0, w1, w2)
	s := &m.shards[hash%shards]
	s.Lock()
	defer s.Unlock()
	index := *s.index.Load()
	if number, ok := m.probe(index, hash, w0, w1, w2); ok {
		return number
	}
	if (s.used+1)*4 > len(index)*3 { // at most three slots in four are used
		index = m.rebuild(index, 2*len(index))
		s.index.Store(&index)
	}
	number := m.unused()
	t := m.at(number)
	t.Lock()
	t.key[0].Store(w0)
	t.key[1].Store(w1)
	t.key[2].Store(w2)
	t.tat, t.used = 0, true
	t.Unlock()
	insert(index, hash, number)
	s.used++
	m.inUse.Add(1)
	return number
}

// settle waits for whoever is forgetting meters where a key belongs: what is found from then on is new.
func (m *Meters) settle(key *Key) {
	s := &m.shards[m.hash(wordsOf(key))%shards]
	s.Lock()
	defer s.Unlock()
}

// insert sets a slot of an index that has a free one.
func insert(index []uint64, hash uint64, number uint32) {
	i := home(hash, len(index))
	for index[i] != 0 {
		i = (i + 1) % len(index)
	}
	atomic.StoreUint64(&index[i], tagged(hash)|uint64(number+1))
}

// rebuild returns the meters of an index that are in use in one of another size. The shard is locked.
func (m *Meters) rebuild(old []uint64, size int) []uint64 {
	index := make([]uint64, size)
	for _, slot := range old {
		if slot == 0 {
			continue
		}
		if t := m.at(uint32(slot) - 1); t.used {
			insert(index, m.hash(t.key[0].Load(), t.key[1].Load(), t.key[2].Load()), uint32(slot)-1)
		}
	}
	return index
}

// unused returns the number of a meter that is not in use.
func (m *Meters) unused() uint32 {
	m.spare.Lock()
	defer m.spare.Unlock()
	if last := len(m.spare.numbers) - 1; last >= 0 {
		number := m.spare.numbers[last]
		m.spare.numbers = m.spare.numbers[:last]
		return number
	}
	number := m.spare.next
	if chunks := *m.chunks.Load(); int(number) == len(chunks)*chunkMeters {
		chunks = append(chunks[:len(chunks):len(chunks)], new(chunk))
		m.chunks.Store(&chunks)
	}
	m.spare.next++
	return number
}

// Sweep forgets the meters that have been full for a second, which are like new ones: so memory is bounded by how many
// are in use at once.
func (m *Meters) Sweep(now time.Time) {
	before := nanoseconds(now) - linger
	for i := range m.shards {
		m.sweep(&m.shards[i], before)
	}
}

func (m *Meters) sweep(s *shard, before int64) {
	s.Lock()
	defer s.Unlock()
	old := *s.index.Load()
	var forgotten []uint32
	for _, slot := range old {
		if slot == 0 {
			continue
		}
		number := uint32(slot) - 1
		t := m.at(number)
		t.Lock()
		if t.tat < before {
			t.used = false
			(*m.chunks.Load())[number/chunkMeters].dirty[number%chunkMeters/64].And(^(uint64(1) << (number % 64)))
			forgotten = append(forgotten, number)
		}
		t.Unlock()
	}
	if len(forgotten) == 0 {
		return
	}
	s.used -= len(forgotten)
	m.inUse.Add(-int64(len(forgotten)))
	index := m.rebuild(old, max(2, 2*s.used))
	s.index.Store(&index)
	m.spare.Lock() // only now: a number must not be in two indexes
	defer m.spare.Unlock()
	m.spare.numbers = append(m.spare.numbers, forgotten...)
}
