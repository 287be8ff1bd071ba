// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/signed"
)

const fiveMinutes = 5 * time.Minute

// exchanging makes the keyspace acme, whose keys are exchanged.
func exchanging(t testing.TB, a *authority.Authority, p authority.Policy) {
	t.Helper()
	if p.Exchange == nil {
		p.Exchange = &authority.ExchangePolicy{Life: fiveMinutes}
	}
	keyspace(t, a, "acme", p)
}

func exchange(t testing.TB, a *authority.Authority, key keywright.Secret, q authority.ExchangeRequest) authority.Exchanged {
	t.Helper()
	q.Keyspace = "acme"
	e, err := a.Exchange(ctx, key, authority.Origin{}, q)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// tokenOf verifies a token with the published keys.
func tokenOf(t testing.TB, a *authority.Authority, text keywright.Secret, now time.Time) (signed.Token, error) {
	t.Helper()
	set, err := a.KeySet(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return signed.TokenVerifier{Issuer: "keywright", Audience: "acme", Keys: set, MaxLife: time.Hour, Type: signed.AccessToken, Leeway: -1}.Verify(text, now)
}

// A token says what the key may do, in the claims of RFC 9068, and any JWT library verifies it.
func TestExchange(t *testing.T) {
	for _, algorithm := range []string{"", "ES256", "EdDSA"} {
		a, clock := open(t)
		exchanging(t, a, authority.Policy{Exchange: &authority.ExchangePolicy{Life: fiveMinutes, Algorithm: algorithm}})
		k := issue(t, a, authority.IssueRequest{Keyspace: "acme", Owner: "team_7", Scopes: []string{"invoices:*", "users:read"}})
		clock.advance(1500 * time.Millisecond)
		e := exchange(t, a, k.Key, authority.ExchangeRequest{})
		issued := start.Add(time.Second)
		if !e.Expires.Equal(issued.Add(fiveMinutes)) || e.KeyID != k.Record.ID || !slices.Equal(e.Scopes, k.Record.Scopes) {
			t.Fatalf("%+v", e)
		}
		set, err := a.KeySet(ctx)
		if err != nil {
			t.Fatal(err)
		}
		published, err := json.Marshal(set)
		if err != nil {
			t.Fatal(err)
		}
		var jwks jose.JSONWebKeySet
		if err := json.Unmarshal(published, &jwks); err != nil {
			t.Fatal(err)
		}
		want := jose.ES256
		if algorithm == "EdDSA" {
			want = jose.EdDSA
		}
		parsed, err := jose.ParseSignedCompact(e.Token.Reveal(), []jose.SignatureAlgorithm{want})
		if err != nil {
			t.Fatal(err)
		}
		header := parsed.Signatures[0].Header
		payload, err := parsed.Verify(jwks.Key(header.KeyID)[0])
		if err != nil || header.ExtraHeaders["typ"] != "at+jwt" {
			t.Fatal(header, err)
		}
		var claims map[string]any
		if err := json.Unmarshal(payload, &claims); err != nil {
			t.Fatal(err)
		}
		id := k.Record.ID.String()
		for name, want := range map[string]any{
			"iss": "keywright", "aud": "acme", "sub": id, "client_id": id, "scope": "invoices:* users:read", "keyspace": "acme",
			"environment": "live", "owner": "team_7", "sec": k.Record.Secrets[0].PublicID,
			"iat": float64(issued.Unix()), "nbf": float64(issued.Unix()), "exp": float64(issued.Add(fiveMinutes).Unix()),
		} {
			if claims[name] != want {
				t.Errorf("%s is %v, want %v", name, claims[name], want)
			}
		}
		if jti, _ := claims["jti"].(string); len(jti) < 16 || claims["seq"].(float64) < 1 {
			t.Errorf("jti %v, seq %v", claims["jti"], claims["seq"])
		}
		if strings.Contains(string(payload), k.Key.Reveal()) {
			t.Error("the token holds the key")
		}
		if got := a.Verifications()["acme"][keywright.Valid]; got != 1 {
			t.Errorf("%d verifications were counted", got)
		}
	}
}

// What is asked for can only narrow.
func TestExchangeNarrows(t *testing.T) {
	a, _ := open(t)
	exchanging(t, a, authority.Policy{Exchange: &authority.ExchangePolicy{Life: fiveMinutes, Audience: []string{"one", "two"}}})
	k := issue(t, a, authority.IssueRequest{Keyspace: "acme", Scopes: []string{"invoices:*"}})
	e := exchange(t, a, k.Key, authority.ExchangeRequest{Scopes: []string{"invoices:read"}, Life: time.Minute, Audience: "two", Environment: "live"})
	if !slices.Equal(e.Scopes, []string{"invoices:read"}) || !e.Expires.Equal(start.Add(time.Minute)) || e.Audience != "two" {
		t.Fatalf("%+v", e)
	}
	if e := exchange(t, a, k.Key, authority.ExchangeRequest{Scopes: []string{}}); len(e.Scopes) != 0 || e.Audience != "one" {
		t.Fatalf("%+v", e)
	}
	for field, q := range map[string]authority.ExchangeRequest{
		"life":      {Life: fiveMinutes + time.Second},
		"audience":  {Audience: "three"},
		"scopes[0]": {Scopes: []string{"in voices"}},
	} {
		q.Keyspace = "acme"
		_, err := a.Exchange(ctx, k.Key, authority.Origin{}, q)
		wantError(t, err, authority.Invalid, field)
	}
	for name, q := range map[string]authority.ExchangeRequest{
		"more scopes": {Scopes: []string{"invoices:read", "users:read"}}, "all scopes": {Scopes: []string{"*"}}, "environment": {Environment: "test"},
	} {
		q.Keyspace = "acme"
		_, err := a.Exchange(ctx, k.Key, authority.Origin{}, q)
		if wantError(t, err, authority.Denied, ""); t.Failed() {
			t.Fatal(name)
		}
	}
}

// A token never outlives its key, the grace of its secret, or a key above it.
func TestExchangeEndsWithItsKey(t *testing.T) {
	a, clock := open(t)
	exchanging(t, a, authority.Policy{})
	soon := start.Add(time.Minute)
	k := issue(t, a, authority.IssueRequest{Keyspace: "acme", ExpiresAt: soon})
	if e := exchange(t, a, k.Key, authority.ExchangeRequest{}); !e.Expires.Equal(soon) {
		t.Error(e.Expires)
	}
	parent := issue(t, a, authority.IssueRequest{Keyspace: "acme", ExpiresAt: soon})
	child, err := a.IssueChild(ctx, admin, parent.Record.ID, authority.IssueRequest{})
	if err != nil {
		t.Fatal(err)
	}
	e := exchange(t, a, child.Key, authority.ExchangeRequest{})
	if token, err := tokenOf(t, a, e.Token, start); err != nil || !e.Expires.Equal(soon) || !slices.Equal(token.Ancestors, []string{parent.Record.ID.String()}) {
		t.Error(e.Expires, token.Ancestors, err)
	}
	old := issue(t, a, authority.IssueRequest{Keyspace: "acme"})
	renewed := rotate(t, a, old.Record.ID, authority.RotateRequest{Grace: grace(30 * time.Second)})
	if e := exchange(t, a, old.Key, authority.ExchangeRequest{}); !e.Expires.Equal(start.Add(30 * time.Second)) {
		t.Error(e.Expires)
	}
	if e := exchange(t, a, renewed.Key, authority.ExchangeRequest{}); !e.Expires.Equal(start.Add(fiveMinutes)) {
		t.Error(e.Expires)
	}
	clock.advance(time.Minute)
	_, err = a.Exchange(ctx, k.Key, authority.Origin{}, authority.ExchangeRequest{Keyspace: "acme"})
	wantError(t, err, authority.Unidentified, "")
}

// The six codes of a key that is not valid have one answer, whatever the keyspace.
func TestExchangeRefusesAlike(t *testing.T) {
	a, clock := open(t)
	exchanging(t, a, authority.Policy{})
	revoked, disabled := issue(t, a, authority.IssueRequest{Keyspace: "acme"}), issue(t, a, authority.IssueRequest{Keyspace: "acme"})
	expired := issue(t, a, authority.IssueRequest{Keyspace: "acme", ExpiresIn: time.Second})
	later := issue(t, a, authority.IssueRequest{Keyspace: "acme", NotBefore: start.Add(time.Hour)})
	service := issue(t, a, authority.IssueRequest{Keyspace: authority.ReservedKeyspace, Scopes: []string{"*"}})
	if _, err := a.Revoke(ctx, admin, revoked.Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Disable(ctx, admin, disabled.Record.ID); err != nil {
		t.Fatal(err)
	}
	clock.advance(2 * time.Second)
	off := issue(t, a, authority.IssueRequest{})
	var first error
	for name, c := range map[string]struct {
		key      keywright.Secret
		keyspace string
	}{
		"malformed": {keywright.NewSecret("acme_live_nonsense"), "acme"}, "unknown": {off.Key, "acme"}, "revoked": {revoked.Key, "acme"},
		"disabled": {disabled.Key, "acme"}, "expired": {expired.Key, "acme"}, "not yet": {later.Key, "acme"},
		"no keyspace": {revoked.Key, "nowhere"}, "a service key": {service.Key, authority.ReservedKeyspace},
		"unknown where none are exchanged": {revoked.Key, "default"},
	} {
		_, err := a.Exchange(ctx, c.key, authority.Origin{}, authority.ExchangeRequest{Keyspace: c.keyspace})
		wantError(t, err, authority.Unidentified, "")
		if first == nil {
			first = err
		}
		if err.Error() != first.Error() {
			t.Errorf("%s: %v, and not %v", name, err, first)
		}
	}
	_, err := a.Exchange(ctx, off.Key, authority.Origin{}, authority.ExchangeRequest{})
	wantError(t, err, authority.Denied, "") // who has a key of it may know
}

// What nobody looks at offline is not exchanged, unless the keyspace says so.
func TestExchangeOfLimitedKeys(t *testing.T) {
	home := netip.MustParsePrefix("192.0.2.0/24")
	limits := []authority.Limit{limit("minute", 2, time.Minute)}
	for name, q := range map[string]authority.IssueRequest{
		"credits": {Credits: credits(2, nil)}, "limits": {Limits: limits}, "owner": {Owner: "limited"},
		"networks": {Rules: authority.Rules{Networks: []netip.Prefix{home}}}, "methods": {Rules: authority.Rules{Methods: []string{"GET"}}},
		"paths": {Rules: authority.Rules{Paths: []string{"/v1"}}}, "origins": {Rules: authority.Rules{Origins: []string{"https://a.example"}}},
	} {
		a, _ := open(t)
		exchanging(t, a, authority.Policy{})
		if _, err := a.PutOwner(ctx, admin, authority.OwnerRequest{Keyspace: "acme", ID: "limited", Limits: &limits}); err != nil {
			t.Fatal(err)
		}
		q.Keyspace = "acme"
		k := issue(t, a, q)
		child, err := a.IssueChild(ctx, admin, k.Record.ID, authority.IssueRequest{})
		if err != nil {
			t.Fatal(err)
		}
		at := authority.Origin{Address: netip.MustParseAddr("192.0.2.7")}
		for _, key := range []keywright.Secret{k.Key, child.Key} {
			_, err := a.Exchange(ctx, key, at, authority.ExchangeRequest{Keyspace: "acme"})
			wantError(t, err, authority.Denied, "")
		}
		setPolicy(t, a, "acme", authority.Policy{Exchange: &authority.ExchangePolicy{Life: fiveMinutes, Spend: authority.SpendAllow}})
		for _, key := range []keywright.Secret{k.Key, child.Key} { // each is a verification: the limits of 2 are used up
			if _, err := a.Exchange(ctx, key, at, authority.ExchangeRequest{Keyspace: "acme"}); err != nil {
				t.Error(name, err)
			}
		}
		_, err = a.Exchange(ctx, k.Key, authority.Origin{}, authority.ExchangeRequest{Keyspace: "acme"})
		switch name {
		case "credits", "limits", "owner":
			wantError(t, err, authority.Exhausted, "")
		case "networks":
			wantError(t, err, authority.Denied, "") // nobody knows from where
		default:
			if err != nil {
				t.Error(name, err)
			}
		}
	}
}

func TestExchangePoliciesThatCannotBe(t *testing.T) {
	a, _ := open(t)
	for field, e := range map[string]authority.ExchangePolicy{
		"policy.exchange.life":        {},
		"policy.exchange.audience[1]": {Life: time.Minute, Audience: []string{"a", "b c"}},
		"policy.exchange.spend":       {Life: time.Minute, Spend: "perhaps"},
		"policy.exchange.algorithm":   {Life: time.Minute, Algorithm: "HS256"},
	} {
		_, err := a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "default", Policy: &authority.Policy{Exchange: &e}})
		wantError(t, err, authority.Invalid, field)
	}
	for _, life := range []time.Duration{time.Hour + time.Second, 1500 * time.Millisecond, -time.Second} {
		_, err := a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "default", Policy: &authority.Policy{Exchange: &authority.ExchangePolicy{Life: life}}})
		wantError(t, err, authority.Invalid, "policy.exchange.life")
	}
	sealed, _ := over(t, memory(t), func(o *authority.Options) { o.Sealer = nil })
	_, err := sealed.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "default", Policy: &authority.Policy{Exchange: &authority.ExchangePolicy{Life: time.Minute}}})
	wantError(t, err, authority.Conflicting, "")
}

