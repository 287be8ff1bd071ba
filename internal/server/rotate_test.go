// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

// hands are a clock that a test moves.
type hands struct{ at atomic.Int64 }

func (c *hands) now() time.Time            { return time.Unix(0, c.at.Load()).UTC() }
func (c *hands) advance(d time.Duration)   { c.at.Add(int64(d)) }
func rotatePath(id keywright.KeyID) string { return "/v1/keys/" + id.String() + "/rotate" }
func gracePath(id keywright.KeyID) string  { return "/v1/keys/" + id.String() + "/end-grace" }

// newClockedHouse is a house whose time stands still unless it is moved.
func newClockedHouse(t *testing.T) (*house, *hands) {
	t.Helper()
	store, err := sqlite.OpenMemory(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	c := &hands{}
	c.at.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	return newHouseAt(t, store, c.now), c
}

// verdict asks for a key in the default keyspace.
func (h *house) verdict(key string) (v api.VerifyResponse) {
	h.Helper()
	h.want(h.send("POST", "/v1/verify", h.root, encode(map[string]string{"key": key, "keyspace": "default"})), 200, &v)
	return v
}

// rotate gives a key a new secret.
func (h *house) rotate(id keywright.KeyID, body string, headers ...string) (r api.RotateResponse) {
	h.Helper()
	a := h.send("POST", rotatePath(id), h.root, body, headers...)
	if h.want(a, 200, &r); a.Header.Get("Cache-Control") != "no-store" {
		h.Error("an answer with a key may be stored")
	}
	return r
}

// events returns the verbs of the events of a key.
func (h *house) events(target string) (verbs []string) {
	h.Helper()
	list, err := h.authority.Events(context.Background(), h.operator(), authority.EventQuery{Target: target, Limit: 1000})
	if err != nil {
		h.Fatal(err)
	}
	for _, e := range list {
		verbs = append(verbs, e.Verb)
	}
	return verbs
}

func (h *house) eventually(what string, is func() bool) {
	h.Helper()
	for range 1000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	h.Fatal("it never came: " + what)
}

// TestRotateNow asks for the old secret all the time, from many sides: none of them hears VALID for a request that it sent
// after the answer to the rotation had come.
func TestRotateNow(t *testing.T) {
	h := newHouse(t)
	key, id := h.key(authority.IssueRequest{})
	body := encode(map[string]string{"key": key, "keyspace": "default"})
	var returned atomic.Int64 // Unix nanoseconds
	var last, valid, after atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for after.Load() < 200 {
				ended := returned.Load() != 0
				a := h.send("POST", "/v1/verify", h.root, body)
				switch says := strings.Contains(a.body, `"VALID"`); {
				case says && ended:
					t.Error("VALID for the old secret after the rotation had returned")
					return
				case says:
					valid.Add(1)
					last.Store(time.Now().UnixNano())
				case !strings.Contains(a.body, `"EXPIRED"`):
					t.Errorf("neither VALID nor EXPIRED: %s", a.body)
					return
				}
				if ended {
					after.Add(1)
				}
			}
		})
	}
	h.eventually("VALID", func() bool { return valid.Load() > 200 || t.Failed() })
	r := h.rotate(id, `{"grace":"0s"}`)
	returned.Store(time.Now().UnixNano())
	wg.Wait()
	if gap := time.Duration(returned.Load() - last.Load()); gap > 250*time.Millisecond {
		t.Errorf("the last VALID was %s before the return: this proves nothing", gap)
	}
	if v := h.verdict(r.Key.Reveal()); !v.Valid || v.Secret != api.SecretCurrent {
		t.Errorf("the new secret: %+v", v)
	}
	if r.PreviousEndsAt.After(time.Now()) || r.PreviousEndsAt.IsZero() {
		t.Errorf("the old secret ends at %s", r.PreviousEndsAt)
	}
}

