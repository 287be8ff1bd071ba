// SPDX-License-Identifier: Apache-2.0

package httpauth_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/httpauth"
)

// TestPasses lets the handler see the verdict.
func TestPasses(t *testing.T) {
	h := newHouse(t)
	issued := h.issue(authority.IssueRequest{Owner: "team_7", Scopes: []string{"invoices:*"}, Limits: []authority.Limit{{Name: "requests", Limit: 60, Window: time.Minute, Auto: true}}})
	for name, verifier := range h.verifiers() {
		t.Run(name, func(t *testing.T) {
			var seen reached
			m := httpauth.New(verifier, options(nil))
			for way, headers := range map[string][]string{"bearer": bearer(issued.Key), "api key": {"X-API-Key", issued.Key.Reveal()}} {
				w := send(m.Handler(&seen, "invoices:read"), "/v1/invoices", headers...)
				if w.Code != 200 || w.Body.String() != "reached" {
					t.Fatalf("%s: %d %s", way, w.Code, w.Body)
				}
				v := seen.verdict
				if !seen.known || !v.Valid() || v.KeyID != issued.Record.ID || v.Owner != "team_7" || !slices.Equal(v.Scopes, []string{"invoices:*"}) {
					t.Errorf("%s: the handler sees %+v", way, v)
				}
				if got := w.Header().Get("RateLimit-Policy"); got != `"requests";q=60;w=60` || w.Header().Get("RateLimit") == "" || w.Header().Get("Retry-After") != "" {
					t.Errorf("%s: headers %v", way, w.Header())
				}
				if got := w.Header().Get("Cache-Control"); got != "no-store" {
					t.Errorf("%s: a cache would give the answer to anybody: %q", way, got)
				}
			}
		})
	}
	if _, ok := httpauth.FromContext(t.Context()); ok {
		t.Error("a context without a verdict has one")
	}
}

// TestRefuses goes through every code.
func TestRefuses(t *testing.T) {
	h := newHouse(t)
	one := []authority.Limit{{Name: "requests", Limit: 1, Window: time.Hour, Auto: true}}
	limited := h.issue(authority.IssueRequest{Limits: one})
	never := h.issue(authority.IssueRequest{Limits: one})
	poor := h.issue(authority.IssueRequest{Credits: &authority.CreditsRequest{Remaining: 0}})
	post := h.issue(authority.IssueRequest{Rules: authority.Rules{Methods: []string{"POST"}}})
	narrow := h.issue(authority.IssueRequest{Scopes: []string{"users:read"}})
	if _, err := h.authority.Verify(t.Context(), keywright.Ask{Key: limited.Key, Keyspace: "default"}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		headers   []string
		cost      int64
		scopes    []string
		status    int
		challenge string
		after     [2]int // of Retry-After
	}{
		"no key":            {nil, 0, nil, 401, `Bearer realm="acme"`, [2]int{}},
		"another scheme":    {[]string{"Authorization", "Basic eDp5"}, 0, nil, 401, `Bearer realm="acme"`, [2]int{}},
		"two keys":          {append(bearer(limited.Key), "X-Api-Key", limited.Key.Reveal()), 0, nil, 400, `Bearer realm="acme", error="invalid_request"`, [2]int{}},
		"unknown":           {[]string{"X-Api-Key", "nonsense"}, 0, nil, 401, `Bearer realm="acme", error="invalid_token"`, [2]int{}},
		"forbidden":         {bearer(post.Key), 0, nil, 403, "", [2]int{}},
		"no scope":          {bearer(narrow.Key), 0, []string{"users:read", "users:write"}, 403, `Bearer realm="acme", error="insufficient_scope", scope="users:read users:write"`, [2]int{}},
		"limited":           {bearer(limited.Key), 0, nil, 429, "", [2]int{3500, 3600}},
		"beyond its limit":  {bearer(never.Key), 2, nil, 429, "", [2]int{}},
		"credits exhausted": {bearer(poor.Key), 0, nil, 429, "", [2]int{60, 60}},
	} {
		for kind, verifier := range h.verifiers() {
			t.Run(name+" "+kind, func(t *testing.T) {
				var seen reached
				o := options(nil)
				o.Cost = func(*http.Request) int64 { return c.cost }
				w := send(httpauth.New(verifier, o).Require(c.scopes...)(&seen), "/", c.headers...)
				wantProblem(t, w, c.status)
				after, _ := strconv.Atoi(w.Header().Get("Retry-After"))
				if seen.times > 0 || w.Header().Get("WWW-Authenticate") != c.challenge || after < c.after[0] || after > c.after[1] {
					t.Errorf("headers %v", w.Header())
				}
				if _, told := w.Header()["Ratelimit"]; told != strings.Contains(name, "limit") {
					t.Errorf("headers %v", w.Header())
				}
			})
		}
	}
}

