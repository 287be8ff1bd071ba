// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keywright/keywright/internal/gateway"
)

// acme makes the keyspace of the guide, with routes.
func (g *gate) acme(t *testing.T) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "routes.json")
	write(t, file, `[
		{"method": "GET", "path": "/invoices", "scopes": ["invoices:read"]},
		{"path": "/invoices", "scopes": ["invoices:write"]},
		{"path": "/admin", "scopes": ["admin"]},
		{"path": "/"}
	]`)
	if out := g.run(t, "", "keyspaces", "create", "acme", "--routes", file); !strings.Contains(out, "acme") {
		t.Fatalf("no keyspace: %s", g.log)
	}
}

// key issues a key of the keyspace.
func (g *gate) key(t *testing.T, flags ...string) string {
	t.Helper()
	key := strings.TrimSpace(g.run(t, "", append([]string{"issue", "--keyspace", "acme"}, flags...)...))
	if key == "" {
		t.Fatal("no key")
	}
	return key
}

// TestProxies lets real proxies ask, with the configuration of the guides.
func TestProxies(t *testing.T) {
	eachGate(t, func(t *testing.T, g *gate) {
		g.acme(t)
		bearer := "Authorization: Bearer " + g.key(t, "--owner", "Zoë", "--scope", "invoices:read,users:read")
		nobody := "Authorization: Bearer " + g.key(t)
		response := g.send(t, "GET /invoices/7?x=1", bearer, "X-Keywright-Owner: me", "x-keywright-scopes: admin", "X-Keywright-Key-Id: a", "X-Keywright-Key-Id: b", "X_Keywright_Owner: me", "X-Keywright_Owner: me", "X_KEYWRIGHT-Owner: me")
		r, n := g.service.seen()
		if response.StatusCode != 200 || n != 1 || r.RequestURI != "/invoices/7?x=1" {
			t.Fatalf("%d, %d requests", response.StatusCode, n)
		}
		for name, want := range map[string]string{
			gateway.HeaderOwner: "Zo%C3%AB", gateway.HeaderScopes: "invoices:read users:read", gateway.HeaderEnvironment: "live",
		} {
			if values := r.Header[name]; len(values) != 1 || values[0] != want {
				t.Errorf("%s is %q", name, values)
			}
		}
		if id := r.Header[gateway.HeaderKeyID]; len(id) != 1 || !strings.HasPrefix(id[0], "key_") {
			t.Errorf("%q", id)
		}
		for name := range r.Header {
			if strings.Contains(name, "_") {
				t.Errorf("the service sees %s", name)
			}
		}
		g.send(t, "GET /invoices", nobody, "X-Keywright-Owner: me")
		if _, n := g.service.seen(); n != 1 {
			t.Error("a key without the scope passes")
		}
		g.send(t, "GET /open", nobody, "X-Keywright-Owner: me", "X-Keywright-Scopes: admin")
		if r, n := g.service.seen(); n != 2 || r.Header.Get(gateway.HeaderOwner) != "" || r.Header.Get(gateway.HeaderScopes) != "" {
			t.Errorf("a client says whom its key belongs to: %v", r.Header)
		}
	})
}

