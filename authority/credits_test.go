// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func credits(n int64, r *authority.Refill) *authority.CreditsRequest {
	return &authority.CreditsRequest{Remaining: n, Refill: r}
}

func balance(t testing.TB, a *authority.Authority, id keywright.KeyID) int64 {
	t.Helper()
	b, err := a.Credits(ctx, admin, id)
	if err != nil {
		t.Fatal(err)
	}
	return b.Remaining
}

// wantLedger checks that the lines of a key's ledger add up to its balance.
func wantLedger(t testing.TB, a *authority.Authority, id keywright.KeyID) []authority.Entry {
	t.Helper()
	lines, more, err := a.Ledger(ctx, admin, id, 0, 1000)
	if err != nil || more {
		t.Fatal(more, err)
	}
	var sum int64
	for _, l := range lines {
		sum += l.Amount
	}
	if got := balance(t, a, id); sum != got {
		t.Fatalf("the ledger adds up to %d, the balance is %d: %+v", sum, got, lines)
	}
	return lines
}

// slowBank takes credits only when it is told to.
type slowBank struct {
	authority.Store
	asked, goOn chan struct{}
}

func (s *slowBank) Spend(ctx context.Context, list []authority.Spending) ([]authority.Spent, error) {
	s.asked <- struct{}{}
	<-s.goOn
	return s.Store.Spend(ctx, list)
}

// A verification that takes credits is answered when the store has it, and not before.
func TestCreditsAreDurableBeforeTheAnswer(t *testing.T) {
	store := &slowBank{Store: memory(t), asked: make(chan struct{}), goOn: make(chan struct{})}
	a, _ := over(t, store)
	k := issue(t, a, authority.IssueRequest{Credits: credits(3, nil)})
	answered := make(chan keywright.Verdict, 1)
	go func() {
		v, _ := a.Verify(ctx, keywright.Ask{Key: k.Key, Keyspace: "default"})
		answered <- v
	}()
	<-store.asked
	select {
	case v := <-answered:
		t.Errorf("%s before the store has it", v.Code)
	case <-time.After(50 * time.Millisecond):
	}
	close(store.goOn)
	if t.Failed() {
		return
	}
	if v := <-answered; !v.Valid() || *v.Credits != 2 {
		t.Errorf("%+v", v)
	}
}

func TestCredits(t *testing.T) {
	a, _ := open(t)
	k := issue(t, a, authority.IssueRequest{Credits: credits(3, nil)})
	for left := range int64(3) {
		v := verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default"})
		if !v.Valid() || v.Credits == nil || *v.Credits != 2-left {
			t.Fatalf("%+v", v)
		}
	}
	v := verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default"})
	if v.Code != keywright.CreditsExhausted || *v.Credits != 0 {
		t.Fatalf("%+v", v)
	}
	ten, four := int64(10), int64(4)
	for _, c := range []struct {
		change authority.CreditsChange
		want   int64
	}{{authority.CreditsChange{Add: &ten}, 10}, {authority.CreditsChange{Take: &four}, 6}, {authority.CreditsChange{Set: &four}, 4}} {
		b, err := a.ChangeCredits(ctx, admin, k.Record.ID, c.change)
		if err != nil || b.Remaining != c.want {
			t.Fatalf("%d, want %d (%v)", b.Remaining, c.want, err)
		}
	}
	_, err := a.ChangeCredits(ctx, admin, k.Record.ID, authority.CreditsChange{Take: &ten})
	wantError(t, err, authority.Conflicting, "take")
	_, err = a.ChangeCredits(ctx, admin, k.Record.ID, authority.CreditsChange{})
	wantError(t, err, authority.Invalid, "")
	_, err = a.ChangeCredits(ctx, admin, k.Record.ID, authority.CreditsChange{Add: &ten, Take: &ten})
	wantError(t, err, authority.Invalid, "")
	negative := int64(-1)
	_, err = a.ChangeCredits(ctx, admin, k.Record.ID, authority.CreditsChange{Set: &negative})
	wantError(t, err, authority.Invalid, "set")
	if v := verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default", Cost: 5}); v.Code != keywright.CreditsExhausted || *v.Credits != 4 {
		t.Fatalf("part of a cost was taken: %+v", v)
	}
	if v := verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default", Cost: 4, DryRun: true}); !v.Valid() || balance(t, a, k.Record.ID) != 4 {
		t.Fatalf("a dry run spent: %+v", v)
	}
	if v := verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default", Cost: 4}); !v.Valid() {
		t.Fatalf("%+v", v)
	}
	lines := wantLedger(t, a, k.Record.ID)
	var kinds []string
	for _, l := range lines {
		kinds = append(kinds, string(l.Kind))
	}
	if !slices.Equal(slices.Sorted(slices.Values(kinds)), []string{"add", "set", "set", "spend", "take"}) {
		t.Fatalf("lines %v", kinds)
	}
	other := issue(t, a, authority.IssueRequest{})
	_, err = a.Credits(ctx, admin, other.Record.ID)
	wantError(t, err, authority.Conflicting, "credits")
}

