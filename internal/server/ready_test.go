// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"maps"
	"net/http"
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

// leased is a store that can be lost, can hang, and counts what it is asked.
type leased struct {
	failing
	lost, hangs atomic.Bool
	asked       atomic.Int64
}

var errLost = errors.New("db.internal:5432 does not answer")

func (l *leased) Lease() error {
	if l.lost.Load() {
		return errLost
	}
	return nil
}

func (l *leased) Events(ctx context.Context, q authority.EventQuery) ([]authority.Event, error) {
	l.asked.Add(1)
	if l.hangs.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return l.failing.Events(ctx, q)
}

// scanned is one whose table can be completed.
type scanned struct{ *leased }

func (s scanned) Scan(ctx context.Context, visit func(*authority.Record) error) error {
	return s.Store.(authority.Scanner).Scan(ctx, visit)
}

func newLeased(t *testing.T) *leased {
	t.Helper()
	memory, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = memory.Close() })
	return &leased{failing: failing{Store: memory}}
}

// readyz asks whether a server is ready, and returns the checks that fail, by name.
func (h *house) readyz() (status int, failed map[string]string) {
	h.Helper()
	a := h.send("GET", "/readyz", "", "")
	checks := h.readyChecks(a)
	failed = map[string]string{}
	names := ""
	for _, c := range checks {
		names += c.Name + " "
		if !c.OK {
			failed[c.Name] = c.Reason
		}
	}
	if names != "draining frozen lease store table " {
		h.Errorf("checks %s", names)
	}
	return a.StatusCode, failed
}

func (h *house) readyChecks(a answer) []api.ReadyCheck {
	h.Helper()
	if a.StatusCode != http.StatusOK {
		return h.wantProblem(a, api.Unavailable).Checks
	}
	var ready api.Ready
	h.want(a, 200, &ready)
	if !ready.Ready {
		h.Errorf("%s", a.body)
	}
	return ready.Checks
}

// TestReadyTellsTheTruth takes away what a verification needs, one thing at a time: whenever a key cannot be judged the
// server is not ready, and it says which check fails and why, to the probe and in the metrics.
func TestReadyTellsTheTruth(t *testing.T) {
	cold := newLeased(t)
	warm := scanned{newLeased(t)}
	for _, c := range []struct {
		name   string
		house  *house
		set    func(bool)
		failed []string
		judges bool // a key that is in the table
	}{
		{"store", newHouseOver(t, warm), warm.down.Store, []string{"store"}, true},
		{"store and table", newHouseOver(t, cold), cold.down.Store, []string{"store", "table"}, true},
		{"lease", nil, cold.lost.Store, []string{"lease"}, false},
	} {
		h := c.house
		if h == nil {
			h = newHouseOver(t, cold)
		}
		key, _ := h.key(authority.IssueRequest{})
		judged := func() bool {
			v, err := h.authority.Verify(t.Context(), keywright.Ask{Key: keywright.NewSecret(key), Keyspace: "default"})
			return err == nil && v.Code == keywright.Valid
		}
		if status, failed := h.readyz(); status != 200 || len(failed) > 0 || !judged() {
			t.Fatalf("%s: %d %v before", c.name, status, failed)
		}
		c.set(true)
		time.Sleep(readyFor)
		status, failed := h.readyz()
		if status != 503 || len(failed) != len(c.failed) || judged() != c.judges {
			t.Errorf("%s: %d %v", c.name, status, failed)
		}
		all := map[string]bool{"draining": true, "frozen": true, "lease": true, "store": true, "table": true}
		for _, name := range c.failed {
			all[name] = false
			if reason := failed[name]; reason == "" || strings.Contains(reason, "5432") || strings.Contains(reason, errDown.Error()) {
				t.Errorf("%s: the reason is %q", name, reason)
			}
		}
		shown := map[string]bool{}
		for line := range strings.Lines(h.send("GET", "/metrics", "", "").body) {
			if rest, ok := strings.CutPrefix(line, `keywright_ready{check="`); ok {
				name, value, _ := strings.Cut(rest, `"} `)
				shown[name] = strings.TrimSpace(value) == "1"
			}
		}
		if !maps.Equal(shown, all) {
			t.Errorf("%s: the metrics show %v", c.name, shown)
		}
		if log := h.log.String(); !strings.Contains(log, errDown.Error()) && !strings.Contains(log, errLost.Error()) {
			t.Errorf("%s: the log does not say what is wrong", c.name)
		}
		c.set(false)
		time.Sleep(readyFor)
		if status, failed := h.readyz(); status != 200 || len(failed) > 0 || !judged() {
			t.Errorf("%s: %d %v after", c.name, status, failed)
		}
	}
}

// TestReadyWhileStopping is not ready from the moment the server is told to stop.
func TestReadyWhileStopping(t *testing.T) {
	h := newHouse(t)
	h.server.draining.Store(true)
	if status, failed := h.readyz(); status != 503 || len(failed) != 1 || failed["draining"] == "" {
		t.Errorf("%d %v", status, failed)
	}
}

// TestReadyIsNoLoad asks many times at once, of a store that answers and of one that hangs.
func TestReadyIsNoLoad(t *testing.T) {
	store := newLeased(t)
	h := newHouseOver(t, store)
	probes := func(each int) {
		var clients sync.WaitGroup
		for range 8 {
			clients.Go(func() {
				for range each {
					h.send("GET", "/readyz", "", "")
				}
			})
		}
		clients.Wait()
	}
	before, start := store.asked.Load(), time.Now()
	probes(25)
	if n, most := store.asked.Load()-before, 1+int64(time.Since(start)/readyFor); n < 1 || n > most {
		t.Fatalf("200 probes asked the store %d times", n)
	}
	time.Sleep(readyFor)
	store.hangs.Store(true)
	before, start = store.asked.Load(), time.Now()
	probes(1)
	if status, failed := h.readyz(); status != 503 || failed["store"] == "" {
		t.Errorf("a store that hangs: %d %v", status, failed)
	}
	if n, most := store.asked.Load()-before, 2+int64(time.Since(start)/(readyFor+readyTime)); n > most {
		t.Errorf("8 probes asked a store that hangs %d times", n)
	}
}
