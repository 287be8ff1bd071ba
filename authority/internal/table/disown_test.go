// SPDX-License-Identifier: Apache-2.0

package table

import "testing"

// What a record does not have any more is not in use any more; what it has, and what others have, stays as it is.
func TestDisown(t *testing.T) {
	table := New([16]byte{1})
	for i := range 100 {
		table.Put(hashOf(i), idOf(i/10), NewState(9, Registered, 7))
	}
	table.Disown(map[[16]byte][][32]byte{idOf(3): {hashOf(30), hashOf(31)}, idOf(50): nil}, Slow)
	for i := range 100 {
		h := hashOf(i)
		want := NewState(9, Registered, 7)
		if i >= 32 && i < 40 {
			want = NewState(0, Slow, 7)
		}
		if id, state, ok := table.Find(&h); !ok || state != want || id != idOf(i/10) {
			t.Errorf("%d: %x", i, state)
		}
	}
}