// What is refused by credits gives back what it took from limits.
func TestLimitsAreGivenBack(t *testing.T) {
	a, _ := open(t)
	k := issue(t, a, authority.IssueRequest{Credits: credits(1, nil), Limits: []authority.Limit{limit("requests", 2, time.Hour)}})
	wantCode(t, a, k.Key, keywright.Valid)
	for range 5 {
		wantCode(t, a, k.Key, keywright.CreditsExhausted)
	}
	one := int64(1)
	if _, err := a.ChangeCredits(ctx, admin, k.Record.ID, authority.CreditsChange{Add: &one}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, a, k.Key, keywright.Valid)
}

func TestCreditsUnderLoad(t *testing.T) {
	a, _ := open(t)
	var keys []authority.Issued
	limits := []authority.Limit{}
	if _, err := a.PutOwner(ctx, admin, authority.OwnerRequest{ID: "team_7", Limits: &limits, Credits: &authority.CreditsUpdate{Remaining: ptr(int64(500))}}); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		keys = append(keys, issue(t, a, authority.IssueRequest{Owner: "team_7", Credits: credits(200, nil)}))
	}
	var valid [4]atomic.Int64
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			for range 60 {
				v, err := a.Verify(ctx, keywright.Ask{Key: keys[n%4].Key, Keyspace: "default"})
				if err != nil {
					t.Error(err)
				}
				if v.Valid() {
					valid[n%4].Add(1)
				}
			}
		})
	}
	wg.Wait()
	var all int64
	for i := range valid {
		n := valid[i].Load()
		all += n
		if n > 200 || balance(t, a, keys[i].Record.ID) != 200-n {
			t.Errorf("key %d: %d VALID, %d of 200 left", i, n, balance(t, a, keys[i].Record.ID))
		}
		wantLedger(t, a, keys[i].Record.ID)
	}
	shared, err := a.OwnerCredits(ctx, admin, "", "team_7")
	if err != nil || all != 500 || shared.Remaining != 0 {
		t.Fatalf("%d VALID for 500 credits of the owner, %d left (%v)", all, shared.Remaining, err)
	}
}

func ptr[T any](v T) *T { return &v }

func TestRefillAdds(t *testing.T) {
	a, clock := open(t)
	k := issue(t, a, authority.IssueRequest{Credits: credits(1, &authority.Refill{Amount: 10, Every: 24 * time.Hour, Mode: authority.RefillAdd})})
	wantCode(t, a, k.Key, keywright.Valid)
	wantCode(t, a, k.Key, keywright.CreditsExhausted)
	clock.advance(24*time.Hour - time.Second)
	wantCode(t, a, k.Key, keywright.CreditsExhausted)
	clock.advance(time.Second)
	v := verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default"})
	if !v.Valid() || *v.Credits != 9 {
		t.Fatalf("%+v", v)
	}
	clock.advance(72 * time.Hour) // nobody asks for three days
	a.Tend(ctx)
	a.Tend(ctx)
	if got := balance(t, a, k.Record.ID); got != 39 {
		t.Fatalf("%d after three more refills", got)
	}
	wantLedger(t, a, k.Record.ID)
	got := slices.DeleteFunc(verbs(t, a, k.Record.ID.String()), func(verb string) bool { return strings.HasPrefix(verb, "key.credits_") })
	if !slices.Equal(got, []string{"key.issue", "credits.refill", "credits.refill"}) {
		t.Fatalf("events %v", got)
	}
}

func TestRefillResets(t *testing.T) {
	a, clock := open(t) // on the first of March at noon
	k := issue(t, a, authority.IssueRequest{Credits: credits(100, &authority.Refill{Amount: 50, Day: 15, Mode: authority.RefillReset})})
	clock.advance(13*24*time.Hour + 12*time.Hour - time.Millisecond)
	if got := balance(t, a, k.Record.ID); got != 100 {
		t.Fatalf("%d before the day", got)
	}
	clock.advance(time.Millisecond)
	if got := balance(t, a, k.Record.ID); got != 50 {
		t.Fatalf("%d on the day", got)
	}
	wantCode(t, a, k.Key, keywright.Valid)
	clock.advance(100 * 24 * time.Hour)
	if got := balance(t, a, k.Record.ID); got != 50 {
		t.Fatalf("%d after three more days of refill", got)
	}
	wantLedger(t, a, k.Record.ID)
}

