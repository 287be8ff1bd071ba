// SPDX-License-Identifier: Apache-2.0

package server

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

func childrenPath(id keywright.KeyID) string { return "/v1/keys/" + id.String() + "/children" }

// parent issues a key that may have children.
func (h *house) parent(q authority.IssueRequest) (string, keywright.KeyID) {
	h.Helper()
	q.Scopes = append(q.Scopes, authority.ScopeChildren)
	return h.key(q)
}

// child issues a child with a key.
func (h *house) child(parent keywright.KeyID, key, body string) (r api.IssueResponse) {
	h.Helper()
	a := h.send("POST", childrenPath(parent), key, body)
	if h.want(a, 201, &r); a.Header.Get("Cache-Control") != "no-store" {
		h.Error("an answer with a key may be stored")
	}
	return r
}

// TestChild is made by the parent key alone, has what the parent has, and no more.
func TestChild(t *testing.T) {
	h, clock := newClockedHouse(t)
	key, id := h.parent(authority.IssueRequest{
		Owner: "team_7", Environment: "test", Scopes: []string{"invoices:*"}, ExpiresIn: time.Hour,
	})
	c := h.child(id, key, `{"name":"agent","scopes":["invoices:read"],"expires_in":"10m"}`)
	if r := c.Record; r.Parent != id || r.Owner != "team_7" || r.Environment != "test" || r.Keyspace != "default" {
		t.Errorf("%+v", r)
	}
	if v := h.verdict(c.Key.Reveal()); !v.Valid || !slices.Equal(v.Scopes, []string{"invoices:read"}) {
		t.Errorf("%+v", v)
	}
	for body, field := range map[string]string{
		`{"scopes":["users:read"]}`:               "scopes",
		`{"scopes":["*"]}`:                        "scopes",
		`{"scopes":["invoices:*","keys:revoke"]}`: "scopes",
		`{"expires_in":"2h"}`:                     "expires_at",
		`{"expires_at":"2030-01-01T00:00:00Z"}`:   "expires_at",
		`{"owner":"team_8"}`:                      "owner",
		`{"environment":"live"}`:                  "environment",
		`{"keyspace":"keywright"}`:                "keyspace",
		`{"keyspaces":["default"]}`:               "keyspaces",
		`{"parent":"key_0DFUqXqVeEpK4nSQhDZ0mR"}`: "",
		`{"expires_in":"-1h"}`:                    "expires_in",
		`{"scopes":["not a scope"]}`:              "scopes[0]",
		`{"metadata":[1]}`:                        "metadata",
		`{"bound_owner":"team_8"}`:                "bound_owner",
		`{"expires_in":"900000h"}`:                "expires_at",
	} {
		if p := h.wantProblem(h.send("POST", childrenPath(id), key, body), api.InvalidInput); p.Field != field || p.Hint == "" {
			t.Errorf("%s: field %q, hint %q: %s", body, p.Field, p.Hint, p.Detail)
		}
	}
	// The parent key opens nothing else.
	h.wantProblem(h.send("GET", "/v1/keys/"+id.String(), key, ""), api.Unauthenticated)
	h.wantProblem(h.send("POST", "/v1/keys", key, "{}"), api.Unauthenticated)
	h.wantProblem(h.send("POST", "/v1/keys/"+id.String()+"/rotate", key, ""), api.Unauthenticated)
	// A child that was not given the scope has no children, and one that was can give no more than it has.
	h.wantProblem(h.send("POST", childrenPath(c.Record.ID), c.Key.Reveal(), "{}"), api.AccessDenied)
	deeper := h.child(id, key, `{"scopes":["invoices:read","keywright:children"]}`)
	h.wantProblem(h.send("POST", childrenPath(deeper.Record.ID), deeper.Key.Reveal(), `{"scopes":["invoices:write"]}`), api.InvalidInput)
	h.child(deeper.Record.ID, deeper.Key.Reveal(), `{"scopes":["invoices:read"]}`)
	clock.advance(10 * time.Minute)
	if v := h.verdict(c.Key.Reveal()); v.Code != keywright.Expired {
		t.Errorf("after its life: %s", v.Code)
	}
	if got := h.events(c.Record.ID.String()); !slices.Contains(got, "key.issue") {
		t.Errorf("events %v", got)
	}
}

