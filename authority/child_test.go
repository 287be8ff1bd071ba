// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func child(t testing.TB, a *authority.Authority, parent authority.Issued, q authority.IssueRequest) authority.Issued {
	t.Helper()
	issued, err := a.IssueChild(ctx, admin, parent.Record.ID, q)
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

func TestChildIsNeverMoreThanItsParent(t *testing.T) {
	a, _ := open(t)
	parent := issue(t, a, authority.IssueRequest{
		Owner: "team_7", Environment: "test", Scopes: []string{"invoices:*", "users:read"}, ExpiresIn: time.Hour,
		Rules: authority.Rules{Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Methods: []string{"GET"}, Paths: []string{"/v1"}, Origins: []string{"https://*.example.com"}},
	})
	c := child(t, a, parent, authority.IssueRequest{Name: "agent", Scopes: []string{"invoices:read"}})
	r := c.Record
	if r.Parent != parent.Record.ID || r.Owner != "team_7" || r.Environment != "test" || !r.Expires.Equal(parent.Record.Expires) {
		t.Fatalf("not inherited: %+v", r)
	}
	for field, q := range map[string]authority.IssueRequest{
		"scopes":              {Scopes: []string{"users:write"}},
		"scopes ":             {Scopes: []string{"*"}},
		"expires_at":          {ExpiresIn: 2 * time.Hour},
		"owner":               {Owner: "team_8"},
		"environment":         {Environment: "live"},
		"keyspace":            {Keyspace: authority.ReservedKeyspace},
		"allowed_networks[0]": {Rules: authority.Rules{Networks: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}}},
		"allowed_methods[0]":  {Rules: authority.Rules{Methods: []string{"POST"}}},
		"allowed_paths[0]":    {Rules: authority.Rules{Paths: []string{"/v2"}}},
		"allowed_origins[0]":  {Rules: authority.Rules{Origins: []string{"https://example.org"}}},
	} {
		_, err := a.IssueChild(ctx, admin, parent.Record.ID, q)
		wantError(t, err, authority.Invalid, strings.TrimSpace(field))
	}
	ask := keywright.Ask{
		Key: c.Key, Keyspace: "default", Environment: "test", ClientIP: netip.MustParseAddr("10.1.2.3"), Method: "GET", Path: "/v1/x", Origin: "https://app.example.com",
	}
	if v := verify(t, a, ask); !v.Valid() || !slices.Equal(v.Scopes, []string{"invoices:read"}) {
		t.Fatalf("%+v", v)
	}
	elsewhere := ask
	elsewhere.ClientIP = netip.MustParseAddr("192.0.2.1")
	if v := verify(t, a, elsewhere); v.Code != keywright.Forbidden {
		t.Fatalf("from outside of the parent's networks: %s", v.Code)
	}
	// An update can widen a child no more than its making.
	_, err := a.Update(ctx, admin, r.ID, authority.Update{Scopes: &[]string{"users:write"}})
	wantError(t, err, authority.Invalid, "scopes")
	_, err = a.Update(ctx, admin, r.ID, authority.Update{ExpiresAt: &time.Time{}})
	wantError(t, err, authority.Invalid, "expires_at")
	_, err = a.Update(ctx, admin, r.ID, authority.Update{Owner: ptr("team_8")})
	wantError(t, err, authority.Invalid, "owner")
	_, err = a.Update(ctx, admin, parent.Record.ID, authority.Update{Owner: ptr("team_8")})
	wantError(t, err, authority.Conflicting, "owner")
}