// The receipt of a revoke says until when somebody may take a token who asks nobody.
func TestReceiptTellsOfTokens(t *testing.T) {
	store := memory(t)
	a, clock := over(t, store)
	exchanging(t, a, authority.Policy{})
	clock.advance(2 * time.Hour)
	first, second := issue(t, a, authority.IssueRequest{Keyspace: "acme"}), issue(t, a, authority.IssueRequest{Keyspace: "acme"})
	other := issue(t, a, authority.IssueRequest{})
	receipt := func(a *authority.Authority, id keywright.KeyID) time.Time {
		t.Helper()
		r, err := a.Revoke(ctx, admin, id, "")
		if err != nil {
			t.Fatal(err)
		}
		return r.TokensUntil
	}
	if got := receipt(a, first.Record.ID); !got.IsZero() {
		t.Error("nothing was exchanged, and tokens live until", got)
	}
	e := exchange(t, a, second.Key, authority.ExchangeRequest{})
	if got := receipt(a, second.Record.ID); got.Before(e.Expires) || got.After(e.Expires.Add(time.Second)) {
		t.Error(got, "and not", e.Expires)
	}
	if got := receipt(a, other.Record.ID); !got.IsZero() {
		t.Error("of another keyspace:", got)
	}
	clock.advance(fiveMinutes + time.Second)
	if got := receipt(a, second.Record.ID); !got.IsZero() {
		t.Error("the last token has ended, and the receipt says", got)
	}
	a.Close()
	b, _ := over(t, store) // nobody knows what was given out before
	if got := receipt(b, first.Record.ID); got.Before(start.Add(fiveMinutes)) {
		t.Error(got)
	}
}

// The private half of a signing key is in the store sealed alone.
func TestSigningKeysAreSealed(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	exchanging(t, a, authority.Policy{})
	k := issue(t, a, authority.IssueRequest{Keyspace: "acme"})
	exchange(t, a, k.Key, authority.ExchangeRequest{})
	page, err := store.List(ctx, authority.Query{Of: authority.Items, Item: "signing-key"})
	if err != nil || len(page.Items) != 1 {
		t.Fatal(page.Items, err)
	}
	data := page.Items[0].Data
	if !page.Items[0].Sealed() || bytes.Contains(data, []byte("PRIVATE")) || bytes.Contains(data, []byte(base64.StdEncoding.EncodeToString([]byte("PRIVATE")))) {
		t.Error("a signing key is not sealed")
	}
}
