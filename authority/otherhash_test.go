// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func bcrypted(t testing.TB, text string, cost int) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(text), cost)
	if err != nil {
		t.Fatal(err)
	}
	return string(h)
}

func allVerbs(t testing.TB, a *authority.Authority) (list []string) {
	t.Helper()
	for _, e := range events(t, a) {
		list = append(list, e.Verb)
	}
	return list
}

// secretOf returns the only secret of a record.
func secretOf(t testing.TB, a *authority.Authority, id keywright.KeyID) authority.StoredSecret {
	t.Helper()
	r, err := a.Get(ctx, admin, id)
	if err != nil || len(r.Secrets) != 1 {
		t.Fatal(r.Secrets, err)
	}
	return r.Secrets[0]
}

func TestASlowHashBecomesFastAtItsFirstValidUse(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	seamSpace(t, a, nil)
	q := byHash(authority.ImportSecret{Hash: bcrypted(t, seamSecret, 4), PublicID: seamID})
	q.Scopes = []string{"a:b"}
	id := accepted(t, a, "seam", q)[0].ID
	ask := keywright.Ask{Key: keywright.NewSecret(seamKey), Keyspace: "seam"}
	for name, refused := range map[string]keywright.Ask{
		"dry run":       {Key: ask.Key, Keyspace: "seam", DryRun: true},
		"without scope": {Key: ask.Key, Keyspace: "seam", Scopes: []string{"c:d"}},
		"wrong secret":  {Key: keywright.NewSecret("mycompany_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgH"), Keyspace: "seam"},
	} {
		v := verify(t, a, refused)
		if s := secretOf(t, a, id); s.Slow == "" || v.Valid() && !refused.DryRun {
			t.Errorf("%s: %s, and the hash is fast", name, v.Code)
		}
	}
	before := len(events(t, a))
	if v := verify(t, a, ask); !v.Valid() {
		t.Fatal(v.Code)
	}
	s := secretOf(t, a, id)
	if s.Slow != "" || s.Hash != keywright.HashText(seamSecret) || s.PublicID != seamID {
		t.Errorf("it is kept as %+v", s)
	}
	verify(t, a, ask)
	if got := allVerbs(t, a)[before:]; !slices.Equal(got, []string{"key.rehash"}) {
		t.Errorf("events %v", got)
	}
	b, _ := over(t, store) // after a restart
	if v := verify(t, b, ask); !v.Valid() || v.KeyID != id {
		t.Error(v.Code)
	}
	if _, err := b.Revoke(ctx, admin, id, ""); err != nil {
		t.Fatal(err)
	}
	if v := verify(t, b, ask); v.Code != keywright.Revoked {
		t.Error(v.Code)
	}
}

func TestARevokeHoldsAfterARehash(t *testing.T) {
	for name, policy := range map[string]*authority.Policy{"slow": nil, "pepper": {}} {
		t.Run(name, func(t *testing.T) {
			a, _ := open(t)
			seamSpace(t, a, policy)
			var id keywright.KeyID
			key := keywright.NewSecret(seamKey)
			if policy == nil {
				id = accepted(t, a, "seam", byHash(authority.ImportSecret{Hash: bcrypted(t, seamSecret, 4), PublicID: seamID}))[0].ID
			} else {
				issued := issue(t, a, authority.IssueRequest{Keyspace: "seam"})
				id, key = issued.Record.ID, issued.Key
				if _, err := a.CreatePepper(ctx, admin, "p1"); err != nil {
					t.Fatal(err)
				}
				if _, err := a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "seam", Policy: &authority.Policy{Pepper: "p1"}}); err != nil {
					t.Fatal(err)
				}
			}
			ask := keywright.Ask{Key: key, Keyspace: "seam"}
			if v := verify(t, a, ask); !v.Valid() {
				t.Fatal(v.Code)
			}
			if s := secretOf(t, a, id); s.Slow != "" || policy != nil && s.Pepper != "p1" {
				t.Fatalf("it was not rehashed: %+v", s)
			}
			if _, err := a.Revoke(ctx, admin, id, ""); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if v := verify(t, a, ask); v.Code != keywright.Revoked {
					t.Errorf("a revoked key is %s", v.Code)
				}
			}
		})
	}
}

