// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/gateway"
	"github.com/keywright/keywright/store/sqlite"
)

// A style is how a proxy tells what it asks about.
type style struct {
	name string
	ask  func(h *house, keyspace, options, method, path string) *http.Request
}

func get(h *house, url string) *http.Request {
	h.Helper()
	r, err := http.NewRequest("GET", h.url+url, nil)
	if err != nil {
		h.Fatal(err)
	}
	return r
}

// styles are those that the guide configures.
var styles = []style{
	{"nginx", func(h *house, keyspace, options, method, path string) *http.Request {
		r := get(h, "/v1/auth/"+keyspace+"?"+options)
		r.Header["X-Original-Method"], r.Header["X-Original-Uri"] = []string{method}, []string{path}
		r.Header["X-Real-Ip"] = []string{"192.0.2.1"}
		return r
	}},
	{"traefik", func(h *house, keyspace, options, method, path string) *http.Request {
		r := get(h, "/v1/auth/"+keyspace+"?"+options)
		r.Header["X-Forwarded-Method"], r.Header["X-Forwarded-Uri"] = []string{method}, []string{path}
		r.Header["X-Forwarded-For"], r.Header["X-Real-Ip"] = []string{"192.0.2.1"}, []string{"192.0.2.1"}
		r.Header["X-Forwarded-Proto"], r.Header["X-Forwarded-Host"] = []string{"https"}, []string{"api.example.com"}
		return r
	}},
	{"caddy", func(h *house, keyspace, options, method, path string) *http.Request {
		r := get(h, "/v1/auth/"+keyspace+"?"+options)
		r.Header["X-Forwarded-Method"], r.Header["X-Forwarded-Uri"] = []string{method}, []string{path}
		r.Header["X-Forwarded-For"] = []string{"192.0.2.1"}
		return r
	}},
	{"envoy", func(h *house, keyspace, options, method, path string) *http.Request {
		r := get(h, "/")
		path, r.URL.RawQuery, _ = strings.Cut(path, "?")
		r.Method, r.URL.Opaque = method, "/v1/auth/"+keyspace+path // as it came, cleaned by nobody
		r.Header["X-Forwarded-For"] = []string{"192.0.2.1, 127.0.0.1"}
		if options != "" {
			r.Header[headerOptions] = []string{options}
		}
		return r
	}},
}

// eachStyle runs a test for every proxy.
func eachStyle(t *testing.T, f func(t *testing.T, s style)) {
	for _, s := range styles {
		t.Run(s.name, func(t *testing.T) { f(t, s) })
	}
}

// withKey presents a key as clients do.
func withKey(r *http.Request, key string) *http.Request {
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	return r
}

func (h *house) policy(keyspace string, p authority.Policy) {
	h.Helper()
	if _, err := h.authority.UpdateKeyspace(context.Background(), h.operator(), authority.KeyspaceRequest{Name: keyspace, Policy: &p}); err != nil {
		h.Fatal(err)
	}
}

// identity are the headers for the service; all four must be there.
func (h *house) identity(a answer) [4]string {
	h.Helper()
	var got [4]string
	for i, name := range []string{gateway.HeaderKeyID, gateway.HeaderOwner, gateway.HeaderScopes, gateway.HeaderEnvironment} {
		values := a.Header[name]
		if len(values) != 1 {
			h.Fatalf("%s is there %d times: %v", name, len(values), a.Header)
		}
		got[i] = values[0]
	}
	return got
}