// TestUniform compares the answers to every kind of key that is not valid, byte by byte: a stranger learns nothing.
func TestUniform(t *testing.T) {
	h := newHouse(t)
	now := time.Now()
	revoked, disabled, good := h.issue(authority.IssueRequest{}), h.issue(authority.IssueRequest{}), h.issue(authority.IssueRequest{})
	if _, err := h.authority.Revoke(t.Context(), me, revoked.Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := h.authority.Disable(t.Context(), me, disabled.Record.ID); err != nil {
		t.Fatal(err)
	}
	short := h.issue(authority.IssueRequest{ExpiresAt: now.Add(1100 * time.Millisecond)})
	keys := map[keywright.Code]keywright.Secret{
		keywright.Malformed:   keywright.NewSecret("nonsense"),
		keywright.NotFound:    newHouse(t).issue(authority.IssueRequest{}).Key, // of another house
		keywright.Revoked:     revoked.Key,
		keywright.Disabled:    disabled.Key,
		keywright.Expired:     short.Key,
		keywright.NotYetValid: h.issue(authority.IssueRequest{NotBefore: now.Add(time.Hour)}).Key,
	}
	time.Sleep(time.Until(now.Add(2100 * time.Millisecond))) // until the short one has ended
	for kind, verifier := range h.verifiers() {
		var log bytes.Buffer
		var first *httptest.ResponseRecorder
		guarded := httpauth.New(verifier, options(&log)).Handler(&reached{})
		for code, key := range keys {
			log.Reset()
			w := send(guarded, "/", bearer(key)...)
			wantProblem(t, w, 401)
			if first == nil {
				first = w
			}
			if w.Body.String() != first.Body.String() || !sameHeaders(w.Header(), first.Header()) {
				t.Errorf("%s: %s is told apart: %v %s", kind, code, w.Header(), w.Body)
			}
			if !strings.Contains(log.String(), "code="+string(code)) || strings.Contains(log.String(), key.Reveal()) {
				t.Errorf("%s: the operator sees %s", kind, log.String())
			}
		}
		if w := send(guarded, "/", bearer(good.Key)...); w.Code != 200 {
			t.Errorf("%s: a good key gets %d", kind, w.Code)
		}
	}
}

func sameHeaders(a, b http.Header) bool {
	if len(a) != len(b) {
		return false
	}
	for name := range a {
		if !slices.Equal(a[name], b[name]) {
			return false
		}
	}
	return true
}

// TestOptional lets pass who has no key, and nobody whose key is bad.
func TestOptional(t *testing.T) {
	h := newHouse(t)
	key := h.issue(authority.IssueRequest{}).Key
	var seen reached
	guarded := httpauth.New(h.authority, options(nil)).Optional(&seen)
	if w := send(guarded, "/"); w.Code != 200 || seen.known {
		t.Errorf("no key: %d, verdict %t", w.Code, seen.known)
	}
	if w := send(guarded, "/", bearer(key)...); w.Code != 200 || !seen.known || !seen.verdict.Valid() {
		t.Errorf("a key: %d, verdict %t", w.Code, seen.known)
	}
	wantProblem(t, send(guarded, "/", "X-Api-Key", "nonsense"), 401)
	wantProblem(t, send(guarded, "/", "X-Api-Key", "a,b"), 400)
	if seen.times != 2 {
		t.Errorf("the handler was reached %d times", seen.times)
	}
}

// TestHandlerDecidesOnCaching leaves it what it and those before it say.
func TestHandlerDecidesOnCaching(t *testing.T) {
	h := newHouse(t)
	key := h.issue(authority.IssueRequest{}).Key
	m := httpauth.New(h.authority, options(nil))
	cached := m.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Cache-Control", "private, max-age=60") }))
	if w := send(cached, "/", bearer(key)...); w.Header().Get("Cache-Control") != "private, max-age=60" {
		t.Errorf("%v", w.Header())
	}
	before := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private")
		w.Header().Set("ETag", `"x"`)
		m.Handler(&reached{}).ServeHTTP(w, r)
	})
	if w := send(before, "/", bearer(key)...); w.Header().Get("Cache-Control") != "private" || w.Header().Get("ETag") == "" {
		t.Errorf("%v", w.Header())
	}
	if w := send(before, "/"); w.Header().Get("ETag") != "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%v", w.Header())
	}
}

// TestWiring panics at the start, not at the first request.
func TestWiring(t *testing.T) {
	h := newHouse(t)
	for name, wire := range map[string]func(){
		"no verifier": func() { httpauth.New(nil, httpauth.Options{}) },
		"realm":       func() { httpauth.New(h.authority, httpauth.Options{Realm: "a\r\nb"}) },
		"scope":       func() { httpauth.New(h.authority, httpauth.Options{}).Handler(&reached{}, "invoices:*") },
		"no scope":    func() { httpauth.New(h.authority, httpauth.Options{}).Require("")(&reached{}) },
		"network":     func() { httpauth.Forwarded(privates[0], privates[1].Masked(), zeroNetwork) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it is taken")
				}
			}()
			wire()
		})
	}
	o := options(nil)
	o.Realm = `a "b" \c`
	if w := send(httpauth.New(h.authority, o).Handler(&reached{}), "/"); w.Header().Get("WWW-Authenticate") != `Bearer realm="a \"b\" \\c"` {
		t.Errorf("%v", w.Header())
	}
}
