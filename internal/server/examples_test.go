// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

const (
	exampleKey = "acme_live_lck7RmUmMs7s_pxtgMuq0AtDu4vTD8M0IMIdiKTXMdouRtJYSqVd9hV81wt5QU"
	exampleID  = "key_0DFUqXqVeEpK4nSQhDZ0mR" // stands for the id that the record has in a test

	exampleLeak    = "leak_4TqPzR1mX8bK2nWcVhYd0A"                                                  // stands for the id of a leak that was reported in a test
	exampleWebhook = "wh_0QhT5lZcVxY3bN8mKpRw2A"                                                    // stands for the id that the webhook has in a test
	exampleTraded  = "partners_live_NHCgq0ubisoN_zIVW1BOrpNZloNbkgRHoAYmQ5mSsAt3ZIdYDa648W2I4PsnqP" // a key of the keyspace partners, which exchanges
)

// deaf sends like a network whose receivers answer 500 to every event; they take pings.
type deaf struct{}

func (deaf) Check(authority.EndpointKind, string) error { return nil }

func (deaf) Send(_ context.Context, d authority.Dispatch) (authority.Result, error) {
	if len(d.Events) == 0 {
		return authority.Result{Status: http.StatusNoContent}, nil
	}
	return authority.Result{Status: http.StatusInternalServerError}, errors.New("answered 500")
}

// newExampleHouse holds what the examples speak of, and has the ids of its record and of its webhook, which did not take an event.
func newExampleHouse(t *testing.T) (h *house, id, webhook string) {
	h = newHouse(t, withPlatforms(t))
	for _, step := range []struct{ method, path, body, media string }{
		{"POST", "/v1/keyspaces", `{"name":"acme","formats":[{"name":"secret","preset":"keywright","prefix":"acme"}],"environments":["live","test"]}`, api.MediaJSON},
		{"POST", "/v1/keys/import?keyspace=acme&all=true", `{"name":"ci","owner":"team_7","scopes":["invoices:read"],"credits":{"remaining":100},"key":"` + exampleKey + `"}`, api.MediaLines},
		{"POST", "/v1/keyspaces", `{"name":"partners","formats":[{"name":"secret","preset":"keywright","prefix":"partners"}],"policy":{"exchange":{"life":"5m","audience":["https://api.example.com"]}}}`, api.MediaJSON},
		{"POST", "/v1/keys/import?keyspace=partners&all=true", `{"name":"mobile","owner":"partner_3","scopes":["invoices:*"],"key":"` + exampleTraded + `"}`, api.MediaLines},
		{"PUT", "/v1/owners/team_7?keyspace=acme", `{"credits":{"remaining":1000}}`, api.MediaJSON},
		{"POST", "/v1/peppers", `{"name":"2030-01","bytes":"cGVwcGVy"}`, api.MediaJSON},
	} {
		if a := h.send(step.method, step.path, h.root, step.body, "Content-Type", step.media); a.StatusCode > 299 || strings.Contains(a.body, `"problem"`) {
			t.Fatalf("%s %s: %d %s", step.method, step.path, a.StatusCode, a.body)
		}
	}
	var list api.KeyList
	h.want(h.send("GET", "/v1/keys?keyspace=acme", h.root, ""), 200, &list)
	if _, err := h.server.once.put(exampleToken, keywright.NewSecret(exampleKey), list.Keys[0].ID, "acme"); err != nil {
		t.Fatal(err)
	}
	return h, list.Keys[0].ID.String(), h.exampleWebhook()
}

// exampleWebhook makes a webhook, and waits until it did not take the event of the key's import.
func (h *house) exampleWebhook() string {
	h.Helper()
	var made api.WebhookResponse
	h.want(h.send("POST", api.PathWebhooks, h.root, `{"name":"billing","url":"https://hooks.example.com/keys","verbs":["key.*"],"keyspaces":["acme"],"from_start":true}`), 201, &made)
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		var now api.Webhook
		h.want(h.send("GET", api.PathWebhooks+"/"+made.Webhook.ID, h.root, ""), 200, &now)
		if now.Pending > 0 {
			return now.ID
		}
		if time.Since(begun) > 10*time.Second {
			h.Fatalf("no event was sent to the webhook: %+v", now)
		}
	}
}

