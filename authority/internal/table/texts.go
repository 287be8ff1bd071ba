// SPDX-License-Identifier: Apache-2.0

package table

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"
	"unsafe"
)

const (
	textBits  = 16
	textBytes = 1 << textBits // of a chunk
)

// Texts keeps equal texts once and gives each a number: where it begins in chunks of bytes that never move. A text
// costs its bytes, one or two for its length, and about ten in the index; ten million of them are some hundred objects
// without pointers to the collector. All of them together may take 4 GiB.
//
// The zero value is ready. Numbers are read without a lock.
type Texts struct {
	mu     sync.Mutex
	index  index
	chunks atomic.Pointer[[][]byte]
	used   int // bytes of the last chunk
	count  atomic.Uint32
	size   atomic.Int64
}

// Number returns the number of a text, and false where there is no room for another. The text is copied.
func (t *Texts) Number(text string) (uint32, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.index.start()
	hash := maphash.String(t.index.seed, text)
	if n, ok := t.index.find(hash, func(n uint32) bool { return t.At(n) == text }); ok {
		return n, true
	}
	n, ok := t.write(text)
	if !ok {
		return 0, false
	}
	t.index.add(hash, n)
	t.count.Add(1)
	return n, true
}

// write appends a text with its length before it, in a new chunk if the last has no room. A chunk is longer than others
// where a single text wants that: what counts is that every text begins in its first bytes.
func (t *Texts) write(text string) (uint32, bool) {
	var head [binary.MaxVarintLen64]byte
	length := binary.PutUvarint(head[:], uint64(len(text)))
	need := length + len(text)
	var chunks [][]byte
	if p := t.chunks.Load(); p != nil {
		chunks = *p
	}
	if len(chunks) == 0 || t.used+need > len(chunks[len(chunks)-1]) {
		if len(chunks) > math.MaxUint32>>textBits {
			return 0, false
		}
		chunk := make([]byte, max(textBytes, need))
		chunks = appendChunk(&chunks, chunk)
		t.chunks.Store(&chunks)
		t.size.Add(int64(len(chunk)))
		t.used = 0
	}
	at := t.used
	last := chunks[len(chunks)-1]
	copy(last[at:], head[:length])
	copy(last[at+length:], text)
	t.used += need
	return uint32(len(chunks)-1)<<textBits | uint32(at), true
}

// At returns the text of a number that Number returned. It allocates nothing: the text lies in its chunk, of which no
// byte is written twice.
func (t *Texts) At(n uint32) string {
	chunk := (*t.chunks.Load())[n>>textBits][n%textBytes:]
	if length := int(chunk[0]); length < 0x80 { // most are short
		return unsafe.String(unsafe.SliceData(chunk[1:1+length]), length)
	}
	length, width := binary.Uvarint(chunk)
	text := chunk[width : width+int(length)]
	return unsafe.String(unsafe.SliceData(text), len(text))
}

// Len returns how many texts there are.
func (t *Texts) Len() int { return int(t.count.Load()) }

// Bytes returns the size of all texts and of their index.
func (t *Texts) Bytes() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int(t.size.Load()) + t.index.bytes()
}
