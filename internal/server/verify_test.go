// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// TestVerdicts asks about keys in every way that has an answer.
func TestVerdicts(t *testing.T) {
	h := newHouse(t)
	h.want(h.send("POST", "/v1/keyspaces", h.root, `{"name":"other"}`), 201, nil)
	live, _ := h.key(authority.IssueRequest{Scopes: []string{"invoices:read"}, Name: "ci", Metadata: []byte("{\n\"a\": 1}")})
	test, _ := h.key(authority.IssueRequest{Environment: "test"})
	other, _ := h.key(authority.IssueRequest{Keyspace: "other"})
	bound := h.serviceKey(authority.Rules{Keyspaces: []string{"default"}}, "keys:verify")
	for _, c := range []struct {
		name, service, body string
		code                keywright.Code
	}{
		{"valid", h.root, `{"key":%q,"keyspace":"default","environment":"live"}`, keywright.Valid},
		{"the service key names the keyspace", bound, `{"key":%q}`, keywright.Valid},
		{"with a scope", h.root, `{"key":%q,"keyspace":"default","scopes":["invoices:read"]}`, keywright.Valid},
		{"with an expression", h.root, `{"key":%q,"keyspace":"default","scope_expr":"a:b OR invoices:read"}`, keywright.Valid},
		{"without a scope", h.root, `{"key":%q,"keyspace":"default","scopes":["invoices:write"]}`, keywright.InsufficientScope},
		{"of another environment", h.root, `{"key":%q,"keyspace":"default","environment":"test"}`, keywright.Forbidden},
		{"in another keyspace", h.root, `{"key":%q,"keyspace":"other"}`, keywright.Malformed},
		{"with a wrong character", h.root, `{"key":"x%s","keyspace":"default"}`, keywright.Malformed},
		{"empty", h.root, `{"key":"","keyspace":"default"}`, keywright.Malformed},
		{"null is as absent", h.root, ` { "key" : %q , "keyspace" : "default" , "scopes" : null, "explain": false } `, keywright.Valid},
		{"escaped", h.root, `{"\u006bey":%q,"keyspace":"\u0064efault"}`, keywright.Valid},
	} {
		body := c.body
		if strings.Contains(body, "%") {
			body = strings.ReplaceAll(strings.ReplaceAll(body, "%q", `"`+live+`"`), "%s", live)
		}
		var v api.VerifyResponse
		h.want(h.send("POST", "/v1/verify", c.service, body), 200, &v)
		if v.Code != c.code {
			t.Errorf("%s: %s, want %s", c.name, v.Code, c.code)
		}
	}
	ask := func(key, keyspace, environment string) keywright.Code {
		var v api.VerifyResponse
		h.want(h.send("POST", "/v1/verify", h.root, encode(map[string]string{"key": key, "keyspace": keyspace, "environment": environment})), 200, &v)
		return v.Code
	}
	if got := ask(test, "default", "live"); got != keywright.Forbidden {
		t.Errorf("a test key where live is served: %s", got)
	}
	if got := ask(other, "other", "live"); got != keywright.Valid {
		t.Errorf("a key of its own keyspace: %s", got)
	}
	for _, keyspace := range []string{"default", "other"} {
		if got := ask(h.root, keyspace, "live"); got != keywright.Malformed && got != keywright.NotFound {
			t.Errorf("a service key in %s: %s", keyspace, got)
		}
	}
	var v api.VerifyResponse
	h.want(h.send("POST", "/v1/verify", h.root, encode(api.VerifyRequest{Key: api.NewKey(keywright.NewSecret(live)), Keyspace: "default", Include: []string{"name", "metadata"}, Explain: true})), 200, &v)
	if v.Name != "ci" || string(v.Metadata) != `{"a":1}` || len(v.Checks) != 10 {
		t.Errorf("detail %+v", v)
	}
}

// TestKeyOfAnotherKeyspace gives two keyspaces the same format: only the record tells them apart.
func TestKeyOfAnotherKeyspace(t *testing.T) {
	h := newHouse(t)
	for _, name := range []string{"one", "two"} {
		h.want(h.send("POST", "/v1/keyspaces", h.root, fmt.Sprintf(`{"name":%q,"formats":[{"name":"secret","prefix":"same"}]}`, name)), 201, nil)
	}
	key, _ := h.key(authority.IssueRequest{Keyspace: "one"})
	for name, code := range map[string]keywright.Code{"one": keywright.Valid, "two": keywright.NotFound} {
		var v api.VerifyResponse
		h.want(h.send("POST", "/v1/verify", h.root, encode(map[string]string{"key": key, "keyspace": name})), 200, &v)
		if v.Code != code {
			t.Errorf("in %s: %s, want %s", name, v.Code, code)
		}
	}
}

