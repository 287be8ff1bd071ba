// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/keywright/keywright/api"
)

// generated is the contract as its other implementations write it.
type generated struct {
	Success bool `json:"success"`
	Data    *struct{ Key, Prefix, Entropy string }
	Error   *struct{ Code, Message string }
}

func (h *house) generate(body string, headers ...string) (answer, generated) {
	h.Helper()
	a := h.send("POST", "/api/sec-api-key-generate", "", body, headers...)
	var g generated
	if err := json.Unmarshal([]byte(a.body), &g); err != nil {
		h.Fatalf("%d %s: %v", a.StatusCode, a.body, err)
	}
	if g.Success != (g.Data != nil) || g.Success == (g.Error != nil) || g.Success != (a.StatusCode == 200) || a.Header.Get("Cache-Control") != "no-store" {
		h.Fatalf("%d %s", a.StatusCode, a.body)
	}
	return a, g
}

// TestGenerate keeps the contract of POST /api/sec-api-key-generate.
func TestGenerate(t *testing.T) {
	h := newHouse(t)
	alphabet := "[23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz]"
	for body, want := range map[string]string{
		`{"prefix":"sk_live","length":32}`: `^sk_live_` + alphabet + `{32}$`,
		`{"prefix":"webhook"}`:             `^webhook_` + alphabet + `{32}$`,
		`{"prefix":"pk_test","length":16}`: `^pk_test_` + alphabet + `{16}$`,
		`{"length":64,"prefix":"a"}`:       `^a_` + alphabet + `{64}$`,
		`{"prefix":"a","length":3.2e1}`:    `^a_` + alphabet + `{32}$`,
		`{"prefix":"a","more":true}`:       `^a_` + alphabet + `{32}$`,
	} {
		_, g := h.generate(body)
		if g.Error != nil || !regexp.MustCompile(want).MatchString(g.Data.Key) || g.Data.Key != g.Data.Prefix+"_"+g.Data.Entropy {
			t.Errorf("%s: %+v", body, g)
		}
	}
	for _, body := range []string{
		`{}`, ``, `null`, `[]`, `"sk"`, `7`, `{`, `{"prefix":"sk",}`, `{"prefix":"sk"}{}`, "{\"prefix\":\"\xff\"}",
		`{"prefix":null}`, `{"prefix":7}`, `{"prefix":""}`, `{"prefix":"s k"}`, `{"prefix":" sk"}`, `{"prefix":"sk_"}`, `{"prefix":"_"}`, `{"prefix":"sk-live"}`, `{"prefix":"ключ"}`,
		`{"prefix":"` + strings.Repeat("x", 33) + `"}`, `{"Prefix":"sk"}`, `{"length":32}`,
		`{"prefix":"sk","length":15}`, `{"prefix":"sk","length":65}`, `{"prefix":"sk","length":"32"}`, `{"prefix":"sk","length":32.5}`, `{"prefix":"sk","length":null}`,
		`{"prefix":"sk","length":0}`, `{"prefix":"sk","length":-32}`, `{"prefix":"sk","length":1e300}`, `{"prefix":"sk","length":1e999}`, `{"prefix":"sk","length":[32]}`, `{"prefix":"sk","length":true}`,
		`{"prefix":"` + strings.Repeat("x", 2<<20) + `"}`,
	} {
		if a, g := h.generate(body); a.StatusCode != 400 || g.Error.Code != "INVALID_INPUT" || g.Error.Message == "" {
			t.Errorf("%.80s: %d %s", body, a.StatusCode, a.body)
		}
	}
	if _, g := h.generate(`{"prefix":"sk"}`, "Content-Type", "text/plain"); !g.Success {
		t.Error("the type of the body matters")
	}
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		if a := h.send(method, "/api/sec-api-key-generate", "", ""); a.StatusCode != 405 || a.Header.Get("Allow") == "" || !strings.Contains(a.body, `"success":false`) {
			t.Errorf("%s: %d %s", method, a.StatusCode, a.body)
		}
	}
	var events api.EventList
	h.want(h.send("GET", "/v1/events", h.root, ""), 200, &events)
	if len(events.Events) != 3 { // two keyspaces and a service key
		t.Errorf("making keys left events: %d", len(events.Events))
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("no randomness") }

// TestGenerateWithoutRandomness gives no key.
func TestGenerateWithoutRandomness(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Random = broken{} })
	if a, g := h.generate(`{"prefix":"sk"}`); a.StatusCode != 500 || g.Error.Code != "INTERNAL_ERROR" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// TestGenerateFromSeed gives the same key from the same randomness: nothing else goes in.
func TestGenerateFromSeed(t *testing.T) {
	seed := bytes.Repeat([]byte{7}, 1<<16)
	h := newHouse(t, func(o *Options) { o.Random = bytes.NewReader(seed) })
	_, one := h.generate(`{"prefix":"sk"}`)
	_, two := h.generate(`{"prefix":"sk"}`)
	if one.Data.Key != two.Data.Key || sha256.Sum256([]byte(one.Data.Entropy)) != sha256.Sum256([]byte(strings.Repeat("9", 32))) {
		t.Errorf("%s, %s", one.Data.Key, two.Data.Key)
	}
}

// TestGenerateOrigins lets pages of the configured origins read the answer, and no others.
func TestGenerateOrigins(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.GenerateOrigins = []string{"https://app.example.com"} })
	for origin, want := range map[string]string{"https://app.example.com": "https://app.example.com", "https://evil.example.com": "", "": ""} {
		for _, method := range []string{"OPTIONS", "POST"} {
			a := h.send(method, "/api/sec-api-key-generate", "", `{"prefix":"sk"}`, "Origin", origin)
			if got := a.Header.Get("Access-Control-Allow-Origin"); got != want {
				t.Errorf("%s from %q: %q", method, origin, got)
			}
			if a.Header.Get("Vary") != "Origin" || method == "OPTIONS" && a.StatusCode != 204 {
				t.Errorf("%s from %q: %d %v", method, origin, a.StatusCode, a.Header)
			}
		}
	}
	if a := h.send("GET", "/livez", "", "", "Origin", "https://app.example.com"); a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("another route can be read by pages")
	}
}

// TestGenerateLimit limits an address.
func TestGenerateLimit(t *testing.T) {
	h := newHouse(t)
	limited := 0
	for range 200 {
		if a, g := h.generate(`{"prefix":"sk"}`); a.StatusCode == http.StatusTooManyRequests {
			if limited++; a.Header.Get("Retry-After") != "1" || a.Header.Get("RateLimit-Policy") != `"address";q=100;w=5` || g.Error.Code != "RATE_LIMITED" {
				t.Fatalf("%v %s", a.Header, a.body)
			}
		}
	}
	if limited < 10 {
		t.Errorf("%d of 200 were limited", limited)
	}
}

// TestNoGenerate switches the route off.
func TestNoGenerate(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.NoGenerate = true })
	h.wantProblem(h.send("POST", "/api/sec-api-key-generate", "", `{"prefix":"sk"}`), api.NotFound)
	if strings.Contains(string(h.server.OpenAPI()), "sec-api-key-generate") {
		t.Error("the document still shows it")
	}
}
