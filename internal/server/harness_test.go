// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/mcp"
	"github.com/keywright/keywright/store/sqlite"
)

// house is a server with everything behind it.
type house struct {
	testing.TB
	authority *authority.Authority
	server    *Server
	url       string
	root      string // a service key with all scopes
	log       *locked
}

// locked is a buffer that several goroutines may use.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newHouse(t testing.TB, change ...func(*Options)) *house {
	t.Helper()
	ctx := context.Background()
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return newHouseOver(t, store, change...)
}

func newHouseOver(t testing.TB, store authority.Store, change ...func(*Options)) *house {
	t.Helper()
	return newHouseAt(t, store, time.Now, change...)
}

// newHouseAt lives by a clock.
func newHouseAt(t testing.TB, store authority.Store, now func() time.Time, change ...func(*Options)) *house {
	t.Helper()
	ctx := context.Background()
	sealer, err := authority.NewSealer(make([]byte, authority.RootKeyBytes), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a, err := authority.Open(ctx, authority.Options{Store: store, Clock: now, Random: rand.Reader, Sealer: sealer, Sender: deaf{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	if _, scans := store.(authority.Scanner); scans {
		if err := a.Warm(ctx); err != nil {
			t.Fatal(err)
		}
	}
	h := &house{TB: t, authority: a, log: &locked{}}
	first, _, err := a.FirstServiceKey(ctx)
	if err != nil {
		t.Fatal(err)
	}
	h.root = first.Key.Reveal()
	o := Options{
		Authority: a, Logger: slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		MCP:   func(s http.Handler) http.Handler { return mcp.Handler(mcp.HTTPOptions{Server: s}) },
		Pages: http.NotFoundHandler(),
	}
	for _, f := range change {
		f(&o)
	}
	if h.server, err = New(o); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(h.server)
	t.Cleanup(web.Close)
	h.url = web.URL
	return h
}

// operator acts in process.
func (h *house) operator() authority.Caller { return authority.Operator("test", authority.Origin{}) }

// serviceKey issues a service key.
func (h *house) serviceKey(rules authority.Rules, scopes ...string) string {
	h.Helper()
	issued, err := h.authority.Issue(context.Background(), h.operator(), authority.IssueRequest{
		Keyspace: authority.ReservedKeyspace, Scopes: scopes, Rules: rules,
	})
	if err != nil {
		h.Fatal(err)
	}
	return issued.Key.Reveal()
}

// key issues a key.
func (h *house) key(q authority.IssueRequest) (string, keywright.KeyID) {
	h.Helper()
	issued, err := h.authority.Issue(context.Background(), h.operator(), q)
	if err != nil {
		h.Fatal(err)
	}
	return issued.Key.Reveal(), issued.Record.ID
}

// answer is a response that was read.
type answer struct {
	*http.Response
	body string
}

// send sends a request with a JSON body, where that is not empty, and a service key, where that is not empty. Headers
// are names and values in turn.
func (h *house) send(method, path, key, body string, headers ...string) answer {
	h.Helper()
	r, err := http.NewRequest(method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", api.MediaJSON)
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return h.do(r)
}

func (h *house) do(r *http.Request) answer {
	h.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		h.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		h.Fatal(err)
	}
	return answer{response, string(b)}
}

// want checks the status and reads the body into v, unless that is nil.
func (h *house) want(a answer, status int, v any) {
	h.Helper()
	if a.StatusCode != status {
		h.Fatalf("status %d, want %d: %s", a.StatusCode, status, a.body)
	}
	if v == nil {
		return
	}
	d := json.NewDecoder(strings.NewReader(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		h.Fatalf("answer cannot be read: %v: %s", err, a.body)
	}
}

// wantProblem checks that an answer is a problem document.
func (h *house) wantProblem(a answer, code api.Code) api.Problem {
	h.Helper()
	var p api.Problem
	h.want(a, code.Status(), &p)
	if p.Code != code || p.Status != code.Status() || p.Title == "" || p.Detail == "" || p.RequestID == "" {
		h.Fatalf("not a whole problem of code %s: %s", code, a.body)
	}
	if got := a.Header.Get("Content-Type"); got != api.MediaProblem {
		h.Fatalf("content type %q", got)
	}
	if a.Header.Get(api.HeaderRequestID) != p.RequestID {
		h.Fatalf("request id of header and problem differ")
	}
	return p
}

// wantLimited checks that an answer is 429 and tells the limit in its headers.
func (h *house) wantLimited(a answer, policy string) api.Problem {
	h.Helper()
	p := h.wantProblem(a, api.TooManyRequests)
	after, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if err != nil || after < 1 || a.Header.Get("RateLimit-Policy") != policy || len(p.Limits) != 1 || p.Limits[0].RetryAfter.Duration() > time.Duration(after)*time.Second {
		h.Fatalf("headers %v with %+v", a.Header, p)
	}
	return p
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
