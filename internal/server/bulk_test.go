// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// sendBulk returns the lines of an answer, and its end.
func (h *house) sendBulk(key, body string) (results []api.BulkResult, end api.BulkEnd) {
	h.Helper()
	a := h.send("POST", api.PathBulk, key, body)
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != api.MediaLines || a.Header.Get("Cache-Control") != "no-store" {
		h.Fatalf("%d %v %s", a.StatusCode, a.Header, a.body)
	}
	lines := slices.Collect(strings.Lines(a.body))
	for i, text := range lines {
		var line api.BulkLine
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			h.Fatal(err)
		}
		switch last := i == len(lines)-1; {
		case last != (line.End != nil), last == (line.BulkResult != nil):
			h.Fatalf("line %d of %d: %s", i+1, len(lines), text)
		case last:
			return results, *line.End
		}
		results = append(results, *line.BulkResult)
	}
	h.Fatalf("no lines: %q", a.body)
	return nil, end
}

// team issues keys of an owner, a moment apart: lists go by time.
func (h *house) team(owner string, n int) (keys []string, ids []keywright.KeyID) {
	h.Helper()
	for i := range n {
		time.Sleep(2 * time.Millisecond)
		key, id := h.key(authority.IssueRequest{Owner: owner, Name: fmt.Sprintf("%s-%d", owner, i)})
		keys, ids = append(keys, key), append(ids, id)
	}
	return keys, ids
}

// TestBulkRevoke looks first, and then revokes what it saw and nothing else.
func TestBulkRevoke(t *testing.T) {
	h := newHouse(t)
	keys, ids := h.team("team_7", 5)
	others, _ := h.team("team_8", 2)
	results, end := h.sendBulk(h.root, `{"filter":{"owner":"team_7"},"verb":"revoke","dry_run":true}`)
	if len(results) != 5 || end != (api.BulkEnd{Count: 5, DryRun: true}) || results[0].Done || results[0].State != "active" || results[0].Name != "team_7-4" {
		t.Fatalf("%+v %+v", results, end)
	}
	for _, key := range keys {
		if v := h.verdict(key); !v.Valid {
			t.Fatalf("after a dry run: %s", v.Code)
		}
	}
	before := h.chain()
	results, end = h.sendBulk(h.root, `{"filter":{"owner":"team_7"},"verb":"revoke","reason":"breach"}`)
	if len(results) != 5 || end != (api.BulkEnd{Count: 5, Done: 5}) {
		t.Fatalf("%+v %+v", results, end)
	}
	for i, r := range results {
		if r.ID != ids[4-i] || !r.Done || r.State != "revoked" || !r.Key.IsZero() || r.Problem != nil {
			t.Errorf("%+v", r)
		}
	}
	for _, key := range keys {
		if v := h.verdict(key); v.Code != keywright.Revoked {
			t.Errorf("%s", v.Code)
		}
	}
	for _, key := range others {
		if v := h.verdict(key); !v.Valid {
			t.Errorf("of another owner: %s", v.Code)
		}
	}
	want := append([]string{"bulk.revoke"}, slices.Repeat([]string{"key.revoke"}, 5)...)
	if got := h.chain()[len(before):]; !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
	if results, end = h.sendBulk(h.root, `{"filter":{"owner":"team_7"},"verb":"revoke"}`); len(results) != 0 || end != (api.BulkEnd{}) {
		t.Errorf("once more: %+v %+v", results, end)
	}
}

// chain returns the verbs of all events.
func (h *house) chain() []string {
	h.Helper()
	return h.events("")
}

