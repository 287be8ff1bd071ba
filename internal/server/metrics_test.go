// SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/rand"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

// TestKeysDue shows what the first look finds, and counts verdicts of every code.
func TestKeysDue(t *testing.T) {
	store, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	var ahead atomic.Int64
	a, err := authority.Open(t.Context(), authority.Options{
		Store: store, Random: rand.Reader, Clock: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	by := authority.Operator("test", authority.Origin{})
	if _, err := a.CreateKeyspace(t.Context(), by, authority.KeyspaceRequest{
		Name: "acme", Policy: &authority.Policy{Rotation: &authority.Rotation{Every: time.Hour}},
	}); err != nil {
		t.Fatal(err)
	}
	issued, err := a.Issue(t.Context(), by, authority.IssueRequest{
		Keyspace: "acme", ExpiresIn: 15 * 24 * time.Hour, Credits: &authority.CreditsRequest{Remaining: 1},
		Limits: []authority.Limit{{Name: "requests", Limit: 2, Window: time.Hour, Auto: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // VALID, then no credits, which gives the limit back, then again
		if _, err := a.Verify(t.Context(), keywright.Ask{Key: issued.Key, Keyspace: "acme"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Verify(t.Context(), keywright.Ask{Key: issued.Key, Keyspace: "acme", Cost: 3}); err != nil {
		t.Fatal(err)
	}
	ahead.Store(int64(9 * 24 * time.Hour))
	registry := prometheus.NewRegistry()
	if _, err := newMetrics(registry, a); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		"keywright_keys_due acme rotation": 1, "keywright_keys_due acme expiry": 1, "keywright_keys_due default rotation": 0,
		"keywright_verifications_total VALID acme": 1, "keywright_verifications_total CREDITS_EXHAUSTED acme": 2,
		"keywright_verifications_total RATE_LIMITED acme": 1,
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		got := figures(t, registry)
		if _, looked := got["keywright_keys_due acme rotation"]; !looked && time.Now().Before(end) {
			continue
		}
		for name, n := range want {
			if v, there := got[name]; !there || v != n {
				t.Errorf("%s is %v, want %v", name, v, n)
			}
		}
		return
	}
}

// figures returns what a registry shows, by name and values of labels.
func figures(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	figures := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			figures[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return figures
}
