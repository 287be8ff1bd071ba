// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func listed(t testing.TB, a *authority.Authority, q authority.ListRequest) (names []string) {
	t.Helper()
	records, _, err := a.List(ctx, admin, q)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		names = append(names, r.Name)
	}
	slices.Sort(names)
	return names
}

func wantListed(t testing.TB, a *authority.Authority, q authority.ListRequest, want ...string) {
	t.Helper()
	if got := listed(t, a, q); !slices.Equal(got, want) {
		t.Fatalf("%+v lists %v, want %v", q, got, want)
	}
}

func TestListByParent(t *testing.T) {
	a, _ := open(t)
	if _, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "acme"}); err != nil {
		t.Fatal(err)
	}
	parent := issue(t, a, authority.IssueRequest{Keyspace: "acme", Name: "parent"})
	child(t, a, parent, authority.IssueRequest{Name: "one"})
	child(t, a, child(t, a, parent, authority.IssueRequest{Name: "two"}), authority.IssueRequest{Name: "grandchild"})
	id := parent.Record.ID
	wantListed(t, a, authority.ListRequest{Parent: id}, "one", "two") // in the keyspace of the parent
	wantListed(t, a, authority.ListRequest{Parent: id, Keyspace: "default"})
	wantListed(t, a, authority.ListRequest{Parent: id, Text: "tw"}, "two")
	_, _, err := a.List(ctx, admin, authority.ListRequest{Parent: keywright.KeyID{1}})
	wantError(t, err, authority.Unknown, "")
	_, _, err = a.List(ctx, as(t, a, authority.Rules{Owner: "somebody"}, authority.ScopeRead), authority.ListRequest{Parent: id})
	wantError(t, err, authority.Unknown, "")
}

// What is listed as due is what its record says, and only keys that are used need a new secret.
func TestListDue(t *testing.T) {
	a, clock := open(t)
	const day = 24 * time.Hour
	_, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{
		Name: "acme", Policy: &authority.Policy{Rotation: &authority.Rotation{Every: 90 * day, Warn: 10 * day}},
	})
	if err != nil {
		t.Fatal(err)
	}
	old := issue(t, a, authority.IssueRequest{Keyspace: "acme", Name: "old"})
	rotated := issue(t, a, authority.IssueRequest{Keyspace: "acme", Name: "rotated"})
	disabled := issue(t, a, authority.IssueRequest{Keyspace: "acme", Name: "disabled"})
	if _, err := a.Disable(ctx, admin, disabled.Record.ID); err != nil {
		t.Fatal(err)
	}
	clock.advance(60 * day)
	issue(t, a, authority.IssueRequest{Keyspace: "acme", Name: "new"})
	rotate(t, a, rotated.Record.ID, authority.RotateRequest{})
	clock.advance(20*day - time.Second)
	wantListed(t, a, authority.ListRequest{Keyspace: "acme", Due: true})
	clock.advance(2 * time.Second)
	wantListed(t, a, authority.ListRequest{Keyspace: "acme", Due: true}, "old")
	wantListed(t, a, authority.ListRequest{Keyspace: "default", Due: true}) // no policy, nothing is due
	at, shows := a.RotateBy(&old.Record)
	if !shows || !at.Equal(start.Add(90*day)) {
		t.Fatalf("due at %s, shows %v", at, shows)
	}
	r, err := a.Get(ctx, admin, disabled.Record.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, shows := a.RotateBy(&r); shows {
		t.Fatal("a disabled key shows as due")
	}
	_, _, err = a.List(ctx, admin, authority.ListRequest{Due: true, State: authority.StateDisabled})
	wantError(t, err, authority.Invalid, "due")
	_, err = a.Bulk(ctx, admin, authority.BulkRequest{Verb: "revoke", Filter: authority.Filter{Keyspace: "acme", Due: true, State: authority.StateDisabled}}, nil)
	wantError(t, err, authority.Invalid, "filter.due")
	_, err = a.Bulk(ctx, admin, authority.BulkRequest{Verb: "revoke", Filter: authority.Filter{State: "gone"}}, nil)
	wantError(t, err, authority.Invalid, "filter.state")
}

