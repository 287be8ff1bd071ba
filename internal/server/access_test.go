// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// requests that reach the handler of each route, where an empty one does not.
var bodies = map[string]string{
	"POST /v1/verify":              `{"key":"x","keyspace":"default"}`,
	"POST /v1/verify/batch":        `{"key":"x","keyspace":"default"}`,
	"POST /v1/keys":                `{}`,
	"PATCH /v1/keys/{id}":          `{}`,
	"POST /v1/keyspaces":           `{"name":"acme"}`,
	"PATCH /v1/keyspaces/{name}":   `{}`,
	"POST /v1/keys/{id}/credits":   `{"add":1}`,
	"PUT /v1/owners/{id}":          `{}`,
	"POST /v1/owners/{id}/credits": `{"add":1}`,
	"POST /v1/keys/{id}/children":  `{}`,
	"POST /v1/keys/bulk":           `{"filter":{"owner":"nobody"},"verb":"revoke"}`,
	"POST /v1/revoke-self":         `{"key":"x"}`,
	"POST /v1/leaks/github":        `[]`,
	"POST /v1/leaks/gitlab":        `[]`,
	"POST /v1/leaks":               `{"leaks":[{"key":"x"}]}`,
	"POST /v1/events/verify":       `{"checkpoints":[]}`,
	"POST /v1/audit/checkpoints":   `{}`,
	"POST /v1/audit/erase":         `{"value":"x"}`,
	"POST /v1/audit/prune":         `{"sequence":1}`,
	"POST /v1/keys/import":         `{"hash":"x"}`,
	"POST /v1/peppers":             `{"name":"p"}`,
}

// TestAccess walks through every route of the document and of the router: each has a row in the table, and the row is
// true.
func TestAccess(t *testing.T) {
	h := newHouse(t)
	patterns := documented(t, h.server)
	for _, pattern := range h.server.mux.patterns {
		if _, ok := table[pattern]; !ok {
			t.Errorf("%s is served and has no row", pattern)
		}
	}
	for pattern := range table {
		if !slices.Contains(h.server.mux.patterns, pattern) {
			t.Errorf("%s has a row and is not served", pattern)
		}
	}
	if len(patterns)+len(pages) != len(table) { // pages are no part of the interface
		t.Errorf("%d routes in the document and %d of pages, %d in the table", len(patterns), len(pages), len(table))
	}
	_, id := h.key(authority.IssueRequest{})
	path := strings.NewReplacer("{id}", id.String(), "{name}", "default")
	for _, pattern := range patterns {
		method, route, _ := strings.Cut(pattern, " ")
		row := rowOf(method, route)
		media := api.MediaJSON
		if len(row.media) > 0 {
			media = row.media[0]
		}
		send := func(key string, headers ...string) answer {
			return h.send(method, path.Replace(route), key, bodies[pattern], append(headers, "Content-Type", media)...)
		}
		if row.anyone {
			needsItself := pattern == "POST "+api.PathExchange // the key that is exchanged, and no other
			if a := send(""); a.StatusCode == 403 || a.StatusCode == 401 != needsItself {
				t.Errorf("%s: %d for anyone", pattern, a.StatusCode)
			}
			continue
		}
		if row.proxy {
			continue // see TestPeers
		}
		proxied := []string{"X-Forwarded-For", "192.0.2.1"} // so that nothing counts as local
		a := send("", proxied...)
		if h.wantProblem(a, api.Unauthenticated); a.Header.Get("Www-Authenticate") != "Bearer" {
			t.Errorf("%s: no WWW-Authenticate", pattern)
		}
		lacking := slices.DeleteFunc(slices.Clone(authority.ServiceScopes), func(s string) bool { return slices.Contains(row.scopes, s) })
		if row.self {
			if a := send(h.serviceKey(authority.Rules{}, authority.ScopeMetrics), proxied...); a.StatusCode == 403 {
				t.Errorf("%s: %d with any service key", pattern, a.StatusCode)
			}
			continue
		}
		h.wantProblem(send(h.serviceKey(authority.Rules{}, lacking...), proxied...), api.AccessDenied)
		scopes := row.scopes[:1]
		if pattern == "POST "+api.PathBulk {
			h.wantProblem(send(h.serviceKey(authority.Rules{}, scopes...), proxied...), api.AccessDenied)
			scopes = []string{scopes[0], authority.ScopeRead}
		}
		if a := send(h.serviceKey(authority.Rules{}, scopes...), proxied...); a.StatusCode == 401 || a.StatusCode == 403 {
			t.Errorf("%s: %d with %s: %s", pattern, a.StatusCode, row.scopes[0], a.body)
		}
	}
}

// documented returns the operations of the OpenAPI document, and checks that it tells the same scopes as the table.
func documented(t *testing.T, s *Server) (patterns []string) {
	t.Helper()
	var d struct {
		Paths map[string]map[string]struct {
			Security []map[string][]string
			Scopes   []string `json:"x-keywright-scopes"`
		}
	}
	if err := json.Unmarshal(s.OpenAPI(), &d); err != nil {
		t.Fatal(err)
	}
	for path, operations := range d.Paths {
		for method, o := range operations {
			method = strings.ToUpper(method)
			patterns = append(patterns, method+" "+path)
			if row := rowOf(method, path); !slices.Equal(row.scopes, o.Scopes) || o.Security == nil {
				t.Errorf("%s %s: the document says %v, the table %v", method, path, o.Scopes, row.scopes)
			}
		}
	}
	slices.Sort(patterns)
	return patterns
}

