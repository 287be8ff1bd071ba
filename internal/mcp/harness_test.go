// SPDX-License-Identifier: Apache-2.0

package mcp_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/mcp"
	"github.com/keywright/keywright/internal/server"
	"github.com/keywright/keywright/store/sqlite"
)

// house is a server with /mcp and everything behind it.
type house struct {
	testing.TB
	authority *authority.Authority
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

func newHouse(t testing.TB, change ...func(*mcp.HTTPOptions)) *house {
	t.Helper()
	ctx := context.Background()
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	a, err := authority.Open(ctx, authority.Options{Store: nearsighted{store}, Clock: time.Now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	first, _, err := a.FirstServiceKey(ctx)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{TB: t, authority: a, root: first.Key.Reveal(), log: &locked{}}
	log := slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := server.New(server.Options{Authority: a, Logger: log, MCP: func(s http.Handler) http.Handler {
		o := mcp.HTTPOptions{Server: s, Logger: log, Origins: []string{"https://app.example.com"}}
		for _, f := range change {
			f(&o)
		}
		return mcp.Handler(o)
	}})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	h.url = web.URL
	return h
}

func (h *house) operator() authority.Caller { return authority.Operator("test", authority.Origin{}) }

// issue issues a key past every door.
func (h *house) issue(q authority.IssueRequest) (string, keywright.KeyID) {
	h.Helper()
	issued, err := h.authority.Issue(context.Background(), h.operator(), q)
	if err != nil {
		h.Fatal(err)
	}
	return issued.Key.Reveal(), issued.Record.ID
}

// serviceKey issues a service key with scopes.
func (h *house) serviceKey(scopes ...string) string {
	h.Helper()
	key, _ := h.issue(authority.IssueRequest{Keyspace: authority.ReservedKeyspace, Scopes: scopes})
	return key
}

// client returns what other commands speak to the server with.
func (h *house) client(key string) *client.Client {
	h.Helper()
	c, err := client.New(client.Options{URL: h.url, ServiceKey: keywright.NewSecret(key)})
	if err != nil {
		h.Fatal(err)
	}
	return c
}

// agent is a client of the protocol.
type agent struct {
	testing.TB
	*sdk.ClientSession
}

// withHeader sends headers with every request.
type withHeader map[string]string

func (w withHeader) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range w {
		r.Header.Set(name, value)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// overHTTP connects to /mcp, with a service key where that is not empty.
func (h *house) overHTTP(t testing.TB, key string) *agent {
	t.Helper()
	headers := withHeader{}
	if key != "" {
		headers["Authorization"] = "Bearer " + key
	}
	return connectWith(t, h, headers)
}

// overPipes connects to what keywright mcp serves. A client that is nil is no server.
func overPipes(t testing.TB, c *client.Client) *agent {
	t.Helper()
	fromAgent, toServer := io.Pipe()
	fromServer, toAgent := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- mcp.Serve(context.Background(), fromAgent, toAgent, mcp.Options{Client: c, Version: "test"})
		_ = toAgent.Close()
	}()
	t.Cleanup(func() {
		_ = toServer.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return connect(t, &sdk.IOTransport{Reader: fromServer, Writer: toServer})
}

func connect(t testing.TB, transport sdk.Transport) *agent {
	t.Helper()
	s, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(context.Background(), transport, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &agent{t, s}
}

// fields are arguments, or a result.
type fields = map[string]any

// call calls a tool and returns its result, typed and as text; refused, it has the text alone.
func (a *agent) call(name string, arguments fields) (result fields, text string, refused bool) {
	a.Helper()
	r, err := a.CallTool(context.Background(), &sdk.CallToolParams{Name: name, Arguments: arguments})
	if err != nil {
		a.Fatalf("%s: %v", name, err)
	}
	if len(r.Content) != 1 {
		a.Fatalf("%s answers with %d pieces", name, len(r.Content))
	}
	text = r.Content[0].(*sdk.TextContent).Text
	if r.StructuredContent != nil {
		b, err := json.Marshal(r.StructuredContent)
		if err != nil || json.Unmarshal(b, &result) != nil {
			a.Fatal(err)
		}
		var same fields
		if json.Unmarshal([]byte(text), &same) != nil || !equal(same, result) {
			a.Errorf("%s says %s as text and %s typed", name, text, b)
		}
	}
	return result, text, r.IsError
}

// must calls a tool that does what it is asked.
func (a *agent) must(name string, arguments fields) fields {
	a.Helper()
	result, text, refused := a.call(name, arguments)
	if refused {
		a.Fatalf("%s is refused: %s", name, text)
	}
	return result
}

// wont calls a tool that refuses, and returns why.
func (a *agent) wont(name string, arguments fields) string {
	a.Helper()
	_, text, refused := a.call(name, arguments)
	if !refused {
		a.Fatalf("%s is not refused", name)
	}
	return text
}

func equal(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

// in returns a field of a field.
func in(f fields, path ...string) any {
	for i, name := range path {
		if i == len(path)-1 {
			return f[name]
		}
		f, _ = f[name].(fields)
	}
	return nil
}

// connectWith connects to /mcp with headers.
func connectWith(t testing.TB, h *house, headers withHeader) *agent {
	t.Helper()
	return connect(t, &sdk.StreamableClientTransport{Endpoint: h.url + "/mcp", HTTPClient: &http.Client{Transport: headers}})
}
