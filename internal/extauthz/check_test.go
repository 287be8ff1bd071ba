// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/gateway"
)

// eachForm runs a test for both forms in which Envoy sends headers.
func eachForm(t *testing.T, f func(t *testing.T, form func(*auth.CheckRequest) *auth.CheckRequest)) {
	t.Run("joined", func(t *testing.T) { f(t, func(q *auth.CheckRequest) *auth.CheckRequest { return q }) })
	t.Run("raw", func(t *testing.T) { f(t, raw) })
}

// TestCheck answers as forward auth does.
func TestCheck(t *testing.T) {
	h := newHouse(t)
	h.policy(authority.Policy{Routes: []authority.Route{
		{Path: "/v1/invoices", Method: "GET", Scopes: []string{"invoices:read"}},
		{Path: "/v1/invoices", Scopes: []string{"invoices:write"}},
		{Path: "/v1/dear", Cost: 3},
	}})
	testKey, _ := h.key(authority.IssueRequest{Environment: "test", Scopes: []string{"invoices:read"}})
	eachForm(t, func(t *testing.T, form func(*auth.CheckRequest) *auth.CheckRequest) {
		h := &house{TB: t, authority: h.authority, client: h.client}
		key, id := h.key(authority.IssueRequest{
			Owner: "Zoë, Ltd", Scopes: []string{"invoices:read", "users:read"}, Limits: []authority.Limit{{Name: "requests", Limit: 4, Window: time.Hour, Auto: true}},
			Rules: authority.Rules{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Methods: []string{"GET", "DELETE"}},
		})
		a := h.check(with(form(asks("GET", "/v1/invoices/7?x=1", key)), "environment", "live"))
		if got := h.wantPass(a); got != [4]string{id.String(), "Zo%C3%AB%2C%20Ltd", "invoices:read users:read", "live"} {
			t.Error(got)
		}
		if client := h.headersIn(a.GetOkResponse().ResponseHeadersToAdd); len(client) != 2 || !strings.HasPrefix(client["ratelimit"][0], `"requests";r=3`) {
			t.Error(client)
		}
		if len(a.GetOkResponse().HeadersToRemove) > 0 {
			t.Error(a)
		}
		for _, c := range []struct {
			name, method, path, key string
			extensions              []string
			status                  int
			code                    api.Code
			challenge               string
		}{
			{"no key", "GET", "/v1/invoices", "", nil, 401, api.KeyInvalid, "Bearer"},
			{"a wrong key", "GET", "/v1/invoices", key[:len(key)-1] + "!", nil, 401, api.KeyInvalid, `Bearer error="invalid_token"`},
			{"a wrong key where nothing is", "GET", "/nowhere", key[:len(key)-1] + "!", nil, 401, api.KeyInvalid, `Bearer error="invalid_token"`},
			{"of another environment", "GET", "/v1/invoices", testKey, []string{"environment", "live"}, 403, api.KeyForbidden, ""},
			{"a missing scope", "DELETE", "/v1/invoices", key, nil, 403, api.KeyForbidden, `Bearer error="insufficient_scope"`},
			{"a missing scope of the route", "GET", "/v1/invoices", key, []string{"scopes", "users:read users:write"}, 403, api.KeyForbidden, `Bearer error="insufficient_scope"`},
			{"no route", "GET", "/v2/invoices", key, nil, 403, api.KeyForbidden, ""},
			{"a method of the record", "POST", "/v1/dear", key, nil, 403, api.KeyForbidden, ""},
			{"an encoded slash", "GET", "/v1/invoices%2f..%2fdear", key, nil, 403, api.KeyForbidden, ""},
			{"dots", "GET", "/v1/invoices/../dear", key, nil, 403, api.KeyForbidden, ""},
			{"two slashes", "GET", "//v1/invoices", key, nil, 403, api.KeyForbidden, ""},
			{"a semicolon", "GET", "/v1/invoices;x", key, nil, 403, api.KeyForbidden, ""},
			{"a path in the query", "GET", "/v2?/../v1/invoices", key, nil, 403, api.KeyForbidden, ""},
			{"small letters", "get", "/v1/invoices", key, nil, 403, api.KeyForbidden, ""},
			{"no path", "CONNECT", "", key, nil, 403, api.KeyForbidden, ""},
			{"an address", "GET", "https://api.example.com/v1/invoices", key, nil, 403, api.KeyForbidden, ""},
		} {
			client := h.wantRefusal(h.check(with(form(asks(c.method, c.path, c.key)), c.extensions...)), c.status, c.code)
			if got := strings.Join(client["www-authenticate"], "|"); got != c.challenge {
				t.Errorf("%s: %q", c.name, got)
			}
		}
		h.wantPass(h.check(form(asks("GET", "/v1/dear", key)))) // 4 of 4: nothing of the above was spent
		client := h.wantRefusal(h.check(form(asks("GET", "/v1/dear", key))), 429, api.TooManyRequests)
		if client["retry-after"] == nil || client["ratelimit"] == nil || client["ratelimit-policy"] == nil {
			t.Error(client)
		}
	})
}

