// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// fieldsOfRoutes are bodies with every field, right as they stand.
var fieldsOfRoutes = map[string]string{
	"POST /v1/verify": `{"key":"x","keyspace":"default","environment":"live","scopes":["a"],"scope_expr":"a","client_ip":"192.0.2.1",
		"method":"GET","path":"/","origin":"https://a.example","include":["name"],"tags":["a=b"],"explain":true,"dry_run":true,
		"cost":2,"limits":[{"name":"a","cost":1,"limit":10,"window":"1h","burst":3}]}`,
	"POST /v1/keys": `{"keyspace":"default","format":"secret","environment":"live","name":"n","owner":"o","scopes":["a"],"roles":[],"limits":[{"name":"a","limit":10,"window":"1h","burst":3,"auto":true}],
		"credits":{"remaining":5,"refill":{"amount":5,"every":"24h","mode":"add"}},"metadata":{"a":{"b":1}},
		"allowed_networks":["10.0.0.0/8"],"allowed_origins":["https://a.example"],"allowed_methods":["GET"],"allowed_paths":["/a"],
		"keyspaces":[],"bound_owner":"","not_before":"2020-01-01T00:00:00Z","expires_at":"2099-01-01T00:00:00Z","expires_in":"","hash":"","public_id":""}`,
	"PATCH /v1/keys/{id}": `{"name":"n","owner":"o","scopes":["a"],"roles":[],"limits":[{"name":"a","limit":10,"window":"1h"}],"credits":{"remaining":5,"refill":{"amount":5,"day":1,"mode":"reset"}},"metadata":{"a":1},"allowed_networks":["10.0.0.0/8"],"allowed_origins":["https://a.example"],
		"allowed_methods":["GET"],"allowed_paths":["/a"],"keyspaces":[],"not_before":"2020-01-01T00:00:00Z","expires_at":"2099-01-01T00:00:00Z"}`,
	"POST /v1/keys/{id}/revoke":    `{"reason":"r"}`,
	"POST /v1/keys/{id}/credits":   `{"set":1,"add":null,"take":null}`,
	"PUT /v1/owners/{id}":          `{"limits":[{"name":"a","limit":10,"window":"1h"}],"credits":{"remaining":5}}`,
	"POST /v1/owners/{id}/credits": `{"add":1}`,
	"POST /v1/keyspaces": `{"name":"x","formats":[{"name":"a","preset":"keywright","prefix":"a","environment":"live","separator":"_","id":{"encoding":"hex","bytes":8},
		"secret":{"encoding":"hex","bytes":32},"checksum":"none","hash":"full","lenient":false,"publishable":false}],"environments":["live"],
		"policy":{"max_life":"24h","require_owner":true,"allowed_scopes":["a"],"roles":{"r":["a"]},"default_format":"a","publishable_scopes":["a"],
		"key_limits":[{"name":"a","limit":1,"window":"1s"}],"owner_limits":[],"limits":[],"max_grace":"24h","rotation":{"every":"24h","warn":"1h","grace":"1h","idle":"1h"}}}`,
	"PATCH /v1/keyspaces/{name}":     `{"formats":[{"name":"a"}],"environments":["live"],"policy":{"max_life":"24h","require_owner":false,"allowed_scopes":[]}}`,
	"POST /v1/revoke-self":           `{"key":"x"}`,
	"POST /api/sec-api-key-generate": `{"prefix":"a","length":32}`,
}

// stored are the fields that a record keeps and shows, whatever they hold; and environments, which are labels.
var stored = map[string]bool{
	"name": true, "owner": true, "scopes": true, "metadata": true, "reason": true, "environments": true, "policy": true,
	"allowed_paths": true, "prefix": true, "formats": true,
}

