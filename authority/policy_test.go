// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func setPolicy(t testing.TB, a *authority.Authority, name string, p authority.Policy) {
	t.Helper()
	if _, err := a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: name, Policy: &p}); err != nil {
		t.Fatal(err)
	}
}

// A role is a name for scopes: a change of it holds at once for every key that has it.
func TestRoles(t *testing.T) {
	a, _ := open(t)
	keyspace(t, a, "acme", authority.Policy{Roles: map[string][]string{"reader": {"invoices:read", "users:read"}}})
	k := issue(t, a, authority.IssueRequest{Keyspace: "acme", Scopes: []string{"own:write"}, Roles: []string{"reader"}})
	has := func(scope string) bool {
		return verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "acme", Scopes: []string{scope}}).Valid()
	}
	if !has("own:write") || !has("users:read") || has("users:write") {
		t.Fatal("a role does not grant its scopes, or more")
	}
	setPolicy(t, a, "acme", authority.Policy{Roles: map[string][]string{"reader": {"invoices:read"}}})
	if has("users:read") || !has("invoices:read") || !has("own:write") {
		t.Fatal("a narrowed role goes on granting")
	}
	v := verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "acme"})
	if !slices.Equal(v.Scopes, []string{"own:write", "invoices:read"}) {
		t.Fatalf("scopes %v", v.Scopes)
	}
	setPolicy(t, a, "acme", authority.Policy{})
	if has("invoices:read") || !has("own:write") {
		t.Fatal("a role that is gone goes on granting")
	}
	_, err := a.Issue(ctx, admin, authority.IssueRequest{Keyspace: "acme", Roles: []string{"reader"}})
	wantError(t, err, authority.Invalid, "roles[0]")
}

func TestPoliciesThatCannotBe(t *testing.T) {
	a, _ := open(t)
	for field, p := range map[string]authority.Policy{
		"policy.max_life":               {MaxLife: -1},
		"policy.max_grace":              {MaxGrace: -1},
		"policy.allowed_scopes[0]":      {AllowedScopes: []string{"a b"}},
		"policy.publishable_scopes[0]":  {PublishableScopes: []string{""}},
		"policy.roles":                  {Roles: map[string][]string{"Not a name": nil}},
		"policy.roles.reader[0]":        {Roles: map[string][]string{"reader": {"a b"}}},
		"policy.roles.writer[0]":        {AllowedScopes: []string{"a:read"}, Roles: map[string][]string{"writer": {"a:write"}}},
		"policy.default_format":         {DefaultFormat: "none"},
		"policy.key_limits[0].limit":    {KeyLimits: []authority.Limit{{Name: "a", Window: time.Minute}}},
		"policy.owner_limits[0].window": {OwnerLimits: []authority.Limit{{Name: "a", Limit: 1}}},
		"policy.limits[0].name":         {Limits: []authority.Limit{{Limit: 1, Window: time.Minute}}},
		"policy.rotation.every":         {Rotation: &authority.Rotation{Every: time.Second}},
		"policy.rotation.warn":          {Rotation: &authority.Rotation{Every: time.Hour, Warn: 2 * time.Hour}},
		"policy.rotation.grace":         {MaxGrace: time.Hour, Rotation: &authority.Rotation{Every: 24 * time.Hour, Grace: 2 * time.Hour}},
	} {
		_, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "acme", Policy: &p})
		wantError(t, err, authority.Invalid, field)
	}
}

// New keys get the format that the policy names; old ones go on verifying.
func TestDefaultFormat(t *testing.T) {
	a, _ := open(t)
	keyspace(t, a, "acme", authority.Policy{})
	old := issue(t, a, authority.IssueRequest{Keyspace: "acme"})
	f := defaultFormat(t)
	f.Name, f.Prefix = "second", "acme2"
	if _, err := a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "acme", Formats: []keywright.Format{f}, Policy: &authority.Policy{DefaultFormat: "second"}}); err != nil {
		t.Fatal(err)
	}
	k := issue(t, a, authority.IssueRequest{Keyspace: "acme"})
	if k.Record.Format != "second" {
		t.Fatalf("format %s", k.Record.Format)
	}
	for _, key := range []keywright.Secret{old.Key, k.Key} {
		if v := verify(t, a, keywright.Ask{Key: key, Keyspace: "acme"}); !v.Valid() {
			t.Fatalf("%s", v.Code)
		}
	}
}