// schemas compiles the schemas of the document.
type schemas struct {
	*testing.T
	compiler *jsonschema.Compiler
}

func newSchemas(t *testing.T, document []byte) *schemas {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	s := &schemas{t, jsonschema.NewCompiler()}
	s.compiler.DefaultDraft(jsonschema.Draft2020)
	s.compiler.AssertFormat()
	if err := s.compiler.AddResource("openapi.json", parsed); err != nil {
		t.Fatal(err)
	}
	return s
}

// check compares a value with the schema at a place of the document. Of a stream each line is a value.
func (s *schemas) check(what string, place []string, media string, text []byte) {
	s.Helper()
	for i, part := range place {
		place[i] = strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D", "+", "%2B").Replace(part)
	}
	schema, err := s.compiler.Compile("openapi.json#/" + strings.Join(place, "/"))
	if err != nil {
		s.Errorf("%s: %v", what, err)
		return
	}
	lines := [][]byte{text}
	if media == api.MediaLines {
		lines = bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	}
	for _, line := range lines {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		if err == nil {
			err = schema.Validate(value)
		}
		if err != nil {
			s.Errorf("%s is not of its schema: %v\n%.1000s", what, err, line)
		}
	}
}

func isJSON(media string) bool { return media == api.MediaJSON || media == api.MediaLines }

