// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
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
	// The first has not noticed: its connections work, and what it writes is refused by the epoch.
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

// TestSharedWriters lets two stores of one database write at once: one chain, and of updates of one version one wins.
func TestSharedWriters(t *testing.T) {
	url := postgrestest.Database(t)
	stores := []*Store{openShared(t, url), openShared(t, url)}
	c := issue(1)
	if err := stores[0].Apply(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	shared := c.Puts[0].(*authority.Record)
	const writers, changes = 4, 25
	var mu sync.Mutex
	won := 0
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			s := stores[i%2]
			for n := range changes {
				if err := s.Apply(t.Context(), issue(1+n*8)); err != nil { // pipelined, and copied
					t.Errorf("apply: %v", err)
				}
				next := *shared
				next.Version = uint64(2 + n)
				err := s.Apply(t.Context(), authority.Change{Puts: []authority.Put{&next}, Events: issue(1).Events})
				if err == nil {
					mu.Lock()
					won++
					mu.Unlock()
				} else if !errors.Is(err, authority.ErrConflict) {
					t.Errorf("apply: %v", err)
				}
			}
		})
	}
	wg.Wait()
	last, err := stores[1].Lookup(t.Context(), shared.Secrets[0].Hash)
	if err != nil || last.Version != uint64(1+won) || won == 0 {
		t.Fatalf("version %d after %d updates (%v)", last.Version, won, err)
	}
	if n, want := wholeChain(t, stores[0]), len(records(t, stores[1]))+won; n != want {
		t.Fatalf("%d events, want %d", n, want)
	}
}

// TestSharedSpenders lets two stores spend and refill at once, with accounts in every order.
func TestSharedSpenders(t *testing.T) {
	url := postgrestest.Database(t)
	stores := []*Store{openShared(t, url), openShared(t, url)}
	const accounts, credits, spenders = 4, 300, 6
	var c authority.Change
	for i := range accounts {
		c.Puts = append(c.Puts, &authority.Move{Account: authority.Account{byte(i + 1)}, Kind: authority.MoveSet, Amount: credits, Time: time.Now()})
	}
	if err := stores[0].Apply(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	taken := 0
	var wg sync.WaitGroup
	for i := range spenders {
		wg.Go(func() {
			ids := []authority.Account{{1}, {2}, {3}, {4}}
			if i%2 == 1 {
				slices.Reverse(ids)
			}
			for range 60 {
				list := []authority.Spending{
					{Key: newID(), Time: time.Now(), Accounts: ids[:2], Amount: 1},
					{Key: newID(), Time: time.Now(), Accounts: ids[1:], Amount: 1},
					{Key: newID(), Time: time.Now(), Accounts: []authority.Account{ids[3], ids[0]}, Amount: 1},
				}
				spent, err := stores[i%2].Spend(t.Context(), list)
				if err != nil {
					t.Errorf("spend: %v", err)
					return
				}
				mu.Lock()
				for j := range spent {
					if spent[j].OK {
						taken += len(list[j].Accounts)
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	p, err := stores[0].List(t.Context(), authority.Query{Of: authority.Balances})
	if err != nil {
		t.Fatal(err)
	}
	left, drained := 0, false
	for _, b := range p.Balances {
		left += int(b.Remaining)
		drained = drained || b.Remaining == 0
	}
	if left+taken != accounts*credits || !drained {
		t.Fatalf("%d credits are left and %d taken of %d", left, taken, accounts*credits)
	}
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