func TestNobodyPresentsWhatASlowHashIsFoundBy(t *testing.T) {
	a, _ := open(t)
	seamSpace(t, a, nil)
	accepted(t, a, "seam", byHash(authority.ImportSecret{Hash: bcrypted(t, seamSecret, 4), PublicID: seamID}))
	found := authority.SlowHash("seam", seamID)
	if found == authority.SlowHash("seam", "other") || found == authority.SlowHash("other", seamID) {
		t.Error("it does not tell keyspaces and public ids apart")
	}
	for _, key := range []string{found.String(), string(found[:]), "mycompany_" + seamID + "_" + found.String()} {
		if v := verify(t, a, keywright.Ask{Key: keywright.NewSecret(key), Keyspace: "seam"}); v.Code == keywright.Valid {
			t.Error("it was taken for the key")
		}
	}
}

func TestSlowHashesAreJudgedAFewAtOnce(t *testing.T) {
	a, _ := open(t)
	seamSpace(t, a, nil)
	accepted(t, a, "seam", byHash(authority.ImportSecret{Hash: bcrypted(t, seamSecret, 9), PublicID: seamID}))
	var wait sync.WaitGroup
	var mu sync.Mutex
	codes := map[keywright.Code]int{}
	full := 0
	for i := range 100 { // each with another wrong secret
		wait.Go(func() {
			key := fmt.Sprintf("mycompany_%s_51FwqftsmMDHHbJAMEXXH%03d", seamID, i)
			v, err := a.Verify(ctx, keywright.Ask{Key: keywright.NewSecret(key), Keyspace: "seam"})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				wantError(t, err, authority.Unavailable, "")
				full++
				return
			}
			codes[v.Code]++
		})
	}
	wait.Wait()
	if full == 0 || codes[keywright.NotFound] == 0 || codes[keywright.NotFound]+full != 100 {
		t.Errorf("%v, and %d were told to come again", codes, full)
	}
	for range 50 { // the same key, many at once: one judgement, and none is refused
		wait.Go(func() {
			if v, err := a.Verify(ctx, keywright.Ask{Key: keywright.NewSecret(seamKey), Keyspace: "seam"}); err != nil || !v.Valid() {
				t.Error(v.Code, err)
			}
		})
	}
	wait.Wait()
}

func TestBcryptThatWouldNotReadAKeyToItsEndIsRefused(t *testing.T) {
	a, _ := open(t)
	f, err := keywright.Preset("public-id")
	if err != nil {
		t.Fatal(err)
	}
	f.Name, f.Prefix, f.Secret = "secret", "long", keywright.Part{Encoding: keywright.Base62, Chars: 80}
	if _, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "long", Formats: []keywright.Format{f}}); err != nil {
		t.Fatal(err)
	}
	r := bring(t, a, authority.ImportOptions{Keyspace: "long"}, byHash(authority.ImportSecret{Hash: bcrypted(t, seamSecret, 4), PublicID: "000G40R4"}))[0]
	wantError(t, r.Err, authority.Invalid, "hash")
	if !strings.Contains(r.Err.Error(), "72 bytes") {
		t.Error(r.Err)
	}
}

