// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// A tallied store is told what to do before it counts.
type tallied struct {
	authority.Store
	before atomic.Pointer[func() error]
	counts atomic.Int64 // tallies that were written
}

func (s *tallied) Count(ctx context.Context, c authority.Tally) error {
	if f := s.before.Load(); f != nil {
		if err := (*f)(); err != nil {
			return err
		}
	}
	s.counts.Add(1)
	return s.Store.Count(ctx, c)
}

func TestWhatCouldNotBeWrittenIsWrittenLater(t *testing.T) {
	s := &tallied{Store: memory(t)}
	a, clock := over(t, s)
	k := issue(t, a, authority.IssueRequest{})
	full := func() error { return authority.ErrFull }
	s.before.Store(&full)
	for _, from := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
		clock.advance(time.Minute)
		verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default", ClientIP: netip.MustParseAddr(from), Cost: 3})
		if err := a.Flush(ctx); err == nil {
			t.Fatal("a full disk is no error")
		}
	}
	s.before.Store(nil)
	if err := errors.Join(a.Flush(ctx), a.Flush(ctx)); err != nil {
		t.Fatal(err)
	}
	rows, _, err := a.UsageOf(ctx, admin, authority.UsageRequest{Key: k.Record.ID})
	if err != nil || len(rows) != 1 || rows[0].Count != 3 || rows[0].Cost != 9 {
		t.Fatalf("%+v (%v)", rows, err)
	}
	if got := usage(t, a, authority.UsageRequest{}); got[keywright.Valid] != 3 {
		t.Fatalf("%v in the keyspace", got)
	}
	uses, err := a.LastUses(ctx, admin, &k.Record)
	if err != nil || !uses[0].Time.Equal(clock.now()) || uses[0].From.String() != "192.0.2.3" {
		t.Fatalf("%+v (%v)", uses, err)
	}
}

func TestUsageIsOfItsHour(t *testing.T) {
	a, clock := open(t)
	k := issue(t, a, authority.IssueRequest{})
	for range 3 { // hours, and nothing is written between them
		wantCode(t, a, k.Key, keywright.Valid)
		a.Gather()
		clock.advance(time.Hour)
	}
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	rows, _, err := a.UsageOf(ctx, admin, authority.UsageRequest{Key: k.Record.ID})
	if err != nil || len(rows) != 3 {
		t.Fatalf("%+v (%v)", rows, err)
	}
	for i, r := range rows {
		if r.Count != 1 || !r.Hour.Equal(start.Truncate(time.Hour).Add(time.Duration(i)*time.Hour)) {
			t.Errorf("%+v", r)
		}
	}
	if uses, err := a.LastUses(ctx, admin, &k.Record); err != nil || !uses[0].Time.Equal(clock.now().Add(-time.Hour)) {
		t.Fatalf("%+v (%v)", uses, err)
	}
}

func TestRestAfterALongWriting(t *testing.T) {
	for took, want := range map[time.Duration]int{
		-time.Hour: 0, 0: 0, 5 * time.Millisecond: 0, 200 * time.Millisecond: 0, 201 * time.Millisecond: 1,
		400 * time.Millisecond: 1, time.Second: 4, 2 * time.Second: 9, 3 * time.Second: 10, time.Hour: 10,
	} {
		if got := authority.RestAfter(took); got != want {
			t.Errorf("after %v nothing is written for %d seconds, want %d", took, got, want)
		}
	}
}

// Where a writing takes long the next ones are left out, but a grace goes on all the same, and who asks for it gets what
// was counted.
func TestWritingRests(t *testing.T) {
	s := &tallied{Store: memory(t)}
	a, clock := over(t, s)
	first := issue(t, a, authority.IssueRequest{})
	rotate(t, a, first.Record.ID, authority.RotateRequest{Grace: &authority.Grace{Idle: time.Hour, AtMost: 72 * time.Hour}})
	long := func() error {
		clock.advance(30 * time.Second)
		s.before.Store(nil)
		return nil
	}
	s.before.Store(&long)
	wantCode(t, a, first.Key, keywright.Valid)
	a.Tend(ctx)
	written := s.counts.Load()
	for range 3 {
		clock.advance(50 * time.Minute)
		wantCode(t, a, first.Key, keywright.Valid)
		a.Tend(ctx)
	}
	if n := s.counts.Load(); n != written {
		t.Fatalf("%d tallies were written after one that took long", n-written)
	}
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if got := usage(t, a, authority.UsageRequest{Key: first.Record.ID}); got[keywright.Valid] != 4 {
		t.Fatalf("%v", got)
	}
	written = s.counts.Load()
	for range 10 {
		wantCode(t, a, first.Key, keywright.Valid)
		a.Tend(ctx)
	}
	if s.counts.Load() == written {
		t.Fatal("nothing is written any more")
	}
}

// Verifications do not wait for a store that writes what was counted.
func TestVerificationsDoNotWaitForCounts(t *testing.T) {
	const n = 300_000 // more than there is room for notes
	s := &tallied{Store: memory(t)}
	a, _ := over(t, s)
	k := issue(t, a, authority.IssueRequest{})
	wantCode(t, a, k.Key, keywright.Valid)
	begun, end := make(chan struct{}), make(chan struct{})
	block := func() error {
		s.before.Store(nil)
		close(begun)
		<-end
		return nil
	}
	s.before.Store(&block)
	go func() { _ = a.Flush(ctx) }()
	<-begun
	done := make(chan error)
	go func() {
		for range n {
			if v, err := a.Verify(ctx, keywright.Ask{Key: k.Key, Keyspace: "default"}); err != nil || !v.Valid() {
				done <- errors.Join(err, errors.New("refused: "+string(v.Code)))
				return
			}
		}
		done <- nil
	}()
	select {
	case err := <-done:
		close(end)
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(30 * time.Second):
		close(end)
		t.Fatal("verifications wait for a writing")
	}
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if got := usage(t, a, authority.UsageRequest{Key: k.Record.ID}); got[keywright.Valid] != n+1 {
		t.Fatalf("%v", got)
	}
}