// What is taken from a parent is taken from its children, at every verification, however deep.
func TestChildrenAreJudgedThroughTheirAncestors(t *testing.T) {
	a, clock := open(t)
	family := []authority.Issued{issue(t, a, authority.IssueRequest{Scopes: []string{"a:read", "b:*"}})}
	for range 4 {
		family = append(family, child(t, a, family[len(family)-1], authority.IssueRequest{Scopes: []string{"a:read", "b:*"}}))
	}
	root, last := family[0].Record.ID, family[4]
	_, err := a.IssueChild(ctx, admin, last.Record.ID, authority.IssueRequest{})
	wantError(t, err, authority.Invalid, "parent")
	ask := keywright.Ask{Key: last.Key, Keyspace: "default", Scopes: []string{"b:write"}}
	want := func(code keywright.Code) keywright.Verdict {
		t.Helper()
		v := verify(t, a, ask)
		if v.Code != code {
			t.Fatalf("%s, want %s", v.Code, code)
		}
		return v
	}
	want(keywright.Valid)
	if _, err := a.Update(ctx, admin, root, authority.Update{Scopes: &[]string{"a:read", "b:read"}}); err != nil {
		t.Fatal(err)
	}
	v := want(keywright.InsufficientScope)
	if !slices.Equal(v.Missing, []string{"b:write"}) || !slices.Equal(v.Scopes, []string{"a:read", "b:read"}) {
		t.Fatalf("%+v", v)
	}
	ask.Scopes = []string{"b:read"}
	want(keywright.Valid)
	if _, err := a.Disable(ctx, admin, root); err != nil {
		t.Fatal(err)
	}
	want(keywright.Disabled)
	if _, err := a.Enable(ctx, admin, root); err != nil {
		t.Fatal(err)
	}
	later := clock.now().Add(time.Hour)
	if _, err := a.Update(ctx, admin, family[2].Record.ID, authority.Update{ExpiresAt: &later}); err != nil {
		t.Fatal(err)
	}
	if v := want(keywright.Valid); !v.ExpiresAt.Equal(later) {
		t.Fatalf("it ends with the key above it, at %s, not at %s", later, v.ExpiresAt)
	}
	clock.advance(time.Hour)
	want(keywright.Expired)
	clock.advance(-time.Minute)
	want(keywright.Valid)
	ask.Explain = true
	if _, err := a.Revoke(ctx, admin, family[1].Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	v = want(keywright.Revoked)
	n := slices.IndexFunc(v.Checks, func(c keywright.Check) bool { return c.Code == keywright.Revoked })
	if !strings.Contains(v.Checks[n].Reason, family[1].Record.ID.String()) {
		t.Fatalf("%q does not name the key that was revoked", v.Checks[n].Reason)
	}
	_, err = a.IssueChild(ctx, admin, family[1].Record.ID, authority.IssueRequest{})
	wantError(t, err, authority.Conflicting, "")
}

// The same after a restart, where parents are read when a child is asked about.
func TestChildrenAfterARestart(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	parent := issue(t, a, authority.IssueRequest{Scopes: []string{"a:read"}})
	c := child(t, a, parent, authority.IssueRequest{Scopes: []string{"a:read"}})
	other := issue(t, a, authority.IssueRequest{})
	orphan := child(t, a, other, authority.IssueRequest{})
	a.Close()
	b, _ := over(t, store)
	wantCode(t, b, c.Key, keywright.Valid)
	for _, id := range []keywright.KeyID{parent.Record.ID, other.Record.ID} { // one was asked about before, one was not
		if _, err := b.Revoke(ctx, admin, id, ""); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, b, c.Key, keywright.Revoked)
	wantCode(t, b, orphan.Key, keywright.Revoked)
	b.Close()
	d, _ := over(t, store)
	wantCode(t, d, c.Key, keywright.Revoked)
}

func TestNoValidOfAChildAfterARevokeOfItsParentReturned(t *testing.T) {
	a, _ := open(t)
	for range 20 {
		parent := issue(t, a, authority.IssueRequest{})
		c := child(t, a, parent, authority.IssueRequest{})
		var returned atomic.Bool
		var valid atomic.Int64
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					after := returned.Load()
					v, err := a.Verify(ctx, keywright.Ask{Key: c.Key, Keyspace: "default"})
					if err != nil || after && v.Valid() {
						t.Errorf("VALID after its parent's revoke returned (%v)", err)
						return
					}
					if v.Valid() {
						valid.Add(1)
					}
					if after {
						return
					}
				}
			})
		}
		for valid.Load() < 100 {
			time.Sleep(100 * time.Microsecond)
		}
		if _, err := a.Revoke(ctx, admin, parent.Record.ID, ""); err != nil {
			t.Fatal(err)
		}
		returned.Store(true)
		wg.Wait()
	}
}

// slowParent lets a read of a parent's record, begun before a change of it, end after it.
type slowParent struct {
	authority.Store
	hold atomic.Pointer[chan struct{}]
	read chan struct{}
}

func (s *slowParent) List(ctx context.Context, q authority.Query) (authority.Page, error) {
	page, err := s.Store.List(ctx, q)
	if hold := s.hold.Load(); hold != nil && !q.ID.IsZero() && q.Of == authority.Records && s.hold.CompareAndSwap(hold, nil) {
		close(s.read)
		<-*hold
	}
	return page, err
}

