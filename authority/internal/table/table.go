// SPDX-License-Identifier: Apache-2.0

// Package table holds the hashes that may have to be judged, and what many of them share: flat, free of pointers, read
// without a lock.
//
// A Table finds a hash; the number in what it finds leads to Values, Texts and Interned, which keep equal things once. It is a hash table with linear probing, cut into shards that grow one at a time. A slot is six words:
//
//	word 0..2  the first 192 bits of the hash; word 0 is written last and is never 0 in a used slot
//	word 3..4  the id of the record
//	word 5     the state: expiry, flags, grant
//
// Hash and id of a used slot never change, and the state is one word, so a reader needs only atomic loads: what it
// sees is either before or after a write, never half of one. Slots are never freed: a key that was revoked must go on
// answering so.
package table

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	shards    = 256
	slotWords = 6
	slotBytes = 8 * slotWords
	firstSize = 16 // slots of a new shard

	// A shard is enlarged by a sixteenth when 82 of 100 slots are used: a key costs 58 to 63 bytes, whatever their number.
	// That moves each slot sixteen times in its life, half a microsecond for each key in all. A fuller table would be searched
	// longer for a key that is unknown: 22 slots on average at 85 of 100, 16 at 82.
	maxLoad    = 82 // of 100
	growthPart = 16 // a shard grows by one part of so many
)

// A State is what a verification needs first, in one word.
type State uint64

const (
	grantBits = 25
	// MaxGrant is the highest number of a grant.
	MaxGrant = 1<<grantBits - 1
)

// Flag is one bit of a state.
type Flag uint64

// The flags.
const (
	Revoked Flag = 1 << (grantBits + iota)
	Disabled
	// Registered marks a secret that was made elsewhere.
	Registered
	// Doubtful marks a secret of which nobody knows whether a change was written: the store must be asked.
	Doubtful
	// Previous marks a secret that is not the newest of its record.
	Previous
	// Slow marks a secret that is found by its public id: its hash is of a kind that takes long.
	Slow
	// Ended marks a secret that has ended for good: whatever the clock says later, it does not come back.
	Ended
)

// NewState packs a state. Expires is in Unix seconds, 0 for never; grant is at most MaxGrant.
func NewState(expires uint32, flags Flag, grant uint32) State {
	return State(uint64(expires)<<32 | uint64(flags) | uint64(grant&MaxGrant))
}

// Expires returns the Unix second from which on the secret is expired; 0 is never.
func (s State) Expires() uint32 { return uint32(s >> 32) }

// Has reports whether a flag is set.
func (s State) Has(f Flag) bool { return Flag(s)&f != 0 }

// With returns the state with a flag set.
func (s State) With(f Flag) State { return s | State(f) }

// Grant returns the number of the grant.
func (s State) Grant() uint32 { return uint32(s) & MaxGrant }

// A Table is safe for use by several goroutines. Its zero value is not usable: see New.
type Table struct {
	seed   [2]uint64                 // so that nobody can choose hashes that collide
	slots  atomic.Pointer[directory] // for readers
	shards [shards]shard             // for writers
	used   atomic.Int64
	grow   sync.Mutex // of the directory
}

// directory holds the slots of every shard; it is replaced when one of them grows.
type directory [shards][]uint64

type shard struct {
	sync.Mutex
	used int
}

// New returns an empty table. The seed must be random.
func New(seed [16]byte) *Table {
	t := &Table{seed: [2]uint64{binary.LittleEndian.Uint64(seed[:]) | 1, binary.LittleEndian.Uint64(seed[8:]) | 1}}
	var d directory
	for i := range d {
		d[i] = make([]uint64, firstSize*slotWords)
	}
	t.slots.Store(&d)
	return t
}

// words returns what of a hash is kept, and its place.
func (t *Table) words(hash *[32]byte) (w0, w1, w2, at uint64) {
	w0 = binary.LittleEndian.Uint64(hash[0:])
	w1 = binary.LittleEndian.Uint64(hash[8:])
	w2 = binary.LittleEndian.Uint64(hash[16:])
	if w0 == 0 {
		w0 = 1
	}
	hi, lo := bits.Mul64(w0^t.seed[0], w1^t.seed[1])
	return w0, w1, w2, hi ^ lo
}

// home is the slot at which a probe starts: the place scaled to the number of slots.
func home(at uint64, slots int) int {
	hi, _ := bits.Mul64(at, uint64(slots))
	return int(hi)
}

// Find returns the record and state of a hash.
func (t *Table) Find(hash *[32]byte) (id [16]byte, state State, ok bool) {
	w0, w1, w2, at := t.words(hash)
	words := t.slots.Load()[at%shards]
	n := len(words) / slotWords
	for i := home(at, n); ; {
		slot := words[i*slotWords : i*slotWords+slotWords : i*slotWords+slotWords]
		first := atomic.LoadUint64(&slot[0])
		if first == 0 {
			return id, 0, false
		}
		// One difference for the whole hash: the time does not tell how much of a guess was right.
		if (first^w0)|(slot[1]^w1)|(slot[2]^w2) == 0 {
			binary.LittleEndian.PutUint64(id[0:], slot[3])
			binary.LittleEndian.PutUint64(id[8:], slot[4])
			return id, State(atomic.LoadUint64(&slot[5])), true
		}
		if i++; i == n {
			i = 0
		}
	}
}

