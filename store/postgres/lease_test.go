// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright/internal/postgrestest"
)

// TestLeaseLapses ends the lease by either clock: nothing is answered until it runs on.
func TestLeaseLapses(t *testing.T) {
	s := openAt(t, postgrestest.Database(t))
	goOn := haltWatch(s)
	for name, clock := range map[string]*atomic.Int64{"that does not go back": &s.hold.until, "of the wall": &s.hold.wall} {
		s.hold.renew(time.Now())
		if err := s.Lease(); err != nil {
			t.Fatal(err)
		}
		clock.Store(0)
		for method, err := range everyCall(t.Context(), s) {
			if !errors.Is(err, ErrLost) {
				t.Errorf("%s after the lease by the clock %s: error %v, want ErrLost", method, name, err)
			}
		}
	}
	goOn()
	eventually(t, "the lease runs on", func() bool { return s.Lease() == nil })
	for method, err := range everyCall(t.Context(), s) {
		if err != nil {
			t.Errorf("%s with a lease: %v", method, err)
		}
	}
}

// TestLeaseIsRenewed waits for longer than a lease runs.
func TestLeaseIsRenewed(t *testing.T) {
	s := openAt(t, postgrestest.Database(t))
	first := s.hold.until.Load()
	eventually(t, "the lease was renewed thrice", func() bool { return s.hold.until.Load() > first+int64(3*heartbeat) })
	if err := s.Lease(); err != nil {
		t.Fatal(err)
	}
}

// TestSuccessorWaits opens a store that was not closed: its former holder may answer until its lease is over.
func TestSuccessorWaits(t *testing.T) {
	first := openAt(t, postgrestest.Database(t))
	haltWatch(first) // cut off, and not dead
	second := openAt(t, first.pool.Config().ConnString())
	if err := first.Lease(); err == nil {
		t.Fatal("two have a lease at once")
	}
	if count(t, first, "head WHERE holder = ''") != 0 {
		t.Fatal("the second holds the store and does not say so")
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if count(t, first, "head WHERE holder = ''") != 1 {
		t.Fatal("a store was closed, and the next will wait for nothing")
	}
}
