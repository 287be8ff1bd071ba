// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// notRehashed are keys that their first valid use will give another hash.
var notRehashed = map[string]func(testing.TB, *authority.Authority) (keywright.KeyID, keywright.Ask){
	"bcrypt": func(t testing.TB, a *authority.Authority) (keywright.KeyID, keywright.Ask) {
		seamSpace(t, a, nil)
		id := accepted(t, a, "seam", byHash(authority.ImportSecret{Hash: bcrypted(t, seamSecret, 4), PublicID: seamID}))[0].ID
		return id, keywright.Ask{Key: keywright.NewSecret(seamKey), Keyspace: "seam"}
	},
	"pepper, with a public id": func(t testing.TB, a *authority.Authority) (keywright.KeyID, keywright.Ask) {
		seamSpace(t, a, nil)
		return beforePepper(t, a, "seam")
	},
	"pepper, without one": func(t testing.TB, a *authority.Authority) (keywright.KeyID, keywright.Ask) {
		return beforePepper(t, a, "default")
	},
}

// beforePepper issues a key, and then gives its keyspace a pepper.
func beforePepper(t testing.TB, a *authority.Authority, keyspace string) (keywright.KeyID, keywright.Ask) {
	t.Helper()
	issued := issue(t, a, authority.IssueRequest{Keyspace: keyspace})
	if _, err := a.CreatePepper(ctx, admin, "p1"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: keyspace, Policy: &authority.Policy{Pepper: "p1"}}); err != nil {
		t.Fatal(err)
	}
	return issued.Record.ID, keywright.Ask{Key: issued.Key, Keyspace: keyspace}
}

// A backup that is older than the first use knows a secret by another hash than the log that says that it ended.
func TestWhatEndedAfterARehashStaysEnded(t *testing.T) {
	for end, c := range map[string]struct {
		act  func(*testing.T, *authority.Authority, keywright.KeyID)
		want keywright.Code
	}{
		"nothing": {func(*testing.T, *authority.Authority, keywright.KeyID) {}, keywright.Valid},
		"rotated now": {func(t *testing.T, a *authority.Authority, id keywright.KeyID) {
			rotate(t, a, id, authority.RotateRequest{Grace: grace(0)})
		}, keywright.Expired},
		"still in grace": {func(t *testing.T, a *authority.Authority, id keywright.KeyID) {
			rotate(t, a, id, authority.RotateRequest{Grace: grace(time.Hour)})
		}, keywright.Valid},
		"grace ended": {func(t *testing.T, a *authority.Authority, id keywright.KeyID) {
			rotate(t, a, id, authority.RotateRequest{Grace: grace(time.Hour)})
			if _, err := a.EndGrace(ctx, admin, id, true); err != nil {
				t.Fatal(err)
			}
		}, keywright.Expired},
		"revoked": {func(t *testing.T, a *authority.Authority, id keywright.KeyID) {
			if _, err := a.Revoke(ctx, admin, id, ""); err != nil {
				t.Fatal(err)
			}
		}, keywright.Revoked},
	} {
		for kind, key := range notRehashed {
			t.Run(end+", "+kind, func(t *testing.T) {
				log := &kept{}
				a, clock := over(t, memory(t), func(o *authority.Options) { o.RevocationLog = log })
				id, ask := key(t, a)
				behind, later := copyOf(t, a)
				was := secretOf(t, a, id)
				clock.advance(time.Minute)
				if v := verify(t, a, ask); !v.Valid() {
					t.Fatal(v.Code)
				}
				if s := secretOf(t, a, id); s.Hash == was.Hash {
					t.Fatal("it was not rehashed")
				}
				c.act(t, a, id)
				other := issue(t, behind, authority.IssueRequest{})
				later.advance(2 * time.Minute)
				if _, err := behind.MergeRevocations(ctx, admin, log.all()); err != nil {
					t.Fatal(err)
				}
				if v := verify(t, behind, ask); v.Code != c.want {
					t.Errorf("after the restore it is %s, want %s; logged %+v", v.Code, c.want, log.entries)
				}
				if v := verify(t, behind, keywright.Ask{Key: other.Key, Keyspace: "default"}); !v.Valid() {
					t.Errorf("another key is %s", v.Code)
				}
				if m, err := behind.MergeRevocations(ctx, admin, log.all()); err != nil || m.Revoked+m.Disabled+m.Ended > 0 {
					t.Errorf("a repeat did something: %+v, %v", m, err)
				}
				later.advance(2 * time.Hour)
				if v := verify(t, behind, ask); c.want != keywright.Revoked && end != "nothing" && v.Code != keywright.Expired {
					t.Errorf("behind its grace it is %s", v.Code)
				}
			})
		}
	}
}

// Of the secrets of a record, the log ends the one that it means, whichever hashes they have. Lines of older versions know
// secrets by their hashes alone.
func TestTheLogEndsOneSecretOfSeveral(t *testing.T) {
	for name, c := range map[string]struct{ rehashed, older bool }{
		"rehashed since": {rehashed: true}, "not rehashed": {}, "not rehashed, in an older log": {older: true},
	} {
		for _, keyspace := range []string{"default", "seam"} { // without and with public ids
			t.Run(name+", "+keyspace, func(t *testing.T) {
				log := &kept{}
				a, clock := over(t, memory(t), func(o *authority.Options) { o.RevocationLog = log })
				seamSpace(t, a, nil)
				id, first := beforePepper(t, a, keyspace)
				clock.advance(time.Second)
				second := rotate(t, a, id, authority.RotateRequest{Grace: grace(time.Hour)})
				behind, _ := copyOf(t, a)
				if c.rehashed {
					if v := verify(t, a, first); !v.Valid() {
						t.Fatal(v.Code)
					}
				}
				clock.advance(time.Minute)
				if _, err := a.EndGrace(ctx, admin, id, true); err != nil {
					t.Fatal(err)
				}
				for i := range log.entries {
					if c.older {
						log.entries[i].PublicID, log.entries[i].Created = "", time.Time{}
					}
				}
				if m, err := behind.MergeRevocations(ctx, admin, log.all()); err != nil || m.Ended != 1 {
					t.Fatalf("%+v, %v of %+v", m, err, log.entries)
				}
				ended := start.Add(time.Minute + time.Second)
				r, err := behind.Get(ctx, admin, id)
				if err != nil || len(r.Secrets) != 2 || !r.Secrets[0].Expires.IsZero() || !r.Secrets[1].Expires.Equal(ended) {
					t.Fatalf("%+v, %v", r.Secrets, err)
				}
				if v := verify(t, behind, keywright.Ask{Key: second.Key, Keyspace: keyspace}); !v.Valid() {
					t.Errorf("the current secret is %s", v.Code)
				}
			})
		}
	}
}
