// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"
)

// A Key says whom a meter is for and which of their limits it measures: 16 bytes of subject, 8 of a hash of the limit's
// name. One key is always used with one limit; when the limit changes, the meter goes on from when it would be full.
type Key [24]byte

// An Item is a cost of one meter.
type Item struct {
	Key   Key
	Limit Limit
	Cost  int64
	Keep  bool // Dirty tells of the meter even if the window is short

	Decision Decision // what TakeAll and PeekAll found
}

// keeps reports whether the meter has to survive a restart.
func (it *Item) keeps() bool { return it.Keep || it.Limit.Window > time.Minute }

// A Meters holds a meter for each key that took something lately. It is safe for use by several goroutines. Its zero
// value is not usable: see New.
//
// A meter is found without a lock and is used under its own: two asks wait for each other only if they take from the same
// meter. Meters have numbers and lie in chunks without pointers, so that the garbage collector need not look at them.
type Meters struct {
	seed   [3]uint64 // so that nobody can choose keys that collide
	shards [shards]shard
	chunks atomic.Pointer[[]*chunk]
	inUse  atomic.Int64
	spare  struct {
		sync.Mutex
		numbers []uint32 // of meters that were forgotten
		next    uint32   // the first number that was never used
	}
}

const (
	chunkMeters = 1024
	lineBytes   = 64
	golden      = 0x9e3779b97f4a7c15 // so that a seed of zeros spreads too
	// linger is how long a full meter is kept, for asks that read the clock before others and arrive after them.
	linger = int64(time.Second)
)

// A chunk is never moved or freed.
type chunk struct {
	meters [chunkMeters]meter
	dirty  [chunkMeters / 64]atomic.Uint64 // a bit for each meter that Dirty has to tell of
}

// A meter has a line of memory to itself. The key and use of a meter change only under its lock and that of the key's shard.
type meter struct {
	sync.Mutex
	tat  int64
	key  [3]atomic.Uint64 // read without the lock to find the meter, and again under it to be sure
	used bool
	_    [lineBytes - 41]byte
}

// New returns an empty directory. The seed must be random.
func New(seed [16]byte) *Meters {
	a, b := binary.LittleEndian.Uint64(seed[0:]), binary.LittleEndian.Uint64(seed[8:])
	m := &Meters{seed: [3]uint64{a ^ golden, b ^ bits.RotateLeft64(golden, 21), (a + b) ^ bits.RotateLeft64(golden, 42)}}
	for i := range m.shards {
		m.shards[i].index.Store(&[]uint64{0, 0})
	}
	m.chunks.Store(&[]*chunk{})
	return m
}

// Len returns how many meters there are.
func (m *Meters) Len() int { return int(m.inUse.Load()) }

// at returns the meter of a number that was given out.
func (m *Meters) at(number uint32) *meter {
	return &(*m.chunks.Load())[number/chunkMeters].meters[number%chunkMeters]
}

// is reports whether the meter is in use for a key. It is certain only under the meter's lock.
func (t *meter) is(w0, w1, w2 uint64) bool {
	return (t.key[0].Load()^w0)|(t.key[1].Load()^w1)|(t.key[2].Load()^w2) == 0
}

// lock locks the meter and reports whether it is still that of the key; if not it is left unlocked.
func (t *meter) lock(key *Key) bool {
	t.Lock()
	if t.used && t.is(wordsOf(key)) {
		return true
	}
	t.Unlock()
	return false
}

// obtain returns the locked meter of a key, which it makes if there is none.
func (m *Meters) obtain(key *Key) *meter {
	for {
		if t := m.at(m.number(key)); t.lock(key) {
			return t
		}
		m.settle(key)
	}
}

// have returns the locked meter of a key, or nil if there is none.
func (m *Meters) have(key *Key) (number uint32, t *meter) {
	for {
		number, ok := m.find(key)
		if !ok {
			return 0, nil
		}
		if t := m.at(number); t.lock(key) {
			return number, t
		}
		m.settle(key)
	}
}

// soil notes that the state of a meter, whose lock is held, changed.
func (m *Meters) soil(number uint32) {
	word := &(*m.chunks.Load())[number/chunkMeters].dirty[number%chunkMeters/64]
	if bit := uint64(1) << (number % 64); word.Load()&bit == 0 {
		word.Or(bit)
	}
}

// Restore sets the state of a key's meter as it was kept, if that is later than what the meter has.
func (m *Meters) Restore(key Key, tat int64) {
	t := m.obtain(&key)
	defer t.Unlock()
	t.tat = max(t.tat, tat)
}

// Dirty visits each meter with a window of more than a minute, or that is marked to be kept, whose state changed since
// Dirty last visited it: what has to survive a restart. The visitor must keep what it is given until it is written: it is not told twice.
func (m *Meters) Dirty(visit func(key Key, tat int64)) {
	for _, chunk := range *m.chunks.Load() {
		for w := range chunk.dirty {
			if chunk.dirty[w].Load() == 0 {
				continue
			}
			// What changes from here on sets its bit again.
			for set := chunk.dirty[w].Swap(0); set != 0; set &= set - 1 {
				t := &chunk.meters[w*64+bits.TrailingZeros64(set)]
				t.Lock()
				used, key, tat := t.used, keyOf(t.key[0].Load(), t.key[1].Load(), t.key[2].Load()), t.tat
				t.Unlock()
				if used {
					visit(key, tat)
				}
			}
		}
	}
}