// Put sets the state of a hash, whether or not the table has it. It returns after every later Find sees it.
func (t *Table) Put(hash [32]byte, id [16]byte, state State) { t.write(&hash, id, state, true) }

// Fill adds a hash that the table has not; one that it has was written by a change that is newer than what was read,
// unless it is doubtful.
func (t *Table) Fill(hash [32]byte, id [16]byte, state State) { t.write(&hash, id, state, false) }

func (t *Table) write(hash *[32]byte, id [16]byte, state State, replace bool) {
	w0, w1, w2, at := t.words(hash)
	s := &t.shards[at%shards]
	s.Lock()
	defer s.Unlock()
	words := t.slots.Load()[at%shards]
	n := len(words) / slotWords
	if (s.used+1)*100 > n*maxLoad {
		words = t.enlarge(at % shards)
		n = len(words) / slotWords
	}
	i := home(at, n)
	for ; words[i*slotWords] != 0; i = (i + 1) % n {
		slot := words[i*slotWords:]
		if slot[0] == w0 && slot[1] == w1 && slot[2] == w2 {
			if replace || State(slot[5]).Has(Doubtful) {
				atomic.StoreUint64(&slot[5], uint64(state))
			}
			return
		}
	}
	slot := words[i*slotWords:]
	slot[1], slot[2] = w1, w2
	slot[3] = binary.LittleEndian.Uint64(id[0:])
	slot[4] = binary.LittleEndian.Uint64(id[8:])
	atomic.StoreUint64(&slot[5], uint64(state))
	atomic.StoreUint64(&slot[0], w0)
	s.used++
	t.used.Add(1)
}

// Expire sets the end of a hash that the table has, and leaves the rest of its state.
func (t *Table) Expire(hash [32]byte, expires uint32) {
	w0, w1, w2, at := t.words(&hash)
	s := &t.shards[at%shards]
	s.Lock()
	defer s.Unlock()
	words := t.slots.Load()[at%shards]
	n := len(words) / slotWords
	for i := home(at, n); words[i*slotWords] != 0; i = (i + 1) % n {
		slot := words[i*slotWords:]
		if slot[0] == w0 && slot[1] == w1 && slot[2] == w2 {
			atomic.StoreUint64(&slot[5], uint64(expires)<<32|slot[5]&(1<<32-1))
			return
		}
	}
}

// enlarge moves a shard, which is locked, into more slots. Readers of the old ones go on until they look again.
func (t *Table) enlarge(shard uint64) []uint64 {
	old := t.slots.Load()[shard]
	n := len(old) / slotWords
	n += n/growthPart + 1
	words := make([]uint64, n*slotWords)
	for from := 0; from < len(old); from += slotWords {
		if old[from] == 0 {
			continue
		}
		hi, lo := bits.Mul64(old[from]^t.seed[0], old[from+1]^t.seed[1])
		i := home(hi^lo, n)
		for words[i*slotWords] != 0 {
			i = (i + 1) % n
		}
		*(*[slotWords]uint64)(words[i*slotWords:]) = *(*[slotWords]uint64)(old[from:])
	}
	t.grow.Lock()
	defer t.grow.Unlock()
	d := *t.slots.Load()
	d[shard] = words
	t.slots.Store(&d)
	return words
}

// Len returns how many hashes the table holds.
func (t *Table) Len() int { return int(t.used.Load()) }

// Bytes returns the size of all slots. What grants, owners and the like take is theirs to say.
func (t *Table) Bytes() int {
	n := 0
	for _, words := range t.slots.Load() {
		n += len(words) * 8
	}
	return n
}

// Each visits the state of every hash that the table has when it gets there.
func (t *Table) Each(visit func(State)) {
	for _, words := range t.slots.Load() {
		for i := 0; i < len(words); i += slotWords {
			if atomic.LoadUint64(&words[i]) != 0 {
				visit(State(atomic.LoadUint64(&words[i+5])))
			}
		}
	}
}

// Disown leaves only a flag of the state of every hash that the table has for one of the records and that is not among
// those to keep. It looks at every slot.
func (t *Table) Disown(keep map[[16]byte][][32]byte, flag Flag) {
	words := map[[16]byte][][3]uint64{}
	for id, hashes := range keep {
		words[id] = nil
		for i := range hashes {
			w0, w1, w2, _ := t.words(&hashes[i])
			words[id] = append(words[id], [3]uint64{w0, w1, w2})
		}
	}
	for n := range t.shards {
		t.disownShard(n, words, flag)
	}
}

func (t *Table) disownShard(n int, keep map[[16]byte][][3]uint64, flag Flag) {
	t.shards[n].Lock()
	defer t.shards[n].Unlock()
	slots := t.slots.Load()[n]
	for i := 0; i < len(slots); i += slotWords {
		slot := slots[i : i+slotWords]
		if slot[0] == 0 {
			continue
		}
		var id [16]byte
		binary.LittleEndian.PutUint64(id[0:], slot[3])
		binary.LittleEndian.PutUint64(id[8:], slot[4])
		hashes, ok := keep[id]
		if ok && !slices.Contains(hashes, [3]uint64(slot[:3])) {
			atomic.StoreUint64(&slot[5], uint64(NewState(0, flag, State(slot[5]).Grant())))
		}
	}
}