// TestGrace ends at its time, and leaves an event.
func TestGrace(t *testing.T) {
	h, clock := newClockedHouse(t)
	key, id := h.key(authority.IssueRequest{Scopes: []string{"a"}})
	r := h.rotate(id, `{"grace":"1h"}`)
	if r.Record.ID != id || !r.PreviousEndsAt.Equal(clock.now().Add(time.Hour)) || len(r.Record.Secrets) != 2 {
		t.Fatalf("%+v", r)
	}
	if v := h.verdict(key); !v.Valid || v.Secret != api.SecretPrevious || !v.ExpiresAt.Equal(r.PreviousEndsAt) {
		t.Errorf("the old secret: %+v", v)
	}
	if v := h.verdict(r.Key.Reveal()); !v.Valid || v.Secret != api.SecretCurrent || v.KeyID != id {
		t.Errorf("the new secret: %+v", v)
	}
	h.wantProblem(h.send("POST", rotatePath(id), h.root, `{}`), api.Conflict)
	h.wantProblem(h.send("POST", gracePath(id), h.root, ""), api.Conflict) // the old secret was used just now
	clock.advance(time.Hour)
	if v := h.verdict(key); v.Code != keywright.Expired {
		t.Errorf("after the grace: %+v", v)
	}
	h.eventually("the event", func() bool { return slices.Contains(h.events(id.String()), "key.grace_ended") })
	clock.advance(time.Hour)
	again := h.rotate(id, "")
	if !again.PreviousEndsAt.Equal(clock.now().Add(24 * time.Hour)) {
		t.Errorf("a grace that nobody named ends at %s", again.PreviousEndsAt)
	}
	h.want(h.send("POST", gracePath(id), h.root, ""), 200, nil)
	if v := h.verdict(r.Key.Reveal()); v.Code != keywright.Expired {
		t.Errorf("after the grace was ended: %+v", v)
	}
	forced := h.rotate(id, `{"grace":{"idle":"24h","at_most":"48h"}}`)
	if v := h.verdict(again.Key.Reveal()); !v.Valid {
		t.Errorf("in the idle grace: %+v", v)
	}
	h.wantProblem(h.send("POST", gracePath(id), h.root, `{"force":false}`), api.Conflict)
	h.want(h.send("POST", gracePath(id), h.root, `{"force":true}`), 200, nil)
	if v := h.verdict(again.Key.Reveal()); v.Code != keywright.Expired || !h.verdict(forced.Key.Reveal()).Valid {
		t.Errorf("after the grace was ended by force: %+v", v)
	}
}

