// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

func TestRevokeIsForGood(t *testing.T) {
	a, c := open(t)
	issued := issue(t, a, authority.IssueRequest{})
	receipt, err := a.Revoke(ctx, admin, issued.Record.ID, "left the team")
	if err != nil || !receipt.Revoked.Equal(start) || receipt.True.Before(receipt.Revoked) {
		t.Fatalf("%+v, %v", receipt, err)
	}
	n := len(events(t, a))
	c.advance(time.Hour)
	again, err := a.Revoke(ctx, admin, issued.Record.ID, "once more")
	if err != nil || !again.Revoked.Equal(start) || len(events(t, a)) != n {
		t.Errorf("a second revoke: %+v, %v", again, err)
	}
	_, err = a.Enable(ctx, admin, issued.Record.ID)
	wantError(t, err, authority.Conflicting, "")
	name := "x"
	_, err = a.Update(ctx, admin, issued.Record.ID, authority.Update{Name: &name})
	wantError(t, err, authority.Conflicting, "")
	record, err := a.Get(ctx, admin, issued.Record.ID)
	if err != nil || record.Reason != "left the team" || a.StateOf(&record) != authority.StateRevoked {
		t.Errorf("%+v, %v", record, err)
	}
}

// takings are the changes that take something away, each with one that gives it back where that is possible.
var takings = map[string]struct {
	take, give func(context.Context, *authority.Authority, keywright.KeyID) error
}{
	"revoke": {take: func(ctx context.Context, a *authority.Authority, id keywright.KeyID) error {
		_, err := a.Revoke(ctx, admin, id, "")
		return err
	}},
	"disable": {
		func(ctx context.Context, a *authority.Authority, id keywright.KeyID) error {
			_, err := a.Disable(ctx, admin, id)
			return err
		},
		func(ctx context.Context, a *authority.Authority, id keywright.KeyID) error {
			_, err := a.Enable(ctx, admin, id)
			return err
		},
	},
	"narrow": {update(func(u *authority.Update) { u.Scopes = &[]string{"c:d"} }), update(func(u *authority.Update) { u.Scopes = &[]string{"a:b"} })},
	"end":    {update(func(u *authority.Update) { u.ExpiresAt = &start }), update(func(u *authority.Update) { u.ExpiresAt = &time.Time{} })},
	"bind":   {update(func(u *authority.Update) { u.Methods = &[]string{"GET"} }), update(func(u *authority.Update) { u.Methods = &[]string{} })},
}

func update(set func(*authority.Update)) func(context.Context, *authority.Authority, keywright.KeyID) error {
	return func(ctx context.Context, a *authority.Authority, id keywright.KeyID) error {
		var u authority.Update
		set(&u)
		_, err := a.Update(ctx, admin, id, u)
		return err
	}
}

// TestNoValidAfterATakingReturned asks for the key all the time from several goroutines. A verification that began
// after the act returned must not be VALID; and VALIDs must have been seen just before, or the test proves nothing.
func TestNoValidAfterATakingReturned(t *testing.T) {
	for name, test := range takings {
		t.Run(name, func(t *testing.T) {
			a, _ := open(t)
			rounds := 20
			validBefore := 0
			for range rounds {
				issued := issue(t, a, authority.IssueRequest{Scopes: []string{"a:b"}})
				ask := keywright.Ask{Key: issued.Key, Keyspace: "default", Scopes: []string{"a:b"}}
				var taken, stop atomic.Bool
				var valid atomic.Int64
				var wait sync.WaitGroup
				for range 3 {
					wait.Go(func() {
						for !stop.Load() {
							after := taken.Load()
							v, err := a.Verify(ctx, ask)
							if err != nil || after && v.Valid() {
								t.Errorf("VALID after the act returned (%v)", err)
								return
							}
							if v.Valid() {
								valid.Add(1)
							}
						}
					})
				}
				for valid.Load() == 0 {
					time.Sleep(10 * time.Microsecond)
				}
				if err := test.take(ctx, a, issued.Record.ID); err != nil {
					t.Error(err)
				}
				taken.Store(true)
				time.Sleep(100 * time.Microsecond)
				stop.Store(true)
				wait.Wait()
				if valid.Load() > 0 {
					validBefore++
				}
				if test.give == nil {
					continue
				}
				if err := test.give(ctx, a, issued.Record.ID); err != nil {
					t.Fatal(err)
				}
				if v := verify(t, a, ask); !v.Valid() {
					t.Errorf("given back, the key is %s", v.Code)
				}
			}
			if validBefore < rounds {
				t.Errorf("VALID was seen before the act in %d of %d rounds only", validBefore, rounds)
			}
		})
	}
}

