// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func usage(t testing.TB, a *authority.Authority, q authority.UsageRequest) map[keywright.Code]int64 {
	t.Helper()
	rows, _, err := a.UsageOf(ctx, admin, q)
	if err != nil {
		t.Fatal(err)
	}
	n := map[keywright.Code]int64{}
	for _, r := range rows {
		n[r.Code] += r.Count
	}
	return n
}

func TestUsageIsCounted(t *testing.T) {
	store := memory(t)
	a, clock := over(t, store)
	k := issue(t, a, authority.IssueRequest{Scopes: []string{"a:read"}})
	other := issue(t, a, authority.IssueRequest{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 3000 { // more than a page of notes
				verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default"})
			}
		})
	}
	wg.Wait()
	verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default", Scopes: []string{"b:read"}})
	verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default", DryRun: true})
	verify(t, a, keywright.Ask{Key: other.Key, Keyspace: "default"})
	verify(t, a, keywright.Ask{Key: stranger(t), Keyspace: "default"})
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if got := usage(t, a, authority.UsageRequest{Key: k.Record.ID}); got[keywright.Valid] != 12000 || got[keywright.InsufficientScope] != 1 || len(got) != 2 {
		t.Fatalf("%v", got)
	}
	if got := usage(t, a, authority.UsageRequest{}); got[keywright.Valid] != 12001 || got[keywright.NotFound] != 1 {
		t.Fatalf("%v", got)
	}
	clock.advance(2 * time.Hour)
	wantCode(t, a, k.Key, keywright.Valid)
	a.Close()
	b, later := over(t, store)
	later.advance(2 * time.Hour)
	rows, _, err := b.UsageOf(ctx, admin, authority.UsageRequest{Key: k.Record.ID})
	if err != nil || len(rows) != 3 {
		t.Fatalf("%+v (%v)", rows, err)
	}
	if got := usage(t, b, authority.UsageRequest{Key: k.Record.ID, Since: start.Add(time.Hour)}); got[keywright.Valid] != 1 || len(got) != 1 {
		t.Fatalf("%v", got)
	}
	_, _, err = b.UsageOf(ctx, admin, authority.UsageRequest{Since: start, Until: start})
	wantError(t, err, authority.Invalid, "since")
	_, _, err = b.UsageOf(ctx, as(t, b, authority.Rules{}, authority.ScopeRead), authority.UsageRequest{})
	wantError(t, err, authority.Denied, "")
}

func TestLastUse(t *testing.T) {
	a, clock := open(t)
	k := issue(t, a, authority.IssueRequest{})
	for _, from := range []string{"192.0.2.1", "2001:db8::7"} {
		clock.advance(time.Minute)
		verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default", ClientIP: netip.MustParseAddr(from)})
		if err := a.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		uses, err := a.LastUses(ctx, admin, &k.Record)
		if err != nil || !uses[0].Time.Equal(clock.now()) || uses[0].From.String() != from {
			t.Fatalf("%+v (%v)", uses, err)
		}
	}
	clock.advance(time.Minute)
	verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default", Environment: "test"}) // refused: not a use
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if uses, _ := a.LastUses(ctx, admin, &k.Record); !uses[0].Time.Equal(clock.now().Add(-time.Minute)) {
		t.Fatalf("%+v", uses)
	}
}