// TestForwardAuth answers every kind of proxy alike.
func TestForwardAuth(t *testing.T) {
	h := newHouse(t)
	h.policy("default", authority.Policy{Routes: []authority.Route{
		{Path: "/v1/invoices", Method: "GET", Scopes: []string{"invoices:read"}},
		{Path: "/v1/invoices", Scopes: []string{"invoices:write"}},
		{Path: "/v1/dear", Cost: 3},
	}})
	key, id := h.key(authority.IssueRequest{
		Owner: "Zoë, Ltd", Scopes: []string{"invoices:read", "users:read"}, Limits: []authority.Limit{{Name: "requests", Limit: 4, Window: time.Hour, Auto: true}},
		Rules: authority.Rules{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Methods: []string{"GET", "DELETE"}},
	})
	testKey, _ := h.key(authority.IssueRequest{Environment: "test", Scopes: []string{"invoices:read"}})
	nobody := [4]string{}
	eachStyle(t, func(t *testing.T, s style) {
		h := &house{TB: t, authority: h.authority, server: h.server, url: h.url, root: h.root, log: h.log}
		key, id := key, id
		if s.name != "nginx" {
			key, id = h.key(authority.IssueRequest{
				Owner: "Zoë, Ltd", Scopes: []string{"invoices:read", "users:read"}, Limits: []authority.Limit{{Name: "requests", Limit: 4, Window: time.Hour, Auto: true}},
				Rules: authority.Rules{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Methods: []string{"GET", "DELETE"}},
			})
		}
		ask := func(options, method, path, key string) answer {
			return h.do(withKey(s.ask(h, "default", options, method, path), key))
		}
		a := ask("environment=live", "GET", "/v1/invoices/7?x=1", key)
		h.want(a, 204, nil)
		if got := h.identity(a); got != [4]string{id.String(), "Zo%C3%AB%2C%20Ltd", "invoices:read users:read", "live"} {
			t.Error(got)
		}
		if a.Header.Get("RateLimit") == "" || a.Header.Get("Cache-Control") != "no-store" {
			t.Error(a.Header)
		}
		for _, c := range []struct {
			name, options, method, path, key string
			status                           int
			code                             api.Code
			challenge                        string
		}{
			{"no key", "", "GET", "/v1/invoices", "", 401, api.KeyInvalid, "Bearer"},
			{"a wrong key", "", "GET", "/v1/invoices", key[:len(key)-1] + "!", 401, api.KeyInvalid, `Bearer error="invalid_token"`},
			{"a wrong key where nothing is", "", "GET", "/nowhere", key[:len(key)-1] + "!", 401, api.KeyInvalid, `Bearer error="invalid_token"`},
			{"of another environment", "environment=live", "GET", "/v1/invoices", testKey, 403, api.KeyForbidden, ""},
			{"a missing scope", "", "DELETE", "/v1/invoices", key, 403, api.KeyForbidden, `Bearer error="insufficient_scope"`},
			{"a missing scope of the options", "scopes=users:read+users:write", "GET", "/v1/invoices", key, 403, api.KeyForbidden, `Bearer error="insufficient_scope"`},
			{"no route", "", "GET", "/v2/invoices", key, 403, api.KeyForbidden, ""},
			{"a method of the record", "", "POST", "/v1/dear", key, 403, api.KeyForbidden, ""},
			{"an encoded slash", "", "GET", "/v1/invoices%2f..%2fdear", key, 403, api.KeyForbidden, ""},
		} {
			a := ask(c.options, c.method, c.path, c.key)
			if h.wantProblem(a, c.code); h.identity(a) != nobody || a.Header.Get("Www-Authenticate") != c.challenge {
				t.Errorf("%s: %v", c.name, a.Header)
			}
		}
		h.want(ask("", "GET", "/v1/dear", key), 204, nil) // 4 of 4: nothing of the above was spent
		a = ask("", "GET", "/v1/dear", key)
		h.wantLimitedKey(a, 429)
		h.wantLimitedKey(ask("limited=403", "GET", "/v1/dear", key), 403)
	})
}

// wantLimitedKey checks that an answer says that a key is beyond a limit.
func (h *house) wantLimitedKey(a answer, status int) {
	h.Helper()
	var p api.Problem
	h.want(a, status, &p)
	mapped := a.Header.Get(gateway.HeaderStatus)
	if p.Code != api.TooManyRequests || p.Status != status || a.Header.Get("Retry-After") == "" || a.Header.Get("RateLimit") == "" || (status == 403) != (mapped == "429") {
		h.Errorf("%v %s", a.Header, a.body)
	}
}