// TestChildrenEndWithTheirParent, at once and however deep; deeper than four there are none.
func TestChildrenEndWithTheirParent(t *testing.T) {
	h := newHouse(t)
	key, root := h.parent(authority.IssueRequest{})
	id := root
	keys := []string{key}
	for range 4 {
		c := h.child(id, keys[len(keys)-1], `{"scopes":["keywright:children"]}`)
		keys, id = append(keys, c.Key.Reveal()), c.Record.ID
	}
	if p := h.wantProblem(h.send("POST", childrenPath(id), keys[4], "{}"), api.InvalidInput); p.Field != "parent" {
		t.Errorf("a fifth: %+v", p)
	}
	var list api.KeyList
	h.want(h.send("GET", "/v1/keys?parent="+root.String(), h.root, ""), 200, &list)
	if len(list.Keys) != 1 || list.Keys[0].Parent != root {
		t.Errorf("%+v", list)
	}
	h.want(h.send("POST", "/v1/keys/"+root.String()+"/disable", h.root, ""), 200, nil)
	for _, k := range keys {
		if v := h.verdict(k); v.Code != keywright.Disabled {
			t.Errorf("%s", v.Code)
		}
	}
	h.want(h.send("POST", "/v1/keys/"+root.String()+"/enable", h.root, ""), 200, nil)
	h.want(h.send("DELETE", "/v1/keys/"+root.String(), h.root, ""), 200, nil)
	for _, k := range keys {
		if v := h.verdict(k); v.Code != keywright.Revoked {
			t.Errorf("%s", v.Code)
		}
	}
	h.wantProblem(h.send("POST", childrenPath(id), h.root, "{}"), api.InvalidInput)
	h.wantProblem(h.send("POST", childrenPath(root), h.root, "{}"), api.Conflict)
}

// TestChildrenByServiceKey needs the scope to issue.
func TestChildrenByServiceKey(t *testing.T) {
	h := newHouse(t)
	h.want(h.send("POST", "/v1/keyspaces", h.root, `{"name":"other"}`), 201, nil)
	_, id := h.key(authority.IssueRequest{Scopes: []string{"a:read"}}) // without keywright:children
	issuer := h.serviceKey(authority.Rules{}, "keys:issue")
	c := h.child(id, issuer, `{"scopes":["a:read"]}`)
	again := h.send("POST", childrenPath(id), issuer, `{}`, api.HeaderIdempotencyKey, "once")
	h.want(again, 201, nil)
	var r api.IssueResponse
	h.want(h.send("POST", childrenPath(id), issuer, `{}`, api.HeaderIdempotencyKey, "once"), 200, &r)
	if !r.Repeated || !r.Key.IsZero() || c.Record.Parent != id {
		t.Errorf("%+v", r)
	}
	h.wantProblem(h.send("POST", childrenPath(id), h.serviceKey(authority.Rules{}, "keys:read"), "{}"), api.AccessDenied)
	h.wantProblem(h.send("POST", childrenPath(id), h.serviceKey(authority.Rules{Keyspaces: []string{"other"}}, "keys:issue"), "{}"), api.AccessDenied)
	h.wantProblem(h.send("POST", "/v1/keys/key_0DFUqXqVeEpK4nSQhDZ0mR/children", issuer, "{}"), api.NotFound)
	h.wantProblem(h.send("POST", "/v1/keys/nothing/children", issuer, "{}"), api.InvalidInput)
}