// TestExamples runs every example of every operation, and compares it and its answer with the schemas. With -update it
// records the answers that are missing.
func TestExamples(t *testing.T) {
	all, err := readExamples(examplesJSON)
	if err != nil {
		t.Fatal(err)
	}
	documented := newHouse(t).server
	s := newSchemas(t, documented.OpenAPI())
	known := map[string]bool{}
	for path, item := range documented.api.OpenAPI().Paths {
		for _, o := range operationsOf(item) {
			known[o.OperationID] = true
			if len(all[o.OperationID]) == 0 {
				t.Errorf("operation %s (%s %s) has no example: add one to examples.json, and run go test -run TestExamples -update", o.OperationID, o.Method, path)
			}
			for i := range all[o.OperationID] {
				runExample(s, o, path, &all[o.OperationID][i])
			}
		}
	}
	for id := range all {
		if !known[id] {
			t.Errorf("examples.json has operation %s, which is not in the document", id)
		}
	}
	if *updateGolden {
		var out bytes.Buffer
		e := newEncoder(&out)
		e.SetIndent("", "  ")
		if err := e.Encode(all); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("examples.json", out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return // the document has them from the next run on
	}
	shown(t, documented.api.OpenAPI())
}

// shown checks that every body in the document has its example.
func shown(t *testing.T, d *huma.OpenAPI) {
	t.Helper()
	for _, item := range d.Paths {
		for _, o := range operationsOf(item) {
			if o.RequestBody != nil {
				for media, m := range o.RequestBody.Content {
					if m.Example == nil {
						t.Errorf("operation %s has no example of a request in %s: add one to examples.json", o.OperationID, media)
					}
				}
			}
			for status, r := range o.Responses {
				for media, m := range r.Content {
					if m.Example == nil && status != "default" && media != "application/gzip" {
						t.Errorf("operation %s has no example that is answered with %s and %s: add one to examples.json, and run go test -run TestExamples -update", o.OperationID, status, media)
					}
				}
			}
		}
	}
}

// runExample sends an example to a server of its own.
func runExample(s *schemas, o *huma.Operation, path string, e *example) {
	s.Helper()
	method := strings.ToLower(o.Method)
	what := "operation " + o.OperationID
	h, id, webhook := newExampleHouse(s.T)
	actual := strings.NewReplacer(exampleID, id, exampleWebhook, webhook).Replace
	shown := strings.NewReplacer(id, exampleID, webhook, exampleWebhook).Replace
	for _, step := range e.Before {
		a := h.send(step.Method, actual(step.Path), h.root, actual(string(step.Body)), headersOf(e.Headers)...)
		if a.StatusCode > 299 {
			s.Errorf("%s: %s %s before it: %d %s", what, step.Method, step.Path, a.StatusCode, a.body)
		}
	}
	if leaks, _, err := h.authority.Leaks(s.Context(), h.operator(), authority.LeakQuery{}); err == nil && len(leaks) > 0 {
		actual = strings.NewReplacer(exampleID, id, exampleWebhook, webhook, exampleLeak, leaks[0].ID).Replace
		shown = strings.NewReplacer(id, exampleID, webhook, exampleWebhook, leaks[0].ID, exampleLeak).Replace
	}
	place := []string{"paths", path, method}
	headers := headersOf(e.Headers)
	body := string(e.Request)
	if e.Media != "" {
		headers = append(headers, "Content-Type", e.Media)
		if isJSON(e.Media) {
			body = compact(e.Request)
			s.check(what+": the request", append(place, "requestBody", "content", e.Media, "schema"), e.Media, []byte(body))
		} else if err := json.Unmarshal(e.Request, &body); err != nil {
			s.Errorf("%s: the request is no string: %v", what, err)
		}
	}
	target := path
	for _, p := range o.Parameters {
		if p.In == "path" {
			target = strings.ReplaceAll(target, "{"+p.Name+"}", parameterExample(s.T, o, p))
		}
	}
	if e.Query != "" {
		target += "?" + e.Query
	}
	key := h.root
	if e.Session {
		b := h.signIn(h.root)
		key, headers = "", append(headers, b.headers(o.Method)...)
	}
	a := h.send(o.Method, actual(target), key, actual(body), headers...)
	media, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	if a.StatusCode != e.Status || media != e.Answers {
		s.Errorf("%s: answered %d and %s, not %d and %s: %.500s", what, a.StatusCode, media, e.Status, e.Answers, a.body)
		return
	}
	if !isJSON(media) {
		if e.Response == nil && media == "text/csv" {
			e.Response, _ = json.Marshal(a.body)
		}
		return
	}
	if media == api.MediaLines && strings.Contains(a.body, `"problem"`) {
		s.Errorf("%s: a line is a problem: %s", what, a.body)
	}
	schema := append(place, "responses", strconv.Itoa(e.Status), "content", media, "schema")
	s.check(what+": the answer", append([]string(nil), schema...), media, []byte(a.body))
	if e.Response == nil {
		first, _, _ := strings.Cut(strings.TrimSpace(a.body), "\n")
		e.Response = json.RawMessage(shown(first))
	}
	s.check(what+": the example of the answer", append([]string(nil), schema...), media, []byte(compact(e.Response)))
}

func headersOf(named map[string]string) (headers []string) {
	for name, value := range named {
		headers = append(headers, name, value)
	}
	return headers
}

// parameterExample is the value of a parameter of the path.
func parameterExample(t *testing.T, o *huma.Operation, p *huma.Param) string {
	t.Helper()
	if text, ok := p.Example.(string); ok {
		return text
	}
	if p.Schema != nil && len(p.Schema.Examples) > 0 {
		if text, ok := p.Schema.Examples[0].(string); ok {
			return text
		}
	}
	t.Errorf("the parameter %s of the path of operation %s has no example: give its field the tag example", p.Name, o.OperationID)
	return "x"
}

func compact(text json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, text) != nil {
		return string(text)
	}
	return b.String()
}

// TestEveryRouteIsDocumented looks both ways: what is served is in the document, and what is in the document is served.
func TestEveryRouteIsDocumented(t *testing.T) {
	h := newHouse(t)
	documented := map[string]bool{}
	for path, item := range h.server.api.OpenAPI().Paths {
		for _, o := range operationsOf(item) {
			documented[o.Method+" "+path], documented[path] = true, true
			target := strings.NewReplacer("{id}", "x", "{name}", "x").Replace(path)
			if h.server.mux.match(newRequest(o.Method, target)) == "" {
				t.Errorf("operation %s (%s %s) is in the document and is not served", o.OperationID, o.Method, path)
			}
		}
	}
	for _, pattern := range h.server.mux.patterns {
		if slices.Contains(pages, pattern) {
			continue // no part of the interface
		}
		// One without a method takes them all, and is documented with the one that it answers.
		if !documented[strings.NewReplacer("{$}", "", "...}", "}").Replace(pattern)] && !slices.Contains(pages, pattern) {
			t.Errorf("%s is served and is not in the document", pattern)
		}
	}
}

func newRequest(method, target string) *http.Request {
	r, err := http.NewRequest(method, "http://localhost"+target, nil)
	if err != nil {
		panic(err)
	}
	return r
}