// TestIdleGrace goes on while the old secret is used, and ends when it is not.
func TestIdleGrace(t *testing.T) {
	h, clock := newClockedHouse(t)
	key, id := h.key(authority.IssueRequest{})
	r := h.rotate(id, `{"grace":{"idle":"24h"}}`)
	if r.PreviousIdle.Duration() != 24*time.Hour || !r.PreviousEndsAt.Equal(clock.now().Add(30*24*time.Hour)) {
		t.Fatalf("%+v", r)
	}
	for range 3 {
		clock.advance(20 * time.Hour)
		if v := h.verdict(key); !v.Valid {
			t.Fatalf("used every 20 hours: %+v", v)
		}
		if err := h.authority.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	clock.advance(25 * time.Hour)
	if v := h.verdict(key); v.Code != keywright.Expired {
		t.Fatalf("idle for 25 hours: %+v", v)
	}
	h.eventually("the event", func() bool { return slices.Contains(h.events(id.String()), "key.grace_ended") })
}

// TestSecondRotation is refused within a grace, unless it is forced; a repeat with the same idempotency key is none.
func TestSecondRotation(t *testing.T) {
	h := newHouse(t)
	key, id := h.key(authority.IssueRequest{})
	first := h.rotate(id, `{"grace":"1h"}`, api.HeaderIdempotencyKey, "once")
	again := h.rotate(id, `{"grace":"1h"}`, api.HeaderIdempotencyKey, "once")
	if !again.Repeated || !again.Key.IsZero() || len(again.Record.Secrets) != 2 || first.Repeated || first.Key.IsZero() {
		t.Errorf("a repeat: %+v", again)
	}
	h.wantProblem(h.send("POST", rotatePath(id), h.root, `{"grace":"2h"}`, api.HeaderIdempotencyKey, "once"), api.Conflict)
	h.wantProblem(h.send("POST", rotatePath(id), h.root, `{"grace":"2h"}`), api.Conflict)
	forced := h.rotate(id, `{"grace":"2h","force":true}`)
	for _, k := range []string{key, first.Key.Reveal(), forced.Key.Reveal()} {
		if v := h.verdict(k); !v.Valid {
			t.Errorf("after a forced rotation: %+v", v)
		}
	}
	if got := h.events(id.String()); !slices.Equal(got, []string{"key.issue", "key.rotate", "key.rotate"}) {
		t.Errorf("events %v", got)
	}
}

// TestRotationsThatCannotBe are refused with the field, and change nothing.
func TestRotationsThatCannotBe(t *testing.T) {
	h := newHouse(t)
	h.want(h.send("POST", "/v1/keyspaces", h.root, `{"name":"strict","policy":{"max_grace":"1h"}}`), 201, nil)
	_, id := h.key(authority.IssueRequest{Keyspace: "strict"})
	for body, field := range map[string]string{
		`{"grace":"-1h"}`:                            "grace",
		`{"grace":"999999h"}`:                        "grace",
		`{"grace":"2h"}`:                             "grace", // the policy allows one
		`{"grace":"1ms"}`:                            "grace",
		`{"grace":"soon"}`:                           "grace",
		`{"grace":24}`:                               "grace",
		`{"grace":true}`:                             "grace",
		`{"grace":{}}`:                               "grace",
		`{"grace":{"at_most":"1h"}}`:                 "grace",
		`{"grace":{"idle":"0s"}}`:                    "grace",
		`{"grace":{"idle":"1h","at_most":"0s"}}`:     "grace",
		`{"grace":{"idle":"-1h"}}`:                   "grace",
		`{"grace":{"idle":"5s"}}`:                    "grace.idle",
		`{"grace":{"idle":"10m","at_most":"1000h"}}`: "grace",
		`{"grace":{"idle":"soon"}}`:                  "grace.idle",
		`{"grace":{"idle":"1h","for":"2h"}}`:         "grace",
		`{"grace":"92233720368547758079999h"}`:       "grace",
		`{"hash":"x"}`:                               "hash",
		`{"public_id":"abc"}`:                        "public_id",
		`{"force":"yes"}`:                            "force",
		`{"graze":"1h"}`:                             "",
	} {
		if p := h.wantProblem(h.send("POST", rotatePath(id), h.root, body), api.InvalidInput); p.Field != field || p.Hint == "" {
			t.Errorf("%s: field %q, hint %q", body, p.Field, p.Hint)
		}
	}
	if got := h.events(id.String()); len(got) != 1 {
		t.Errorf("events %v", got)
	}
	h.wantProblem(h.send("POST", "/v1/keys/key_0DFUqXqVeEpK4nSQhDZ0mR/rotate", h.root, ""), api.NotFound)
	h.wantProblem(h.send("POST", "/v1/keys/nothing/rotate", h.root, ""), api.InvalidInput)
	h.wantProblem(h.send("POST", gracePath(id), h.root, ""), api.Conflict)
	h.wantProblem(h.send("POST", gracePath(id), h.root, `{"force":1}`), api.InvalidInput)
	h.want(h.send("DELETE", "/v1/keys/"+id.String(), h.root, ""), 200, nil)
	h.wantProblem(h.send("POST", rotatePath(id), h.root, ""), api.Conflict)
	bound := h.serviceKey(authority.Rules{Keyspaces: []string{"default"}}, "keys:*")
	h.wantProblem(h.send("POST", rotatePath(id), bound, ""), api.AccessDenied)
}

// TestGraceIsDocumented on the page as in the document: as text or as an object.
func TestGraceIsDocumented(t *testing.T) {
	h := newHouse(t)
	page := h.send("GET", "/docs", "", "").body
	_, article, _ := strings.Cut(page, `id="schema-Grace"`)
	article, _, _ = strings.Cut(article, "</article>")
	for _, want := range []string{"A duration such as 24h, 0s to end", "<code>idle</code>", "<code>at_most</code>"} {
		if !strings.Contains(article, want) {
			t.Errorf("the page does not say %q of a grace: %s", want, article)
		}
	}
	if !strings.Contains(string(h.server.OpenAPI()), `"oneOf": [`) {
		t.Error("the document does not say that a grace may be text")
	}
}