// A refill is made once, however many ask for it, and a restart or a clock that was set back does not repeat it.
func TestRefillOnce(t *testing.T) {
	store := memory(t)
	a, clock := over(t, store)
	k := issue(t, a, authority.IssueRequest{Credits: credits(0, &authority.Refill{Amount: 5, Every: time.Hour, Mode: authority.RefillAdd})})
	clock.advance(time.Hour)
	var valid atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if v, err := a.Verify(ctx, keywright.Ask{Key: k.Key, Keyspace: "default"}); err == nil && v.Valid() {
				valid.Add(1)
			}
		})
	}
	wg.Wait()
	if valid.Load() != 5 {
		t.Fatalf("%d VALID of one refill of 5", valid.Load())
	}
	a.Close()
	b, later := over(t, store)
	for _, d := range []time.Duration{time.Hour, -30 * time.Minute, 29 * time.Minute, -2 * time.Hour, 3*time.Hour - 2*time.Minute} {
		later.advance(d)
		b.Tend(ctx)
		if got := balance(t, b, k.Record.ID); got != 0 {
			t.Fatalf("%d at %s", got, later.now())
		}
	}
	later.advance(4 * time.Minute)
	if got := balance(t, b, k.Record.ID); got != 5 {
		t.Fatalf("%d after the second refill", got)
	}
}

// together is a store that lets two reads of a balance go on only when both have read.
type together struct {
	authority.Store
	armed atomic.Bool
	read  chan struct{}
}

func (s *together) List(ctx context.Context, q authority.Query) (authority.Page, error) {
	page, err := s.Store.List(ctx, q)
	if q.Of == authority.Balances && !q.NextBefore.IsZero() || q.Of != authority.Balances || !s.armed.Load() {
		return page, err
	}
	select {
	case s.read <- struct{}{}: // the other one waits
	case <-s.read:
	case <-time.After(5 * time.Second):
	}
	return page, err
}

func TestTwoWhoFindTheSameRefillDue(t *testing.T) {
	store := &together{Store: memory(t), read: make(chan struct{})}
	a, clock := over(t, store)
	k := issue(t, a, authority.IssueRequest{Credits: credits(1, &authority.Refill{Amount: 5, Every: time.Hour, Mode: authority.RefillAdd})})
	wantCode(t, a, k.Key, keywright.Valid)
	clock.advance(time.Hour)
	store.armed.Store(true)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { _, _ = a.Verify(ctx, keywright.Ask{Key: k.Key, Keyspace: "default"}) })
	}
	wg.Wait()
	store.armed.Store(false)
	if got := balance(t, a, k.Record.ID); got != 3 {
		t.Fatalf("%d left of one refill of 5 and two spends", got)
	}
}

func TestUpdateOfCredits(t *testing.T) {
	a, clock := open(t)
	k := issue(t, a, authority.IssueRequest{})
	change := func(u authority.CreditsUpdate) error {
		_, err := a.Update(ctx, admin, k.Record.ID, authority.Update{Credits: &u})
		return err
	}
	wantError(t, change(authority.CreditsUpdate{NoRefill: true}), authority.Invalid, "credits.remaining")
	if err := change(authority.CreditsUpdate{Remaining: ptr(int64(2))}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, a, k.Key, keywright.Valid)
	if err := change(authority.CreditsUpdate{Refill: &authority.Refill{Amount: 7, Every: time.Hour, Mode: authority.RefillReset}}); err != nil {
		t.Fatal(err)
	}
	if got := balance(t, a, k.Record.ID); got != 1 {
		t.Fatalf("%d: a new refill changed the balance", got)
	}
	clock.advance(time.Hour)
	if got := balance(t, a, k.Record.ID); got != 7 {
		t.Fatalf("%d after the refill", got)
	}
	if err := change(authority.CreditsUpdate{NoRefill: true}); err != nil {
		t.Fatal(err)
	}
	clock.advance(24 * time.Hour)
	a.Tend(ctx)
	wantCode(t, a, k.Key, keywright.Valid)
	if got := balance(t, a, k.Record.ID); got != 6 {
		t.Fatalf("%d: a refill that was ended went on", got)
	}
	if err := change(authority.CreditsUpdate{End: true}); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		wantCode(t, a, k.Key, keywright.Valid)
	}
	for field, r := range map[string]authority.Refill{
		"credits.refill":        {Amount: 1, Mode: authority.RefillAdd},
		"credits.refill.day":    {Amount: 1, Day: 31, Mode: authority.RefillAdd},
		"credits.refill.every":  {Amount: 1, Every: time.Second, Mode: authority.RefillAdd},
		"credits.refill.amount": {Amount: -1, Every: time.Hour, Mode: authority.RefillAdd},
		"credits.refill.mode":   {Amount: 1, Every: time.Hour, Mode: "fill"},
	} {
		wantError(t, change(authority.CreditsUpdate{Remaining: ptr(int64(1)), Refill: &r}), authority.Invalid, field)
		_, err := a.Issue(ctx, admin, authority.IssueRequest{Credits: credits(1, &r)})
		wantError(t, err, authority.Invalid, field)
	}
	_, err := a.Issue(ctx, admin, authority.IssueRequest{Credits: credits(-1, nil)})
	wantError(t, err, authority.Invalid, "credits.remaining")
}