// TestBulkRotate gives every key a new secret, and tells of each that cannot be.
func TestBulkRotate(t *testing.T) {
	h := newHouse(t)
	keys, ids := h.team("team_7", 3)
	h.rotate(ids[1], `{"grace":"1h"}`)
	results, end := h.sendBulk(h.root, `{"filter":{"owner":"team_7"},"verb":"rotate","rotate":{"grace":"0s"}}`)
	if end != (api.BulkEnd{Count: 3, Done: 2, Failed: 1}) {
		t.Fatalf("%+v", end)
	}
	if p := results[1].Problem; p == nil || p.Code != api.Conflict || results[1].Done || !results[1].Key.IsZero() {
		t.Errorf("in a grace: %+v", results[1])
	}
	for _, r := range []api.BulkResult{results[0], results[2]} {
		if v := h.verdict(r.Key.Reveal()); !v.Valid || v.KeyID != r.ID || v.PublicID != r.PublicID || r.PreviousEndsAt.IsZero() {
			t.Errorf("%+v: %+v", r, v)
		}
	}
	for i, want := range []keywright.Code{keywright.Expired, keywright.Valid, keywright.Expired} {
		if v := h.verdict(keys[i]); v.Code != want {
			t.Errorf("old secret %d: %s, want %s", i, v.Code, want)
		}
	}
	results, end = h.sendBulk(h.root, `{"filter":{"all":true},"verb":"rotate","rotate":{"grace":{"idle":"24h"},"force":true}}`)
	if end != (api.BulkEnd{Count: 3, Done: 3}) || time.Until(results[0].PreviousEndsAt) < 29*24*time.Hour {
		t.Errorf("%+v %+v", results, end)
	}
}

// TestBulkFilters goes by what keys grant, from where, and since when.
func TestBulkFilters(t *testing.T) {
	h, clock := newClockedHouse(t)
	h.want(h.send("POST", "/v1/keys", h.root, `{"name":"narrow","scopes":["invoices:write"],"allowed_networks":["192.0.2.0/24"]}`), 201, nil)
	h.want(h.send("POST", "/v1/keys", h.root, `{"name":"wide","scopes":["invoices:*"],"expires_in":"2h"}`), 201, nil)
	clock.advance(time.Hour)
	h.want(h.send("POST", "/v1/keys", h.root, `{"name":"late","scopes":["users:read"],"allowed_networks":["10.0.0.0/8"]}`), 201, nil)
	for filter, want := range map[string]string{
		`{"scope":"invoices:write"}`:                          "narrow wide",
		`{"scope":"users:read"}`:                              "late",
		`{"scope":"other:read"}`:                              "",
		`{"network":"10.1.0.0/16"}`:                           "late wide",
		`{"network":"192.0.2.7/32","scope":"invoices:write"}`: "narrow wide",
		`{"created_before":"2026-03-01T12:30:00Z"}`:           "narrow wide",
		`{"created_since":"2026-03-01T12:30:00Z"}`:            "late",
		`{"expires_before":"2026-03-02T00:00:00Z"}`:           "wide",
		`{"q":"A"}`:                           "late narrow",
		`{"state":"active"}`:                  "late narrow wide",
		`{"state":"disabled"}`:                "",
		`{"due":true}`:                        "",
		`{"all":true}`:                        "late narrow wide",
		`{"all":true,"keyspace":"keywright"}`: "-",
		`{"created_since":"2026-03-01T12:30:00Z","q":"narrow"}`: "",
	} {
		results, _ := h.sendBulk(h.root, `{"filter":`+filter+`,"verb":"disable","dry_run":true}`)
		var names []string
		for _, r := range results {
			names = append(names, r.Name)
		}
		slices.Sort(names)
		got := strings.Join(names, " ")
		if filter == `{"all":true,"keyspace":"keywright"}` && len(results) == 1 {
			got = "-" // the service key
		}
		if got != want {
			t.Errorf("%s chooses %q, want %q", filter, got, want)
		}
	}
}

// TestBulkEndsEarly says so: here the service key ends itself on the way.
func TestBulkEndsEarly(t *testing.T) {
	h := newHouse(t)
	time.Sleep(2 * time.Millisecond)
	admin := h.serviceKey(authority.Rules{}, "admin:write")
	time.Sleep(2 * time.Millisecond)
	h.serviceKey(authority.Rules{}, "keys:write")
	results, end := h.sendBulk(admin, `{"filter":{"keyspace":"keywright","all":true},"verb":"disable"}`)
	if len(results) != 2 || end.Count != 2 || end.Done != 2 || end.Problem == nil || end.Problem.Code != api.Unauthenticated {
		t.Errorf("%+v %+v", results, end)
	}
	if a := h.send("GET", "/v1/keys", h.root, ""); a.StatusCode != 200 {
		t.Errorf("what came after the end was done: %s", a.body)
	}
}