func TestPeppersRotate(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	for _, name := range []string{"p1", "p2"} {
		if _, err := a.CreatePepper(ctx, admin, name); err != nil {
			t.Fatal(err)
		}
	}
	_, err := a.CreatePepper(ctx, admin, "p1")
	wantError(t, err, authority.Conflicting, "name")
	_, err = a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "default", Policy: &authority.Policy{Pepper: "p9"}})
	wantError(t, err, authority.Invalid, "policy.pepper")
	use := func(name string) {
		t.Helper()
		if _, err := a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "default", Policy: &authority.Policy{Pepper: name}}); err != nil {
			t.Fatal(err)
		}
	}
	plain := issue(t, a, authority.IssueRequest{Name: "before"})
	use("p1")
	issued := issue(t, a, authority.IssueRequest{})
	ask := keywright.Ask{Key: issued.Key, Keyspace: "default"}
	if s := secretOf(t, a, issued.Record.ID); s.Pepper != "p1" || s.Hash == keywright.HashText(issued.Key.Reveal()) {
		t.Errorf("it is kept without the pepper: %+v", s)
	}
	for _, key := range []keywright.Secret{issued.Key, plain.Key, issued.Key, plain.Key} {
		if v := verify(t, a, keywright.Ask{Key: key, Keyspace: "default"}); !v.Valid() {
			t.Error(v.Code)
		}
	}
	if s := secretOf(t, a, plain.Record.ID); s.Pepper != "p1" {
		t.Errorf("a key from before the pepper is kept as %+v", s)
	}
	if v := verify(t, a, keywright.Ask{Key: stranger(t), Keyspace: "default"}); v.Code != keywright.NotFound {
		t.Error(v.Code)
	}
	wantError(t, a.RemovePepper(ctx, admin, "p1"), authority.Conflicting, "")
	use("p2")
	wantError(t, a.RemovePepper(ctx, admin, "p1"), authority.Conflicting, "")
	before := len(events(t, a))
	verify(t, a, ask)
	verify(t, a, ask)
	if got := allVerbs(t, a)[before:]; !slices.Equal(got, []string{"key.rehash"}) {
		t.Errorf("events %v", got)
	}
	if s := secretOf(t, a, issued.Record.ID); s.Pepper != "p2" {
		t.Errorf("it is kept as %+v", s)
	}
	verify(t, a, keywright.Ask{Key: plain.Key, Keyspace: "default"})
	if err := a.RemovePepper(ctx, admin, "p1"); err != nil {
		t.Error(err)
	}
	list, err := a.Peppers(admin)
	if err != nil || len(list) != 1 || list[0].Name != "p2" || !slices.Equal(list[0].Keyspaces, []string{"default"}) || list[0].Missing {
		t.Errorf("%+v, %v", list, err)
	}
	rotated, err := a.Rotate(ctx, admin, issued.Record.ID, authority.RotateRequest{})
	if err != nil {
		t.Fatal(err)
	}
	b, _ := over(t, store)
	for _, key := range []keywright.Secret{issued.Key, plain.Key, rotated.Key} {
		if v := verify(t, b, keywright.Ask{Key: key, Keyspace: "default"}); !v.Valid() {
			t.Errorf("after a restart it is %s", v.Code)
		}
	}
}

func TestAMissingPepperIsNoVerdict(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	seamSpace(t, a, nil)
	if _, err := a.CreatePepper(ctx, admin, "p1"); err != nil {
		t.Fatal(err)
	}
	plain := issue(t, a, authority.IssueRequest{Keyspace: "seam", Owner: "team_8"})
	if _, err := a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "seam", Policy: &authority.Policy{Pepper: "p1"}}); err != nil {
		t.Fatal(err)
	}
	issued := issue(t, a, authority.IssueRequest{Keyspace: "seam"})
	bound := as(t, a, authority.Rules{Owner: "team_7"}, "keys:verify")
	for name, change := range map[string]func(*authority.Options){
		"no root key":      func(o *authority.Options) { o.Sealer = nil },
		"another root key": func(o *authority.Options) { o.Sealer = sealer(t, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := over(t, store, change)
			for _, warm := range []bool{false, true} {
				if warm {
					if err := b.Warm(ctx); err != nil {
						t.Fatal(err)
					}
				}
				_, err := b.Verify(ctx, keywright.Ask{Key: issued.Key, Keyspace: "seam"})
				wantError(t, err, authority.Unavailable, "")
				if v := verify(t, b, keywright.Ask{Key: plain.Key, Keyspace: "seam", DryRun: true}); !v.Valid() {
					t.Error("a key without the pepper is", v.Code)
				}
				if _, err := b.VerifyAs(ctx, bound, keywright.Ask{Key: plain.Key, Keyspace: "seam"}); err == nil { // as of one that nobody has
					t.Error("a key of another owner was told from an unknown one")
				}
				if v := verify(t, b, keywright.Ask{Key: keywright.NewSecret("no key"), Keyspace: "seam"}); v.Code != keywright.Malformed {
					t.Error(v.Code)
				}
			}
			_, err := b.Issue(ctx, admin, authority.IssueRequest{Keyspace: "seam"})
			wantError(t, err, authority.Unavailable, "")
			if list, err := b.Peppers(admin); err != nil || !list[0].Missing {
				t.Error(list, err)
			}
		})
	}
}

