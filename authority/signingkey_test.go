// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

// keyIDs returns what is published.
func keyIDs(t testing.TB, a *authority.Authority) []string {
	t.Helper()
	set, err := a.KeySet(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return set.IDs()
}

// states returns the states of all signing keys, the oldest first.
func states(t testing.TB, a *authority.Authority) (list []string) {
	t.Helper()
	keys, err := a.SigningKeys(ctx, admin)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		list = append(list, k.State)
	}
	return list
}

// Signing keys rotate on their own. At every moment of a year: what signs was published 65 minutes before, so whoever
// reads the key set every 5 minutes knows it; and every token that has not ended verifies.
func TestSigningKeysRotate(t *testing.T) {
	a, clock := over(t, memory(t), func(o *authority.Options) { o.SigningKeyLife = 24 * time.Hour })
	exchanging(t, a, authority.Policy{Exchange: &authority.ExchangePolicy{Life: time.Hour, Spend: authority.SpendAllow}})
	k := issue(t, a, authority.IssueRequest{Keyspace: "acme"})
	type given struct {
		token authority.Exchanged
		at    time.Time
	}
	var tokens []given
	seen := map[string]time.Time{} // since when a key is published
	signers := map[string]bool{}
	const step = 10 * time.Minute
	for now := start; now.Before(start.Add(5 * 24 * time.Hour)); now = now.Add(step) {
		a.Tend(ctx)
		for _, id := range keyIDs(t, a) {
			if seen[id].IsZero() {
				seen[id] = now
			}
		}
		e := exchange(t, a, k.Key, authority.ExchangeRequest{})
		tokens = append(tokens, given{e, now})
		kid := kidOf(t, e.Token)
		if signers[kid] = true; len(signers) > 1 && now.Sub(seen[kid]) < 65*time.Minute {
			t.Fatalf("at %v a key signs that is published since %v", now, seen[kid])
		}
		for len(tokens) > 0 && !now.Before(tokens[0].token.Expires) {
			tokens = tokens[1:]
		}
		for _, g := range tokens {
			if _, err := tokenOf(t, a, g.token.Token, now); err != nil {
				t.Fatalf("a token of %v does not verify at %v: %v", g.at, now, err)
			}
		}
		if n := len(keyIDs(t, a)); n > 3 {
			t.Fatalf("%d keys are published", n)
		}
		clock.advance(step)
	}
	if len(signers) < 5 || len(signers) > 6 {
		t.Errorf("%d keys signed in 5 days of a day each", len(signers))
	}
	if report, err := a.VerifyChain(ctx, admin); err != nil || report.Broken != nil {
		t.Error(report.Broken, err)
	}
	verbs := map[string]int{}
	for _, e := range events(t, a) {
		verbs[e.Verb]++
	}
	if verbs["signing_key.create"] < 5 || verbs["signing_key.retire"] < 3 {
		t.Error(verbs)
	}
}

// A restart finds the keys that were there, and the tokens of before verify.
func TestSigningKeysSurviveARestart(t *testing.T) {
	store := memory(t)
	a, clock := over(t, store)
	exchanging(t, a, authority.Policy{})
	k := issue(t, a, authority.IssueRequest{Keyspace: "acme"})
	e := exchange(t, a, k.Key, authority.ExchangeRequest{})
	if _, err := a.RotateSigningKeys(ctx, admin, false); err != nil {
		t.Fatal(err)
	}
	before := keyIDs(t, a)
	a.Close()
	b, _ := over(t, store)
	if after := keyIDs(t, b); !slices.Equal(before, after) || len(after) != 2 || !slices.Equal(states(t, b), []string{"current", "next"}) {
		t.Fatal(before, after, states(t, b))
	}
	if _, err := tokenOf(t, b, e.Token, clock.now()); err != nil {
		t.Error(err)
	}
	if kidOf(t, exchange(t, b, k.Key, authority.ExchangeRequest{}).Token) != kidOf(t, e.Token) {
		t.Error("after a restart another key signs")
	}
}

