// SPDX-License-Identifier: Apache-2.0

package httpauth_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/httpauth"
	"github.com/keywright/keywright/internal/server"
	"github.com/keywright/keywright/store/sqlite"
)

// house is an authority over a store in memory, and a client that asks it over HTTP.
type house struct {
	testing.TB
	authority *authority.Authority
	client    *client.Client
	store     *sqlite.Store
	server    *httptest.Server
}

func newHouse(t testing.TB) *house {
	t.Helper()
	store, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a, err := authority.Open(t.Context(), authority.Options{Store: store, Clock: time.Now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	handler, err := server.New(server.Options{Authority: a})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{TB: t, authority: a, store: store, server: httptest.NewServer(handler)}
	t.Cleanup(func() { h.server.Close(); a.Close(); _ = store.Close() })
	service := h.issue(authority.IssueRequest{Keyspace: authority.ReservedKeyspace, Scopes: []string{authority.ScopeVerify}})
	if h.client, err = client.New(client.Options{URL: h.server.URL, ServiceKey: service.Key}); err != nil {
		t.Fatal(err)
	}
	return h
}

var me = authority.Operator("test", authority.Origin{})

func (h *house) issue(q authority.IssueRequest) authority.Issued {
	h.Helper()
	issued, err := h.authority.Issue(context.Background(), me, q)
	if err != nil {
		h.Fatal(err)
	}
	return issued
}

// verifiers are the two that there are.
func (h *house) verifiers() map[string]keywright.Verifier {
	return map[string]keywright.Verifier{"in process": h.authority, "over HTTP": h.client}
}

// options say what the tests guard.
func options(log *bytes.Buffer) httpauth.Options {
	o := httpauth.Options{Keyspace: "default", Environment: "live", Realm: "acme"}
	if log != nil {
		o.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return o
}

// reached is a handler that tells the verdict it sees.
type reached struct {
	times   int
	verdict keywright.Verdict
	known   bool
}

func (h *reached) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.times++
	h.verdict, h.known = httpauth.FromContext(r.Context())
	_, _ = io.WriteString(w, "reached")
}

// send sends a request to a handler; headers are names and values in turn.
func send(handler http.Handler, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func bearer(key keywright.Secret) []string {
	return []string{"Authorization", "Bearer " + key.Reveal()}
}

// wantProblem checks that an answer is a whole problem document that nobody keeps.
func wantProblem(t testing.TB, w *httptest.ResponseRecorder, status int) api.Problem {
	t.Helper()
	var p api.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%d %q: %v", w.Code, w.Body, err)
	}
	if w.Code != status || p.Status != status || p.Title != http.StatusText(status) || p.Type != "about:blank" || p.Code.Status() != status || p.Detail == "" || p.Hint == "" {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != api.MediaProblem {
		t.Fatalf("content type %q", got)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Fatalf("cache control %q", got)
	}
	return p
}
