// SPDX-License-Identifier: Apache-2.0

package table

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"testing"
)

func hashOf(n int) [32]byte { return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n))) }

func idOf(n int) (id [16]byte) {
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

func TestFindWhatWasPut(t *testing.T) {
	table := New([16]byte{1})
	const n = 50_000
	for i := range n {
		table.Put(hashOf(i), idOf(i), NewState(uint32(i), 0, uint32(i)))
	}
	for i := range n {
		h := hashOf(i)
		id, state, ok := table.Find(&h)
		if !ok || id != idOf(i) || state.Expires() != uint32(i) || state.Grant() != uint32(i) {
			t.Fatalf("%d: %v %v %v", i, id, state, ok)
		}
	}
	for i := n; i < 2*n; i++ {
		if h := hashOf(i); func() bool { _, _, ok := table.Find(&h); return ok }() {
			t.Fatalf("%d was never put", i)
		}
	}
	if table.Len() != n {
		t.Errorf("holds %d", table.Len())
	}
}

// A key costs at most 64 bytes whatever the number of keys, so also just after shards have grown.
func TestBytesOfAKey(t *testing.T) {
	table := New([16]byte{1})
	most := 0.0
	for i := range 400_000 {
		table.Put(hashOf(i), idOf(i), 0)
		if n := i + 1; n >= 100_000 && n%500 == 0 {
			most = max(most, float64(table.Bytes())/float64(n))
		}
	}
	if most > 64 || most < slotBytes {
		t.Errorf("%.1f bytes a key", most)
	}
}

func TestStatePacksItsParts(t *testing.T) {
	flags := []Flag{Revoked, Disabled, Registered, Doubtful, Previous, Slow, Ended}
	for i, f := range flags {
		s := NewState(1<<32-1, f, MaxGrant)
		if s.Expires() != 1<<32-1 || s.Grant() != MaxGrant {
			t.Errorf("flag %d: %x", i, s)
		}
		for j, other := range flags {
			if s.Has(other) != (i == j) {
				t.Errorf("flag %d beside flag %d: %x", i, j, s)
			}
		}
		if s := NewState(0, 0, 0).With(f); s.Expires() != 0 || s.Grant() != 0 || !s.Has(f) {
			t.Errorf("flag %d: %x", i, s)
		}
	}
}

// What is read from the store never wins over what was written since.
func TestFillDoesNotReplace(t *testing.T) {
	table := New([16]byte{1})
	h := hashOf(1)
	table.Put(h, idOf(1), NewState(0, Revoked, 0))
	table.Fill(h, idOf(1), NewState(0, 0, 0))
	if _, state, _ := table.Find(&h); !state.Has(Revoked) {
		t.Error("a fill replaced a put")
	}
	other := hashOf(2)
	table.Fill(other, idOf(2), NewState(7, 0, 0))
	table.Put(other, idOf(2), NewState(8, 0, 0))
	if _, state, _ := table.Find(&other); state.Expires() != 8 {
		t.Error("a put did not replace a fill")
	}
}

// Hashes that begin alike, and such with a first word of zero, are told apart.
func TestHashesThatBeginAlike(t *testing.T) {
	table := New([16]byte{1})
	for i := range 200 {
		var h [32]byte
		h[23] = byte(i)
		table.Put(h, idOf(i), NewState(0, 0, uint32(i)))
	}
	for i := range 200 {
		var h [32]byte
		h[23] = byte(i)
		if id, _, ok := table.Find(&h); !ok || id != idOf(i) {
			t.Fatalf("%d: %v %v", i, id, ok)
		}
	}
}

// Readers see every key that was put before they looked, whole, while the table grows under them.
func TestReadersNeverWait(t *testing.T) {
	table := New([16]byte{1})
	const n = 20_000
	put := make(chan int, n)
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			for i := range put {
				h := hashOf(i)
				id, state, ok := table.Find(&h)
				if !ok || id != idOf(i) || state.Grant() != uint32(i) {
					t.Errorf("%d: %v %v %v", i, id, state, ok)
				}
			}
		})
	}
	for i := range n {
		table.Put(hashOf(i), idOf(i), NewState(0, 0, uint32(i)))
		put <- i
	}
	close(put)
	wait.Wait()
}