// TestAnImportWithoutPublicIDKeepsItsHash sees to it that a second import finds the key again.
func TestAnImportWithoutPublicIDKeepsItsHash(t *testing.T) {
	a, _ := open(t)
	opaqueSpace(t, a)
	if _, err := a.CreatePepper(ctx, admin, "p1"); err != nil {
		t.Fatal(err)
	}
	const key = "a key of some shape, made elsewhere"
	byPlainHash := byHash(authority.ImportSecret{Hash: keywright.HashText(key).String()})
	byKey := byHash(authority.ImportSecret{Key: keywright.NewSecret(key + "!")})
	first := accepted(t, a, "opaque", byPlainHash, byKey)
	if _, err := a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "opaque", Policy: &authority.Policy{Pepper: "p1"}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for i, k := range []string{key, key + "!"} {
			if v := verify(t, a, keywright.Ask{Key: keywright.NewSecret(k), Keyspace: "opaque"}); !v.Valid() || v.KeyID != first[i].ID {
				t.Error(i, v.Code)
			}
		}
	}
	if s := secretOf(t, a, first[1].ID); s.Pepper != "p1" {
		t.Errorf("a key that was seen is kept as %+v", s)
	}
	for i, r := range bring(t, a, authority.ImportOptions{Keyspace: "opaque"}, byPlainHash, byKey) {
		if r.Outcome != authority.Skipped || r.ID != first[i].ID {
			t.Errorf("line %d again: %+v", r.Line, r)
		}
	}
}

func TestPeppersAreNotInTheStore(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	pepper := []byte("thirty-two bytes of a pepper, ok")
	if _, err := a.ImportPepper(ctx, admin, "theirs", pepper); err != nil {
		t.Fatal(err)
	}
	page, err := store.List(ctx, authority.Query{Of: authority.Items, Item: "pepper"})
	if err != nil || len(page.Items) != 1 || strings.Contains(string(page.Items[0].Data), string(pepper[:16])) {
		t.Errorf("%v, %v", page.Items, err)
	}
	if text := fmt.Sprintf("%+v", events(t, a)); strings.Contains(text, "thirty-two") || !strings.Contains(text, "pepper.import") {
		t.Error("the chain tells too much, or nothing")
	}
	c := authority.Caller{}
	if _, err := a.CreatePepper(ctx, c, "x"); err == nil {
		t.Error("anybody makes peppers")
	}
}

func TestMAC(t *testing.T) {
	for preset, covered := range map[string]string{"keywright": "", "seam": seamSecret} {
		f, err := keywright.Preset(preset)
		if err != nil {
			t.Fatal(err)
		}
		k, err := keywright.Generate(f)
		if err != nil {
			t.Fatal(err)
		}
		if covered = k.Reveal(); preset == "seam" {
			covered = k.Secret().Reveal()
		}
		m := hmac.New(sha256.New, []byte("pepper"))
		m.Write([]byte(covered))
		if got := k.MAC([]byte("pepper")); string(got[:]) != string(m.Sum(nil)) {
			t.Errorf("%s: the MAC covers something else", preset)
		}
	}
	if (keywright.Key{}).MAC(nil) != (keywright.Hash{}) {
		t.Error("no key has a MAC")
	}
}
