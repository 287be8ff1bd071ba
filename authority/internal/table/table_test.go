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
	if perKey := float64(table.Bytes()) / n; perKey > 2*slotBytes {
		t.Errorf("%.0f bytes a key", perKey)
	}
}

func TestStatePacksItsParts(t *testing.T) {
	s := NewState(1<<32-1, Revoked|Registered, MaxGrant)
	if s.Expires() != 1<<32-1 || !s.Has(Revoked) || s.Has(Disabled) || !s.Has(Registered) || s.Grant() != MaxGrant {
		t.Errorf("%x", s)
	}
	if s := NewState(0, Disabled, 0); s.Expires() != 0 || s.Has(Revoked) || !s.Has(Disabled) || s.Grant() != 0 {
		t.Errorf("%x", s)
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

func TestInternedGivesOneNumberToEqualValues(t *testing.T) {
	var in Interned[string]
	text := func(s string) func() string { return func() string { return s } }
	a, b := in.Number("a", text("a")), in.Number("b", text("b"))
	if a == b || in.Number("a", text("other")) != a || in.At(a) != "a" || in.At(b) != "b" || in.Len() != 2 {
		t.Errorf("%d %d %d", a, b, in.Len())
	}
}