// TestBadAsks gets a problem that names the field, and never a verdict.
func TestBadAsks(t *testing.T) {
	h := newHouse(t)
	for body, field := range map[string]string{
		`{}`:                                "key",
		`{"key":null,"keyspace":"default"}`: "key",
		`{"key":7,"keyspace":"default"}`:    "key",
		`{"key":"k"}`:                       "keyspace",
		`{"key":"k","keyspace":"default","scopes":"a"}`:          "scopes",
		`{"key":"k","keyspace":"default","scopes":["*"]}`:        "scopes",
		`{"key":"k","keyspace":"default","scopes":[7]}`:          "scopes",
		`{"key":"k","keyspace":"default","scope_expr":"a AND"}`:  "scope_expr",
		`{"key":"k","keyspace":"default","client_ip":"x"}`:       "client_ip",
		`{"key":"k","keyspace":"default","explain":"true"}`:      "explain",
		`{"key":"k","keyspace":"default","include":["secrets"]}`: "include",
		`{"key":"k","keyspace":"default","tags":{}}`:             "tags",
		`{"key":"k","keyspace":"default","tags":["a",7]}`:        "tags",
		`{"key":"k","keyspace":"default","tags":["a","b c"]}`:    "tags[1]",
		`{"key":"k","keyspace":"default","tags":[""]}`:           "tags[0]",
		`{"key":"k","keyspace":"default","labels":{}}`:           "",
		`{"key":"k","key":"k","keyspace":"default"}`:             "",
		`{"Key":"k","keyspace":"default"}`:                       "",
		`{"key":"k","keyspace":"default"}{}`:                     "",
		`{"key":"k","keyspace":"default",}`:                      "",
		`{"key":"k" "keyspace":"default"}`:                       "",
		`[]`:                                                     "", `null`: "", `"x"`: "", ``: "", `{`: "", "{\"key\":\"\xff\"}": "", "{\"key\":\"\n\"}": "", `{"key":"\x"}`: "",
	} {
		if p := h.wantProblem(h.send("POST", "/v1/verify", h.root, body), api.InvalidInput); p.Field != field {
			t.Errorf("%s: field %q, want %q", body, p.Field, field)
		}
	}
	h.wantProblem(h.send("POST", "/v1/verify", h.root, `{"key":"k","keyspace":"nowhere"}`), api.NotFound)
	h.wantProblem(h.send("POST", "/v1/verify", h.root, "{}", "Content-Type", "text/plain"), api.UnsupportedMediaType)
	h.wantProblem(h.send("POST", "/v1/verify", h.root, "{}", "Content-Encoding", "gzip"), api.UnsupportedMediaType)
	h.wantProblem(h.send("GET", "/v1/verify", h.root, ""), api.MethodNotAllowed)
	h.wantProblem(h.send("POST", "/v1/verify", h.root, `{"key":"`+strings.Repeat("x", 2<<20)+`"}`), api.TooLarge)
}

// TestTagsAreLogged looks for the tags of verifications in the log: at info where every verification is logged, else at
// debug, and not at all where they are not tags.
func TestTagsAreLogged(t *testing.T) {
	for level, all := range map[string]bool{"INFO": true, "DEBUG": false} {
		h := newHouse(t, func(o *Options) { o.LogVerifications = all })
		key, _ := h.key(authority.IssueRequest{})
		body := func(tags ...string) string {
			return encode(map[string]any{"key": key, "keyspace": "default", "tags": tags})
		}
		for range 50 { // what held the tags is used again at once
			h.send("POST", "/v1/verify", h.root, body("route=single", "b"))
			h.send("POST", "/v1/verify", h.root, body("bad tag"))
			h.send("POST", "/v1/verify", h.root, body(key[len(key)-40:], "part="+key[len(key)-36:], "d7b5f6b8-6a0e-4b7c-9a58-0f6fd3b1c2aa"))
			h.send("POST", "/v1/verify", h.root, body())
		}
		lines := strings.Join([]string{body("route=one"), body(), body("route=two"), body("bad tag")}, "\n")
		h.send("POST", "/v1/verify/batch", h.root, lines, "Content-Type", api.MediaLines)
		found := map[string]int{}
		for text := range strings.Lines(h.log.String()) {
			var line struct {
				Level, Msg, Route string
				Tags              []string
			}
			if err := json.Unmarshal([]byte(text), &line); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(line.Route, "POST /v1/verify") || line.Msg == "verification" {
				found[line.Level+" "+line.Msg+" "+strings.Join(line.Tags, " ")]++
			}
		}
		for what, want := range map[string]int{
			" request route=single b": 50, " request ": 101, " request [hidden] [hidden] d7b5f6b8-6a0e-4b7c-9a58-0f6fd3b1c2aa": 50, " verification route=one": 1, " verification route=two": 1,
		} {
			if found[level+what] != want {
				t.Errorf("%s%s: %d times, want %d: %v", level, what, found[level+what], want, found)
			}
		}
		if strings.Contains(h.log.String(), "bad tag") || strings.Contains(h.log.String(), key[len(key)-20:]) {
			t.Error("the log has what is no tag")
		}
	}
}