func TestRefillDates(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		refill     authority.Refill
		after, now string
		times      int64
		last, next string
	}{
		{authority.Refill{Day: 28}, "2024-02-28T00:00:00Z", "2024-02-29T10:00:00Z", 0, "2024-02-28T00:00:00Z", "2024-03-28T00:00:00Z"},
		{authority.Refill{Day: 1}, "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", 1, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"},
		{authority.Refill{Day: 1}, "2025-11-01T00:00:00Z", "2026-02-01T00:00:00+01:00", 2, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"},
		{authority.Refill{Day: 15}, "2026-06-20T00:00:00Z", "2026-05-20T00:00:00Z", 0, "2026-05-15T00:00:00Z", "2026-06-15T00:00:00Z"},
		{authority.Refill{Every: time.Hour, Start: at("2026-01-01T00:30:00Z")}, "2026-01-01T00:30:00Z", "2026-01-01T03:29:59Z", 2, "2026-01-01T02:30:00Z", "2026-01-01T03:30:00Z"},
		{authority.Refill{Every: time.Hour, Start: at("2026-01-02T00:00:00Z")}, "2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z", 0, "2026-01-02T00:00:00Z", "2026-01-02T01:00:00Z"},
	} {
		times, last, next := authority.RefillDue(&c.refill, at(c.after), at(c.now))
		if times != c.times || !last.Equal(at(c.last)) || !next.Equal(at(c.next)) {
			t.Errorf("%+v from %s to %s: %d, %s, %s; want %d, %s, %s", c.refill, c.after, c.now, times, last, next, c.times, c.last, c.next)
		}
	}
}

// TestCreditsAreChangedOnce repeats changes with the idempotency key of the first, one behind the other and at once, of a
// key and of an owner: they change nothing.
func TestCreditsAreChangedOnce(t *testing.T) {
	a, clock := open(t)
	k := issue(t, a, authority.IssueRequest{Owner: "team_7", Credits: &authority.CreditsRequest{Remaining: 3}})
	other := issue(t, a, authority.IssueRequest{Credits: &authority.CreditsRequest{Remaining: 3}})
	if _, err := a.PutOwner(ctx, admin, authority.OwnerRequest{ID: "team_7", Credits: &authority.CreditsUpdate{Remaining: ptr(int64(3))}}); err != nil {
		t.Fatal(err)
	}
	ten, four := int64(10), int64(4)
	for name, change := range map[string]func(authority.Caller, authority.CreditsChange) (authority.Balance, error){
		"key": func(c authority.Caller, q authority.CreditsChange) (authority.Balance, error) {
			return a.ChangeCredits(ctx, c, k.Record.ID, q)
		},
		"owner": func(c authority.Caller, q authority.CreditsChange) (authority.Balance, error) {
			return a.ChangeOwnerCredits(ctx, c, authority.DefaultKeyspace, "team_7", q)
		},
	} {
		wants := func(c authority.Caller, q authority.CreditsChange, once string, want int64) {
			t.Helper()
			q.IdempotencyKey = once
			b, err := change(c, q)
			if err != nil || b.Remaining != want {
				t.Fatalf("%s: %d left, want %d (%v)", name, b.Remaining, want, err)
			}
		}
		add := authority.CreditsChange{Add: &ten}
		for range 3 {
			wants(admin, add, name+"1", 13)
		}
		wants(admin, authority.CreditsChange{Take: &four}, name+"2", 9)
		wants(admin, authority.CreditsChange{Take: &four}, name+"2", 9)
		for _, q := range []authority.CreditsChange{{Add: &four}, {Take: &ten}, {Set: &ten}} {
			q.IdempotencyKey = name + "1"
			_, err := change(admin, q)
			wantError(t, err, authority.Conflicting, "Idempotency-Key")
		}
		_, err := a.ChangeCredits(ctx, admin, other.Record.ID, authority.CreditsChange{Add: &ten, IdempotencyKey: name + "1"})
		wantError(t, err, authority.Conflicting, "Idempotency-Key")
		_, err = change(admin, authority.CreditsChange{Add: &ten, IdempotencyKey: strings.Repeat("k", 201)})
		wantError(t, err, authority.Invalid, "Idempotency-Key")
		wants(authority.Operator("somebody else", authority.Origin{}), add, name+"1", 19)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if _, err := change(admin, authority.CreditsChange{Add: &ten, IdempotencyKey: name + "3"}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		wants(admin, add, name+"3", 29)
		clock.advance(24*time.Hour + time.Minute)
		wants(admin, add, name+"1", 39)
	}
}
