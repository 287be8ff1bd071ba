// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func feed(t testing.TB, a *authority.Authority, after string) authority.Feed {
	t.Helper()
	f, err := a.Revocations(ctx, admin, authority.FeedQuery{Keyspace: "acme", After: after})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// serviceKey returns a caller with a service key.
func serviceKey(t testing.TB, a *authority.Authority, rules authority.Rules, scopes ...string) authority.Caller {
	t.Helper()
	k := issue(t, a, authority.IssueRequest{Keyspace: authority.ReservedKeyspace, Scopes: scopes, Rules: rules})
	c, err := a.Authenticate(ctx, k.Key, authority.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// part reads a part of a JWT without verifying it.
func part(t testing.TB, text keywright.Secret, n int) (m map[string]any) {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(strings.Split(text.Reveal(), ".")[n])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func kidOf(t testing.TB, text keywright.Secret) string {
	t.Helper()
	return part(t, text, 0)["kid"].(string)
}

func seqOf(t testing.TB, a *authority.Authority, text keywright.Secret) uint64 {
	t.Helper()
	return uint64(part(t, text, 1)["seq"].(float64))
}

// Whatever takes something away from a key is in every answer that begins after it has returned, behind the event that a
// token of before names; what takes nothing away is not.
func TestFeedTellsWhatWasTaken(t *testing.T) {
	a, clock := open(t)
	exchanging(t, a, authority.Policy{})
	keyspace(t, a, "other", authority.Policy{})
	one := func() keywright.KeyID {
		return issue(t, a, authority.IssueRequest{Keyspace: "acme", Scopes: []string{"a:*"}}).Record.ID
	}
	update := func(u authority.Update) func() keywright.KeyID {
		return func() keywright.KeyID {
			id := one()
			u := u
			if _, err := a.Update(ctx, admin, id, u); err != nil {
				t.Fatal(err)
			}
			return id
		}
	}
	five := int64(5)
	text, scopes, soon := "new", []string{"a:read"}, start.Add(24*time.Hour)
	limits, networks, metadata := []authority.Limit{limit("m", 1, time.Minute)}, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, []byte(`{"a":1}`)
	for name, c := range map[string]struct {
		act    func() keywright.KeyID
		kind   authority.TakenKind
		reason authority.TakenReason
	}{
		"issue":    {one, "", ""},
		"name":     {update(authority.Update{Name: &text}), "", ""},
		"metadata": {update(authority.Update{Metadata: &metadata}), "", ""},
		"scopes":   {update(authority.Update{Scopes: &scopes}), "key", "narrow"},
		"owner":    {update(authority.Update{Owner: &text}), "key", "narrow"},
		"limits":   {update(authority.Update{Limits: &limits}), "key", "narrow"},
		"networks": {update(authority.Update{Networks: &networks}), "key", "narrow"},
		"methods":  {update(authority.Update{Methods: &[]string{"GET"}}), "key", "narrow"},
		"expiry":   {update(authority.Update{ExpiresAt: &soon}), "key", "narrow"},
		"begin":    {update(authority.Update{NotBefore: &soon}), "key", "narrow"},
		"credits":  {update(authority.Update{Credits: &authority.CreditsUpdate{Remaining: &five}}), "key", "narrow"},
		"revoke": {func() keywright.KeyID {
			id := one()
			_, err := a.Revoke(ctx, admin, id, "")
			return must(t, id, err)
		}, "key", "revoke"},
		"revoke self": {func() keywright.KeyID {
			k := issue(t, a, authority.IssueRequest{Keyspace: "acme"})
			return must(t, k.Record.ID, a.RevokeSelf(ctx, k.Key, authority.Origin{}))
		}, "key", "revoke"},
		"disable": {func() keywright.KeyID {
			id := one()
			_, err := a.Disable(ctx, admin, id)
			return must(t, id, err)
		}, "key", "disable"},
		"many": {func() keywright.KeyID {
			id := issue(t, a, authority.IssueRequest{Keyspace: "acme", Owner: "bulk"}).Record.ID
			_, err := a.Bulk(ctx, admin, authority.BulkRequest{Verb: authority.BulkDisable, Filter: authority.Filter{Keyspace: "acme", Owner: "bulk"}}, func(r authority.BulkResult) error { return r.Err })
			return must(t, id, err)
		}, "key", "disable"},
		"rotate": {func() keywright.KeyID {
			id := one()
			rotate(t, a, id, authority.RotateRequest{Grace: grace(time.Hour)})
			return id
		}, "", ""},
		"rotate now": {func() keywright.KeyID {
			id := one()
			rotate(t, a, id, authority.RotateRequest{Grace: grace(0)})
			return id
		}, "key", "rotate"},
		"keyspace": {func() keywright.KeyID {
			setPolicy(t, a, "acme", authority.Policy{Exchange: &authority.ExchangePolicy{Life: time.Minute}})
			return keywright.KeyID{}
		}, "keyspace", "policy"},
		"another keyspace": {func() keywright.KeyID {
			id := issue(t, a, authority.IssueRequest{Keyspace: "other"}).Record.ID
			_, err := a.Revoke(ctx, admin, id, "")
			return must(t, id, err)
		}, "", ""},
	} {
		k := issue(t, a, authority.IssueRequest{Keyspace: "acme"})
		before, token := feed(t, a, ""), exchange(t, a, k.Key, authority.ExchangeRequest{})
		id := c.act()
		f := feed(t, a, before.Cursor)
		if c.kind == "" {
			if len(f.Entries) != 0 {
				t.Errorf("%s: %+v", name, f.Entries)
			}
			continue
		}
		if len(f.Entries) != 1 || f.Entries[0].Kind != c.kind || f.Entries[0].Reason != c.reason || f.Entries[0].Key != id || f.Begins {
			t.Errorf("%s: %+v", name, f)
			continue
		}
		if seq := seqOf(t, a, token.Token); seq >= f.Entries[0].Sequence || seq < before.From {
			t.Errorf("%s: a token of before names event %d, the entry is %d", name, seq, f.Entries[0].Sequence)
		}
		if seq := seqOf(t, a, exchange(t, a, k.Key, authority.ExchangeRequest{}).Token); seq < f.Entries[0].Sequence {
			t.Errorf("%s: a token of after it is dead", name)
		}
	}
	clock.advance(time.Second)
}

func must(t testing.TB, id keywright.KeyID, err error) keywright.KeyID {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// The end of a grace ends the tokens of the old secret, and of no other.
func TestFeedTellsOfGraces(t *testing.T) {
	a, clock := open(t)
	exchanging(t, a, authority.Policy{})
	by := map[string]func(keywright.KeyID){
		"by hand": func(id keywright.KeyID) {
			if _, err := a.EndGrace(ctx, admin, id, true); err != nil {
				t.Fatal(err)
			}
		},
		"by time": func(keywright.KeyID) { clock.advance(2 * time.Hour); a.Tend(ctx) },
	}
	for name, end := range by {
		k := issue(t, a, authority.IssueRequest{Keyspace: "acme"})
		rotate(t, a, k.Record.ID, authority.RotateRequest{Grace: grace(time.Hour)})
		before := feed(t, a, "")
		end(k.Record.ID)
		f := feed(t, a, before.Cursor)
		if len(f.Entries) != 1 || f.Entries[0].Reason != authority.TakenRotate || len(f.Entries[0].Secrets) != 1 || f.Entries[0].Secrets[0] != k.Record.Secrets[0].PublicID {
			t.Errorf("%s: %+v", name, f.Entries)
		}
	}
}

// An answer waits for something to tell, and is there as soon as it is.
func TestFeedWaits(t *testing.T) {
	a, _ := open(t)
	exchanging(t, a, authority.Policy{})
	k := issue(t, a, authority.IssueRequest{Keyspace: "acme"})
	at := feed(t, a, "")
	answers := make(chan authority.Feed, 1)
	go func() {
		f, err := a.Revocations(ctx, admin, authority.FeedQuery{Keyspace: "acme", After: at.Cursor, Wait: 30 * time.Second})
		if err != nil {
			t.Error(err)
		}
		answers <- f
	}()
	time.Sleep(50 * time.Millisecond)
	if len(answers) > 0 {
		t.Fatal("it did not wait")
	}
	begun := time.Now()
	if _, err := a.Revoke(ctx, admin, k.Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	if f := <-answers; len(f.Entries) != 1 || f.Entries[0].Key != k.Record.ID || time.Since(begun) > 5*time.Second {
		t.Errorf("%+v after %v", f, time.Since(begun))
	}
	at = feed(t, a, "")
	begun = time.Now()
	f, err := a.Revocations(ctx, admin, authority.FeedQuery{Keyspace: "acme", After: at.Cursor, Wait: 100 * time.Millisecond})
	if took := time.Since(begun); err != nil || len(f.Entries) != 0 || f.Cursor == "" || took < 100*time.Millisecond {
		t.Errorf("%+v, %v after %v", f, err, took)
	}
	given, stop := context.WithTimeout(ctx, 50*time.Millisecond)
	defer stop()
	if f, err = a.Revocations(given, admin, authority.FeedQuery{Keyspace: "acme", After: at.Cursor, Wait: time.Minute}); err != nil || f.Cursor != at.Cursor {
		t.Errorf("%+v, %v", f, err)
	}
}

// Whose cursor is of events that are gone, or of another history, begins anew and knows from where on all is told.
func TestFeedBeginsAnew(t *testing.T) {
	a, clock := open(t)
	exchanging(t, a, authority.Policy{})
	k := issue(t, a, authority.IssueRequest{Keyspace: "acme"})
	first := feed(t, a, "")
	if _, err := a.Disable(ctx, admin, k.Record.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Enable(ctx, admin, k.Record.ID); err != nil {
		t.Fatal(err)
	}
	if !first.Begins {
		t.Error("the first answer does not begin")
	}
	other := first.Cursor[:len(first.Cursor)-1] + "0"
	if other == first.Cursor {
		other = first.Cursor[:len(first.Cursor)-1] + "1"
	}
	if f := feed(t, a, other); !f.Begins || len(f.Entries) != 1 || f.From > first.From {
		t.Errorf("of another history: %+v", f)
	}
	if f := feed(t, a, "999999-0000000000000000"); !f.Begins {
		t.Error("of a longer chain: it goes on")
	}
	for _, cursor := range []string{"x", "1", "0-0000000000000000", "-", "1-00", "1-zzzzzzzzzzzzzzzz"} {
		_, err := a.Revocations(ctx, admin, authority.FeedQuery{Keyspace: "acme", After: cursor})
		wantError(t, err, authority.Invalid, "after")
	}
	point, err := a.Checkpoint(ctx, admin, authority.CheckpointRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Prune(ctx, admin, authority.PruneRequest{Sequence: point.Sequence}); err != nil {
		t.Fatal(err)
	}
	if f := feed(t, a, first.Cursor); !f.Begins || f.From < point.Sequence || len(f.Entries) != 0 {
		t.Errorf("after pruning up to %d: %+v", point.Sequence, f)
	}
	clock.advance(2 * time.Hour) // no token can have missed anything
	if f := feed(t, a, ""); len(f.Entries) != 0 || f.From < point.Sequence {
		t.Errorf("%+v", f)
	}
	if seq := seqOf(t, a, exchange(t, a, k.Key, authority.ExchangeRequest{}).Token); seq < feed(t, a, "").From {
		t.Error("a new token is beyond what the feed tells of")
	}
}

// Who may not verify is told nothing, and a store that is not the truth tells nobody.
func TestFeedIsForVerifiers(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	exchanging(t, a, authority.Policy{})
	for _, c := range []authority.Caller{
		serviceKey(t, a, authority.Rules{}, "keys:read"), serviceKey(t, a, authority.Rules{Keyspaces: []string{"default"}}, "keys:verify"),
		serviceKey(t, a, authority.Rules{Owner: "team_7"}, "keys:verify"),
	} {
		_, err := a.Revocations(ctx, c, authority.FeedQuery{Keyspace: "acme"})
		wantError(t, err, authority.Denied, "")
	}
	bound := serviceKey(t, a, authority.Rules{Keyspaces: []string{"acme"}}, "keys:verify")
	if _, err := a.Revocations(ctx, bound, authority.FeedQuery{}); err != nil {
		t.Error(err)
	}
	_, err := a.Revocations(ctx, admin, authority.FeedQuery{Keyspace: "acme", Wait: 61 * time.Second})
	wantError(t, err, authority.Invalid, "wait")
	exchange(t, a, issue(t, a, authority.IssueRequest{Keyspace: "acme"}).Key, authority.ExchangeRequest{})
	if len(feed(t, a, "").Keys) == 0 {
		t.Fatal("tokens are signed, and the feed names no key")
	}
	a.Close()
	if err := store.Apply(ctx, authority.Change{Puts: []authority.Put{authority.Freeze(start)}}); err != nil {
		t.Fatal(err)
	}
	b, _ := over(t, store)
	_, err = b.Revocations(ctx, admin, authority.FeedQuery{Keyspace: "acme"})
	wantError(t, err, authority.Unavailable, "")
	_, err = b.Exchange(ctx, keywright.NewSecret("acme_live_x"), authority.Origin{}, authority.ExchangeRequest{Keyspace: "acme"})
	wantError(t, err, authority.Unavailable, "")
	if err := b.Thaw(ctx, admin, nil); err != nil {
		t.Fatal(err)
	}
	if f := feed(t, b, ""); len(f.Entries) == 0 || f.Entries[len(f.Entries)-1].Reason != authority.TakenRestore || len(f.Keys) != 0 {
		t.Errorf("after a restore: %+v", f)
	}
}

// slowStore lets a test look between the moment when an act is durable and the one when its verb goes on.
type slowStore struct {
	authority.Store
	written, goOn chan struct{}
}

func (s *slowStore) Apply(ctx context.Context, c authority.Change) error {
	err := s.Store.Apply(ctx, c)
	for _, e := range c.Events {
		if e.Verb == "key.revoke" {
			s.written <- struct{}{}
			<-s.goOn
		}
	}
	return err
}

// A token that was given out while a revoke was under way, after it was durable and before verifications see it, does not
// count as made after it.
func TestTokenOfAKeyThatIsBeingRevoked(t *testing.T) {
	s := &slowStore{Store: memory(t), written: make(chan struct{}), goOn: make(chan struct{})}
	a, _ := over(t, s)
	exchanging(t, a, authority.Policy{})
	for range 100 {
		if k, token, ok := exchangeInRevoke(t, a, s); ok {
			f := feed(t, a, "")
			if last := f.Entries[len(f.Entries)-1]; last.Key != k || seqOf(t, a, token) >= last.Sequence {
				t.Errorf("a token of event %d lives on after %+v", seqOf(t, a, token), last)
			}
			return
		}
	}
	t.Fatal("every key was refused already")
}

// exchangeInRevoke exchanges a key in the middle of its revoke, unless it is refused already.
func exchangeInRevoke(t *testing.T, a *authority.Authority, s *slowStore) (id keywright.KeyID, token keywright.Secret, ok bool) {
	t.Helper()
	k := issue(t, a, authority.IssueRequest{Keyspace: "acme"})
	done := make(chan error)
	go func() {
		_, err := a.Revoke(ctx, admin, k.Record.ID, "")
		done <- err
	}()
	<-s.written
	e, err := a.Exchange(ctx, k.Key, authority.Origin{}, authority.ExchangeRequest{Keyspace: "acme"})
	var own *authority.Error
	if err != nil && !errors.As(err, &own) {
		t.Fatal(err)
	}
	s.goOn <- struct{}{}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return k.Record.ID, e.Token, err == nil
}