// TestBatch asks many, in order.
func TestBatch(t *testing.T) {
	h := newHouse(t)
	key, _ := h.key(authority.IssueRequest{Metadata: []byte("{\n\"a\":\n1}")})
	lines := []string{
		encode(map[string]any{"key": key, "keyspace": "default", "include": []string{"metadata"}}),
		`not json`,
		"",
		`{"key":"unknown","keyspace":"default"}`,
		`{"key":"` + strings.Repeat("x", 70<<10) + `","keyspace":"default"}`,
		`{"key":"` + strings.Repeat("x", 2<<20) + `"}`,
		encode(map[string]string{"key": key, "keyspace": "nowhere"}),
		encode(map[string]string{"key": key, "keyspace": "default"}),
	}
	a := h.send("POST", "/v1/verify/batch", h.root, strings.Join(lines, "\n"), "Content-Type", api.MediaLines)
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != api.MediaLines || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v %s", a.StatusCode, a.Header, a.body)
	}
	var got []string
	for text := range strings.Lines(a.body) {
		var line api.VerifyLine
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		if line.Problem != nil {
			got = append(got, string(line.Problem.Code))
		} else {
			got = append(got, string(line.Code))
		}
	}
	want := "VALID invalid_input MALFORMED too_large too_large not_found VALID"
	if strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, " "), want)
	}
	h.wantProblem(h.send("POST", "/v1/verify/batch", h.root, "{}"), api.UnsupportedMediaType)
}

// TestBatchEndsWithItsServiceKey revokes the service key in the middle of a stream.
func TestBatchEndsWithItsServiceKey(t *testing.T) {
	h := newHouse(t)
	key, _ := h.key(authority.IssueRequest{})
	issued, err := h.authority.Issue(t.Context(), h.operator(), authority.IssueRequest{Keyspace: "keywright", Scopes: []string{"keys:verify"}})
	if err != nil {
		t.Fatal(err)
	}
	lines := newPipe()
	r, _ := http.NewRequest("POST", h.url+"/v1/verify/batch", lines)
	r.Header.Set("Authorization", "Bearer "+issued.Key.Reveal())
	r.Header.Set("Content-Type", api.MediaLines)
	ask := encode(map[string]string{"key": key, "keyspace": "default"}) + "\n"
	go lines.say(ask)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	d := json.NewDecoder(response.Body)
	var first, second api.VerifyLine
	if err := d.Decode(&first); err != nil || first.Code != keywright.Valid {
		t.Fatalf("%v %v", first.Code, err)
	}
	if _, err := h.authority.Revoke(t.Context(), h.operator(), issued.Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	go func() { lines.say(ask); lines.end() }()
	if err := d.Decode(&second); err != nil || second.Problem == nil || second.Problem.Code != api.Unauthenticated {
		t.Fatalf("%+v %v", second, err)
	}
}

// TestBatchLeavesTheConnection to the next request where it arrived whole, and to nobody where answers went before its
// end.
func TestBatchLeavesTheConnection(t *testing.T) {
	h := newHouse(t)
	key, _ := h.key(authority.IssueRequest{})
	ask := encode(map[string]string{"key": key, "keyspace": "default"}) + "\n"
	address, _ := h.run()
	head := "POST /v1/verify/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + h.root + "\r\nContent-Type: application/x-ndjson\r\n"
	last := "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	for _, n := range []int{1, 100} {
		body := strings.Repeat(ask, n)
		request := head + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)) + body
		got := raw(t, address, request+request+last, 0)
		if answers := strings.Count(got, `"code":"VALID"`); answers != 2*n || strings.Count(got, "HTTP/1.1 200 ") != 3 {
			t.Errorf("%d lines twice: %d answers: %.200s", n, answers, got)
		}
	}
	body := strings.Repeat(ask, 3000) // more than fits in a buffer
	if a := h.send("POST", "/v1/verify/batch", h.root, body, "Content-Type", api.MediaLines); strings.Count(a.body, `"code":"VALID"`) != 3000 {
		t.Errorf("3000 lines: %d answers, %v", strings.Count(a.body, `"code":"VALID"`), a.Header)
	}
	chunked := head + "Transfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n", len(ask), ask)
	got := raw(t, address, chunked+"0\r\n\r\n"+last, 0)
	if strings.Count(got, `"code":"VALID"`) != 1 || strings.Count(got, "HTTP/1.1 200 ") > 2 {
		t.Errorf("chunked: %s", got)
	}
	empty := raw(t, address, head+"Content-Length: 0\r\n\r\n"+last, 0)
	if !strings.HasPrefix(empty, "HTTP/1.1 200 ") || strings.Count(empty, "HTTP/1.1 200 ") != 2 {
		t.Errorf("no lines: %s", empty)
	}
}