// What everybody can see may do no more than read.
func TestPublishableKeysRead(t *testing.T) {
	a, _ := open(t)
	f := defaultFormat(t)
	f.Name, f.Prefix, f.Publishable = "publishable", "pk", true
	policy := authority.Policy{Roles: map[string][]string{"writer": {"carts:write"}}, PublishableScopes: []string{"carts:create"}}
	if _, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "shop", Formats: []keywright.Format{f}, Policy: &policy}); err != nil {
		t.Fatal(err)
	}
	for scope, ok := range map[string]bool{"products:read": true, "carts:create": true, "carts:write": false, "*": false, "products.*": false, "shop:*:read": true, "read": true} {
		_, err := a.Issue(ctx, admin, authority.IssueRequest{Keyspace: "shop", Scopes: []string{scope}})
		if ok && err != nil {
			t.Errorf("%s: %v", scope, err)
		}
		if !ok {
			wantError(t, err, authority.Invalid, "scopes")
		}
	}
	_, err := a.Issue(ctx, admin, authority.IssueRequest{Keyspace: "shop", Roles: []string{"writer"}})
	wantError(t, err, authority.Invalid, "scopes")
	k := issue(t, a, authority.IssueRequest{Keyspace: "shop", Scopes: []string{"products:read"}})
	_, err = a.Update(ctx, admin, k.Record.ID, authority.Update{Scopes: &[]string{"carts:write"}})
	wantError(t, err, authority.Invalid, "scopes")
}

func TestRotationPolicy(t *testing.T) {
	a, clock := open(t)
	keyspace(t, a, "acme", authority.Policy{Rotation: &authority.Rotation{Every: 90 * 24 * time.Hour, Warn: 10 * 24 * time.Hour, Grace: time.Hour}})
	k := issue(t, a, authority.IssueRequest{Keyspace: "acme"})
	end := issue(t, a, authority.IssueRequest{Keyspace: "acme", ExpiresIn: 85 * 24 * time.Hour})
	a.Tend(ctx)
	if at, shows := a.RotateBy(&k.Record); shows || !at.Equal(start.Add(90*24*time.Hour)) || a.ExpiresSoon(&end.Record) {
		t.Fatalf("due at %s (%t)", at, shows)
	}
	clock.advance(81 * 24 * time.Hour)
	for range 3 {
		a.Tend(ctx)
	}
	if _, shows := a.RotateBy(&k.Record); !shows || !a.ExpiresSoon(&end.Record) {
		t.Fatal("what is due does not show")
	}
	if got := a.DueCounts()["acme"]; got.Rotation != 2 || got.Expiry != 1 {
		t.Fatalf("%+v", got)
	}
	if got := verbs(t, a, k.Record.ID.String()); !slices.Equal(got, []string{"key.issue", "key.rotation_due"}) {
		t.Fatalf("events %v", got)
	}
	if got := verbs(t, a, end.Record.ID.String()); !slices.Contains(got, "key.expires_soon") || len(got) != 3 {
		t.Fatalf("events %v", got)
	}
	r := rotate(t, a, k.Record.ID, authority.RotateRequest{})
	if got := r.Record.Secrets[1].Expires; !got.Equal(clock.now().Add(time.Hour)) {
		t.Fatalf("the grace of the policy was not taken: %s", got)
	}
	a.Tend(ctx)
	if got := a.DueCounts()["acme"]; got.Rotation != 1 {
		t.Fatalf("due after the rotation: %+v", got)
	}
}