// TestForwardAuthIsUniform tells a stranger nothing: every key that is not good gets one answer.
func TestForwardAuthIsUniform(t *testing.T) {
	h := newHouse(t)
	revoked, id := h.key(authority.IssueRequest{Owner: "me", Scopes: []string{"a:b"}})
	if _, err := h.authority.Revoke(t.Context(), h.operator(), id, ""); err != nil {
		t.Fatal(err)
	}
	disabled, id := h.key(authority.IssueRequest{Owner: "me"})
	if _, err := h.authority.Disable(t.Context(), h.operator(), id); err != nil {
		t.Fatal(err)
	}
	early, _ := h.key(authority.IssueRequest{NotBefore: time.Now().Add(time.Hour)})
	other := newHouse(t)
	unknown, _ := other.key(authority.IssueRequest{})
	var first answer
	for name, key := range map[string]string{"malformed": "x", "long": strings.Repeat("x", 3000), "unknown": unknown, "revoked": revoked, "disabled": disabled, "early": early, "a service key": h.root} {
		r := withKey(styles[0].ask(h, "default", "environment=live", "GET", "/"), key)
		r.Header.Set("X-Request-Id", "same")
		a := h.do(r)
		h.wantProblem(a, api.KeyInvalid)
		a.Header.Del("Date")
		if first.Response == nil {
			first = a
		}
		if a.body != first.body || len(a.Header) != len(first.Header) || a.Header.Get("Www-Authenticate") != first.Header.Get("Www-Authenticate") {
			t.Errorf("%s: %v %s", name, a.Header, a.body)
		}
	}
}

// TestForwardAuthAmbiguous refuses what can be read in two ways, and judges nothing.
func TestForwardAuthAmbiguous(t *testing.T) {
	h := newHouse(t)
	key, id := h.key(authority.IssueRequest{Credits: &authority.CreditsRequest{Remaining: 100}})
	eachStyle(t, func(t *testing.T, s style) {
		h := &house{TB: t, authority: h.authority, server: h.server, url: h.url, log: h.log}
		for name, change := range map[string]func(http.Header){
			"two keys":             func(h http.Header) { h.Set("X-Api-Key", key) },
			"a key twice":          func(h http.Header) { h.Add("Authorization", "Bearer "+key) },
			"keys joined":          func(h http.Header) { h.Set("Authorization", "Bearer "+key+", Bearer "+key) },
			"two origins":          func(h http.Header) { h["Origin"] = []string{"https://a.example", "https://b.example"} },
			"nginx says otherwise": func(h http.Header) { h["X-Original-Method"], h["X-Original-Uri"] = []string{"GET"}, []string{"/other"} },
			"another method":       func(h http.Header) { h["X-Original-Method"], h["X-Original-Uri"] = []string{"POST"}, []string{"/a"} },
			"traefik twice":        func(h http.Header) { h["X-Forwarded-Uri"] = []string{"/a", "/a"} },
			"half of nginx": func(h http.Header) {
				delete(h, "X-Original-Method")
				h["X-Original-Uri"] = []string{"/a"}
				h["X-Forwarded-Uri"] = []string{"/a"}
				h["X-Forwarded-Method"] = []string{"GET"}
			},
			"caddy says otherwise": func(h http.Header) {
				h["X-Forwarded-Method"], h["X-Forwarded-Uri"] = []string{"GET"}, []string{"/b"}
				h["X-Original-Method"], h["X-Original-Uri"] = []string{"GET"}, []string{"/a"}
			},
			"options of the client": func(h http.Header) {
				h[headerOptions] = append(h[headerOptions], "environment=test", "environment=test")
			},
		} {
			r := withKey(s.ask(h, "default", "environment=live", "GET", "/a"), key)
			if s.name == "nginx" { // so that there is another account to differ from
				r.Header["X-Forwarded-Method"], r.Header["X-Forwarded-Uri"] = []string{"GET"}, []string{"/a"}
			}
			change(r.Header)
			a := h.do(r)
			if h.wantProblem(a, api.KeyInvalid); h.identity(a) != [4]string{} {
				t.Errorf("%s: %v", name, a.Header)
			}
		}
	})
	balance, err := h.authority.Credits(t.Context(), h.operator(), id)
	if err != nil || balance.Remaining != 100 {
		t.Errorf("something was spent: %+v %v", balance, err)
	}
}