// TestServiceKeys refuses whatever is not one valid service key, and never says why.
func TestServiceKeys(t *testing.T) {
	h := newHouse(t)
	customer, _ := h.key(authority.IssueRequest{Scopes: []string{"*"}})
	issued, err := h.authority.Issue(t.Context(), h.operator(), authority.IssueRequest{Keyspace: "keywright", Scopes: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	revoked := issued.Key.Reveal()
	if _, err := h.authority.Revoke(t.Context(), h.operator(), issued.Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for name, values := range map[string][]string{
		"none":         nil,
		"empty":        {""},
		"no scheme":    {h.root},
		"no key":       {"Bearer "},
		"basic":        {"Basic " + h.root},
		"two":          {"Bearer " + h.root, "Bearer " + h.root},
		"joined":       {"Bearer " + h.root + ", Bearer " + h.root},
		"long":         {"Bearer " + strings.Repeat("x", 2000)},
		"malformed":    {"Bearer " + h.root + "x"},
		"unknown":      {"Bearer " + unknownKey(h)},
		"a customer's": {"Bearer " + customer},
		"revoked":      {"Bearer " + revoked},
		"tab":          {"Bearer\t" + h.root},
	} {
		for _, path := range []string{"/v1/keys", "/v1/verify"} {
			method, body := "GET", ""
			if path == "/v1/verify" {
				method, body = "POST", bodies["POST /v1/verify"]
			}
			r, _ := http.NewRequest(method, h.url+path, strings.NewReader(body))
			r.Header["Authorization"] = values
			r.Header.Set("X-Request-Id", "same")
			a := h.do(r)
			h.wantProblem(a, api.Unauthenticated)
			if texts = append(texts, a.body); a.body != texts[0] {
				t.Errorf("%s at %s: %s differs from %s", name, path, a.body, texts[0])
			}
		}
	}
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER   "} {
		r, _ := http.NewRequest("GET", h.url+"/v1/keys", nil)
		r.Header.Set("Authorization", scheme+h.root)
		h.want(h.do(r), 200, nil)
	}
}

// unknownKey returns a well-formed service key that was never issued.
func unknownKey(h *house) string {
	other := newHouse(h.TB)
	return other.root
}

// TestBounds keeps a service key within its keyspaces and its owner.
func TestBounds(t *testing.T) {
	h := newHouse(t)
	h.want(h.send("POST", "/v1/keyspaces", h.root, `{"name":"other"}`), 201, nil)
	mine, mineID := h.key(authority.IssueRequest{Owner: "me"})
	theirs, theirsID := h.key(authority.IssueRequest{Owner: "them"})
	_, elsewhere := h.key(authority.IssueRequest{Keyspace: "other"})
	space := h.serviceKey(authority.Rules{Keyspaces: []string{"default"}}, "keys:*", "keyspaces:*", "audit:read")
	owner := h.serviceKey(authority.Rules{Owner: "me"}, "keys:*")
	h.want(h.send("GET", "/v1/keys/"+mineID.String(), space, ""), 200, nil)
	h.wantProblem(h.send("GET", "/v1/keys/"+elsewhere.String(), space, ""), api.AccessDenied)
	h.wantProblem(h.send("POST", "/v1/keys", space, `{"keyspace":"other"}`), api.AccessDenied)
	h.wantProblem(h.send("POST", "/v1/keys", space, `{"keyspace":"keywright","scopes":["*"]}`), api.AccessDenied)
	h.wantProblem(h.send("GET", "/v1/keyspaces/other", space, ""), api.AccessDenied)
	h.want(h.send("GET", "/v1/keys/"+mineID.String(), owner, ""), 200, nil)
	h.wantProblem(h.send("GET", "/v1/keys/"+theirsID.String(), owner, ""), api.NotFound)
	h.wantProblem(h.send("DELETE", "/v1/keys/"+theirsID.String(), owner, ""), api.NotFound)
	for key, code := range map[string]string{mine: `"VALID"`, theirs: `"NOT_FOUND"`} {
		if a := h.send("POST", "/v1/verify", owner, encode(map[string]string{"key": key, "keyspace": "default"})); !strings.Contains(a.body, code) {
			t.Errorf("want %s: %s", code, a.body)
		}
	}
	admin := h.serviceKey(authority.Rules{}, "admin:write")
	h.want(h.send("POST", "/v1/keys", admin, `{"keyspace":"keywright","scopes":["admin:write"]}`), 201, nil)
	h.wantProblem(h.send("POST", "/v1/keys", admin, `{"keyspace":"default"}`), api.AccessDenied)
	h.wantProblem(h.send("POST", "/v1/keys", admin, `{"keyspace":"keywright","scopes":["keys:read"]}`), api.AccessDenied)
}
