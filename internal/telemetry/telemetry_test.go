// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/server"
	"github.com/keywright/keywright/store/sqlite"
)

// house is a server whose telemetry goes to a collector.
type house struct {
	testing.TB
	authority *authority.Authority
	telemetry *Telemetry
	server    *server.Server
	root      string
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

// cold is a store that cannot be scanned: every key that was not made here is looked up.
type cold struct{ authority.Store }

func newHouse(t testing.TB, endpoint string) *house {
	t.Helper()
	h := &house{TB: t, log: &locked{}}
	logger := slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	registry := prometheus.NewRegistry()
	var err error
	if h.telemetry, err = Start(t.Context(), Options{Endpoint: endpoint, Registry: registry, Logger: logger, Version: "1.2.3"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.telemetry.Stop() })
	memory, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = memory.Close() })
	h.authority, err = authority.Open(context.Background(), authority.Options{
		Store: cold{memory}, Clock: time.Now, Random: rand.Reader, Observer: h.telemetry.Observe,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.authority.Close)
	first, _, err := h.authority.FirstServiceKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.root = first.Key.Reveal()
	if h.server, err = server.New(server.Options{Authority: h.authority, Logger: logger, Registry: registry, Trace: h.telemetry.Trace}); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) send(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	h.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+h.root)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.server.ServeHTTP(w, r)
	return w
}

func (h *house) issue() string {
	h.Helper()
	issued, err := h.authority.Issue(h.Context(), authority.Operator("test", authority.Origin{}), authority.IssueRequest{})
	if err != nil {
		h.Fatal(err)
	}
	return issued.Key.Reveal()
}

// unknownTo changes a key so that its checksum is right and nobody has it: another house made it.
func unknownTo(t *testing.T) string {
	return newHouse(t, newCollector(t).url).issue()
}

const (
	traceOfCaller = "4bf92f3577b34da6a3ce929d0e0e4736"
	spanOfCaller  = "00f067aa0ba902b7"
)

// TestArrives sends requests to a server and looks at what a collector gets: at the latest when the server stops.
func TestArrives(t *testing.T) {
	c := newCollector(t)
	h := newHouse(t, c.url)
	key := h.issue()
	ask := func(key string) string { return `{"key":"` + key + `","keyspace":"default"}` }
	w := h.send("POST", "/v1/verify", ask(unknownTo(t)), "Traceparent", "00-"+traceOfCaller+"-"+spanOfCaller+"-01")
	if !strings.Contains(w.Body.String(), `"NOT_FOUND"`) {
		t.Fatal(w.Body)
	}
	h.send("POST", "/v1/verify", ask(key))
	h.send("POST", "/v1/keys", `{}`)
	h.send("GET", "/nothing/here", "")
	if err := h.telemetry.Stop(); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	verified := c.named("POST /v1/verify")
	if len(verified) != 2 || len(c.named("POST /v1/keys")) != 1 || len(c.named("none")) != 1 {
		t.Fatalf("%d spans: %v", len(c.spans), c.spans)
	}
	first := verified[0]
	if hex.EncodeToString(first.GetTraceId()) != traceOfCaller || hex.EncodeToString(first.GetParentSpanId()) != spanOfCaller {
		t.Errorf("the trace of the caller goes on elsewhere: %v", first)
	}
	want := map[string]string{
		"http.request.method": "POST", "http.route": "POST /v1/verify", "http.response.status_code": "int_value:200",
		"keywright.request_id": w.Header().Get("X-Request-Id"),
	}
	if got := attributes(first.GetAttributes()); !equal(got, want) {
		t.Errorf("attributes %v, want %v", got, want)
	}
	wantChild(t, c, "store Lookup", first.GetSpanId(), "not_found")
	wantChild(t, c, "store Apply", c.named("POST /v1/keys")[0].GetSpanId(), "")
	who := attributes(c.resources[0].GetAttributes())
	if who["service.name"] != "keywright" || who["service.version"] != "1.2.3" || who["process.command_args"] != "" {
		t.Errorf("resource %v", who)
	}
	if c.metrics["keywright_verifications_total"] == nil || c.metrics["keywright_http_request_duration_seconds"] == nil || c.metrics["go_goroutines"] == nil {
		t.Errorf("metrics %v", c.metrics)
	}
	wantLogged(t, h.log.String(), w.Header().Get("X-Request-Id"))
}

func equal(a, b map[string]string) bool {
	for name := range a {
		if strings.ReplaceAll(a[name], " ", "") != strings.ReplaceAll(b[name], " ", "") {
			return false
		}
	}
	return len(a) == len(b)
}

// wantChild looks for a span below another one.
func wantChild(t *testing.T, c *collector, name string, parent []byte, result string) {
	t.Helper()
	for _, s := range c.named(name) {
		if bytes.Equal(s.GetParentSpanId(), parent) && attributes(s.GetAttributes())["keywright.store.result"] == result {
			return
		}
	}
	t.Errorf("no span %s with the result %q: %v", name, result, c.spans)
}

// wantLogged looks for the event of a request, with the id of its trace.
func wantLogged(t *testing.T, log, request string) {
	t.Helper()
	for line := range strings.Lines(log) {
		var event map[string]any
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatal(err)
		}
		if event["msg"] == "request" && event["request_id"] == request && event["trace_id"] == traceOfCaller {
			return
		}
	}
	t.Errorf("the log does not tell the trace: %s", log)
}