// TestAppendedQuery takes the query behind an appended path for what it is: the client's.
func TestAppendedQuery(t *testing.T) {
	h := newHouse(t)
	key, _ := h.key(authority.IssueRequest{})
	envoy := styles[3]
	h.want(h.do(withKey(envoy.ask(h, "default", "", "GET", "/a?environment=test&scopes=x&unknown=1"), key)), 204, nil)
	h.wantProblem(h.do(withKey(envoy.ask(h, "default", "environment=test", "GET", "/a?environment=live"), key)), api.KeyForbidden)
	h.wantProblem(h.do(withKey(envoy.ask(h, "default", "unknown=1", "GET", "/a"), key)), api.Unavailable)
}

// TestForwardAuthMisconfigured fails closed, and never so that it reads as a bad key; the log has a hint.
func TestForwardAuthMisconfigured(t *testing.T) {
	h := newHouse(t)
	h.want(h.send("POST", "/v1/keyspaces", h.root, `{"name":"routed","policy":{"routes":[{"path":"/"}]}}`), 201, nil)
	key, _ := h.key(authority.IssueRequest{})
	for name, c := range map[string]struct{ url, hint string }{
		"no such keyspace":  {"/v1/auth/nowhere", "the name of a keyspace"},
		"no keyspace":       {"/v1/auth/", "the name of a keyspace"},
		"of service keys":   {"/v1/auth/keywright", "the keyspace of your API"},
		"unknown parameter": {"/v1/auth/default?enviroment=live", "may have environment"},
		"twice":             {"/v1/auth/default?cost=1&cost=2", "twice"},
		"no cost":           {"/v1/auth/default?cost=0", "1,000,000,000"},
		"no environment":    {"/v1/auth/default?environment=", "such as live"},
		"no header":         {"/v1/auth/default?header=a%20b", "X-Acme-Key"},
		"a wildcard":        {"/v1/auth/default?scopes=*", "no *"},
		"no scopes":         {"/v1/auth/default?scopes=", "such as invoices:read"},
		"limited to 200":    {"/v1/auth/default?limited=200", "leave it out"},
		"bad escape":        {"/v1/auth/default?%zz", "may have environment"},
		"no method":         {"/v1/auth/routed", "X-Original-Method"},
	} {
		r := get(h, "/")
		r.URL.Opaque, r.URL.RawQuery, _ = strings.Cut(c.url, "?")
		a := h.do(withKey(r, key))
		h.wantProblem(a, api.Unavailable)
		if log := lastLine(h.log.String()); !strings.Contains(log, gateway.Misconfigured) || !strings.Contains(log, c.hint) || !strings.Contains(log, `"level":"ERROR"`) {
			t.Errorf("%s: %s", name, log)
		}
		if strings.Contains(a.body, c.hint) || h.identity(a) != [4]string{} {
			t.Errorf("%s: the client is told %s", name, a.body)
		}
	}
	for _, url := range []string{"/v1/%61uth/default", "/v1/auth"} { // not as it is written
		r := get(h, "/")
		r.URL.Opaque = url
		h.wantProblem(h.do(withKey(r, key)), api.NotFound)
	}
}

func lastLine(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	return lines[len(lines)-1]
}

