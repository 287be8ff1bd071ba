// SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/rand"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

// browser is what a browser keeps of a session.
type browser struct {
	api.Session
	cookie *http.Cookie
}

func (h *house) signIn(key string) browser {
	h.Helper()
	return h.signedIn(h.send("POST", api.PathSessions, key, ""))
}

func (h *house) signedIn(a answer) (b browser) {
	h.Helper()
	h.want(a, 201, &b.Session)
	if len(a.Cookies()) != 1 {
		h.Fatalf("cookies %v", a.Cookies())
	}
	b.cookie = a.Cookies()[0]
	return b
}

// headers are those that a page of the server sends.
func (b *browser) headers(method string) []string {
	headers := []string{"Cookie", b.cookie.Name + "=" + b.cookie.Value, "Sec-Fetch-Site", "same-origin"}
	if !safe(method) {
		headers = append(headers, api.HeaderCSRF, b.CSRF)
	}
	return headers
}

func (h *house) from(b browser, method, path, body string, headers ...string) answer {
	h.Helper()
	return h.send(method, path, "", body, append(b.headers(method), headers...)...)
}

// TestSession signs in, does what the key may, and signs out.
func TestSession(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.root)
	if b.Keyspace != "default" || len(b.Scopes) == 0 || b.CSRF == "" || b.CSRF == b.cookie.Value || !b.IdleUntil.Before(b.ExpiresAt) {
		t.Fatalf("%+v", b.Session)
	}
	var shown api.Session
	h.want(h.from(b, "GET", api.PathSessions, ""), 200, &shown)
	if shown.KeyID != b.KeyID || shown.CSRF != b.CSRF || !shown.ExpiresAt.Equal(b.ExpiresAt) {
		t.Fatalf("%+v, not %+v", shown, b.Session)
	}
	var issued api.IssueResponse
	h.want(h.from(b, "POST", "/v1/keys", `{"name":"made in the console"}`), 201, &issued)
	h.want(h.from(b, "POST", api.PathVerify, encode(map[string]any{"key": issued.Key, "keyspace": "default", "explain": true})), 200, nil)
	h.want(h.from(b, "DELETE", "/v1/keys/"+issued.Record.ID.String(), ""), 200, nil)

	// A service key in the request is what counts, and is no session.
	narrow := h.serviceKey(authority.Rules{}, authority.ScopeMetrics)
	h.wantProblem(h.send("GET", "/v1/keys", narrow, "", b.headers("GET")...), api.AccessDenied)
	h.wantProblem(h.send("GET", api.PathSessions, narrow, "", b.headers("GET")...), api.SessionEnded)
	h.wantProblem(h.send("DELETE", api.PathSessions, narrow, ""), api.SessionEnded)
	for _, query := range []string{"?all=false", "?all=", "?other=true", "?all=true&x=1"} {
		h.wantProblem(h.from(b, "DELETE", api.PathSessions+query, ""), api.InvalidInput)
	}

	second, third := h.signIn(h.root), h.signIn(h.root)
	a := h.from(b, "DELETE", api.PathSessions, "")
	h.want(a, 204, nil)
	if gone := a.Cookies(); len(gone) != 1 || gone[0].Name != b.cookie.Name || gone[0].MaxAge >= 0 || gone[0].Path != "/" {
		t.Fatalf("the cookie is not taken back: %v", gone)
	}
	if a := h.from(b, "GET", api.PathSessions, ""); h.wantProblem(a, api.SessionEnded).Hint == "" || a.Header.Get("Www-Authenticate") == "" {
		t.Fatal(a.body)
	}
	h.want(h.from(second, "GET", "/v1/keys", ""), 200, nil)
	h.want(h.from(second, "DELETE", api.PathSessions+"?all=true", ""), 204, nil)
	h.wantProblem(h.from(third, "GET", "/v1/keys", ""), api.SessionEnded)
	fourth := h.signIn(h.root)
	h.want(h.send("DELETE", api.PathSessions+"?all=true", h.root, ""), 204, nil)
	h.wantProblem(h.from(fourth, "GET", "/v1/keys", ""), api.SessionEnded)
}

