// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// exchanging is a house whose keyspace acme exchanges keys.
func exchanging(t *testing.T, change ...func(*Options)) *house {
	t.Helper()
	h := newHouse(t, change...)
	h.want(h.send("POST", api.PathKeyspaces, h.root, `{"name":"acme","policy":{"exchange":{"life":"5m","audience":["https://api.example.com"]}}}`), 201, nil)
	return h
}

// The walk of a token: exchanged, verified against the key set by another library, and ended by a revoke that the list tells.
func TestExchangeOverHTTP(t *testing.T) {
	h := exchanging(t)
	key, id := h.key(authority.IssueRequest{Keyspace: "acme", Scopes: []string{"invoices:*"}})
	var list api.RevocationList
	h.want(h.send("GET", api.PathRevocations+"?keyspace=acme", h.root, ""), 200, &list)
	a := h.send("POST", api.PathExchange, key, `{"keyspace":"acme","scopes":["invoices:read"],"life":"1m","environment":"live"}`)
	var got api.ExchangeResponse
	h.want(a, 200, &got)
	if a.Header.Get("Cache-Control") != "no-store" || got.TokenType != "Bearer" || got.KeyID != id || len(got.Scopes) != 1 ||
		got.Audience != "https://api.example.com" || time.Until(got.ExpiresAt) > time.Minute {
		t.Errorf("%v %+v", a.Header, got)
	}
	published := h.send("GET", api.PathKeySet, "", "", "Origin", "https://app.example.com")
	if published.Header.Get("Cache-Control") != "public, max-age=300" || published.Header.Get("Access-Control-Allow-Origin") != "*" || strings.Contains(published.body, `"d"`) {
		t.Errorf("%v %s", published.Header, published.body)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(published.body), &set); err != nil {
		t.Fatal(err)
	}
	token, err := jose.ParseSignedCompact(got.Token.Reveal(), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := token.Verify(set.Key(token.Signatures[0].Header.KeyID)[0])
	var claims struct {
		Sub string
		Seq uint64
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil || claims.Sub != id.String() {
		t.Fatal(string(payload), err)
	}
	var receipt api.Receipt
	h.want(h.send("POST", "/v1/keys/"+id.String()+"/revoke", h.root, ""), 200, &receipt)
	if receipt.TokensUntil.Before(got.ExpiresAt) {
		t.Errorf("the receipt says %v, and a token lives until %v", receipt.TokensUntil, got.ExpiresAt)
	}
	var after api.RevocationList
	h.want(h.send("GET", api.PathRevocations+"?keyspace=acme&after="+list.Cursor+"&wait=30s", h.root, ""), 200, &after)
	if len(after.Revocations) != 1 || after.Revocations[0].KeyID != id || after.Revocations[0].Sequence <= claims.Seq || len(after.Keys) != 1 {
		t.Errorf("%+v", after)
	}
	if strings.Contains(h.log.String(), key) || strings.Contains(h.log.String(), got.Token.Reveal()) {
		t.Error("a key or a token is in the log")
	}
}

// Before a keyspace exchanges there is no key, and that is a key set too.
func TestKeySetIsEmpty(t *testing.T) {
	h := newHouse(t)
	if a := h.send("GET", api.PathKeySet, "", ""); a.StatusCode != 200 || strings.TrimSpace(a.body) != `{"keys":[]}` {
		t.Error(a.StatusCode, a.body)
	}
}

// A refusal tells a stranger nothing, whatever the reason.
func TestExchangeRefusals(t *testing.T) {
	h := exchanging(t)
	revoked, id := h.key(authority.IssueRequest{Keyspace: "acme"})
	h.want(h.send("DELETE", "/v1/keys/"+id.String(), h.root, ""), 200, nil)
	other, _ := h.key(authority.IssueRequest{})
	limited, _ := h.key(authority.IssueRequest{Keyspace: "acme", Limits: []authority.Limit{{Name: "m", Limit: 5, Window: time.Minute}}})
	good, _ := h.key(authority.IssueRequest{Keyspace: "acme", Scopes: []string{"a:read"}})
	var first string
	for name, key := range map[string]string{"revoked": revoked, "unknown": other, "malformed": "acme_x", "a service key": h.root, "none": ""} {
		p := h.wantProblem(h.send("POST", api.PathExchange, key, `{"keyspace":"acme"}`), api.Unauthenticated)
		p.RequestID = ""
		if first == "" {
			first = encode(p)
		}
		if encode(p) != first {
			t.Errorf("%s: %s, and not %s", name, encode(p), first)
		}
	}
	h.wantProblem(h.send("POST", api.PathExchange, limited, `{"keyspace":"acme"}`), api.AccessDenied)
	h.wantProblem(h.send("POST", api.PathExchange, good, `{"keyspace":"acme","scopes":["a:*"]}`), api.AccessDenied)
	h.wantProblem(h.send("POST", api.PathExchange, good, `{"keyspace":"acme","environment":"test"}`), api.AccessDenied)
	h.wantProblem(h.send("POST", api.PathExchange, good, `{"keyspace":"acme","life":"1h"}`), api.InvalidInput)
	h.wantProblem(h.send("POST", api.PathExchange, good, `{"keyspace":"acme","key":"`+good+`"}`), api.InvalidInput)
	h.wantProblem(h.send("POST", api.PathExchange, other, ""), api.AccessDenied) // default does not exchange, and its holder may know
}

// Failures of an address are limited; who has a good key is never held up by the number of exchanges.
func TestExchangeIsLimited(t *testing.T) {
	h := exchanging(t)
	good, _ := h.key(authority.IssueRequest{Keyspace: "acme"})
	for range 120 {
		h.want(h.send("POST", api.PathExchange, good, `{"keyspace":"acme"}`), 200, nil)
	}
	for i := range 200 {
		a := h.send("POST", api.PathExchange, "acme_nonsense", `{"keyspace":"acme"}`)
		if a.StatusCode == http.StatusTooManyRequests {
			h.wantLimited(a, `"address";q=50;w=10`)
			return
		}
		if h.wantProblem(a, api.Unauthenticated); i > 100 {
			break
		}
	}
	t.Error("nobody stops a stranger who tries keys")
}

// An answer of the feed may wait longer than a request may take to arrive and an answer to leave, and none waits when the
// server ends.
func TestRevocationsWait(t *testing.T) {
	t.Run("HTTP/1.1", func(t *testing.T) { waits(t, false) })
	t.Run("HTTP/2", func(t *testing.T) { waits(t, true) })
}

func waits(t *testing.T, second bool) {
	h := exchanging(t, func(o *Options) {
		o.ReadTimeout, o.WriteTimeout, o.Drain, o.UnencryptedHTTP2 = 100*time.Millisecond, 100*time.Millisecond, time.Millisecond, second
	})
	spoken := new(http.Protocols)
	spoken.SetHTTP1(!second)
	spoken.SetUnencryptedHTTP2(second)
	by := &http.Client{Transport: &http.Transport{Protocols: spoken}}
	defer by.CloseIdleConnections()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	served := make(chan error, 1)
	go func() { served <- h.server.Serve(ctx, listener) }()
	h.url = "http://" + listener.Addr().String()
	var list api.RevocationList
	h.want(h.by(by, "GET", api.PathRevocations+"?keyspace=acme", h.root, ""), 200, &list)
	begun := time.Now()
	a := h.by(by, "GET", api.PathRevocations+"?keyspace=acme&wait=600ms&after="+list.Cursor, h.root, "")
	if h.want(a, 200, nil); (a.ProtoMajor == 2) != second {
		t.Error(a.Proto)
	}
	if took := time.Since(begun); took < 600*time.Millisecond {
		t.Errorf("it waited %v", took)
	}
	time.AfterFunc(100*time.Millisecond, stop)
	begun = time.Now()
	h.want(h.by(by, "GET", api.PathRevocations+"?keyspace=acme&wait=60s&after="+list.Cursor, h.root, ""), 200, nil)
	if err := <-served; err != nil || time.Since(begun) > 10*time.Second {
		t.Errorf("the server ended after %v: %v", time.Since(begun), err)
	}
	h.url = ""
}

func TestRevocationsRefuse(t *testing.T) {
	h := exchanging(t)
	for _, query := range []string{"wait=61s", "wait=soon", "wait=-1s", "after=x", "after=0", "keyspace=acme&since=1"} {
		h.wantProblem(h.send("GET", api.PathRevocations+"?"+query, h.root, ""), api.InvalidInput)
	}
	h.wantProblem(h.send("GET", api.PathRevocations+"?keyspace=nowhere", h.root, ""), api.NotFound)
	bound := h.serviceKey(authority.Rules{Keyspaces: []string{"default"}}, "keys:verify")
	h.wantProblem(h.send("GET", api.PathRevocations+"?keyspace=acme", bound, ""), api.AccessDenied)
}

func TestSigningKeysOverHTTP(t *testing.T) {
	h := exchanging(t)
	key, _ := h.key(authority.IssueRequest{Keyspace: "acme"})
	h.want(h.send("POST", api.PathExchange, key, `{"keyspace":"acme"}`), 200, nil)
	states := func(a answer) (s string) {
		var list api.SigningKeyList
		h.want(a, 200, &list)
		for _, k := range list.SigningKeys {
			s += k.State + " "
		}
		return s
	}
	if got := states(h.send("POST", api.PathRotateSigningKeys, h.root, "")); got != "current next " {
		t.Error(got)
	}
	if got := states(h.send("POST", api.PathRotateSigningKeys, h.root, `{"revoke_old":true}`)); got != "current " {
		t.Error(got)
	}
	if got := states(h.send("GET", api.PathSigningKeys, h.root, "")); got != "current " {
		t.Error(got)
	}
}