// TestHolderIsNoOracle answers one and the same to everybody who does not hold the key of the path.
func TestHolderIsNoOracle(t *testing.T) {
	h := newHouse(t)
	key, id := h.parent(authority.IssueRequest{})
	wild, wildID := h.key(authority.IssueRequest{Scopes: []string{"*"}})
	revoked, revokedID := h.parent(authority.IssueRequest{})
	if _, err := h.authority.Revoke(t.Context(), h.operator(), revokedID, ""); err != nil {
		t.Fatal(err)
	}
	nobody := "/v1/keys/key_0DFUqXqVeEpK4nSQhDZ0mR/children"
	var texts []string
	for _, c := range [][2]string{
		{childrenPath(id), wild},
		{childrenPath(id), "x"},
		{childrenPath(id), unknownKey(h)},
		{childrenPath(id), ""},
		{nobody, key},
		{nobody, "x"},
		{nobody, ""},
		{"/v1/keys/nothing/children", key},
		{childrenPath(revokedID), revoked},
		{childrenPath(revokedID), key},
	} {
		a := h.send("POST", c[0], c[1], "{}", api.HeaderRequestID, "same")
		h.wantProblem(a, api.Unauthenticated)
		if texts = append(texts, a.body); a.body != texts[0] {
			t.Errorf("%s: %s differs from %s", c[0], a.body, texts[0])
		}
	}
	h.wantProblem(h.send("POST", childrenPath(wildID), wild, "{}"), api.AccessDenied) // no wildcard grants it
}

// TestHolderIsLimited hears when to come again.
func TestHolderIsLimited(t *testing.T) {
	h := newHouse(t)
	key, id := h.parent(authority.IssueRequest{Limits: []authority.Limit{{Name: "requests", Limit: 2, Window: time.Hour, Auto: true}}})
	h.child(id, key, "{}")
	h.child(id, key, "{}")
	h.wantLimited(h.send("POST", childrenPath(id), key, "{}"), `"requests";q=2;w=3600`)
	credits, creditsID := h.parent(authority.IssueRequest{Credits: &authority.CreditsRequest{Remaining: 1}})
	h.child(creditsID, credits, "{}")
	a := h.send("POST", childrenPath(creditsID), credits, "{}")
	if h.wantProblem(a, api.TooManyRequests); a.Header.Get("Retry-After") != "" {
		t.Error("it says when to come again, and nobody knows")
	}
}

// TestHolderComesFromWhereTheKeyMayBeUsed: what a proxy says of the address counts for nothing, and the address of a proxy
// is nobody's.
func TestHolderComesFromWhereTheKeyMayBeUsed(t *testing.T) {
	h := newHouse(t)
	here, hereID := h.parent(authority.IssueRequest{Rules: authority.Rules{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}})
	there, thereID := h.parent(authority.IssueRequest{Rules: authority.Rules{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}})
	c := h.child(hereID, here, "{}")
	ask := func(address string) string {
		return h.send("POST", "/v1/verify", h.root, encode(map[string]string{"key": c.Key.Reveal(), "keyspace": "default", "client_ip": address})).body
	}
	if !strings.Contains(ask("127.0.0.1"), `"VALID"`) || !strings.Contains(ask("192.0.2.1"), `"FORBIDDEN"`) {
		t.Error("a child is not bound to the networks of its parent")
	}
	h.wantProblem(h.send("POST", childrenPath(hereID), here, "{}", "X-Forwarded-For", "127.0.0.1"), api.AccessDenied)
	h.wantProblem(h.send("POST", childrenPath(thereID), there, "{}"), api.AccessDenied)
	h.wantProblem(h.send("POST", childrenPath(thereID), there, "{}", "X-Forwarded-For", "192.0.2.1"), api.AccessDenied)
	h.wantProblem(h.send("POST", childrenPath(hereID), here, `{"allowed_networks":["0.0.0.0/0"]}`), api.InvalidInput)
}
