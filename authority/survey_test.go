// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"maps"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// TestSurvey counts keys by state, whatever their secrets, and verifications by code.
func TestSurvey(t *testing.T) {
	a, clock := open(t)
	keyspace(t, a, "acme", authority.Policy{Rotation: &authority.Rotation{Every: 24 * time.Hour}})
	active := issue(t, a, authority.IssueRequest{Keyspace: "acme"})
	issue(t, a, authority.IssueRequest{Keyspace: "acme", NotBefore: start.Add(time.Hour)})
	issue(t, a, authority.IssueRequest{Keyspace: "acme", ExpiresIn: time.Minute})
	disabled := issue(t, a, authority.IssueRequest{Keyspace: "acme"}).Record.ID
	revoked := issue(t, a, authority.IssueRequest{Keyspace: "acme", Scopes: []string{"a:b"}}).Record.ID
	issue(t, a, authority.IssueRequest{})
	if _, err := a.Rotate(ctx, admin, active.Record.ID, authority.RotateRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Disable(ctx, admin, disabled); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Revoke(ctx, admin, revoked, ""); err != nil {
		t.Fatal(err)
	}
	clock.advance(2 * time.Minute)
	verify(t, a, keywright.Ask{Key: active.Key, Keyspace: "acme"})
	verify(t, a, keywright.Ask{Key: keywright.NewSecret("x"), Keyspace: "acme"})
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	var all []authority.Survey
	eventually(t, func() (done bool) {
		var err error
		if all, err = a.Survey(ctx, admin, ""); err != nil {
			t.Fatal(err)
		}
		return all[0].Keys != nil
	})
	names := []string{}
	for _, s := range all {
		names = append(names, s.Keyspace)
	}
	if len(names) != 3 || names[0] != "acme" || names[1] != "default" || names[2] != "keywright" {
		t.Fatalf("keyspaces %v", names)
	}
	want := map[authority.State]int{
		authority.StateActive: 1, authority.StatePending: 1, authority.StateExpired: 1, authority.StateDisabled: 1, authority.StateRevoked: 1,
	}
	if !maps.Equal(all[0].Keys, want) || all[1].Keys[authority.StateActive] != 1 {
		t.Errorf("keys %v and %v", all[0].Keys, all[1].Keys)
	}
	if v := all[0].Verifications; len(v) != 2 || v[keywright.Valid] != 1 || v[keywright.Malformed] != 1 {
		t.Errorf("verifications %v", v)
	}
	one, err := a.Survey(ctx, admin, "default")
	if err != nil || len(one) != 1 || len(one[0].Verifications) != 0 {
		t.Errorf("%+v %v", one, err)
	}
	_, err = a.Survey(ctx, admin, "nowhere")
	wantError(t, err, authority.Unknown, "")
}

// TestSurveyIsBound shows a service key what it may see.
func TestSurveyIsBound(t *testing.T) {
	a, _ := open(t)
	keyspace(t, a, "acme", authority.Policy{})
	bound := as(t, a, authority.Rules{Keyspaces: []string{"acme"}}, authority.ScopeUsage)
	all, err := a.Survey(ctx, bound, "")
	if err != nil || len(all) != 1 || all[0].Keyspace != "acme" {
		t.Errorf("%+v %v", all, err)
	}
	_, err = a.Survey(ctx, bound, "default")
	wantError(t, err, authority.Denied, "")
	_, err = a.Survey(ctx, as(t, a, authority.Rules{Owner: "me"}, authority.ScopeUsage), "")
	wantError(t, err, authority.Denied, "")
	_, err = a.Survey(ctx, as(t, a, authority.Rules{}, authority.ScopeRead), "")
	wantError(t, err, authority.Denied, "")
	for name, get := range map[string]func() error{
		"usage":  func() error { _, _, err := a.UsageOf(ctx, bound, authority.UsageRequest{}); return err },
		"survey": func() error { _, err := a.Survey(ctx, bound, "acme"); return err },
	} {
		if err := get(); err != nil {
			t.Errorf("%s without a keyspace: %v", name, err)
		}
	}
}