// TestProxiesRefuse keeps out what must not pass, whatever way the path is written and whatever a client says of it.
func TestProxiesRefuse(t *testing.T) {
	eachGate(t, func(t *testing.T, g *gate) {
		g.acme(t)
		key := g.key(t, "--scope", "invoices:read")
		bearer := "Authorization: Bearer " + key
		testKey := "Authorization: Bearer " + g.key(t, "--env", "test", "--scope", "invoices:read,admin")
		for _, c := range []struct {
			line    string
			status  int
			headers []string
		}{
			{"GET /open", 401, nil},
			{"GET /open", 401, []string{bearer[:len(bearer)-1] + "!"}},
			{"GET /open", 401, []string{bearer, "X-API-Key: " + key}},
			{"GET /open", 401, []string{bearer, bearer}},
			{"GET /open", 403, []string{testKey}},
			{"GET /admin", 403, []string{bearer}},
			{"GET /admin/", 403, []string{bearer}},
			{"GET /admin?/open", 403, []string{bearer}},
			{"POST /invoices", 403, []string{bearer, "Content-Length: 0"}},
			{"get /invoices", 403, []string{bearer}},
			{"GET /%61dmin", 403, []string{bearer}},
			{"GET /open/../admin", 403, []string{bearer}},
			{"GET /open/..%2fadmin", 403, []string{bearer}},
			{"GET /open/%2e%2e/admin", 403, []string{bearer}},
			{"GET /open%2f..%2fadmin", 403, []string{bearer}},
			{"GET /open/..%5cadmin", 403, []string{bearer}},
			{"GET /open/..\\admin", 403, []string{bearer}},
			{"GET //admin", 403, []string{bearer}},
			{"GET /./admin", 403, []string{bearer}},
			{"GET /admin;x", 403, []string{bearer}},
			{"GET /admin%3bx", 403, []string{bearer}},
			{"GET /open/..;/admin", 403, []string{bearer}},
			{"GET /open%252f..%252fadmin", 403, []string{bearer}},
			{"GET /%c0%aeadmin", 403, []string{bearer}},
			{"GET /admin", 403, []string{bearer, "X-Original-URI: /open", "X-Original-Method: GET"}},
			{"GET /admin", 403, []string{bearer, "X-Forwarded-Uri: /open", "X-Forwarded-Method: GET"}},
			{"GET /admin", 403, []string{bearer, "X_Original_URI: /open", "X_Forwarded_Uri: /open"}},
			{"GET /admin", 403, []string{bearer, "X-Forwarded-Uri: /open", "X-Original-URI: /open", "X-Forwarded-Prefix: /open", "X-Rewrite-URL: /open"}},
			{"GET /admin", 403, []string{bearer, "X-Keywright-Options: environment=live", "X-Keywright-Proxy: x"}},
			{"GET /admin", 403, []string{bearer, "X-Keywright-Status: 204", "X-Keywright-Scopes: admin"}},
			{"GET /keywright-auth", 403, []string{testKey}},
		} {
			response := g.send(t, c.line, c.headers...)
			status := response.StatusCode
			if status != c.status && !(c.status == 403 && (status == 400 || status == 401 || status == 404)) && !(len(c.headers) == 2 && status == 400) { // a proxy may refuse by itself
				t.Errorf("%s with %d headers: %d, want %d", c.line, len(c.headers), status, c.status)
			}
			if challenge := response.Header.Get("Www-Authenticate"); status == 401 && !strings.HasPrefix(challenge, "Bearer") {
				t.Errorf("%s: WWW-Authenticate %q", c.line, challenge)
			}
		}
		if r, n := g.service.seen(); n > 0 {
			t.Errorf("%d requests passed, the last to %s", n, r.RequestURI)
		}
		if strings.Contains(g.log.String(), gateway.Misconfigured) {
			t.Errorf("the guide configures what cannot be asked: %s", g.log)
		}
	})
}

// TestProxiesLimit tells a client that it must wait.
func TestProxiesLimit(t *testing.T) {
	eachGate(t, func(t *testing.T, g *gate) {
		g.acme(t)
		bearer := "Authorization: Bearer " + g.key(t, "--limit", "requests=1/1h")
		if response := g.send(t, "GET /open", bearer); response.StatusCode != 200 {
			t.Fatal(response.Status)
		} else if g.name == "nginx" && !strings.Contains(response.Header.Get("RateLimit"), `"requests";r=0`) {
			t.Error(response.Header)
		}
		response := g.send(t, "GET /open", bearer)
		if response.StatusCode != 429 || response.Header.Get("Retry-After") == "" || !strings.Contains(response.Header.Get("RateLimit"), `"requests";r=0`) {
			t.Errorf("%s %v", response.Status, response.Header)
		}
		if response := g.send(t, "GET /admin", bearer); response.StatusCode != 403 || response.Header.Get("Retry-After") != "" {
			t.Errorf("%s %v", response.Status, response.Header)
		}
	})
}

// TestProxiesWithoutAJudge lets nothing pass when nobody can judge, and does not say that the key is bad.
func TestProxiesWithoutAJudge(t *testing.T) {
	eachGate(t, func(t *testing.T, g *gate) {
		g.acme(t)
		bearer := "Authorization: Bearer " + g.key(t)
		if response := g.send(t, "GET /open", bearer); response.StatusCode != 200 {
			t.Fatal(response.Status)
		}
		g.stop()
		for range 3 {
			if response := g.send(t, "GET /open", bearer); response.StatusCode < 500 {
				t.Error(response.Status)
			}
		}
		if _, n := g.service.seen(); n != 1 {
			t.Errorf("%d requests passed", n)
		}
	})
}

// TestGuidesOfProxies names, in every configuration, all headers that a service is told.
func TestGuidesOfProxies(t *testing.T) {
	for _, file := range []string{"nginx.conf", "Caddyfile", "traefik.yml"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", "gateways", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{gateway.HeaderKeyID, gateway.HeaderOwner, gateway.HeaderScopes, gateway.HeaderEnvironment, "/v1/auth/acme?environment=live"} {
			if !strings.Contains(string(text), name) {
				t.Errorf("%s does not have %s", file, name)
			}
		}
	}
}
