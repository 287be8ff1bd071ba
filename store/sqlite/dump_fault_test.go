// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"fmt"
	"maps"
	"testing"

	"github.com/keywright/keywright/store/sqlite/internal/faultfs"
)

// TestDumpThatCannotReadIsNoDump has each call of the disk fail once that a dump makes, and then all from some one on. A
// dump without an error has visited everything: a backup that is short and says nothing is found out when it is needed.
func TestDumpThatCannotReadIsNoDump(t *testing.T) {
	h := newHistory(t, seedOf(t))
	h.run(func() {})
	h.close()
	calls := 0
	h.disk.Fail = func(faultfs.Call) faultfs.Failure { calls++; return faultfs.None }
	h.open() // with nothing in memory
	opening := calls
	all, err := h.dump()
	if err != nil {
		t.Fatal(err)
	}
	if calls -= opening; calls < 10 || all["*authority.Record"] < 15 || all["*authority.Event"] < 15 {
		t.Fatalf("%d calls for %v: too few to tell anything", calls, all)
	}
	failed := 0
	for n := 1; n <= calls; n++ {
		for _, last := range []int{n, calls} {
			done, hit := 0, false
			h.disk.Fail = func(faultfs.Call) faultfs.Failure {
				if done++; done < n || done > last {
					return faultfs.None
				}
				hit = true
				return faultfs.EIO
			}
			found, err := h.dump()
			h.disk.Fail = nil
			if err != nil {
				failed++
			} else if !maps.Equal(found, all) {
				t.Fatalf("calls %d to %d of %d failed: a dump of %v where %v is there, and no error", n, last, calls, found, all)
			}
			if err != nil && !hit {
				t.Fatalf("no call failed: %v", err)
			}
		}
	}
	if failed < calls {
		t.Errorf("%d dumps failed, of %d in which a call did: it does not read from this disk", failed, 2*calls)
	}
}

// dump counts what a dump visits, by type.
func (h *history) dump() (map[string]int, error) {
	found := map[string]int{}
	err := h.store.Dump(h.t.Context(), func(v any) error {
		found[fmt.Sprintf("%T", v)]++
		return nil
	})
	return found, err
}
