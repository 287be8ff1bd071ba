// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

// waiting puts a key behind a link.
func (h *house) waiting() (key string, id keywright.KeyID, path string) {
	h.Helper()
	key, id = h.key(authority.IssueRequest{})
	path, until, err := h.server.Keep(keywright.NewSecret(key), id, "default")
	if left := time.Until(until); err != nil || left > onceFor || left < onceFor-5*time.Second {
		h.Fatal(err, until)
	}
	return key, id, path
}

// TestALinkWorksOnce fetches a key by its link: looking at it takes nothing, fetching it takes it for good.
func TestALinkWorksOnce(t *testing.T) {
	h := newHouse(t)
	key, id, path := h.waiting()
	_, _, other := h.waiting()
	never := strings.Replace(api.PathOnce, "{token}", strings.Repeat("A", 43), 1)
	shown := h.send("GET", path, "", "")
	for _, p := range []string{path, other, never, path + "x"} { // what looks at links learns nothing
		if a := h.send("GET", p, "", ""); a.StatusCode != 200 || a.body != shown.body || strings.Contains(a.body, key) {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
		if a := h.send("HEAD", p, "", ""); a.StatusCode != 200 {
			t.Error(a.StatusCode)
		}
	}
	before := len(h.events(id.String()))
	a := h.send("POST", path, "", "")
	var got api.Revealed
	if h.want(a, 200, &got); got.Key.Reveal() != key || got.KeyID != id || a.Header.Get("Cache-Control") != "no-store" {
		t.Error(got.KeyID, a.Header)
	}
	if verbs := h.events(id.String()); len(verbs) != before+1 || !slices.Contains(verbs, "key.reveal") {
		t.Errorf("events: %v", verbs)
	}
	used, unknown := h.send("POST", path, "", ""), h.send("POST", never, "", "")
	if p, q := h.wantProblem(used, api.NotFound), h.wantProblem(unknown, api.NotFound); p.Detail != q.Detail || p.Hint != q.Hint {
		t.Errorf("a link that was used is told from one that never was: %+v, %+v", p, q)
	}
	if strings.Contains(h.log.String(), key) || strings.Contains(h.log.String(), path[len(path)-20:]) {
		t.Error("the log holds the key or its link")
	}
}

// TestALinkForPeople shows the key on a page, as text.
func TestALinkForPeople(t *testing.T) {
	h := newHouse(t)
	key, id := h.key(authority.IssueRequest{})
	path, _, err := h.server.Keep(keywright.NewSecret("<b>&"+key), id, "default")
	if err != nil {
		t.Fatal(err)
	}
	a := h.send("POST", path, "", "", "Accept", "text/html,*/*", "Content-Type", "application/x-www-form-urlencoded")
	if a.StatusCode != 200 || !strings.Contains(a.body, "&lt;b&gt;&amp;"+key) || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	a = h.send("POST", path, "", "", "Accept", "text/html,*/*")
	if a.StatusCode != 404 || !strings.Contains(a.body, "nothing behind this link") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// TestALinkEnds waits for ten minutes, and for a restart.
func TestALinkEnds(t *testing.T) {
	h := newHouse(t)
	_, _, path := h.waiting()
	_, _, early := h.waiting()
	h.server.once.now = func() time.Time { return time.Now().Add(onceFor - 5*time.Second) }
	if a := h.send("POST", early, "", ""); a.StatusCode != 200 {
		t.Error(a.StatusCode)
	}
	h.server.once.now = func() time.Time { return time.Now().Add(onceFor) }
	h.wantProblem(h.send("POST", path, "", ""), api.NotFound)
	if len(h.server.once.held) != 0 {
		t.Error("what has ended is kept")
	}
	h.server.once.now = time.Now
	_, _, path = h.waiting()
	restarted, err := New(Options{Authority: h.authority})
	if err != nil {
		t.Fatal(err)
	}
	h.server.once = restarted.once
	h.wantProblem(h.send("POST", path, "", ""), api.NotFound)
}

// TestWaitingKeysAreSealed looks into the memory that holds them.
func TestWaitingKeysAreSealed(t *testing.T) {
	h := newHouse(t)
	key, _, path := h.waiting()
	for _, k := range h.server.once.held {
		if bytes.Contains(k.sealed, []byte(key)) || len(k.sealed) != len(key)+16 {
			t.Errorf("%q", k.sealed)
		}
	}
	if text := fmt.Sprintf("%+v %v", h.server.once.held, h.server.once.held); strings.Contains(text, key) || strings.Contains(text, path[len(path)-43:]) {
		t.Error(text)
	}
}

// TestLinksAreBounded refuses a new key before it is made, and an address that guesses.
func TestLinksAreBounded(t *testing.T) {
	h := newHouse(t)
	for range onceMost {
		if err := h.server.Room(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.server.Keep(keywright.NewSecret("x"), keywright.KeyID{}, ""); err != nil {
			t.Fatal(err)
		}
	}
	var p *api.Problem
	if err := h.server.Room(); !errors.As(err, &p) || p.Code != api.Unavailable {
		t.Error(err)
	}
	h.server.once.now = func() time.Time { return time.Now().Add(onceFor) }
	if err := h.server.Room(); err != nil {
		t.Error(err)
	}
	limited := false
	for range 40 {
		a := h.send("POST", "/v1/once/x", "", "")
		limited = limited || a.StatusCode == 429 && a.Header.Get("Retry-After") != ""
	}
	if !limited {
		t.Error("an address may guess as often as it likes")
	}
}

// deadDisk is a store that takes nothing while it is down.
type deadDisk struct {
	authority.Store
	down atomic.Bool
}

func (d *deadDisk) Apply(ctx context.Context, c authority.Change) error {
	if d.down.Load() {
		return errors.New("disk is gone")
	}
	return d.Store.Apply(ctx, c)
}

// TestNoKeyWithoutItsEvent hands out nothing that leaves no event, and loses nothing either.
func TestNoKeyWithoutItsEvent(t *testing.T) {
	memory, err := sqlite.OpenMemory(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = memory.Close() })
	disk := &deadDisk{Store: memory}
	h := newHouseOver(t, disk)
	key, _, path := h.waiting()
	disk.down.Store(true)
	if a := h.send("POST", path, "", ""); a.StatusCode != 503 || strings.Contains(a.body, key) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	disk.down.Store(false)
	var got api.Revealed
	if h.want(h.send("POST", path, "", ""), 200, &got); got.Key.Reveal() != key {
		t.Error("the key is gone")
	}
}
