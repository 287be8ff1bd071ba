// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/postgrestest"
)

// killLock ends the session that has the lock of a store, from outside.
func killLock(t testing.TB, s *Store) {
	t.Helper()
	execute(t, s, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()")
}

// count returns how many rows there are of what FROM names.
func count(t testing.TB, s *Store, from string) (n int) {
	t.Helper()
	if err := s.pool.QueryRow(context.Background(), "SELECT count(*) FROM "+from).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it has not come about that %s", what)
		}
	}
}

// everyCall uses a store in all ways and returns the errors by the name of the method.
func everyCall(ctx context.Context, s *Store) map[string]error {
	errs := map[string]error{"Apply": s.Apply(ctx, issue(1)), "Count": s.Count(ctx, authority.Tally{})}
	_, errs["Lookup"] = s.Lookup(ctx, keywright.HashText("x"))
	if errors.Is(errs["Lookup"], authority.ErrNotFound) {
		errs["Lookup"] = nil
	}
	_, errs["List"] = s.List(ctx, authority.Query{Of: authority.Items})
	_, errs["Events"] = s.Events(ctx, authority.EventQuery{Limit: 1})
	_, errs["Spend"] = s.Spend(ctx, []authority.Spending{{Amount: 1, Accounts: []authority.Account{{1}}}})
	errs["Scan"] = s.Scan(ctx, func(*authority.Record) error { return nil })
	errs["Dump"] = s.Dump(ctx, func(any) error { return nil })
	return errs
}

func TestOneHolder(t *testing.T) {
	url := postgrestest.Database(t)
	s := openAt(t, url)
	_, err := Open(t.Context(), url, Options{Holder: "another"})
	var inUse *InUseError
	if !errors.As(err, &inUse) || !errors.Is(err, ErrInUse) || inUse.Holder != "a test" || time.Since(inUse.Since) > time.Hour {
		t.Fatalf("a second holder: error %v, want one that names the first", err)
	}
	other, err := Open(t.Context(), url, Options{Schema: `with "quotes"`})
	if err != nil {
		t.Fatalf("another store in the same database: %v", err)
	}
	if err := other.Apply(t.Context(), issue(3)); err != nil || wholeChain(t, other) != 3 || wholeChain(t, s) != 0 {
		t.Fatalf("two stores in a database are not apart: %v", err)
	}
	if err := errors.Join(other.Close(), s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	for method, err := range everyCall(t.Context(), s) {
		if err == nil {
			t.Errorf("%s of a closed store: no error", method)
		}
	}
	openAt(t, url)
}

// TestLockLost ends the session of the lock. Until it is had again, nothing is answered.
func TestLockLost(t *testing.T) {
	var mu sync.Mutex
	var told []error
	s, err := Open(t.Context(), postgrestest.Database(t), Options{Lost: func(err error) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, err)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Apply(t.Context(), issue(1)); err != nil {
		t.Fatal(err)
	}
	blocker := openShared(t, s.pool.Config().ConnString())
	blocked := make(chan error)
	go func() { // somebody else waits for the lock, and so has it before the store can
		_, err := blocker.pool.Exec(context.Background(), "SELECT pg_advisory_lock($1)", s.hold.key)
		blocked <- err
	}()
	eventually(t, "somebody waits", func() bool { return count(t, s, "pg_locks WHERE locktype = 'advisory' AND NOT granted") == 1 })
	killLock(t, s)
	if err := <-blocked; err != nil {
		t.Fatal(err)
	}
	eventually(t, "the store notices", func() bool { return s.hold.check() != nil })
	for method, err := range everyCall(t.Context(), s) {
		if !errors.Is(err, ErrLost) {
			t.Errorf("%s without the lock: error %v, want ErrLost", method, err)
		}
	}
	if n := wholeChain(t, blocker); n != 1 {
		t.Fatalf("%d events, want the one from before", n)
	}
	blocker.pool.Reset()
	blocker.Close()
	eventually(t, "the lock is had again", func() bool { return s.hold.check() == nil })
	for method, err := range everyCall(t.Context(), s) {
		if err != nil {
			t.Errorf("%s with the lock: %v", method, err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.ContainsFunc(told, func(err error) bool { return errors.Is(err, ErrLost) }) {
		t.Errorf("told %v, want ErrLost", told)
	}
}

// TestLockTaken lets another have the store in between: the first must not go on with what it remembers.
func TestLockTaken(t *testing.T) {
	url := postgrestest.Database(t)
	first := openAt(t, url)
	end := haltWatch(first)
	second := openAt(t, url)
	if err := second.Apply(t.Context(), issue(2)); err != nil {
		t.Fatal(err)
	}
	// The first has not noticed: its connections work, its clock stands still, and what it writes is refused by the epoch.
	first.hold.until.Store(math.MaxInt64)
	first.hold.wall.Store(math.MaxInt64)
	for method, err := range everyCall(t.Context(), first) {
		if write := slices.Contains([]string{"Apply", "Spend", "Count"}, method); write && !errors.Is(err, ErrMoved) {
			t.Errorf("%s of a former holder: error %v, want ErrMoved", method, err)
		}
	}
	if err := first.Load(t.Context(), nil); !errors.Is(err, ErrMoved) {
		t.Errorf("Load of a former holder: error %v, want ErrMoved", err)
	}
	if n := wholeChain(t, second); n != 2 {
		t.Fatalf("%d events, want 2", n)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	end()
	eventually(t, "the first notices", func() bool { return errors.Is(first.hold.check(), ErrMoved) })
	for method, err := range everyCall(t.Context(), first) {
		if !errors.Is(err, ErrMoved) {
			t.Errorf("%s: error %v, want ErrMoved", method, err)
		}
	}
}

// haltWatch lets go of the lock of a store as if it had stopped for a while. What it returns lets it notice.
func haltWatch(s *Store) (notice func()) {
	s.hold.end()
	<-s.hold.ended
	return func() {
		ctx, end := context.WithCancel(context.Background())
		s.hold.end, s.hold.ended = end, make(chan struct{})
		go func() {
			defer close(s.hold.ended)
			s.hold.regain(ctx)
		}()
	}
}

// TestHeadLost takes away the tail of the chain while the lock is lost, as a failover to a late replica does.
func TestHeadLost(t *testing.T) {
	s := openAt(t, postgrestest.Database(t))
	if err := s.Apply(t.Context(), issue(3)); err != nil {
		t.Fatal(err)
	}
	end := haltWatch(s)
	execute(t, s, "DELETE FROM events WHERE sequence = 3; UPDATE head SET sequence = 2, hash = (SELECT hash FROM events WHERE sequence = 2)")
	end()
	eventually(t, "the store notices", func() bool { return errors.Is(s.hold.check(), ErrMoved) })
}

func TestHolderIsKept(t *testing.T) {
	s, err := Open(t.Context(), postgrestest.Database(t), Options{Holder: "a\x00b"})
	if err != nil {
		t.Fatalf("a description that PostgreSQL does not take: %v", err)
	}
	defer s.Close()
	e := &InUseError{Where: s.where}
	if text := e.Error(); !strings.Contains(text, "another process") {
		t.Errorf("error %q, want one without a holder", text)
	}
}
