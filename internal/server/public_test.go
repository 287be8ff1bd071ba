// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// TestRevokeSelf answers alike whatever the key, and ends the one that may be ended.
func TestRevokeSelf(t *testing.T) {
	h := newHouse(t)
	h.want(h.send("POST", "/v1/keyspaces", h.root, `{"name":"web","formats":[{"name":"pub","preset":"publishable-key","prefix":"pk"}]}`), 201, nil)
	key, id := h.key(authority.IssueRequest{})
	public, _ := h.key(authority.IssueRequest{Keyspace: "web"})
	var bodies []string
	for _, k := range []string{key, public, unknownCustomer(t), "malformed", key} {
		a := h.send("POST", "/v1/revoke-self", "", encode(map[string]string{"key": k}), "X-Request-Id", "one")
		h.want(a, 202, nil)
		a.Header.Del("Date")
		bodies = append(bodies, a.body+encode(a.Header))
	}
	for _, b := range bodies {
		if b != bodies[0] {
			t.Errorf("answers differ: %s and %s", b, bodies[0])
		}
	}
	for k, want := range map[string]keywright.Code{key: keywright.Revoked, public: keywright.Valid} {
		space := "default"
		if k == public {
			space = "web"
		}
		if v, err := h.authority.Verify(t.Context(), keywright.Ask{Key: keywright.NewSecret(k), Keyspace: space}); err != nil || v.Code != want {
			t.Errorf("%s in %s, want %s: %v", v.Code, space, want, err)
		}
	}
	h.wantEvents(id.String(), "key.issue", "key.revoke_self")
	h.wantProblem(h.send("POST", "/v1/revoke-self", "", `{}`), api.InvalidInput)
	limited := 0
	for range 20 {
		if a := h.send("POST", "/v1/revoke-self", "", `{"key":"x"}`); a.StatusCode == http.StatusTooManyRequests {
			h.wantLimited(a, `"address";q=10;w=10`)
			limited++
		}
	}
	if limited < 5 {
		t.Errorf("%d of 20 were limited", limited)
	}
}

// TestLimiter keeps addresses apart, a network of IPv6 together, and its memory bounded.
func TestLimiter(t *testing.T) {
	l := newLimiter(0.001, 2)
	for _, c := range []struct {
		address string
		want    bool
	}{
		{"192.0.2.1", true},
		{"192.0.2.1", true},
		{"192.0.2.1", false},
		{"192.0.2.2", true},
		{"2001:db8::1", true},
		{"2001:db8::2", true},
		{"2001:db8::3", false},
		{"2001:db8:0:1::1", true},
		{"fe80::1%eth0", true},
	} {
		if _, got := l.allow(netip.MustParseAddr(c.address)); got != c.want {
			t.Errorf("%s: %v", c.address, got)
		}
	}
	for range 3 {
		if _, ok := l.allow(netip.Addr{}); !ok {
			break
		}
	}
	if _, ok := l.allow(netip.Addr{}); ok {
		t.Error("no address has no limit")
	}
	address := netip.MustParseAddr("10.0.0.0")
	for range 10 * addresses {
		l.allow(address)
		address = address.Next()
	}
	if n := len(l.young) + len(l.old); n > 2*addresses {
		t.Errorf("%d addresses are remembered", n)
	}
}

// TestProbes asks what load balancers and Prometheus ask.
func TestProbes(t *testing.T) {
	h := newHouse(t)
	key, _ := h.key(authority.IssueRequest{})
	h.send("POST", "/v1/verify", h.root, encode(map[string]string{"key": key, "keyspace": "default"}))
	if a := h.send("GET", "/livez", "", ""); a.StatusCode != 200 || strings.TrimSpace(a.body) != `{"live":true}` {
		t.Errorf("/livez: %d %s", a.StatusCode, a.body)
	}
	a := h.send("GET", "/metrics", "", "")
	for _, want := range []string{
		`keywright_verifications_total{code="VALID",keyspace="default"} 1`, `keywright_http_requests_total{route="POST /v1/verify",status="200"} 1`,
		`keywright_table_secrets 2`, `keywright_table_complete 1`, `keywright_http_request_duration_seconds_count{route="POST /v1/verify"} 1`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	for line := range strings.Lines(a.body) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "keywright_") && !strings.HasPrefix(line, "go_") && !strings.HasPrefix(line, "process_") {
			t.Errorf("a figure of another name: %s", line)
		}
	}
	// From elsewhere, or through a proxy on this machine.
	h.wantProblem(h.send("GET", "/metrics", "", "", "X-Forwarded-For", "192.0.2.1"), api.Unauthenticated)
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.RemoteAddr = "192.0.2.1:1234"
	w := httptest.NewRecorder()
	h.server.ServeHTTP(w, r)
	if w.Code != 401 {
		t.Errorf("from elsewhere: %d", w.Code)
	}
	var signpost map[string]string
	h.want(h.send("GET", "/", "", ""), 200, &signpost)
	if signpost["docs"] != "/docs" {
		t.Errorf("signpost %v", signpost)
	}
}