// TestBulkThatCannotBe is refused as a whole, and nothing is done.
func TestBulkThatCannotBe(t *testing.T) {
	h := newHouse(t)
	keys, _ := h.team("team_7", 1)
	before := len(h.chain())
	for body, field := range map[string]string{
		`{"verb":"revoke"}`:                                                                   "filter",
		`{"filter":{},"verb":"revoke"}`:                                                       "filter",
		`{"filter":{"keyspace":"default"},"verb":"revoke"}`:                                   "filter",
		`{"filter":{"all":true}}`:                                                             "verb",
		`{"filter":{"all":true},"verb":"delete"}`:                                             "verb",
		`{"filter":{"scope":"a:*"},"verb":"revoke"}`:                                          "filter.scope",
		`{"filter":{"scope":"not a scope"},"verb":"revoke"}`:                                  "filter.scope",
		`{"filter":{"network":"everywhere"},"verb":"revoke"}`:                                 "filter.network",
		`{"filter":{"created_since":"once"},"verb":"revoke"}`:                                 "filter.created_since",
		`{"filter":{"state":"gone"},"verb":"revoke"}`:                                         "filter.state",
		`{"filter":{"state":"disabled","due":true},"verb":"revoke"}`:                          "filter.due",
		`{"filter":{"colour":"red"},"verb":"revoke"}`:                                         "filter",
		`{"filter":{"all":true},"verb":"disable","reason":"x"}`:                               "reason",
		`{"filter":{"all":true},"verb":"revoke","rotate":{}}`:                                 "rotate",
		`{"filter":{"all":true},"verb":"rotate","rotate":{"hash":""}}`:                        "rotate",
		`{"filter":{"all":true},"verb":"rotate","rotate":{"grace":-1}}`:                       "rotate.grace",
		`{"filter":{"all":true},"verb":"revoke","reason":"` + strings.Repeat("x", 201) + `"}`: "reason",
		`{"filter":{"all":true},"verb":"revoke"}{}`:                                           "",
		``: "",
	} {
		if p := h.wantProblem(h.send("POST", api.PathBulk, h.root, body), api.InvalidInput); p.Field != field || p.Hint == "" {
			t.Errorf("%s: field %q, hint %q", body, p.Field, p.Hint)
		}
	}
	h.wantProblem(h.send("POST", api.PathBulk, h.root, `{"filter":{"all":true,"keyspace":"nowhere"},"verb":"revoke"}`), api.NotFound)
	h.wantProblem(h.send("POST", api.PathBulk, h.root, "{}", "Content-Type", api.MediaLines), api.UnsupportedMediaType)
	for _, verb := range []string{"disable", "enable", "rotate"} {
		key := h.serviceKey(authority.Rules{}, "keys:revoke", "keys:read")
		h.wantProblem(h.send("POST", api.PathBulk, key, `{"filter":{"all":true},"verb":"`+verb+`"}`), api.AccessDenied)
	}
	owner := h.serviceKey(authority.Rules{Owner: "team_8"}, "keys:*")
	if results, end := h.sendBulk(owner, `{"filter":{"all":true},"verb":"revoke"}`); len(results) != 0 || end.Count != 0 {
		t.Errorf("of another owner: %+v", results)
	}
	h.wantProblem(h.send("POST", api.PathBulk, owner, `{"filter":{"owner":"team_7"},"verb":"revoke"}`), api.AccessDenied)
	if v := h.verdict(keys[0]); !v.Valid {
		t.Errorf("a refused act did something: %s", v.Code)
	}
	for _, verb := range h.chain()[before:] {
		if verb == "key.revoke" || verb == "key.rotate" || verb == "key.disable" {
			t.Errorf("it left %s", verb)
		}
	}
}

// TestBulkStopsWithItsClient does no more for somebody who has gone.
func TestBulkStopsWithItsClient(t *testing.T) {
	h := newHouse(t)
	h.team("team_7", 300)
	body := strings.NewReader(`{"filter":{"owner":"team_7"},"verb":"rotate"}`)
	r, err := http.NewRequest("POST", h.url+api.PathBulk, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.root)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	var one [1]byte
	if _, err := response.Body.Read(one[:]); err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	rotated := func() (n int) {
		for _, verb := range h.chain() {
			if verb == "key.rotate" {
				n++
			}
		}
		return n
	}
	last := -1
	h.eventually("it stops", func() bool {
		now := rotated()
		still := now == last
		last = now
		time.Sleep(50 * time.Millisecond)
		return still
	})
	if last == 300 || last == 0 {
		t.Errorf("%d of 300 keys were rotated for a client that went after the first", last)
	}
}