// slow is the SQLite store with a Lookup and a Scan that a test holds up and counts.
type slow struct {
	*sqlite.Store
	lookups atomic.Int64
	fail    atomic.Bool
	pause   bool          // a Lookup that has read says so and waits
	read    chan struct{} // says so
	resume  chan struct{} // closed: no Lookup waits
}

func (s *slow) Lookup(ctx context.Context, h keywright.Hash) (authority.Record, error) {
	s.lookups.Add(1)
	if s.fail.Load() {
		return authority.Record{}, errors.New("the disk is gone")
	}
	r, err := s.Store.Lookup(ctx, h)
	if s.pause {
		select {
		case s.read <- struct{}{}:
			<-s.resume
		case <-s.resume:
		}
	}
	return r, err
}

// Scan never comes to an end.
func (s *slow) Scan(ctx context.Context, _ func(*authority.Record) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// cold returns an authority that has read nothing yet, over a store that holds one key.
func cold(t *testing.T) (*authority.Authority, *slow, authority.Issued) {
	t.Helper()
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	first, _ := over(t, store)
	issued := issue(t, first, authority.IssueRequest{})
	s := &slow{Store: store, read: make(chan struct{}), resume: make(chan struct{})}
	a, _ := over(t, s)
	return a, s, issued
}

func TestColdKeyCostsOneQueryHoweverManyAsk(t *testing.T) {
	a, s, issued := cold(t)
	s.pause = true
	var wait sync.WaitGroup
	for range 10_000 {
		wait.Go(func() {
			v, err := a.Verify(ctx, keywright.Ask{Key: issued.Key, Keyspace: "default"})
			if err != nil || !v.Valid() {
				t.Errorf("%s, %v", v.Code, err)
			}
		})
	}
	<-s.read
	time.Sleep(50 * time.Millisecond) // let the others come to wait
	close(s.resume)
	wait.Wait()
	if n := s.lookups.Load(); n != 1 {
		t.Errorf("%d queries", n)
	}
	if n := a.Stats().Lookups; n != 1 {
		t.Errorf("%d queries counted", n)
	}
}

func TestMalformedKeyAsksNoStore(t *testing.T) {
	a, s, issued := cold(t)
	text := issued.Key.Reveal()
	wrong := keywright.NewSecret(text[:len(text)-1] + flip(text[len(text)-1]))
	if v := verify(t, a, keywright.Ask{Key: wrong, Keyspace: "default"}); v.Code != keywright.Malformed {
		t.Error(v.Code)
	}
	if n := s.lookups.Load(); n != 0 {
		t.Errorf("%d queries", n)
	}
}

// A fill that read the key before it was revoked must not put it back.
func TestFillLosesAgainstARevoke(t *testing.T) {
	a, s, issued := cold(t)
	s.pause = true
	done := make(chan keywright.Verdict)
	go func() {
		v, err := a.Verify(ctx, keywright.Ask{Key: issued.Key, Keyspace: "default"})
		if err != nil {
			t.Error(err)
		}
		done <- v
	}()
	<-s.read // it has read the key as it was
	if _, err := a.Revoke(ctx, admin, issued.Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	close(s.resume)
	<-done
	if v := verify(t, a, keywright.Ask{Key: issued.Key, Keyspace: "default"}); v.Code != keywright.Revoked {
		t.Errorf("after the revoke: %s", v.Code)
	}
}

func TestNoJudgementIsAnErrorAndNeverAVerdict(t *testing.T) {
	a, s, issued := cold(t)
	s.fail.Store(true)
	v, err := a.Verify(ctx, keywright.Ask{Key: issued.Key, Keyspace: "default"})
	wantError(t, err, authority.Unavailable, "")
	if v.Code != "" {
		t.Errorf("with the error came %s", v.Code)
	}
	given, cancel := context.WithCancel(ctx)
	cancel()
	_, err = a.Verify(given, keywright.Ask{Key: issued.Key, Keyspace: "default"})
	wantError(t, err, authority.Unavailable, "")
	s.fail.Store(false)
	if v := verify(t, a, keywright.Ask{Key: issued.Key, Keyspace: "default"}); !v.Valid() {
		t.Errorf("once the store is back: %s", v.Code)
	}
}

// A store whose end of a write is not known: the table must follow what the store holds.
type doubtful struct {
	*sqlite.Store
	after atomic.Bool // Apply fails after it has written
	away  atomic.Bool // and then nothing can be read
}

func (d *doubtful) List(ctx context.Context, q authority.Query) (authority.Page, error) {
	if d.away.Load() {
		return authority.Page{}, errors.New("the connection broke")
	}
	return d.Store.List(ctx, q)
}

func (d *doubtful) Lookup(ctx context.Context, h keywright.Hash) (authority.Record, error) {
	if d.away.Load() {
		return authority.Record{}, errors.New("the connection broke")
	}
	return d.Store.Lookup(ctx, h)
}

func (d *doubtful) Apply(ctx context.Context, c authority.Change) error {
	err := d.Store.Apply(ctx, c)
	if d.after.Load() && err == nil {
		d.away.Store(true)
		return errors.New("the connection broke")
	}
	return err
}

func TestTableFollowsTheStoreAfterADoubtfulWrite(t *testing.T) {
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	d := &doubtful{Store: store}
	a, _ := over(t, d)
	if err := a.Warm(ctx); err != nil {
		t.Fatal(err)
	}
	issued := issue(t, a, authority.IssueRequest{})
	other := issue(t, a, authority.IssueRequest{})
	d.after.Store(true)
	_, err = a.Revoke(ctx, admin, issued.Record.ID, "")
	wantError(t, err, authority.Unavailable, "")
	ask := keywright.Ask{Key: issued.Key, Keyspace: "default"}
	_, err = a.Verify(ctx, ask) // nobody knows whether it was revoked
	wantError(t, err, authority.Unavailable, "")
	if v := verify(t, a, keywright.Ask{Key: other.Key, Keyspace: "default"}); !v.Valid() {
		t.Errorf("another key: %s", v.Code)
	}
	d.away.Store(false)
	if v := verify(t, a, keywright.Ask{Key: issued.Key, Keyspace: "default"}); v.Code != keywright.Revoked {
		t.Errorf("the store says revoked, the table %s", v.Code)
	}
}

func TestChangesOfOneRecordAtTheSameTime(t *testing.T) {
	a, _ := open(t)
	issued := issue(t, a, authority.IssueRequest{})
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			name := fmt.Sprint("n", i)
			if _, err := a.Update(ctx, admin, issued.Record.ID, authority.Update{Name: &name}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	r, err := a.Get(ctx, admin, issued.Record.ID)
	if err != nil || r.Version != 21 {
		t.Errorf("version %d, %v", r.Version, err)
	}
}

func TestRevokeSelf(t *testing.T) {
	a, _ := open(t)
	publishable, err := keywright.Preset("publishable-key")
	if err != nil {
		t.Fatal(err)
	}
	publishable.Name = "publishable"
	if _, err := a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "default", Formats: []keywright.Format{publishable}}); err != nil {
		t.Fatal(err)
	}
	secret := issue(t, a, authority.IssueRequest{})
	public := issue(t, a, authority.IssueRequest{Format: "publishable"})
	for _, key := range []keywright.Secret{secret.Key, public.Key, stranger(t), keywright.NewSecret("x")} {
		if err := a.RevokeSelf(ctx, key, authority.Origin{}); err != nil {
			t.Error(err)
		}
	}
	if v := verify(t, a, keywright.Ask{Key: secret.Key, Keyspace: "default"}); v.Code != keywright.Revoked {
		t.Errorf("the secret key is %s", v.Code)
	}
	if v := verify(t, a, keywright.Ask{Key: public.Key, Keyspace: "default"}); !v.Valid() {
		t.Errorf("the publishable key is %s", v.Code)
	}
}

// TestFormatsAddedMeanwhile issues keys of formats that are added while others verify: a verification that began before
// must not stumble over a key of a format that it does not know yet.
func TestFormatsAddedMeanwhile(t *testing.T) {
	a, _ := open(t)
	var wait sync.WaitGroup
	keys := make(chan keywright.Secret, 1)
	for range 2 {
		wait.Go(func() {
			for key := range keys {
				for range 200 {
					if v, err := a.Verify(ctx, keywright.Ask{Key: key, Keyspace: "default"}); err != nil || !v.Valid() {
						t.Errorf("%s, %v", v.Code, err)
						return
					}
				}
			}
		})
	}
	for i := range 15 {
		f := defaultFormat(t)
		f.Name, f.Prefix = fmt.Sprint("f", i), fmt.Sprint("f", i)
		if _, err := a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "default", Formats: []keywright.Format{f}}); err != nil {
			t.Fatal(err)
		}
		keys <- issue(t, a, authority.IssueRequest{Format: f.Name}).Key
	}
	close(keys)
	wait.Wait()
}

func TestUnknownKeyCostsNoQueryOnceTheTableIsComplete(t *testing.T) {
	a, _ := open(t)
	if err := a.Warm(ctx); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if v := verify(t, a, keywright.Ask{Key: stranger(t), Keyspace: "default"}); v.Code != keywright.NotFound {
			t.Error(v.Code)
		}
	}
	if n := a.Stats().Lookups; n != 0 {
		t.Errorf("%d queries", n)
	}
	b, s, _ := cold(t) // the same, before it is complete: one by its hash and one by its public id, so the count can tell
	verify(t, b, keywright.Ask{Key: stranger(t), Keyspace: "default"})
	if n := s.lookups.Load(); n != 2 || b.Stats().Lookups != 2 {
		t.Errorf("%d queries, %d counted", n, b.Stats().Lookups)
	}
}