// TestTheClientTellsNothing: headers that proxies of other kinds believe are those of a client here.
func TestTheClientTellsNothing(t *testing.T) {
	h := newHouse(t)
	h.policy(authority.Policy{Routes: []authority.Route{{Path: "/admin", Scopes: []string{"admin"}}, {Path: "/open"}}})
	key, _ := h.key(authority.IssueRequest{Rules: authority.Rules{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}})
	lies := []string{
		"x-original-uri", "/open", "x-original-method", "GET", "x-forwarded-uri", "/open", "x-forwarded-method", "GET", "x-envoy-original-path", "/open",
		"x-forwarded-for", "192.0.2.1", "x-real-ip", "192.0.2.1", "x-keywright-options", "environment=test", "x-keywright-proxy", "x",
		"x-keywright-scopes", "admin", "x-keywright-owner", "me",
	}
	h.wantRefusal(h.check(asks("GET", "/admin", key, lies...)), 403, api.KeyForbidden)
	if got := h.wantPass(h.check(asks("GET", "/open", key, lies...))); got[1] != "" || got[2] != "" {
		t.Errorf("the client says whom its key belongs to: %q", got)
	}
	for name, source := range map[string]*core.Address{
		"another": socketAddress("203.0.113.1"), "none": nil, "garbage": socketAddress("x"), "a zone": socketAddress("192.0.2.1%eth0"),
		"a pipe": {Address: &core.Address_Pipe{Pipe: &core.Pipe{Path: "/192.0.2.1"}}},
	} {
		q := asks("GET", "/open", key, lies...)
		q.Attributes.Source.Address = source
		if a := h.check(q); a.GetDeniedResponse().GetStatus().GetCode() != 403 {
			t.Errorf("%s: %v", name, a)
		}
	}
	q := asks("GET", "/open", key)
	q.Attributes.Source.Address = socketAddress("::ffff:192.0.2.1")
	h.wantPass(h.check(q))
}

// TestCheckAmbiguous refuses what can be read in two ways, and judges nothing.
func TestCheckAmbiguous(t *testing.T) {
	h := newHouse(t)
	key, id := h.key(authority.IssueRequest{Credits: &authority.CreditsRequest{Remaining: 100}})
	twice := func(name, value string) func(*auth.CheckRequest) {
		return func(q *auth.CheckRequest) {
			m := raw(q).Attributes.Request.Http.HeaderMap
			for range 2 {
				m.Headers = append(m.Headers, &core.HeaderValue{Key: name, RawValue: []byte(value)})
			}
		}
	}
	for name, c := range map[string]struct {
		headers []string
		change  func(*auth.CheckRequest)
	}{
		"two keys":          {[]string{"x-api-key", key}, nil},
		"a key twice":       {[]string{"authorization", "Bearer " + key}, nil},
		"a key and nothing": {[]string{"authorization", ""}, nil},
		"a key twice, raw":  {nil, twice("authorization", "Bearer "+key)},
		"in other letters":  {nil, func(q *auth.CheckRequest) { q.Attributes.Request.Http.Headers["Authorization"] = "Bearer " + key }},
		"in both forms": {nil, func(q *auth.CheckRequest) {
			h := q.Attributes.Request.Http.Headers
			raw(q).Attributes.Request.Http.Headers = h
		}},
		"two origins":               {[]string{"origin", "https://a.example,https://b.example"}, nil},
		"two origins, raw":          {nil, twice("origin", "https://a.example")},
		"two owners":                {[]string{"x-keywright-owner", "a,b"}, nil},
		"two owners, raw":           {nil, twice("x-keywright-owner", "a")},
		"two key ids, raw":          {nil, twice("X-Keywright-Key-Id", "")},
		"another key in the header": {nil, func(q *auth.CheckRequest) { with(q, "header", "X-Acme-Key"); twice("x-acme-key", key)(q) }},
	} {
		q := asks("GET", "/", key, c.headers...)
		if c.change != nil {
			c.change(q)
		}
		if a := h.check(q); a.GetDeniedResponse().GetStatus().GetCode() != 401 || !strings.Contains(lastLine(h.log.String()), gateway.Ambiguous) {
			t.Errorf("%s: %v", name, a)
		}
	}
	balance, err := h.authority.Credits(t.Context(), h.operator(), id)
	if err != nil || balance.Remaining != 100 {
		t.Errorf("something was spent: %+v %v", balance, err)
	}
}