func TestReadOfAParentLosesAgainstARevoke(t *testing.T) {
	inner := memory(t)
	a, _ := over(t, inner)
	parent := issue(t, a, authority.IssueRequest{})
	c := child(t, a, parent, authority.IssueRequest{})
	a.Close()
	store := &slowParent{Store: inner, read: make(chan struct{})}
	b, _ := over(t, store)
	hold := make(chan struct{})
	store.hold.Store(&hold)
	done := make(chan keywright.Verdict)
	go func() {
		v, _ := b.Verify(ctx, keywright.Ask{Key: c.Key, Keyspace: "default"})
		done <- v
	}()
	<-store.read // the old record has been read, and is on its way
	if _, err := b.Revoke(ctx, admin, parent.Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	close(hold)
	<-done // began before the revoke returned
	wantCode(t, b, c.Key, keywright.Revoked)
}

func TestChildrenSpendOfTheirAncestors(t *testing.T) {
	a, _ := open(t)
	parent := issue(t, a, authority.IssueRequest{Credits: credits(5, nil), Limits: []authority.Limit{limit("requests", 4, time.Hour)}})
	one := child(t, a, parent, authority.IssueRequest{Credits: credits(2, nil)})
	two := child(t, a, parent, authority.IssueRequest{})
	wantCode(t, a, one.Key, keywright.Valid)
	wantCode(t, a, one.Key, keywright.Valid)
	wantCode(t, a, one.Key, keywright.CreditsExhausted)
	if got := balance(t, a, parent.Record.ID); got != 3 {
		t.Fatalf("the parent has %d left", got)
	}
	wantCode(t, a, two.Key, keywright.Valid)
	wantCode(t, a, two.Key, keywright.Valid)
	v := verify(t, a, keywright.Ask{Key: two.Key, Keyspace: "default"})
	if v.Code != keywright.RateLimited || v.Limit.Of != "parent" {
		t.Fatalf("%+v", v)
	}
	wantLedger(t, a, parent.Record.ID)
}

func TestHolderMakesChildren(t *testing.T) {
	a, _ := open(t)
	parent := issue(t, a, authority.IssueRequest{Scopes: []string{"a:*", authority.ScopeChildren}})
	wild := issue(t, a, authority.IssueRequest{Scopes: []string{"*"}})
	holder, err := a.Holder(ctx, parent.Record.ID, parent.Key, authority.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.IssueChild(ctx, holder, parent.Record.ID, authority.IssueRequest{Scopes: []string{"a:read"}, ExpiresIn: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, a, c.Key, keywright.Valid)
	_, err = a.IssueChild(ctx, holder, wild.Record.ID, authority.IssueRequest{})
	wantError(t, err, authority.Denied, "")
	_, err = a.Get(ctx, holder, parent.Record.ID)
	wantError(t, err, authority.Denied, "")
	_, err = a.Issue(ctx, holder, authority.IssueRequest{})
	wantError(t, err, authority.Denied, "")
	_, err = a.Holder(ctx, wild.Record.ID, wild.Key, authority.Origin{}) // no wildcard grants it
	wantError(t, err, authority.Denied, "")
	_, err = a.Holder(ctx, wild.Record.ID, parent.Key, authority.Origin{})
	wantError(t, err, authority.Unidentified, "")
	_, err = a.Holder(ctx, c.Record.ID, stranger(t), authority.Origin{})
	wantError(t, err, authority.Unidentified, "")
	_, err = a.Holder(ctx, c.Record.ID, c.Key, authority.Origin{}) // it did not get the scope
	wantError(t, err, authority.Denied, "")
	if e := events(t, a); e[len(e)-1].Actor != parent.Record.ID.String() {
		t.Fatalf("the actor is %s", e[len(e)-1].Actor)
	}
}

func TestNotTooManyChildren(t *testing.T) {
	authority.SetMaxChildren(5)
	defer authority.SetMaxChildren(10_000)
	a, clock := open(t)
	parent := issue(t, a, authority.IssueRequest{})
	for range 5 {
		child(t, a, parent, authority.IssueRequest{ExpiresIn: time.Minute})
	}
	_, err := a.IssueChild(ctx, admin, parent.Record.ID, authority.IssueRequest{})
	wantError(t, err, authority.Conflicting, "")
	clock.advance(time.Minute)
	child(t, a, parent, authority.IssueRequest{}) // those have ended
}