// What strangers can cause becomes one event for each kind, key and hour.
func TestStrangersCannotFloodTheChain(t *testing.T) {
	store := memory(t)
	a, clock := over(t, store)
	revoked, expired := issue(t, a, authority.IssueRequest{}), issue(t, a, authority.IssueRequest{ExpiresIn: time.Minute})
	f := defaultFormat(t)
	f.Checksum, f.Prefix = keywright.NoChecksum, "plain"
	if _, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "plain", Formats: []keywright.Format{f}}); err != nil {
		t.Fatal(err)
	}
	wrong := wrongSecret(issue(t, a, authority.IssueRequest{Keyspace: "plain"}))
	if _, err := a.Revoke(ctx, admin, revoked.Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	clock.advance(time.Minute)
	flood := func(a *authority.Authority) {
		for range 200 {
			wantCode(t, a, revoked.Key, keywright.Revoked)
			wantCode(t, a, expired.Key, keywright.Expired)
			if v := verify(t, a, keywright.Ask{Key: wrong, Keyspace: "plain"}); v.Code != keywright.NotFound {
				t.Fatal(v.Code)
			}
			wantCode(t, a, stranger(t), keywright.NotFound)
		}
		for range 10 {
			if err := a.Flush(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	count := func(a *authority.Authority) (n []int) {
		var all []string
		for _, e := range events(t, a) {
			all = append(all, e.Verb)
		}
		for _, verb := range []string{"key.used_after_revoke", "key.used_after_expiry", "key.wrong_secret"} {
			n = append(n, len(slices.DeleteFunc(slices.Clone(all), func(v string) bool { return v != verb })))
		}
		return n
	}
	flood(a)
	flood(a)
	if got := count(a); !slices.Equal(got, []int{1, 1, 1}) {
		t.Fatalf("%v events", got)
	}
	a.Close()
	b, later := over(t, store)
	later.advance(time.Minute)
	flood(b) // in the same hour, by a process that remembers nothing
	if got := count(b); !slices.Equal(got, []int{1, 1, 1}) {
		t.Fatalf("%v events after a restart", got)
	}
	later.advance(time.Hour)
	flood(b)
	if got := count(b); !slices.Equal(got, []int{2, 2, 2}) {
		t.Fatalf("%v events in two hours", got)
	}
}

// wrongSecret is a key with the public id of another and a secret of its own. The format has no checksum.
func wrongSecret(k authority.Issued) keywright.Secret {
	text := k.Key.Reveal()
	return keywright.NewSecret(text[:len(text)-1] + flip(text[len(text)-1]))
}

func TestRefusedRequestsLeaveAnEvent(t *testing.T) {
	a, _ := open(t)
	c := as(t, a, authority.Rules{}, authority.ScopeRead)
	for range 100 {
		a.Refused(c)
	}
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range events(t, a) {
		if e.Verb == "request.refused" {
			n++
			if e.Actor != c.Actor() {
				t.Fatalf("actor %s", e.Actor)
			}
		}
	}
	if n != 1 {
		t.Fatalf("%d events", n)
	}
}

func TestBulk(t *testing.T) {
	a, _ := open(t)
	var team []authority.Issued
	for range 3 {
		team = append(team, issue(t, a, authority.IssueRequest{Owner: "team_7", Scopes: []string{"a:*"}}))
	}
	net := issue(t, a, authority.IssueRequest{Owner: "team_7", Scopes: []string{"b:read"}, Rules: authority.Rules{Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}})
	other := issue(t, a, authority.IssueRequest{Owner: "team_8", Scopes: []string{"a:read"}})
	run := func(q authority.BulkRequest) (results []authority.BulkResult) {
		t.Helper()
		n, err := a.Bulk(ctx, admin, q, func(r authority.BulkResult) error {
			results = append(results, r)
			return nil
		})
		if err != nil || n != len(results) {
			t.Fatal(n, err)
		}
		return results
	}
	filter := authority.Filter{Owner: "team_7", Scope: "a:read"}
	before := len(events(t, a))
	if got := run(authority.BulkRequest{Filter: filter, Verb: authority.BulkRevoke, DryRun: true}); len(got) != 3 || got[0].Done {
		t.Fatalf("%+v", got)
	}
	if len(events(t, a)) != before {
		t.Fatal("a dry run left an event")
	}
	if got := run(authority.BulkRequest{Filter: authority.Filter{Network: netip.MustParsePrefix("192.0.2.0/24")}, Verb: authority.BulkDisable, DryRun: true}); len(got) != 4 {
		t.Fatalf("%d keys may be used from there", len(got))
	}
	rotated := run(authority.BulkRequest{Filter: filter, Verb: authority.BulkRotate, Rotate: authority.RotateRequest{Grace: grace(0)}})
	for _, r := range rotated {
		wantCode(t, a, r.Key, keywright.Valid)
	}
	wantCode(t, a, team[0].Key, keywright.Expired)
	run(authority.BulkRequest{Filter: filter, Verb: authority.BulkDisable})
	wantCode(t, a, rotated[0].Key, keywright.Disabled)
	run(authority.BulkRequest{Filter: filter, Verb: authority.BulkEnable})
	if got := run(authority.BulkRequest{Filter: filter, Verb: authority.BulkRevoke, Reason: "leaked"}); len(got) != 3 || !got[0].Done {
		t.Fatalf("%+v", got)
	}
	for _, r := range rotated {
		wantCode(t, a, r.Key, keywright.Revoked)
	}
	if v := verify(t, a, keywright.Ask{Key: net.Key, Keyspace: "default", ClientIP: netip.MustParseAddr("10.0.0.1")}); !v.Valid() {
		t.Fatal(v.Code)
	}
	wantCode(t, a, other.Key, keywright.Valid)
	if got := verbs(t, a, "default"); !slices.Equal(got, []string{"keyspace.create", "bulk.rotate", "bulk.disable", "bulk.enable", "bulk.revoke"}) {
		t.Fatalf("events of the acts: %v", got)
	}
	for field, q := range map[string]authority.BulkRequest{
		"filter":       {Verb: authority.BulkRevoke},
		"filter.scope": {Verb: authority.BulkRevoke, Filter: authority.Filter{Scope: "a:*"}},
		"verb":         {Verb: "delete", Filter: filter},
		"rotate":       {Verb: authority.BulkRotate, Filter: filter, Rotate: authority.RotateRequest{PublicID: "x"}},
	} {
		_, err := a.Bulk(ctx, admin, q, func(authority.BulkResult) error { return nil })
		wantError(t, err, authority.Invalid, field)
	}
	_, err := a.Bulk(ctx, as(t, a, authority.Rules{}, authority.ScopeRead), authority.BulkRequest{Filter: filter, Verb: authority.BulkRevoke}, func(authority.BulkResult) error { return nil })
	wantError(t, err, authority.Denied, "")
}