// TestCrossSite sends what pages of others can make a browser send, and what they could if one of its guards was missing.
func TestCrossSite(t *testing.T) {
	h := newHouse(t)
	b := h.signIn(h.root)
	cookie := []string{"Cookie", b.cookie.Name + "=" + b.cookie.Value}
	csrf := append([]string{api.HeaderCSRF, b.CSRF}, cookie...)
	other := h.signIn(h.root)
	for name, headers := range map[string][]string{
		"no header":            cookie,
		"empty header":         append([]string{api.HeaderCSRF, ""}, cookie...),
		"header of another":    append([]string{api.HeaderCSRF, other.CSRF}, cookie...),
		"token as header":      append([]string{api.HeaderCSRF, b.cookie.Value}, cookie...),
		"form":                 append([]string{"Content-Type", "application/x-www-form-urlencoded"}, cookie...),
		"plain text":           append([]string{"Content-Type", "text/plain"}, cookie...),
		"parts":                append([]string{"Content-Type", "multipart/form-data; boundary=x"}, cookie...),
		"foreign origin":       append([]string{"Origin", "https://evil.example"}, csrf...),
		"null origin":          append([]string{"Origin", "null"}, csrf...),
		"another port":         append([]string{"Origin", "http://127.0.0.1:1"}, csrf...),
		"another scheme":       append([]string{"Origin", "ftp" + strings.TrimPrefix(h.url, "http")}, csrf...),
		"host in the user":     append([]string{"Origin", h.url + "@evil.example"}, csrf...),
		"cross-site":           append([]string{"Sec-Fetch-Site", "cross-site"}, csrf...),
		"same-site":            append([]string{"Sec-Fetch-Site", "same-site"}, csrf...),
		"cross-site, own name": append([]string{"Sec-Fetch-Site", "cross-site", "Origin", h.url}, csrf...),
	} {
		for _, target := range []string{"POST /v1/keys", "POST " + api.PathVerify, "DELETE " + api.PathSessions + "?all=true", "DELETE /v1/keys/key_0DFUqXqVeEpK4nSQhDZ0mR"} {
			method, path, _ := strings.Cut(target, " ")
			if a := h.send(method, path, "", `{}`, headers...); a.StatusCode != 403 || h.wantProblem(a, api.CrossSite).Hint == "" {
				t.Errorf("%s, %s: %d %s", name, target, a.StatusCode, a.body)
			}
		}
	}
	for _, header := range [][2]string{{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}} {
		h.wantProblem(h.send("GET", "/v1/keys", "", "", append([]string{header[0], header[1]}, cookie...)...), api.CrossSite)
		h.wantProblem(h.send("POST", api.PathSessions, h.root, "", header[0], header[1]), api.CrossSite)
	}
	h.want(h.send("POST", "/v1/keys", "", `{}`, append([]string{"Origin", h.url, "Sec-Fetch-Site", "same-origin"}, csrf...)...), 201, nil)
	h.want(h.send("GET", "/v1/keys", "", "", append([]string{"Sec-Fetch-Site", "none"}, cookie...)...), 200, nil)
	// No preflight lets a page of another origin send the headers.
	if a := h.send("OPTIONS", "/v1/keys", "", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST"); a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("a preflight is answered")
	}
}

// TestSessionRoutes takes a session on no route that is for programs.
func TestSessionRoutes(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.ProxyNetworks = []netip.Prefix{} })
	b := h.signIn(h.root)
	key, _ := h.key(authority.IssueRequest{})
	h.wantProblem(h.from(b, "GET", api.PathMetrics, "", "X-Forwarded-For", "192.0.2.1"), api.Unauthenticated)
	h.wantProblem(h.from(b, "POST", api.PathVerifyBatch, `{}`, "Content-Type", api.MediaLines), api.Unauthenticated)
	h.wantProblem(h.from(b, "POST", api.PathSessions, ""), api.Unauthenticated)
	h.wantProblem(h.from(b, "POST", api.PathExchange, `{}`), api.Unauthenticated)
	if a := h.from(b, "GET", "/v1/auth/default", "", "X-API-Key", key); a.StatusCode == 204 || a.StatusCode == 200 {
		t.Errorf("forward auth: %d", a.StatusCode)
	}
	call := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_keys","arguments":{}}}`
	mcp := []string{"Accept", "application/json, text/event-stream"}
	if a := h.send("POST", api.PathMCP, h.root, call, mcp...); strings.Contains(a.body, `"isError":true`) {
		t.Fatalf("with a service key: %s", a.body)
	}
	if a := h.from(b, "POST", api.PathMCP, call, mcp...); !strings.Contains(a.body, `"isError":true`) && a.StatusCode == 200 {
		t.Errorf("a session works at /mcp: %s", a.body)
	}
}