// TestUnknownRoutes answers with problems, as everything does.
func TestUnknownRoutes(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/nowhere", "/v1/", "/v1/keys/", "//", "/v1/../livez", "/v1//keys", "/V1/keys"} {
		h.wantProblem(h.send("GET", path, h.root, ""), api.NotFound)
	}
	for path, allow := range map[string]string{"/v1/keys": "GET, HEAD, POST", "/v1/verify": "POST", "/livez": "GET, HEAD"} {
		a := h.send("PUT", path, h.root, "{}")
		if h.wantProblem(a, api.MethodNotAllowed); a.Header.Get("Allow") != allow {
			t.Errorf("%s allows %q", path, a.Header.Get("Allow"))
		}
	}
	h.wantProblem(h.send("POST", "/v1/keys", h.root, "{}", "Content-Type", "text/plain"), api.UnsupportedMediaType)
	h.wantProblem(h.send("GET", "/v1/keys?limit=1&limit=2", h.root, ""), api.InvalidInput)
	h.wantProblem(h.send("GET", "/v1/keys?nothing=1", h.root, ""), api.InvalidInput)
	h.wantProblem(h.send("GET", "/v1/keys?a;b", h.root, ""), api.InvalidInput)
	if p := h.wantProblem(h.send("GET", "/v1/keys?limit=2000", h.root, ""), api.InvalidInput); p.Field != "limit" {
		t.Errorf("problem %+v", p)
	}
	if p := h.wantProblem(h.send("POST", "/v1/keys", h.root, ""), api.InvalidInput); p.Detail != "the body is missing" {
		t.Errorf("problem %+v", p)
	}
}

// TestRequestID takes a sane id, makes one otherwise, and keeps it with the event.
func TestRequestID(t *testing.T) {
	h := newHouse(t)
	for given, taken := range map[string]bool{
		"0f8fad5b-d9cb-469f-a165-70867728950e": true, "a.b-C9": true, "": false, "a_b": false, "a b": false, "ä": false, strings.Repeat("x", 65): false, `"`: false,
	} {
		got := h.send("GET", "/livez", "", "", "X-Request-Id", given).Header.Get("X-Request-Id")
		if (got == given) != taken || !regexp.MustCompile(`^[a-zA-Z0-9.-]+$`).MatchString(got) {
			t.Errorf("%q became %q", given, got)
		}
	}
	var issued api.IssueResponse
	h.want(h.send("POST", "/v1/keys", h.root, `{}`, "X-Request-Id", "mine-1"), 201, &issued)
	var events api.EventList
	h.want(h.send("GET", "/v1/events?target="+issued.Record.ID.String(), h.root, ""), 200, &events)
	e := events.Events[0]
	if e.RequestID != "mine-1" || len(e.Personal) == 0 || e.Personal[0].Name != "address" || e.Personal[0].Value != "127.0.0.1" {
		t.Errorf("event %+v", e)
	}
	var line struct {
		Level, Msg, Method, Route, Actor string
		Status                           int
		RequestID                        string `json:"request_id"`
	}
	for text := range strings.Lines(h.log.String()) {
		if strings.Contains(text, "mine-1") {
			if err := json.Unmarshal([]byte(text), &line); err != nil {
				t.Fatal(err)
			}
		}
	}
	if line.Level != "INFO" || line.Method != "POST" || line.Route != "POST /v1/keys" || line.Status != 201 || !strings.HasPrefix(line.Actor, "key_") {
		t.Errorf("log %+v", line)
	}
}

// TestDocs is one page with no script and nothing from elsewhere, and every problem's type leads to its code.
func TestDocs(t *testing.T) {
	h := newHouse(t)
	a := h.send("GET", "/docs", "", "")
	if a.StatusCode != 200 || !strings.HasPrefix(a.Header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-") {
		t.Fatalf("%d %v", a.StatusCode, a.Header)
	}
	if !strings.Contains(a.body, "<style>"+docsCSS+"</style>") {
		t.Error("the style sheet is not the one that the policy allows")
	}
	for _, banned := range []string{"<script", "http://", "javascript:", " style=", " on", "@import", "url("} {
		if banned == " on" {
			if regexp.MustCompile(`<[^>]* on\w+=`).MatchString(a.body) {
				t.Error("the page has a handler")
			}
			continue
		}
		if strings.Contains(a.body, banned) {
			t.Errorf("the page holds %q", banned)
		}
	}
	if regexp.MustCompile(`(src|href)="https?:`).MatchString(a.body) {
		t.Error("the page refers to elsewhere")
	}
	for _, example := range []string{`&#34;keyspace&#34;: &#34;acme&#34;`, `&#34;code&#34;: &#34;VALID&#34;`, "<summary>Example</summary>"} {
		if !strings.Contains(a.body, example) {
			t.Errorf("the page shows no %s", example)
		}
	}
	for _, c := range api.Codes() {
		if !strings.Contains(a.body, `id="`+string(c)+`"`) {
			t.Errorf("the page does not explain %s", c)
		}
	}
	for _, ref := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(a.body, -1) {
		if !strings.Contains(a.body, `id="`+ref[1]+`"`) && !strings.Contains(a.body, `id="`+strings.ReplaceAll(ref[1], "%20", " ")+`"`) {
			t.Errorf("a link leads nowhere: %s", ref[1])
		}
	}
	for _, pattern := range documented(t, h.server) {
		_, path, _ := strings.Cut(pattern, " ")
		if !strings.Contains(a.body, "</span> "+path+"</code>") {
			t.Errorf("the page lacks %s", pattern)
		}
	}
}
