// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/extauthz"
	"github.com/keywright/keywright/internal/gateway"
	"github.com/keywright/keywright/store/sqlite"
)

// observedHouse is a house as the program builds it: its store is observed, and its registry is at hand.
func observedHouse(t *testing.T) (*house, *prometheus.Registry) {
	t.Helper()
	memory, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = memory.Close() })
	registry := prometheus.NewRegistry()
	observer, err := ObserveStore(registry)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := authority.NewSealer(make([]byte, authority.RootKeyBytes), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a, err := authority.Open(t.Context(), authority.Options{
		Store: memory, Clock: time.Now, Random: rand.Reader, Observer: observer, Sealer: sealer, Sender: deaf{},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	if err := a.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := &house{TB: t, authority: a, log: &locked{}}
	first, _, err := a.FirstServiceKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.root = first.Key.Reveal()
	h.server, err = New(Options{Authority: a, Registry: registry, Version: "1.2.3", Logger: slog.New(slog.NewJSONHandler(h.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := extauthz.New(extauthz.Options{Gateway: gateway.New(a, nil), Registry: registry}); err != nil { // the second door
		t.Fatal(err)
	}
	web := httptest.NewServer(h.server)
	t.Cleanup(web.Close)
	h.url = web.URL
	return h, registry
}

// families returns what a server exports when everything that can be counted was counted once, by name.
func families(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	h, registry := observedHouse(t)
	key, _ := h.key(authority.IssueRequest{Credits: &authority.CreditsRequest{Remaining: 1}})
	ask := encode(map[string]string{"key": key, "keyspace": "default"})
	h.want(h.send("POST", "/v1/verify", h.root, ask), 200, nil)
	h.want(h.send("POST", "/v1/webhooks", h.root, `{"name":"watched","url":"https://hooks.example.com/","verbs":["key.*"]}`), 201, nil)
	h.wantProblem(h.send("POST", "/v1/keys", h.root, strings.Repeat(" ", largeBody+1)), api.TooLarge)
	if _, err := h.authority.Verify(t.Context(), keywright.Ask{Key: keywright.NewSecret(key), Keyspace: "default"}); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		all := map[string]*dto.MetricFamily{}
		gathered, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range gathered {
			all[f.GetName()] = f
		}
		if all["keywright_keys_due"] != nil { // the first look at what is due was taken
			return all
		}
		if time.Now().After(end) {
			t.Fatal("nobody looked at what is due")
		}
	}
}

// TestMetricsLint looks at names, units and texts as promtool does.
func TestMetricsLint(t *testing.T) {
	var all []*dto.MetricFamily
	for _, f := range families(t) {
		all = append(all, f)
	}
	problems, err := promlint.NewWithMetricFamilies(all).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if len(all) < 50 {
		t.Errorf("only %d metrics", len(all))
	}
}

// TestStoreIsCounted counts calls of the store by how they ended.
func TestStoreIsCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	observe, err := ObserveStore(registry)
	if err != nil {
		t.Fatal(err)
	}
	for operation, err := range map[string]error{
		"Apply": &authority.ConflictError{What: "version"}, "Lookup": authority.ErrNotFound, "List": fmt.Errorf("closed: %w", context.Canceled),
		"Count": errDown, "Spend": nil,
	} {
		_, end := observe(t.Context(), authority.StoreCall{Operation: operation, Size: 3})
		end(err)
	}
	got := figures(t, registry)
	for name, want := range map[string]float64{
		"keywright_store_calls_total Apply conflict": 1, "keywright_store_calls_total Lookup not_found": 1,
		"keywright_store_calls_total List canceled": 1, "keywright_store_calls_total Count error": 1, "keywright_store_calls_total Spend ok": 1,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	f, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range f {
		if f.GetName() == "keywright_spend_group_size" && f.GetMetric()[0].GetHistogram().GetSampleSum() != 3 {
			t.Errorf("groups %v", f)
		}
	}
}

// TestSeriesAreBounded lets clients send whatever they like: no key, owner, path or method makes a series of its own.
func TestSeriesAreBounded(t *testing.T) {
	h, registry := observedHouse(t)
	busy := func(n int) int {
		for i := range n {
			key, id := h.key(authority.IssueRequest{Owner: fmt.Sprint("owner-", i), Name: fmt.Sprint("name-", i)})
			h.send("POST", "/v1/verify", h.root, encode(map[string]string{"key": key, "keyspace": "default", "path": fmt.Sprint("/", i)}), api.HeaderRequestID, fmt.Sprint("r-", i))
			h.send("GET", "/v1/keys/"+id.String(), h.root, "")
			h.send("GET", fmt.Sprint("/nothing/", i), h.root, "")
			h.send(fmt.Sprint("MADEUP", i), "/v1/keys", h.root, "")
			h.send("POST", "/v1/verify", h.root, encode(map[string]string{"key": key, "keyspace": fmt.Sprint("space-", i)}))
		}
		all, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		series := 0
		for _, f := range all {
			if strings.HasPrefix(f.GetName(), "keywright_") && f.GetName() != "keywright_keys_due" && !strings.HasPrefix(f.GetName(), "keywright_store_") {
				series += len(f.GetMetric())
			}
		}
		return series
	}
	if few, many := busy(3), busy(40); few != many || few < 20 {
		t.Errorf("%d series, then %d", few, many)
	}
}

// TestTurnedAway counts panics, bodies that are refused, and strangers that ask too often.
func TestTurnedAway(t *testing.T) {
	h, registry := observedHouse(t)
	h.server.mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("told") })
	table["GET /panic"] = access{anyone: true}
	defer delete(table, "GET /panic")
	h.wantProblem(h.send("GET", "/panic", "", ""), api.Internal)
	h.wantProblem(h.send("POST", "/v1/verify", h.root, strings.Repeat(" ", smallBody+1)), api.TooLarge)
	h.wantProblem(h.send("POST", "/v1/verify", h.root, "x", "Content-Type", "text/plain"), api.UnsupportedMediaType)
	for range 15 {
		h.send("POST", "/v1/revoke-self", "", encode(map[string]string{"key": "x"}))
	}
	got := figures(t, registry)
	for name, least := range map[string]float64{
		"keywright_panics_total": 1, "keywright_http_bodies_refused_total too_large": 1, "keywright_http_bodies_refused_total media_type": 1,
		"keywright_strangers_limited_total revoke_self": 1,
	} {
		if got[name] < least {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	if got["keywright_strangers_limited_total generate"] != 0 || got["keywright_build_info "+runtime.Version()+" 1.2.3"] != 1 {
		t.Errorf("%v", got)
	}
}