func TestListByEnd(t *testing.T) {
	a, _ := open(t)
	issue(t, a, authority.IssueRequest{Name: "hour", ExpiresIn: time.Hour})
	issue(t, a, authority.IssueRequest{Name: "day", ExpiresIn: 24 * time.Hour})
	issue(t, a, authority.IssueRequest{Name: "never"})
	wantListed(t, a, authority.ListRequest{ExpiresBefore: start.Add(2 * time.Hour)}, "hour")
	wantListed(t, a, authority.ListRequest{ExpiresBefore: start.Add(48 * time.Hour)}, "day", "hour")
}

// A bulk act leaves out keys to which there is nothing to do, in a dry run as well.
func TestBulkLeavesOutWhatIsDone(t *testing.T) {
	a, clock := open(t)
	ids := map[string]keywright.KeyID{}
	for _, name := range []string{"active", "disabled", "revoked", "expired"} {
		q := authority.IssueRequest{Name: name, Owner: "team_7"}
		if name == "expired" {
			q.ExpiresIn = time.Hour
		}
		ids[name] = issue(t, a, q).Record.ID
	}
	if _, err := a.Disable(ctx, admin, ids["disabled"]); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Revoke(ctx, admin, ids["revoked"], ""); err != nil {
		t.Fatal(err)
	}
	clock.advance(time.Hour)
	for _, c := range []struct {
		verb string
		want []string
	}{
		{"rotate", []string{"active", "disabled"}},
		{"enable", []string{"disabled"}},
		{"disable", []string{"active", "disabled", "expired"}}, // disabled was enabled above
		{"revoke", []string{"active", "disabled", "expired"}},
		{"revoke", nil},
		{"disable", nil},
		{"rotate", nil},
	} {
		for _, dry := range []bool{true, false} {
			var names []string
			q := authority.BulkRequest{Verb: c.verb, DryRun: dry, Filter: authority.Filter{Owner: "team_7"}}
			n, err := a.Bulk(ctx, admin, q, func(r authority.BulkResult) error {
				if r.Err != nil || r.Done == dry {
					t.Errorf("%s %s: done %v, error %v", c.verb, r.Record.Name, r.Done, r.Err)
				}
				names = append(names, r.Record.Name)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if slices.Sort(names); n != len(c.want) || !slices.Equal(names, c.want) {
				t.Fatalf("%s, dry run %v: %v, want %v", c.verb, dry, names, c.want)
			}
		}
	}
}

// Who holds no key of an id learns nothing of it: the same error, after the same work.
func TestHolderIsNoOracle(t *testing.T) {
	a, _ := open(t)
	parent := issue(t, a, authority.IssueRequest{Scopes: []string{authority.ScopeChildren}})
	service := issue(t, a, authority.IssueRequest{Keyspace: authority.ReservedKeyspace, Scopes: []string{"*"}})
	spent := issue(t, a, authority.IssueRequest{Scopes: []string{authority.ScopeChildren}, Credits: credits(1, nil)})
	var texts []string
	for _, c := range []struct {
		id  keywright.KeyID
		key keywright.Secret
	}{
		{parent.Record.ID, stranger(t)},
		{parent.Record.ID, keywright.NewSecret("x")},
		{keywright.KeyID{1}, stranger(t)},
		{keywright.KeyID{1}, parent.Key},
		{keywright.KeyID{1}, spent.Key},
		{service.Record.ID, service.Key},
	} {
		_, err := a.Holder(ctx, c.id, c.key, authority.Origin{})
		wantError(t, err, authority.Unidentified, "")
		if texts = append(texts, err.Error()); err.Error() != texts[0] {
			t.Errorf("%q differs from %q", err, texts[0])
		}
	}
	if got := balance(t, a, spent.Record.ID); got != 1 {
		t.Errorf("a key paid for an id that nobody has: %d left", got)
	}
	if _, err := a.Holder(ctx, spent.Record.ID, spent.Key, authority.Origin{}); err != nil {
		t.Fatal(err)
	}
	_, err := a.Holder(ctx, spent.Record.ID, spent.Key, authority.Origin{})
	wantError(t, err, authority.Exhausted, "")
}