// TestSessionCookie looks at the flags of the cookie, over TLS, over plain HTTP, and through proxies.
func TestSessionCookie(t *testing.T) {
	check := func(what string, c *http.Cookie, secure bool) {
		t.Helper()
		name := map[bool]string{true: "__Host-keywright", false: "keywright"}[secure]
		if c.Name != name || c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 || !tokenLike(c.Value) {
			t.Errorf("%s: %s", what, c.Raw[strings.IndexByte(c.Raw, ';'):])
		}
	}
	h := newHouse(t)
	plain := h.signIn(h.root)
	check("plain", plain.cookie, false)
	proxied := []string{"X-Forwarded-Proto", "https"}
	through := h.signedIn(h.send("POST", api.PathSessions, h.root, "", proxied...))
	check("through a proxy that is believed", through.cookie, true)
	h.want(h.from(through, "GET", "/v1/keys", "", proxied...), 200, nil)
	h.wantProblem(h.from(through, "GET", "/v1/keys", ""), api.Unauthenticated) // not over plain HTTP
	h.wantProblem(h.from(plain, "GET", "/v1/keys", "", proxied...), api.Unauthenticated)
	h.wantProblem(h.from(through, "GET", "/v1/keys", "", append([]string{"Origin", h.url}, proxied...)...), api.CrossSite)
	h.want(h.from(through, "GET", "/v1/keys", "", append([]string{"Origin", "https" + strings.TrimPrefix(h.url, "http")}, proxied...)...), 200, nil)

	doubted := newHouse(t, func(o *Options) { o.ProxyNetworks = []netip.Prefix{} })
	check("through a proxy that is not", doubted.signedIn(doubted.send("POST", api.PathSessions, doubted.root, "", proxied...)).cookie, false)

	p := newPapers(t)
	secure, _ := p.serve()
	client := p.client(true)
	b := secure.signedIn(secure.by(client, "POST", api.PathSessions, secure.root, ""))
	check("over TLS", b.cookie, true)
	secure.want(secure.by(client, "GET", "/v1/keys", "", "", b.headers("GET")...), 200, nil)

	for name, cookie := range map[string]string{
		"twice":     "keywright=" + plain.cookie.Value + "; keywright=" + plain.cookie.Value,
		"elsewhere": "Keywright=" + plain.cookie.Value, "short": "keywright=" + plain.cookie.Value[1:], "quoted twice": `keywright=""` + plain.cookie.Value + `""`,
	} {
		if a := h.send("GET", "/v1/keys", "", "", "Cookie", cookie); a.StatusCode != 401 {
			t.Errorf("%s: %d", name, a.StatusCode)
		}
	}
}

// TestSessionEnds moves the clock, and revokes.
func TestSessionEnds(t *testing.T) {
	store, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	var ahead atomic.Int64
	h := newHouseAt(t, store, func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) })
	b := h.signIn(h.root)
	ahead.Store(int64(29 * time.Minute))
	h.want(h.from(b, "GET", "/v1/keys", ""), 200, nil)
	ahead.Store(int64(58 * time.Minute))
	h.want(h.from(b, "GET", "/v1/keys", ""), 200, nil)
	ahead.Store(int64(89 * time.Minute))
	h.wantProblem(h.from(b, "GET", "/v1/keys", ""), api.SessionEnded)
	h.wantProblem(h.from(b, "POST", "/v1/keys", "{}"), api.SessionEnded)

	key := h.serviceKey(authority.Rules{}, authority.ScopeRead, authority.ScopeVerify)
	b = h.signIn(key)
	h.want(h.from(b, "GET", "/v1/keys", ""), 200, nil)
	h.wantProblem(h.from(b, "POST", "/v1/keys", "{}"), api.AccessDenied)
	h.want(h.send("POST", "/v1/keys/"+b.KeyID.String()+"/revoke", h.root, ""), 200, nil)
	h.wantProblem(h.from(b, "GET", "/v1/keys", ""), api.SessionEnded)
	h.wantProblem(h.from(b, "POST", api.PathVerify, `{}`), api.SessionEnded)
	h.wantProblem(h.send("POST", api.PathSessions, key, ""), api.Unauthenticated)
	for _, text := range []string{h.log.String(), h.send("GET", "/v1/events?limit=1000", h.root, "").body} {
		if strings.Contains(text, b.cookie.Value) || strings.Contains(text, b.CSRF) || strings.Contains(text, key) || !strings.Contains(text, b.KeyID.String()) {
			t.Error("a log or an event holds a token, or no actor")
		}
	}
	if !strings.Contains(h.send("GET", "/v1/events?verb=session.begin", h.root, "").body, b.KeyID.String()) {
		t.Error("no event says that the session began")
	}
}

// TestSignInIsLimited slows down who guesses, and not who signs in.
func TestSignInIsLimited(t *testing.T) {
	h := newHouse(t)
	for range 20 {
		h.signIn(h.root)
	}
	for range 10 {
		h.wantProblem(h.send("POST", api.PathSessions, "keywright_nonsense", ""), api.Unauthenticated)
	}
	h.wantLimited(h.send("POST", api.PathSessions, "keywright_nonsense", ""), `"address";q=10;w=50`)
	h.wantLimited(h.send("POST", api.PathSessions, h.root, ""), `"address";q=10;w=50`)
}

// FuzzSessionCookie takes any Cookie header: nothing but the token of a session is one.
func FuzzSessionCookie(f *testing.F) {
	token := make([]byte, 32)
	_, _ = rand.Read(token)
	s := &Server{}
	for _, seed := range []string{"", "keywright=x", "keywright=" + strings.Repeat("A", 43), "a=b; keywright=" + strings.Repeat("_", 43), "keywright=\x00", `keywright="` + strings.Repeat("A", 43) + `"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := &http.Request{Header: http.Header{"Cookie": {header}}}
		got, ok := s.sessionToken(r, &call{})
		if ok != (got != keywright.Secret{}) || ok && (!tokenLike(got.Reveal()) || strings.Count(header, got.Reveal()) == 0) {
			t.Fatalf("ok %v", ok)
		}
	})
}