// TestNoLeaks puts a key everywhere a client can put one: nothing that a collector receives may show it.
func TestNoLeaks(t *testing.T) {
	c := newCollector(t)
	h := newHouse(t, c.url)
	key := h.issue()
	canary := key[len("default_live_"):]
	escaped := url.QueryEscape(key)
	parent := "00-" + traceOfCaller + "-" + spanOfCaller + "-01"
	for _, pattern := range []string{"POST /v1/verify", "GET /v1/keys", "GET /nowhere", "GET /readyz", "POST /v1/revoke-self", "POST /api/sec-api-key-generate"} {
		method, path, _ := strings.Cut(pattern, " ")
		for _, header := range []string{"Tracestate", "Baggage", "Traceparent", "X-Request-Id", "User-Agent", "Authorization", "Cookie", "Forwarded", "Origin", "Content-Type"} {
			h.send(method, path+"?key="+escaped, `{"key":"`+key+`","keyspace":"default"}`, "Traceparent", parent, header, "kw="+key)
		}
		h.send(method, path+"/"+escaped, key)
		h.send("K"+strings.ReplaceAll(canary, "_", ""), path, key)
	}
	h.send("GET", "/v1/keys?owner="+escaped, "")
	h.send("POST", "/v1/keys", `{"name":"`+canary+`"}`)
	for range 3 { // a store that fails says why in its errors
		_, end := h.telemetry.Observe(h.sampled(), authority.StoreCall{Operation: "Apply"})
		end(io.ErrUnexpectedEOF)
	}
	if err := h.telemetry.Stop(); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.spans) < 60 {
		t.Fatalf("only %d spans", len(c.spans))
	}
	if planted := c.raw.String() + "a planted " + canary; leaked(planted, canary) == "" {
		t.Fatal("the search does not find what is planted")
	}
	if found := leaked(c.raw.String(), canary); found != "" {
		t.Errorf("the collector was sent the key (%s)", found)
	}
	for _, s := range c.spans {
		if s.GetTraceState() != "" || s.GetStatus().GetMessage() != "" {
			t.Errorf("a span tells more than it should: %v", s)
		}
	}
}

// sampled returns a context in which spans are kept.
func (h *house) sampled() context.Context {
	ctx, _, _ := h.telemetry.Trace(httptest.NewRequest(http.MethodGet, "/", nil))
	return ctx
}

// leaked names the encoding in which a text holds a part of a key, or returns nothing.
func leaked(text, key string) string {
	_, secret, _ := strings.Cut(key, "_")
	for _, part := range []string{key, secret, secret[:20]} {
		needles := map[string]string{"raw": part, "escaped": url.QueryEscape(part), "hex": hex.EncodeToString([]byte(part))}
		reversed := []byte(part)
		slices.Reverse(reversed)
		needles["reversed"] = string(reversed)
		for name, needle := range needles {
			if strings.Contains(text, needle) {
				return name
			}
		}
		for shift := range 3 {
			b := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + part))
			if strings.Contains(text, b[4:len(b)-4]) {
				return "base64"
			}
		}
	}
	return ""
}

// TestSampling obeys the variables: no span is sent, and the log still tells the trace of the caller.
func TestSampling(t *testing.T) {
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	c := newCollector(t)
	h := newHouse(t, c.url)
	w := h.send("GET", "/v1/keys", "", "Traceparent", "00-"+traceOfCaller+"-"+spanOfCaller+"-01")
	if err := h.telemetry.Stop(); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.spans) != 0 || len(c.metrics) == 0 {
		t.Errorf("%d spans, %d metrics", len(c.spans), len(c.metrics))
	}
	wantLogged(t, h.log.String(), w.Header().Get("X-Request-Id"))
}

// TestFaults tells once a minute that a collector refuses, and loses no request for it.
func TestFaults(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	t.Cleanup(refusing.Close)
	h := newHouse(t, refusing.URL)
	for range 4 {
		if w := h.send("GET", "/v1/keys", ""); w.Code != http.StatusOK {
			t.Fatal(w.Code)
		}
		if err := h.telemetry.traces.ForceFlush(t.Context()); err != nil {
			t.Error(err)
		}
	}
	const text = "telemetry cannot be sent"
	if n := strings.Count(h.log.String(), text); n != 1 {
		t.Errorf("told %d times: %s", n, h.log)
	}
	h.telemetry.faults.mu.Lock()
	h.telemetry.faults.told = time.Now().Add(-tellEvery)
	h.telemetry.faults.mu.Unlock()
	_ = h.telemetry.metrics.ForceFlush(t.Context())
	if n := strings.Count(h.log.String(), text); n != 2 {
		t.Errorf("told %d times: %s", n, h.log)
	}
}

// TestCheckEndpoint refuses addresses that the library would take for another without a word, and repeats none.
func TestCheckEndpoint(t *testing.T) {
	for text, ok := range map[string]bool{
		"http://127.0.0.1:4318": true, "https://collector.example/otlp": true, "http://[::1]:4318/": true,
		"127.0.0.1:4318": false, "grpc://collector:4317": false, "": false, "http://": false, "://": false, "http://a b": false,
		"http://user:hunter2@collector:4318": false, "http://collector:4318?token=hunter2": false, "http://collector/#hunter2": false,
	} {
		err := CheckEndpoint(text)
		if (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error repeats the address: %v", err)
		}
		if _, err := Start(t.Context(), Options{Endpoint: text, NoTraces: true, NoMetrics: true}); text != "" && (err == nil) != ok {
			t.Errorf("%q starts: %v", text, err)
		}
	}
}