// TestNoLeaks puts a key where it does not belong, everywhere: neither an answer nor the log may show it.
func TestNoLeaks(t *testing.T) {
	h := newHouse(t)
	key, id := h.key(authority.IssueRequest{})
	canary := key[len("default_live_"):] // public id, secret and checksum: no label that stands anywhere by right
	look := leakSearch(t, canary)
	if look("a planted "+canary) == "" || look("a planted "+base64.StdEncoding.EncodeToString([]byte(canary))) == "" {
		t.Fatal("the search does not find what is planted")
	}
	n := 0
	check := func(where string, a answer, shown bool) {
		t.Helper()
		n++
		text := a.body + fmt.Sprint(a.Header)
		if found := look(text); found != "" && (a.StatusCode >= 400 || !shown) {
			t.Errorf("%s: the answer (%d) shows the key (%s)", where, a.StatusCode, found)
		}
		if found := look(h.log.String()); found != "" {
			t.Fatalf("%s: the log shows the key (%s)", where, found)
		}
	}
	for _, header := range []string{"X-Request-Id", "Content-Type", "Content-Encoding", "Accept", "User-Agent", "Origin", "X-Forwarded-For", "Authorization", "Cookie"} {
		for _, pattern := range h.server.mux.patterns {
			method, path := target(pattern, id.String())
			check(header+" of "+pattern, h.send(method, path, h.root, bodies[pattern], header, canary), false)
		}
	}
	check("Idempotency-Key", h.send("POST", "/v1/keys", h.root, `{}`, "Idempotency-Key", canary), false)
	for _, path := range []string{
		"/%s", "//%s", "/v1/%s", "/v1//%s", "/v1/keys/%s", "/v1/keys/%s/revoke", "/v1/keyspaces/%s", "/v1/keys/../%s", "/v1/keys?%s", "/v1/keys?%s=1", "/v1/keys?%s&%s",
		"/v1/keys?owner=%s&owner=%s", "/v1/keys?keyspace=%s", "/v1/keys?owner=%s", "/v1/keys?state=%s", "/v1/keys?public_id=%s", "/v1/keys?q=%s", "/v1/keys?cursor=%s", "/v1/keys?limit=%s",
		"/v1/events?keyspace=%s", "/v1/events?target=%s", "/v1/events?actor=%s", "/v1/events?verb=%s", "/v1/events?since=%s", "/v1/events?until=%s", "/v1/events?order=%s", "/v1/events?cursor=%s",
		"/v1/events?limit=%s", "/v1/events?%s=%s", "/v1/verify?key=%s", "/v1/usage?key=%s", "/v1/usage?since=%s", "/v1/usage?keyspace=%s", "/v1/stats?keyspace=%s", "/v1/owners/%s", "/v1/owners?cursor=%s",
		"/v1/owners/x?keyspace=%s", "/v1/owners/%s/ledger?cursor=%s", "/v1/keys/" + id.String() + "/ledger?cursor=%s", "/docs?%s", "/readyz?%s",
	} {
		for _, method := range append(methods, "K"+strings.ReplaceAll(canary, "_", "")) {
			check(method+" "+path, h.send(method, strings.ReplaceAll(path, "%s", canary), h.root, ""), false)
		}
	}
	for pattern, whole := range fieldsOfRoutes {
		method, path := target(pattern, id.String())
		if method == "" {
			method = "POST"
		}
		variants(whole, canary, func(field, body string) {
			check(pattern+" "+field, h.send(method, path, h.root, body), stored[field])
			for _, stream := range []string{"/v1/keys", "/v1/verify/batch"} {
				check(stream+" "+field, h.send("POST", stream, h.root, strings.ReplaceAll(body, "\n", " "), "Content-Type", api.MediaLines), stored[field])
			}
		})
		for _, body := range []string{canary, `"` + canary + `"`, `["` + canary + `"]`, `{` + canary, `{"` + canary + `":1}`, `{"key":"` + canary, whole[:len(whole)-1] + `,"` + canary + `":"` + canary + `"}`, whole + canary} {
			check(pattern+" broken", h.send(method, path, h.root, body), true)
		}
	}
	if n < 500 {
		t.Errorf("only %d places were tried", n)
	}
}

// target makes a request line of a pattern.
func target(pattern, id string) (method, path string) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = http.MethodPost, pattern
	}
	path = strings.NewReplacer("{id}", id, "{name}", "default", "{$}", "").Replace(path)
	return method, path
}

// variants puts the canary into each field of a body: as text, in a list, in an object, as a name, and as no JSON.
func variants(whole, canary string, try func(field, body string)) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(whole), &fields); err != nil {
		panic(err)
	}
	for name, old := range fields {
		for _, value := range []string{`"` + canary + `"`, `["` + canary + `"]`, `[{"name":"` + canary + `"}]`, `[{"` + canary + `":1}]`, `{"encoding":"` + canary + `"}`, `{"max_life":"` + canary + `"}`, canary} {
			fields[name] = json.RawMessage(value)
			var parts []string
			for name, raw := range fields {
				parts = append(parts, fmt.Sprintf("%q:%s", name, raw))
			}
			try(name, "{"+strings.Join(parts, ",")+"}")
		}
		fields[name] = old
	}
}

// leakSearch returns a search for a secret in several encodings, which names the one it found.
func leakSearch(t *testing.T, secret string) func(text string) string {
	t.Helper()
	needles := map[string]string{"raw": secret, "escaped": url.QueryEscape(secret), "hex": fmt.Sprintf("%x", secret)}
	for shift := range 3 {
		// The characters that do not depend on what stands before and after.
		b := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + secret))
		needles[fmt.Sprintf("base64 %d", shift)] = b[4 : len(b)-4]
	}
	return func(text string) string {
		for name, needle := range needles {
			if strings.Contains(text, needle) {
				return name
			}
		}
		return ""
	}
}
