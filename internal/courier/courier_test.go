// SPDX-License-Identifier: Apache-2.0

package courier_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/courier"
	"github.com/keywright/keywright/internal/server"
	"github.com/keywright/keywright/store/sqlite"
	"github.com/keywright/keywright/webhook"
)

var (
	ctx      = context.Background()
	admin    = authority.Operator("test", authority.Origin{})
	loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
)

// over returns an authority that sends over the network, and its clock.
func over(t *testing.T, store authority.Store, o courier.Options) (*authority.Authority, *atomic.Int64) {
	t.Helper()
	o.Event = server.WireEvent
	sealer, err := authority.NewSealer(make([]byte, authority.RootKeyBytes), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var ahead atomic.Int64
	a, err := authority.Open(ctx, authority.Options{
		Store: store, Random: rand.Reader, Sealer: sealer, Sender: courier.New(o),
		Clock: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a, &ahead
}

func memory(t *testing.T) authority.Store {
	t.Helper()
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen")
		}
	}
}

func create(t *testing.T, a *authority.Authority, q authority.EndpointRequest) authority.IssuedEndpoint {
	t.Helper()
	e, err := a.CreateEndpoint(ctx, admin, q)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func issue(t *testing.T, a *authority.Authority) authority.Issued {
	t.Helper()
	issued, err := a.Issue(ctx, admin, authority.IssueRequest{Name: "ci", Owner: "team_7"})
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

func parse(t *testing.T, s keywright.Secret) webhook.Key {
	t.Helper()
	k, err := webhook.ParseKey(s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// message is one that came.
type message struct {
	headers webhook.Headers
	header  http.Header
	body    []byte
}

// hook is a receiver of webhooks.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	got    []message
	status int
	header http.Header
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{status: http.StatusNoContent, header: http.Header{}}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		headers, wrong := webhook.ReadHeaders(r.Header)
		if err != nil || wrong != nil {
			t.Error(err, wrong)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.got = append(h.got, message{headers, r.Header, body})
		for name, values := range h.header {
			w.Header()[name] = values
		}
		w.WriteHeader(h.status)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) all() []message {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.got)
}

func (h *hook) answer(status int, header http.Header) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status, h.header = status, header
}

// A webhook comes signed, with the event as the API shows it, and verifies with the secret that was shown. While the secret is
// rotated it verifies with either.
func TestAWebhookVerifies(t *testing.T) {
	h := newHook(t)
	a, _ := over(t, memory(t), courier.Options{AllowHTTP: true, Networks: loopback})
	e := create(t, a, authority.EndpointRequest{URL: h.URL + "/hooks", Verbs: []string{"key.issue"}})
	issued := issue(t, a)
	eventually(t, func() bool { return len(h.all()) == 1 })
	m := h.all()[0]
	if err := (webhook.Verifier{Keys: []webhook.Key{parse(t, e.Secret)}}).Verify(m.headers, m.body, time.Now()); err != nil {
		t.Fatal(err)
	}
	var payload struct {
		Type      string
		Timestamp time.Time
		Data      api.Event
	}
	if err := json.Unmarshal(m.body, &payload); err != nil {
		t.Fatal(err)
	}
	if payload.Type != "key.issue" || payload.Data.Verb != "key.issue" || payload.Data.Target != issued.Record.ID.String() || payload.Timestamp != payload.Data.Time || payload.Data.Hash.IsZero() {
		t.Errorf("%s", m.body)
	}
	if !strings.HasPrefix(m.headers.ID, "evt_") || m.header.Get("Content-Type") != "application/json" || m.header.Get("Authorization") != "" {
		t.Errorf("%v", m.header)
	}
	if strings.Contains(string(m.body), issued.Key.Reveal()) || strings.Contains(string(m.body), issued.Key.Reveal()[40:]) {
		t.Error("the message holds the key")
	}
	rotated, err := a.RotateEndpointSecret(ctx, admin, e.Endpoint.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	issue(t, a)
	eventually(t, func() bool { return len(h.all()) == 2 })
	m = h.all()[1]
	for _, secret := range []keywright.Secret{e.Secret, rotated.Secret} {
		if err := (webhook.Verifier{Keys: []webhook.Key{parse(t, secret)}}).Verify(m.headers, m.body, time.Now()); err != nil {
			t.Error(err)
		}
	}
	if n := len(strings.Split(m.headers.Signature, " ")); n != 2 {
		t.Errorf("%d signatures", n)
	}
}

// What is sent again has the same id and body, a new time and a signature of it.
func TestAnAttemptIsSignedAnew(t *testing.T) {
	h := newHook(t)
	h.answer(http.StatusInternalServerError, nil)
	a, ahead := over(t, memory(t), courier.Options{AllowHTTP: true, Networks: loopback})
	e := create(t, a, authority.EndpointRequest{URL: h.URL, Verbs: []string{"key.issue"}})
	issue(t, a)
	eventually(t, func() bool { return len(h.all()) == 1 })
	h.answer(http.StatusOK, nil)
	ahead.Store(int64(10 * time.Second))
	eventually(t, func() bool { return len(h.all()) == 2 })
	first, second := h.all()[0], h.all()[1]
	if first.headers.ID != second.headers.ID || string(first.body) != string(second.body) || first.headers.Timestamp == second.headers.Timestamp {
		t.Errorf("%+v, then %+v", first.headers, second.headers)
	}
	if err := (webhook.Verifier{Keys: []webhook.Key{parse(t, e.Secret)}}).Verify(second.headers, second.body, time.Now()); err != nil {
		t.Error(err)
	}
}

func TestATestIsAPing(t *testing.T) {
	h := newHook(t)
	a, _ := over(t, memory(t), courier.Options{AllowHTTP: true, Networks: loopback})
	e := create(t, a, authority.EndpointRequest{URL: h.URL, Verbs: []string{"key.issue"}})
	if r, err := a.TestEndpoint(ctx, admin, e.Endpoint.ID); err != nil || r.Status != http.StatusNoContent {
		t.Fatal(r, err)
	}
	m := h.all()[0]
	if !strings.HasPrefix(string(m.body), `{"type":"ping",`) {
		t.Errorf("%s", m.body)
	}
	if err := (webhook.Verifier{Keys: []webhook.Key{parse(t, e.Secret)}}).Verify(m.headers, m.body, time.Now()); err != nil {
		t.Error(err)
	}
	h.answer(http.StatusTeapot, nil)
	if _, err := a.TestEndpoint(ctx, admin, e.Endpoint.ID); err == nil || !strings.Contains(err.Error(), "answered 418") {
		t.Error(err)
	}
}

// An export by HTTP posts lines in order, with the header that it was given and a signature.
func TestAnExportByHTTP(t *testing.T) {
	h := newHook(t)
	a, _ := over(t, memory(t), courier.Options{AllowHTTP: true, Networks: loopback})
	for range 3 {
		issue(t, a)
	}
	e := create(t, a, authority.EndpointRequest{Kind: authority.ExportHTTP, URL: h.URL, Header: keywright.NewSecret("Bearer siem"), FromStart: true})
	eventually(t, func() bool { return len(lines(t, h.all())) >= 6 })
	for i, event := range lines(t, h.all()) {
		if event.Sequence != uint64(i+1) {
			t.Fatalf("event %d is the %dth", event.Sequence, i+1)
		}
	}
	m := h.all()[0]
	if m.header.Get("Authorization") != "Bearer siem" || m.header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%v", m.header)
	}
	if err := (webhook.Verifier{Keys: []webhook.Key{parse(t, e.Secret)}}).Verify(m.headers, m.body, time.Now()); err != nil {
		t.Error(err)
	}
}

// lines are the events of bodies with one on each line.
func lines(t *testing.T, list []message) (events []api.Event) {
	t.Helper()
	for _, m := range list {
		for line := range strings.Lines(string(m.body)) {
			events = append(events, eventOf(t, line))
		}
	}
	return events
}

func eventOf(t *testing.T, line string) (e api.Event) {
	t.Helper()
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		t.Fatalf("%v: %q", err, line)
	}
	return e
}

// 100,000 events behind, an export gets all of them once and in order.
func TestAnExportCatchesUp(t *testing.T) {
	total := uint64(100_000)
	if testing.Short() {
		total = 5_000
	}
	store := memory(t)
	var events []authority.Event
	for range total {
		events = append(events, authority.Event{Time: time.UnixMilli(1), Actor: "test", Verb: "key.issue", Target: "key_0"})
	}
	for part := range slices.Chunk(events, 10_000) {
		if err := store.Apply(ctx, authority.Change{Events: part}); err != nil {
			t.Fatal(err)
		}
	}
	var next atomic.Uint64
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		d := json.NewDecoder(r.Body)
		for d.More() {
			var e api.Event
			if err := d.Decode(&e); err != nil || e.Sequence != next.Add(1) {
				t.Errorf("event %d, %v", e.Sequence, err)
			}
		}
	}))
	t.Cleanup(collector.Close)
	a, _ := over(t, store, courier.Options{AllowHTTP: true, Networks: loopback})
	began := time.Now()
	id := create(t, a, authority.EndpointRequest{Kind: authority.ExportHTTP, URL: collector.URL, FromStart: true}).Endpoint.ID
	eventually(t, func() bool { return next.Load() >= total })
	t.Logf("%d events in %s", next.Load(), time.Since(began))
	eventually(t, func() bool { s, err := a.Endpoint(admin, id); return err == nil && s.Behind == 0 && s.Cursor >= total })
}
