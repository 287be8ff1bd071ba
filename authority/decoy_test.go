// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func TestDecoyOpensNothing(t *testing.T) {
	a, clock := open(t)
	decoy := issue(t, a, authority.IssueRequest{Decoy: &authority.Decoy{Planted: "the wiki of team 7"}})
	unknown := verify(t, a, keywright.Ask{Key: keywright.NewSecret("kw_live_nobody"), Keyspace: "default"})
	ask := keywright.Ask{Key: decoy.Key, Keyspace: "default", ClientIP: netip.MustParseAddr("192.0.2.7")}
	for range 3 {
		if v := verify(t, a, ask); v.Code != keywright.NotFound || !v.KeyID.IsZero() || v.Valid() || unknown.Valid() {
			t.Fatalf("%+v", v)
		}
	}
	told := func() (n int, last authority.Event) {
		a.Tend(ctx)
		for _, e := range events(t, a) {
			if e.Verb == "decoy.use" && e.Target == decoy.Record.ID.String() {
				n, last = n+1, e
			}
			if e.Verb == "key.wrong_secret" {
				t.Fatal("it was taken for a wrong secret")
			}
		}
		return n, last
	}
	n, e := told()
	if n != 1 || !slices.Contains(e.Changes, "planted the wiki of team 7") || !slices.Contains(e.Changes, "network 192.0.2.0/24") {
		t.Fatal(n, e)
	}
	verify(t, a, ask)
	if n, _ := told(); n != 1 {
		t.Fatal(n)
	}
	clock.advance(time.Hour)
	verify(t, a, ask)
	if n, _ := told(); n != 2 {
		t.Fatal(n)
	}
	if s, err := a.Survey(ctx, admin, "default"); err != nil || s[0].Keys[authority.StateActive] != 0 {
		t.Fatal(s, err)
	}
	if got := report(t, a, decoy.Key, ""); got.Action != authority.LeakReported || got.Leak == "" {
		t.Fatalf("%+v", got)
	}
	_, err := a.IssueChild(ctx, admin, decoy.Record.ID, authority.IssueRequest{})
	wantError(t, err, authority.Conflicting, "")
	_, err = a.Issue(ctx, admin, authority.IssueRequest{Decoy: &authority.Decoy{Planted: " "}})
	wantError(t, err, authority.Invalid, "decoy.planted")
}

func TestDecoyStaysOneAfterAChange(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	decoy := issue(t, a, authority.IssueRequest{Decoy: &authority.Decoy{Planted: "here"}})
	name := "renamed"
	if _, err := a.Update(ctx, admin, decoy.Record.ID, authority.Update{Name: &name}); err != nil {
		t.Fatal(err)
	}
	fresh, err := a.Rotate(ctx, admin, decoy.Record.ID, authority.RotateRequest{})
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	a, _ = over(t, store)
	for _, key := range []keywright.Secret{decoy.Key, fresh.Key} {
		if code := codeOf(t, a, key); code != keywright.NotFound {
			t.Fatal(code)
		}
	}
}

func TestHoldersEndManyKeys(t *testing.T) {
	a, _ := open(t)
	var keys []keywright.Secret
	for i := range 300 {
		keys = append(keys, issue(t, a, authority.IssueRequest{}).Key, keywright.NewSecret(fmt.Sprint("unknown", i)))
	}
	for range 2 {
		if err := a.RevokeSelves(ctx, keys, authority.Origin{}); err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; i < len(keys); i += 2 {
		if code := codeOf(t, a, keys[i]); code != keywright.Revoked {
			t.Fatal(i, code)
		}
	}
	wantError(t, a.RevokeSelves(ctx, make([]keywright.Secret, 1001), authority.Origin{}), authority.Invalid, "keys")
}

// Who finds a secret that was rotated out long ago cannot end the one that took its place.
func TestEndedSecretEndsNothing(t *testing.T) {
	a, _ := open(t)
	old := issue(t, a, authority.IssueRequest{})
	fresh := rotate(t, a, old.Record.ID, authority.RotateRequest{Grace: grace(0)})
	if err := a.RevokeSelf(ctx, old.Key, authority.Origin{}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, a, fresh.Key, keywright.Valid)
}