// With another root key nothing is exchanged and nothing is told, until all is begun anew.
func TestSigningKeysOfAnotherRootKey(t *testing.T) {
	store := memory(t)
	a, clock := over(t, store)
	exchanging(t, a, authority.Policy{})
	k := issue(t, a, authority.IssueRequest{Keyspace: "acme"})
	old := exchange(t, a, k.Key, authority.ExchangeRequest{})
	a.Close()
	b, _ := over(t, store, func(o *authority.Options) { o.Sealer = sealer(t, 2) })
	b.Tend(ctx) // makes no key that would hide it
	_, err := b.Exchange(ctx, k.Key, authority.Origin{}, authority.ExchangeRequest{Keyspace: "acme"})
	wantError(t, err, authority.Unavailable, "")
	_, err = b.KeySet(ctx)
	wantError(t, err, authority.Unavailable, "")
	_, err = b.Revocations(ctx, admin, authority.FeedQuery{Keyspace: "acme"})
	wantError(t, err, authority.Unavailable, "")
	_, err = b.RotateSigningKeys(ctx, admin, false)
	wantError(t, err, authority.Unavailable, "")
	if got := states(t, b); !slices.Equal(got, []string{"closed"}) {
		t.Error(got)
	}
	if _, err := b.RotateSigningKeys(ctx, admin, true); err != nil {
		t.Fatal(err)
	}
	e := exchange(t, b, k.Key, authority.ExchangeRequest{})
	if _, err := tokenOf(t, b, e.Token, clock.now()); err != nil {
		t.Error(err)
	}
	if _, err := tokenOf(t, b, old.Token, clock.now()); err == nil {
		t.Error("a token of the old key verifies")
	}
}

func TestWithoutRootKeyNothingIsExchanged(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	exchanging(t, a, authority.Policy{})
	k := issue(t, a, authority.IssueRequest{Keyspace: "acme"})
	a.Close()
	b, _ := over(t, store, func(o *authority.Options) { o.Sealer = nil })
	_, err := b.Exchange(ctx, k.Key, authority.Origin{}, authority.ExchangeRequest{Keyspace: "acme"})
	var none authority.ErrorKind = authority.Conflicting
	if states(t, b) != nil {
		none = authority.Unavailable // one was made before
	}
	wantError(t, err, none, "")
	_, err = b.RotateSigningKeys(ctx, admin, true)
	wantError(t, err, authority.Conflicting, "")
}

// An emergency ends every token at once, and says so in feed and chain.
func TestSigningKeysAreDropped(t *testing.T) {
	a, clock := open(t)
	exchanging(t, a, authority.Policy{})
	k := issue(t, a, authority.IssueRequest{Keyspace: "acme"})
	e := exchange(t, a, k.Key, authority.ExchangeRequest{})
	if _, err := a.RotateSigningKeys(ctx, admin, true); err != nil {
		t.Fatal(err)
	}
	if _, err := tokenOf(t, a, e.Token, clock.now()); err == nil {
		t.Error("a token of a key that was dropped verifies")
	}
	f := feed(t, a, "")
	last := f.Entries[len(f.Entries)-1]
	if last.Kind != authority.TakenAll || last.Reason != authority.TakenKeys || slices.Contains(f.Keys, kidOf(t, e.Token)) {
		t.Errorf("%+v %v", last, f.Keys)
	}
	if e := exchange(t, a, k.Key, authority.ExchangeRequest{}); kidOf(t, e.Token) != f.Keys[0] || seqOf(t, a, e.Token) < last.Sequence {
		t.Error("the new key does not sign at once, or its token is dead already")
	}
	bound := serviceKey(t, a, authority.Rules{Keyspaces: []string{"acme"}}, "*")
	_, err := a.RotateSigningKeys(ctx, bound, true)
	wantError(t, err, authority.Denied, "")
}

func TestOptionsOfTokens(t *testing.T) {
	for _, o := range []authority.Options{{Issuer: "two words"}, {SigningKeyLife: time.Hour}, {SigningKeyLife: -1}} {
		o.Store, o.Clock, o.Random = memory(t), time.Now, random{}
		if _, err := authority.Open(ctx, o); err == nil {
			t.Errorf("%q %s is taken", o.Issuer, o.SigningKeyLife)
		}
	}
}
