// SPDX-License-Identifier: Apache-2.0

package mcp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/mcp"
)

// post sends a body to /mcp as clients do. Headers are names and values in turn; Host is one.
func (h *house) post(body string, headers ...string) (status int, text string, header http.Header) {
	h.Helper()
	return h.send(http.MethodPost, body, headers...)
}

func (h *house) send(method, body string, headers ...string) (status int, text string, header http.Header) {
	h.Helper()
	r, err := http.NewRequest(method, h.url+"/mcp", strings.NewReader(body))
	if err != nil {
		h.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		h.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		h.Fatal(err)
	}
	return response.StatusCode, string(b), response.Header
}

const listTools = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`

func callOf(name, arguments string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"%s","arguments":%s}}`, name, arguments)
}

// TestGarbage answers whatever comes with an error that does not repeat it, while others are served.
func TestGarbage(t *testing.T) {
	h := newHouse(t)
	key, _ := h.issue(authority.IssueRequest{})
	k := key[len("default_live_"):]
	other := h.overHTTP(t, h.root)
	for _, c := range []struct {
		body   string
		status int
		code   int
	}{
		{"", 400, -32700},
		{k, 400, -32700},
		{"null", 400, -32600},
		{`"` + k + `"`, 400, -32700},
		{"[" + listTools + "]", 400, -32700},
		{listTools + listTools, 400, -32700},
		{"{", 400, -32700},
		{"\xff{}", 400, -32700},
		{strings.Repeat("[", 100_000), 400, -32700},
		{`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":` + strings.Repeat(`{"a":`, 20_000) + `1` + strings.Repeat(`}`, 20_000) + `}`, 400, -32700},
		{`{}`, 400, -32600},
		{`{"jsonrpc":"1.0","id":1,"method":"tools/list"}`, 200, -32600},
		{`{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}`, 400, -32600},
		{`{"jsonrpc":"2.0","id":{"` + k + `":1},"method":"tools/list"}`, 400, -32600},
		{`{"jsonrpc":"2.0","id":"` + strings.Repeat("x", 300) + `","method":"tools/list"}`, 400, -32600},
		{`{"jsonrpc":"2.0","id":1,"method":5}`, 400, -32700},
		{`{"jsonrpc":"2.0","id":1,"method":"` + k + `"}`, 200, -32601},
		{`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"` + k + `"}}`, 200, -32601},
		{`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{}}`, 200, -32601},
		{`{"jsonrpc":"2.0","id":1,"result":{}}`, 200, -32600},
		{`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":["` + k + `"]}`, 200, -32602},
		{`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"` + k + `"}}`, 200, -32602},
		{`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"clientInfo":"` + k + `"}}`, 200, -32602},
		{`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}`, 200, -32602},
		{`{"jsonrpc":"2.0","id":1,"method":"tools/call"}`, 200, -32602},
		{`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":5,"arguments":{"key":"` + k + `"}}}`, 200, -32602},
		{`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + k + `","arguments":{}}}`, 200, -32602},
		{`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"verify_key","arguments":"` + k + `"}}`, 200, -32602},
		{`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":5,"name":"verify_key","arguments":{}}}`, 200, -32602},
		{strings.Repeat(" ", mcp.MaxBody+1), 413, -32600},
	} {
		status, text, _ := h.post(c.body, "Authorization", "Bearer "+h.root)
		var e struct{ Error struct{ Code int } }
		if json.Unmarshal([]byte(text), &e) != nil || status != c.status || e.Error.Code != c.code || strings.Contains(text, k) {
			t.Errorf("%.80q: %d %s", c.body, status, text)
		}
		start := time.Now()
		if other.must("list_keys", nil); time.Since(start) > 5*time.Second {
			t.Errorf("after %.80q others wait for %v", c.body, time.Since(start))
		}
	}
	for _, headers := range [][]string{
		{"Content-Type", "text/plain"}, {"Accept", "text/html"}, {"Mcp-Protocol-Version", k}, {"Mcp-Protocol-Version", "1"}, {"Last-Event-ID", k}, {"Content-Type", k}, {"Accept", k},
	} {
		status, text, _ := h.post(listTools, headers...)
		if status < 400 || status > 415 || strings.Contains(text, k) {
			t.Errorf("%v: %d %s", headers, status, text)
		}
	}
	for _, method := range []string{"GET", "PUT", "DELETE", "HEAD", "PATCH"} {
		if status, _, header := h.send(method, ""); status != http.StatusMethodNotAllowed || header.Get("Allow") != "OPTIONS, POST" {
			t.Errorf("%s: %d, allowed %s", method, status, header.Get("Allow"))
		}
	}
	for _, body := range []string{`{"jsonrpc":"2.0","method":"notifications/unheard_of"}`, `{"jsonrpc":"2.0","method":"notifications/initialized"}`, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`} {
		if status, text, _ := h.post(body); status != http.StatusAccepted || text != "" {
			t.Errorf("%s: %d %s", body, status, text)
		}
	}
	if strings.Contains(h.log.String(), k) {
		t.Error("the log shows the key")
	}
}

// TestOrigins keeps pages of other sites out, and names that point here by their own will.
func TestOrigins(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		headers []string
		want    int
	}{
		{nil, 200},
		{[]string{"Host", "localhost:1"}, 200},
		{[]string{"Host", "[::1]:8420"}, 200},
		{[]string{"Host", "evil.example"}, 403},
		{[]string{"Host", "127.0.0.1.evil.example"}, 403},
		{[]string{"Host", "localhost.evil.example:8420"}, 403},
		{[]string{"Host", "app.example.com"}, 200}, // the host of an origin that is configured
		{[]string{"Origin", "https://evil.example"}, 403},
		{[]string{"Origin", "null"}, 403},
		{[]string{"Origin", "http://localhost.evil.example"}, 403},
		{[]string{"Origin", "file://localhost"}, 403},
		{[]string{"Origin", ""}, 403},
		{[]string{"Origin", "http://localhost:3000"}, 200},
		{[]string{"Origin", "http://[::1]:3000"}, 200},
		{[]string{"Origin", "https://app.example.com"}, 200},
		{[]string{"Origin", "http://app.example.com"}, 403},
		{[]string{"Origin", "https://app.example.com", "Host", "evil.example"}, 403},
	} {
		status, text, header := h.post(listTools, c.headers...)
		if status != c.want || status == 403 && (!strings.Contains(text, "--mcp-origin") || strings.Contains(text, "evil")) {
			t.Errorf("%q: %d %.100s", c.headers, status, text)
		}
		allowed := header.Get("Access-Control-Allow-Origin")
		if configured := len(c.headers) == 2 && c.headers[1] == "https://app.example.com"; configured != (allowed != "") {
			t.Errorf("%q: pages of %q read the answer", c.headers, allowed)
		}
		if header.Get("Cache-Control") != "no-store" {
			t.Errorf("%q: it may be stored", c.headers)
		}
	}
	status, _, header := h.send(http.MethodOptions, "", "Origin", "https://app.example.com", "Access-Control-Request-Method", "POST")
	if status != 204 || header.Get("Access-Control-Allow-Methods") != "POST" || !strings.Contains(header.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("a preflight: %d %v", status, header)
	}
}

// TestTooMany stops an address that asks all the time, and says when to come again.
func TestTooMany(t *testing.T) {
	h := newHouse(t)
	for range 2000 {
		if status, _, header := h.post(""); status == http.StatusTooManyRequests {
			if header.Get("Retry-After") == "" {
				t.Error("it is not said when to come again")
			}
			return
		}
	}
	t.Error("2,000 requests at once were all answered")
}

// TestProxied makes a parent that is bound to networks have no children through a proxy: where its holder is, nobody knows.
func TestProxied(t *testing.T) {
	h := newHouse(t)
	issued, err := h.authority.Issue(t.Context(), h.operator(), authority.IssueRequest{
		Scopes: []string{"a", "keywright:children"}, Rules: authority.Rules{Networks: networks("127.0.0.0/8", "::1/128")},
	})
	if err != nil {
		t.Fatal(err)
	}
	arguments := fields{"parent": issued.Record.ID.String(), "reveal": true}
	h.overHTTP(t, issued.Key.Reveal()).must("issue_child_key", arguments)
	proxied := connectWith(t, h, withHeader{"Authorization": "Bearer " + issued.Key.Reveal(), "X-Forwarded-For": "127.0.0.1"})
	proxied.wont("issue_child_key", arguments)
}

// FuzzMCP sends anything: the answer is JSON or nothing, of the protocol, and the server lives.
func FuzzMCP(f *testing.F) {
	handler := mcp.Handler(mcp.HTTPOptions{Server: http.NotFoundHandler()})
	for _, seed := range []string{
		listTools, callOf("inspect_key", `{"key":"x"}`), callOf("call_function", `{"slug":"sec-api-key-generate","args":{"prefix":"a"}}`), callOf("scan_text", `{"text":"a b c"}`),
		callOf("verify_key", `{"key":"x","limits":[{"name":"a"}]}`), `{"jsonrpc":"2.0","id":"a","method":"ping"}`, `[]`, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"roots":5},"clientInfo":{"name":"x","version":"1"}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"inspect_key","_meta":{"progressToken":[1]},"arguments":{"key":null}}}`,
	} {
		f.Add([]byte(seed), "")
		f.Add([]byte(seed), "2025-06-18")
		f.Add([]byte(seed), "2026-07-28")
	}
	f.Fuzz(func(t *testing.T, body []byte, version string) {
		r, err := http.NewRequest(http.MethodPost, "http://localhost/mcp", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
		r.Header["Mcp-Protocol-Version"] = []string{version}
		w := newRecorder()
		handler.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
		if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && !json.Valid(w.Body.Bytes()) {
			t.Errorf("not JSON: %s", w.Body)
		}
	})
}