// TestPeers believes proxies alone. A stranger is told nothing, and nothing is judged or spent.
func TestPeers(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.ProxyNetworks = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")} })
	key, id := h.key(authority.IssueRequest{Credits: &authority.CreditsRequest{Remaining: 10}})
	h.want(h.send("POST", "/v1/keyspaces", h.root, `{"name":"other"}`), 201, nil)
	ask := func(peer string, proxyKeys ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/v1/auth/default", nil)
		r.RemoteAddr = peer
		r.Header[gateway.HeaderProxy] = proxyKeys
		w := httptest.NewRecorder()
		h.server.ServeHTTP(w, withKey(r, key))
		return w
	}
	verify := h.serviceKey(authority.Rules{}, "keys:verify")
	for name, c := range map[string]struct {
		peer   string
		keys   []string
		status int
	}{
		"of the network":               {"198.51.100.7:1", nil, 204},
		"as IPv6":                      {"[::ffff:198.51.100.7]:1", nil, 204},
		"of the network, a wrong key":  {"198.51.100.7:1", []string{"x"}, 204},
		"a stranger":                   {"203.0.113.7:1", nil, 403},
		"this machine is not in it":    {"127.0.0.1:1", nil, 403},
		"without an address":           {"@", nil, 403},
		"with a service key":           {"203.0.113.7:1", []string{verify}, 204},
		"two service keys":             {"203.0.113.7:1", []string{verify, verify}, 403},
		"a wrong service key":          {"203.0.113.7:1", []string{verify + "x"}, 403},
		"a customer's key":             {"203.0.113.7:1", []string{key}, 403},
		"without the scope":            {"203.0.113.7:1", []string{h.serviceKey(authority.Rules{}, "keys:read")}, 403},
		"bound to another keyspace":    {"203.0.113.7:1", []string{h.serviceKey(authority.Rules{Keyspaces: []string{"other"}}, "keys:verify")}, 503},
		"bound to an owner of no key":  {"203.0.113.7:1", []string{h.serviceKey(authority.Rules{Owner: "else"}, "keys:verify")}, 401},
		"bound to the keyspace itself": {"203.0.113.7:1", []string{h.serviceKey(authority.Rules{Keyspaces: []string{"default"}}, "keys:verify")}, 204},
	} {
		if w := ask(c.peer, c.keys...); w.Code != c.status {
			t.Errorf("%s: %d, want %d: %s", name, w.Code, c.status, w.Body)
		} else if c.status == 403 && (!strings.Contains(lastLine(h.log.String()), "--proxy-network") || !strings.Contains(lastLine(h.log.String()), `"WARN"`)) {
			t.Errorf("%s: no hint in %s", name, lastLine(h.log.String()))
		}
	}
	balance, err := h.authority.Credits(t.Context(), h.operator(), id)
	if err != nil || balance.Remaining != 10-5 {
		t.Errorf("%+v %v", balance, err)
	}
	if n := h.authority.Verifications()["default"][keywright.Valid]; n != 5 {
		t.Errorf("%d verifications", n)
	}
}

// TestSocketPeers believes who may connect to a Unix socket.
func TestSocketPeers(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.ProxyNetworks = []netip.Prefix{} })
	key, _ := h.key(authority.IssueRequest{})
	h.wantProblem(h.do(withKey(get(h, "/v1/auth/default"), key)), api.AccessDenied)
	path := t.TempDir() + "/s"
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	web := &httptest.Server{Listener: l, Config: &http.Server{Handler: h.server}}
	web.Start()
	defer web.Close()
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	response, err := client.Do(withKey(get(h, "/v1/auth/default"), key))
	if err != nil || response.StatusCode != 204 {
		t.Error(response, err)
	}
	client.CloseIdleConnections()
}

// TestForwardAuthCannotJudge answers 503 when nobody can tell, and 204 to none.
func TestForwardAuthCannotJudge(t *testing.T) {
	memory, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = memory.Close() })
	store := &failing{Store: memory}
	h := newHouseOver(t, store)
	key := unknownCustomer(t)
	store.down.Store(true)
	eachStyle(t, func(t *testing.T, s style) {
		h := &house{TB: t, server: h.server, url: h.url, log: h.log}
		a := h.do(withKey(s.ask(h, "default", "", "GET", "/"), key))
		if p := h.wantProblem(a, api.Unavailable); a.Header.Get("Retry-After") != "1" || p.Hint == "" || h.identity(a) != [4]string{} {
			t.Errorf("%v %s", a.Header, a.body)
		}
	})
}