func lastLine(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	return lines[len(lines)-1]
}

// TestHideKey takes away from the service the one header that carries the key.
func TestHideKey(t *testing.T) {
	h := newHouse(t)
	key, _ := h.key(authority.IssueRequest{})
	for name, c := range map[string]struct {
		q    *auth.CheckRequest
		want string
	}{
		"bearer":             {asks("GET", "/", key), "authorization"},
		"an empty other":     {asks("GET", "/", key, "x-api-key", " "), "authorization"},
		"x-api-key":          {asks("GET", "/", "", "x-api-key", key), "x-api-key"},
		"beside basic":       {asks("GET", "/", "", "x-api-key", key, "authorization", "Basic x"), "x-api-key"},
		"named":              {with(asks("GET", "/", "", "x-acme-key", key), "header", "X-Acme-Key"), "x-acme-key"},
		"named, another too": {with(asks("GET", "/", "other", "x-acme-key", key), "header", "X-Acme-Key"), "x-acme-key"},
		"authorization":      {with(asks("GET", "/", key, "x-api-key", "other"), "header", "Authorization"), "authorization"},
	} {
		eachForm(t, func(t *testing.T, form func(*auth.CheckRequest) *auth.CheckRequest) {
			if c.q.Attributes.Request.Http.HeaderMap == nil {
				form(c.q)
			}
			with(c.q, "hide_key", "true")
			h := &house{TB: t, client: h.client}
			a := h.check(c.q)
			h.wantPass(a)
			if removed := a.GetOkResponse().HeadersToRemove; len(removed) != 1 || removed[0] != c.want {
				t.Errorf("%s: %q", name, removed)
			}
			with(c.q, "hide_key", "false")
			if removed := h.check(c.q).GetOkResponse().HeadersToRemove; len(removed) > 0 {
				t.Errorf("%s: %q", name, removed)
			}
		})
	}
}

// TestExtensions reads what a route says, each time the same.
func TestExtensions(t *testing.T) {
	h := newHouse(t)
	if _, err := h.authority.CreateKeyspace(t.Context(), h.operator(), authority.KeyspaceRequest{Name: "acme"}); err != nil {
		t.Fatal(err)
	}
	key, _ := h.key(authority.IssueRequest{Keyspace: "acme", Credits: &authority.CreditsRequest{Remaining: 10}})
	for range 2 {
		h.wantRefusal(h.check(asks("GET", "/", key)), 401, api.KeyInvalid) // of the default
		h.wantPass(h.check(with(asks("GET", "/", key), "keyspace", "acme", "cost", "5")))
	}
	h.wantRefusal(h.check(with(asks("GET", "/", key), "keyspace", "acme")), 429, api.TooManyRequests)
	for i := range 3 * readSettings {
		h.check(with(asks("GET", "/", "x"), "environment", "live", "cost", strings.Repeat("1", 1+i%9), "header", "X-"+strings.Repeat("a", 1+i/9)))
	}
	if n := len(h.server.read); n > readSettings {
		t.Errorf("%d are kept", n)
	}
}
