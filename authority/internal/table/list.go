// SPDX-License-Identifier: Apache-2.0

package table

import "sync/atomic"

const (
	chunkBits = 12
	chunkLen  = 1 << chunkBits // values of a chunk
)

// A list grows by chunks that never move: nothing is copied as it grows but the list of chunks. One goroutine at a time
// may add; a value is read without a lock by whoever was told its number.
type list[V any] struct {
	chunks atomic.Pointer[[][]V]
	n      atomic.Uint32
}

// add appends a value and returns its number.
func (l *list[V]) add(v V) uint32 {
	n := l.n.Load()
	if n%chunkLen == 0 {
		chunks := appendChunk(l.chunks.Load(), make([]V, chunkLen))
		l.chunks.Store(&chunks)
	}
	(*l.chunks.Load())[n>>chunkBits][n%chunkLen] = v
	l.n.Store(n + 1)
	return n
}

// at returns the value of a number. It must not be changed.
func (l *list[V]) at(n uint32) *V { return &(*l.chunks.Load())[n>>chunkBits][n%chunkLen] }

// appendChunk appends to a list that readers may hold; they never look beyond the end that they know.
func appendChunk[V any](p *[][]V, chunk []V) [][]V {
	if p == nil {
		return [][]V{chunk}
	}
	return append(*p, chunk)
}