// TestClientAddressOfProxies forbids a key that is bound to networks wherever the address is in doubt.
func TestClientAddressOfProxies(t *testing.T) {
	h := newHouse(t)
	key, _ := h.key(authority.IssueRequest{Rules: authority.Rules{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}})
	for name, c := range map[string]struct {
		headers []string
		status  int
	}{
		"one hop":              {[]string{"X-Forwarded-For", "192.0.2.1"}, 204},
		"said by the client":   {[]string{"X-Forwarded-For", "192.0.2.1, 203.0.113.1"}, 403},
		"hops of proxies":      {[]string{"X-Forwarded-For", "192.0.2.1, 127.0.0.1,127.0.0.2"}, 204},
		"proxies alone":        {[]string{"X-Forwarded-For", "127.0.0.1"}, 403},
		"none":                 {nil, 403},
		"malformed":            {[]string{"X-Forwarded-For", "192.0.2.1, x"}, 403},
		"empty":                {[]string{"X-Forwarded-For", ""}, 403},
		"with a port":          {[]string{"X-Forwarded-For", "192.0.2.1:80"}, 403},
		"twice":                {[]string{"X-Forwarded-For", "192.0.2.1", "X-Forwarded-For", "192.0.2.1"}, 403},
		"real":                 {[]string{"X-Real-Ip", "192.0.2.1"}, 204},
		"real and forwarded":   {[]string{"X-Real-Ip", "192.0.2.1", "X-Forwarded-For", "192.0.2.1"}, 204},
		"real differs":         {[]string{"X-Real-Ip", "192.0.2.1", "X-Forwarded-For", "203.0.113.1"}, 403},
		"forwarded differs":    {[]string{"X-Real-Ip", "203.0.113.1", "X-Forwarded-For", "192.0.2.1"}, 403},
		"real, no forwarded":   {[]string{"X-Real-Ip", "192.0.2.1", "X-Forwarded-For", "127.0.0.1"}, 403},
		"another word for it":  {[]string{"Forwarded", "for=192.0.2.1"}, 403},
		"as IPv6":              {[]string{"X-Forwarded-For", "::ffff:192.0.2.1"}, 204},
		"real, malformed then": {[]string{"X-Real-Ip", "192.0.2.1", "X-Forwarded-For", "x"}, 403},
	} {
		r := withKey(get(h, "/v1/auth/default"), key)
		for i := 0; i < len(c.headers); i += 2 {
			r.Header.Add(c.headers[i], c.headers[i+1])
		}
		if a := h.do(r); a.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", name, a.StatusCode, c.status)
		}
	}
}

// TestForwardAuthLog tells the operator what the client is not told.
func TestForwardAuthLog(t *testing.T) {
	h := newHouse(t)
	key, _ := h.key(authority.IssueRequest{})
	h.do(withKey(styles[0].ask(h, "default", "", "GET", "/"), key))
	if log := lastLine(h.log.String()); !strings.Contains(log, `"code":"VALID"`) || !strings.Contains(log, `"DEBUG"`) || strings.Contains(log, key) {
		t.Error(log)
	}
	h.do(withKey(styles[0].ask(h, "default", "", "GET", "/"), "x"))
	if log := lastLine(h.log.String()); !strings.Contains(log, `"code":"MALFORMED"`) {
		t.Error(log)
	}
	reader, id := h.key(authority.IssueRequest{Rules: authority.Rules{Methods: []string{"GET"}}})
	h.do(withKey(styles[0].ask(h, "default", "", "POST", "/"), reader))
	if log := lastLine(h.log.String()); !strings.Contains(log, `"code":"FORBIDDEN"`) || !strings.Contains(log, `"reason":"the method is missing or not allowed"`) || strings.Contains(log, reader) {
		t.Error(log, id)
	}
	metrics := h.send("GET", "/metrics", h.root, "").body
	if want := `keywright_http_requests_total{route="/v1/auth/{keyspace}",status="204"} 1`; !slices.Contains(strings.Split(metrics, "\n"), want) {
		t.Error("the metrics do not count it")
	}
}
