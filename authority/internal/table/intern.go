// SPDX-License-Identifier: Apache-2.0

package table

import (
	"sync"
	"sync/atomic"
)

// An Interned gives equal values one number, from 0 on, and keeps each once. Numbers are read without a lock.
type Interned[V any] struct {
	mu     sync.Mutex
	number map[string]uint32
	values atomic.Pointer[[]V]
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
	var values []V
	if p := in.values.Load(); p != nil {
		values = *p
	}
	n := uint32(len(values))
	values = append(values, make())
	in.number[key] = n
	in.values.Store(&values) // readers of the shorter slice never look beyond its end
	return n
}

// At returns the value of a number that Number returned.
func (in *Interned[V]) At(n uint32) V { return (*in.values.Load())[n] }

// Len returns how many values there are.
func (in *Interned[V]) Len() int {
	if p := in.values.Load(); p != nil {
		return len(*p)
	}
	return 0
}

// Each calls visit with every value, and lets no new one be made meanwhile.
func (in *Interned[V]) Each(visit func(V)) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for n := range in.Len() {
		visit(in.At(uint32(n)))
	}
}
