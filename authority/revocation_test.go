// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/backup"
)

// kept is a revocation log in memory, which can fail.
type kept struct {
	entries []authority.Revocation
	err     error
}

func (k *kept) Append(_ context.Context, entries []authority.Revocation) error {
	if k.err != nil {
		return k.err
	}
	k.entries = append(k.entries, entries...)
	return nil
}

func (k *kept) all() iter.Seq2[authority.Revocation, error] {
	return func(yield func(authority.Revocation, error) bool) {
		for _, e := range k.entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func logged(t testing.TB) (*authority.Authority, *kept) {
	k := &kept{}
	a, _ := over(t, memory(t), func(o *authority.Options) { o.RevocationLog = k })
	return a, k
}

func TestWhatIsTakenAwayIsLogged(t *testing.T) {
	for name, c := range map[string]struct {
		before, after authority.Update
		want          authority.RevocationKind // empty: nothing is taken away
	}{
		"a name":                {after: authority.Update{Name: ptr("n")}},
		"metadata":              {after: authority.Update{Metadata: ptr([]byte(`{"a":1}`))}},
		"a scope less":          {after: authority.Update{Scopes: &[]string{"a:*"}}, want: authority.KeyNarrowed},
		"a scope more":          {after: authority.Update{Scopes: &[]string{"a:*", "b:c", "d:e"}}},
		"a wider scope":         {after: authority.Update{Scopes: &[]string{"*"}}},
		"a narrower scope":      {after: authority.Update{Scopes: &[]string{"a:b", "b:c"}}, want: authority.KeyNarrowed},
		"a network":             {after: authority.Update{Networks: nets("10.0.0.0/8")}, want: authority.KeyNarrowed},
		"a network more":        {before: authority.Update{Networks: nets("10.0.0.0/8")}, after: authority.Update{Networks: nets("10.0.0.0/8", "192.0.2.0/24")}},
		"another network":       {before: authority.Update{Networks: nets("10.0.0.0/8")}, after: authority.Update{Networks: nets("192.0.2.0/24")}, want: authority.KeyNarrowed},
		"no network any more":   {before: authority.Update{Networks: nets("10.0.0.0/8")}, after: authority.Update{Networks: nets()}},
		"a method":              {after: authority.Update{Methods: &[]string{"GET"}}, want: authority.KeyNarrowed},
		"a path":                {after: authority.Update{Paths: &[]string{"/a"}}, want: authority.KeyNarrowed},
		"an origin":             {after: authority.Update{Origins: &[]string{"https://a.example"}}, want: authority.KeyNarrowed},
		"an end":                {after: authority.Update{ExpiresAt: ptr(start.Add(time.Hour))}, want: authority.KeyNarrowed},
		"an earlier end":        {before: authority.Update{ExpiresAt: ptr(start.Add(2 * time.Hour))}, after: authority.Update{ExpiresAt: ptr(start.Add(time.Hour))}, want: authority.KeyNarrowed},
		"a later end":           {before: authority.Update{ExpiresAt: ptr(start.Add(time.Hour))}, after: authority.Update{ExpiresAt: ptr(start.Add(2 * time.Hour))}},
		"no end any more":       {before: authority.Update{ExpiresAt: ptr(start.Add(time.Hour))}, after: authority.Update{ExpiresAt: ptr(time.Time{})}},
		"a later begin":         {after: authority.Update{NotBefore: ptr(start.Add(time.Hour))}, want: authority.KeyNarrowed},
		"a limit":               {after: authority.Update{Limits: &[]authority.Limit{{Name: "a", Limit: 1, Window: time.Hour}}}, want: authority.KeyNarrowed},
		"no limit any more":     {before: authority.Update{Limits: &[]authority.Limit{{Name: "a", Limit: 1, Window: time.Hour}}}, after: authority.Update{Limits: &[]authority.Limit{}}},
		"credits":               {after: authority.Update{Credits: &authority.CreditsUpdate{Remaining: ptr(int64(5))}}, want: authority.KeyNarrowed},
		"an owner, who differs": {after: authority.Update{Owner: ptr("bob")}, want: authority.KeyNarrowed},
	} {
		t.Run(name, func(t *testing.T) {
			a, log := logged(t)
			id := issue(t, a, authority.IssueRequest{Scopes: []string{"a:*", "b:c"}, Owner: "ann"}).Record.ID
			if _, err := a.Update(ctx, admin, id, c.before); err != nil {
				t.Fatal(err)
			}
			log.entries = nil
			r, err := a.Update(ctx, admin, id, c.after)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case c.want == "" && len(log.entries) > 0:
				t.Errorf("logged %+v", log.entries)
			case c.want != "" && (len(log.entries) != 1 || log.entries[0] != authority.Revocation{Time: r.Updated, Key: id, Version: r.Version, Kind: c.want}):
				t.Errorf("logged %+v", log.entries)
			}
		})
	}
}

func nets(list ...string) *[]netip.Prefix {
	n := []netip.Prefix{}
	for _, s := range list {
		n = append(n, netip.MustParsePrefix(s))
	}
	return &n
}

func TestTheVerbIsNotDoneBeforeItIsLogged(t *testing.T) {
	a, log := logged(t)
	issued := issue(t, a, authority.IssueRequest{})
	if len(log.entries) > 0 {
		t.Errorf("an issue was logged: %+v", log.entries)
	}
	other := issue(t, a, authority.IssueRequest{}).Record.ID
	log.err = errors.New("the disk is gone")
	_, err := a.Revoke(ctx, admin, issued.Record.ID, "")
	wantError(t, err, authority.Unavailable, "")
	if v := verify(t, a, keywright.Ask{Key: issued.Key, Keyspace: "default"}); v.Code != keywright.Revoked {
		t.Errorf("the key is %s: it was revoked, though the log has no line of it", v.Code)
	}
	_, err = a.Revoke(ctx, admin, issued.Record.ID, "")
	wantError(t, err, authority.Unavailable, "")

	log.err = nil
	if _, err := a.Disable(ctx, admin, other); err != nil {
		t.Fatal(err)
	}
	if len(log.entries) < 2 || log.entries[0].Key != issued.Record.ID || log.entries[len(log.entries)-1].Kind != authority.KeyDisabled {
		t.Errorf("what failed was not written before what came next: %+v", log.entries)
	}
	log.entries = nil
	if _, err := a.Revoke(ctx, admin, issued.Record.ID, ""); err != nil || len(log.entries) != 1 || log.entries[0].Kind != authority.KeyRevoked {
		t.Errorf("a repeat: %v, %+v", err, log.entries)
	}
}

// diverge acts on keys of one store; what was logged is merged into a store that holds the keys as they were before.
func TestMergeRevocations(t *testing.T) {
	a, log := logged(t)
	keys := map[string]authority.Issued{}
	for _, name := range []string{"untouched", "revoked", "disabled", "narrowed", "both", "rotated", "in grace", "grace ended"} {
		keys[name] = issue(t, a, authority.IssueRequest{Name: name, Scopes: []string{"a:b"}})
	}
	known := issue(t, a, authority.IssueRequest{Name: "known"}).Record.ID
	if _, err := a.Disable(ctx, admin, known); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Enable(ctx, admin, known); err != nil {
		t.Fatal(err)
	}
	behind, clock := copyOf(t, a)

	late := issue(t, a, authority.IssueRequest{Name: "issued after the backup"}).Record.ID
	for _, act := range []func() error{
		func() error { _, err := a.Revoke(ctx, admin, keys["revoked"].Record.ID, "leaked"); return err },
		func() error { _, err := a.Disable(ctx, admin, keys["disabled"].Record.ID); return err },
		func() error {
			_, err := a.Update(ctx, admin, keys["narrowed"].Record.ID, authority.Update{Scopes: &[]string{}})
			return err
		},
		func() error {
			_, err := a.Update(ctx, admin, keys["both"].Record.ID, authority.Update{Scopes: &[]string{}})
			return err
		},
		func() error { _, err := a.Revoke(ctx, admin, keys["both"].Record.ID, ""); return err },
		func() error { _, err := a.Revoke(ctx, admin, late, ""); return err },
		func() error {
			_, err := a.Rotate(ctx, admin, keys["rotated"].Record.ID, authority.RotateRequest{Grace: &authority.Grace{}})
			return err
		},
		func() error {
			_, err := a.Rotate(ctx, admin, keys["in grace"].Record.ID, authority.RotateRequest{Grace: &authority.Grace{AtMost: time.Hour}})
			return err
		},
		func() error {
			_, err := a.Rotate(ctx, admin, keys["grace ended"].Record.ID, authority.RotateRequest{Grace: &authority.Grace{AtMost: time.Hour}})
			return err
		},
		func() error {
			_, err := a.EndGrace(ctx, admin, keys["grace ended"].Record.ID, true)
			return err
		},
	} {
		if err := act(); err != nil {
			t.Fatal(err)
		}
	}

	before := len(events(t, behind))
	m, err := behind.MergeRevocations(ctx, admin, log.all())
	want := authority.Merged{Entries: len(log.entries), Revoked: 2, Disabled: 2, Ended: 3, Unknown: 1}
	if err != nil || m != want {
		t.Fatalf("%+v, %v; want %+v", m, err, want)
	}
	for name, code := range map[string]keywright.Code{
		"untouched": keywright.Valid, "revoked": keywright.Revoked, "disabled": keywright.Disabled,
		"narrowed": keywright.Disabled, "both": keywright.Revoked,
		"rotated": keywright.Expired, "in grace": keywright.Valid, "grace ended": keywright.Expired,
	} {
		if v := verify(t, behind, keywright.Ask{Key: keys[name].Key, Keyspace: "default"}); v.Code != code {
			t.Errorf("%s is %s, want %s", name, v.Code, code)
		}
	}
	if r, err := behind.Get(ctx, admin, known); err != nil || r.Disabled {
		t.Errorf("what the backup knows better was merged: %+v, %v", r, err)
	}
	verbs := []string{}
	for _, e := range events(t, behind)[before:] {
		verbs = append(verbs, e.Verb)
		if !slices.Contains(e.Changes, "by the revocation log") {
			t.Errorf("%s does not say why: %v", e.Verb, e.Changes)
		}
	}
	slices.Sort(verbs)
	if !slices.Equal(verbs, []string{"key.disable", "key.disable", "key.end_grace", "key.end_grace", "key.end_grace", "key.revoke", "key.revoke"}) {
		t.Errorf("left %v", verbs)
	}
	clock.advance(2 * time.Hour)
	if v := verify(t, behind, keywright.Ask{Key: keys["in grace"].Key, Keyspace: "default"}); v.Code != keywright.Expired {
		t.Errorf("behind its grace it is %s", v.Code)
	}
	if m, err := behind.MergeRevocations(ctx, admin, log.all()); err != nil || m.Revoked+m.Disabled+m.Ended > 0 {
		t.Errorf("a repeat did something: %+v, %v", m, err)
	}
}

func TestRolesAreNarrowedByTheLog(t *testing.T) {
	a, log := logged(t)
	set := func(roles map[string][]string) {
		t.Helper()
		if _, err := a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "default", Policy: &authority.Policy{Roles: roles}}); err != nil {
			t.Fatal(err)
		}
	}
	set(map[string][]string{"reader": {"a:read", "b:read"}, "writer": {"a:*"}, "wider": {"c:d"}, "gone": {"e:f"}})
	keys := map[string]keywright.Secret{}
	for _, role := range []string{"reader", "writer", "wider", "gone"} {
		keys[role] = issue(t, a, authority.IssueRequest{Roles: []string{role}}).Key
	}
	if len(log.entries) > 0 {
		t.Errorf("new roles were logged: %+v", log.entries)
	}
	behind, _ := copyOf(t, a)
	set(map[string][]string{"reader": {"a:read"}, "writer": {"a:*"}, "wider": {"c:d", "c:e"}})
	m, err := behind.MergeRevocations(ctx, admin, log.all())
	if err != nil || m != (authority.Merged{Entries: 2, Roles: 2}) {
		t.Fatalf("%+v, %v of %+v", m, err, log.entries)
	}
	for _, c := range []struct {
		role, scope string
		want        keywright.Code
	}{
		{"reader", "a:read", keywright.Valid},
		{"reader", "b:read", keywright.InsufficientScope},
		{"writer", "a:write", keywright.Valid},
		{"wider", "c:d", keywright.Valid},
		{"gone", "e:f", keywright.InsufficientScope},
	} {
		if v := verify(t, behind, keywright.Ask{Key: keys[c.role], Keyspace: "default", Scopes: []string{c.scope}}); v.Code != c.want {
			t.Errorf("%s, asked for %s: %s", c.role, c.scope, v.Code)
		}
	}
	if m, err := behind.MergeRevocations(ctx, admin, log.all()); err != nil || m.Roles != 0 {
		t.Errorf("a repeat: %+v, %v", m, err)
	}
}

// copyOf returns an authority over another store that holds what the first one holds now, as one that was restored.
func copyOf(t testing.TB, a *authority.Authority) (*authority.Authority, *clock) {
	t.Helper()
	dump, err := a.Backup(ctx, admin)
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	_, err = backup.Write(&archive, backup.Header{Created: start}, func(visit func(any) error) error { return dump(ctx, visit) })
	if err != nil {
		t.Fatal(err)
	}
	r, err := backup.NewReader(&archive)
	if err != nil {
		t.Fatal(err)
	}
	store := memory(t)
	if err := store.(authority.Archiver).Load(ctx, r.Next); err != nil {
		t.Fatal(err)
	}
	return over(t, store)
}
