// SPDX-License-Identifier: Apache-2.0

package table

import (
	"hash/maphash"
	"sync"
	"unsafe"
)

// Values gives equal values one number, from 0 on, and keeps each once: at its own size and about ten bytes in the
// index. If V holds no pointer, neither do they, and the collector does not see how many there are.
//
// The zero value is ready. Numbers are read without a lock.
type Values[V comparable] struct {
	mu    sync.Mutex
	index index
	list  list[V]
}

// Number returns the number of a value. There may be 2^32.
func (vs *Values[V]) Number(v V) uint32 {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	vs.index.start()
	hash := maphash.Comparable(vs.index.seed, v)
	if n, ok := vs.index.find(hash, func(n uint32) bool { return *vs.list.at(n) == v }); ok {
		return n
	}
	n := vs.list.add(v)
	vs.index.add(hash, n)
	return n
}

// At returns the value of a number that Number returned.
func (vs *Values[V]) At(n uint32) V { return *vs.list.at(n) }

// Len returns how many values there are.
func (vs *Values[V]) Len() int { return int(vs.list.n.Load()) }

// Bytes returns the size of all values and of their index.
func (vs *Values[V]) Bytes() int {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	var v V
	return (vs.Len()+chunkLen-1)/chunkLen*chunkLen*int(unsafe.Sizeof(v)) + vs.index.bytes()
}

// An Interned gives equal values one number, from 0 on, and keeps each once. It is for values with pointers, of which
// there are few; for others see Texts and Values. The zero value is ready. Numbers are read without a lock.
type Interned[V any] struct {
	mu     sync.Mutex
	number map[string]uint32
	list   list[V]
}

// Number returns the number of the value that key stands for; make is called for the first of its kind.
func (in *Interned[V]) Number(key string, make func() V) uint32 {
	in.mu.Lock()
	defer in.mu.Unlock()
	if n, ok := in.number[key]; ok {
		return n
	}
	if in.number == nil {
		in.number = map[string]uint32{}
	}
	n := in.list.add(make())
	in.number[key] = n
	return n
}

// At returns the value of a number that Number returned.
func (in *Interned[V]) At(n uint32) V { return *in.list.at(n) }

// Len returns how many values there are.
func (in *Interned[V]) Len() int { return int(in.list.n.Load()) }

// Each calls visit with every value, and lets no new one be made meanwhile.
func (in *Interned[V]) Each(visit func(V)) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for n := range in.Len() {
		visit(in.At(uint32(n)))
	}
}
