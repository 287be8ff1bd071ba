// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// TestEventsWait follows the chain: each event comes once, soon after it happened, and a filter keeps the others out.
func TestEventsWait(t *testing.T) {
	h := newHouse(t)
	var newest api.EventList
	h.want(h.send("GET", "/v1/events?limit=1", h.root, ""), 200, &newest)
	cursor := fmt.Sprint(newest.Events[0].Sequence)
	follow := func(wait, filter string) (list api.EventList) {
		t.Helper()
		h.want(h.send("GET", "/v1/events?order=asc&wait="+wait+"&cursor="+cursor+filter, h.root, ""), 200, &list)
		cursor = list.NextCursor
		return list
	}
	if list := follow("50ms", ""); len(list.Events) != 0 || cursor == "" {
		t.Fatalf("%+v", list)
	}
	seen := map[string]int{}
	go func() {
		for i := range 5 {
			h.send("POST", "/v1/keys", h.root, encode(map[string]any{"name": fmt.Sprint(i)}))
		}
	}()
	for begun := time.Now(); len(seen) < 5; {
		for _, e := range follow("10s", "&verb=key.issue").Events {
			seen[e.Target]++
		}
		if time.Since(begun) > 8*time.Second {
			t.Fatalf("%d of 5 events came", len(seen))
		}
	}
	for target, n := range seen {
		if n != 1 {
			t.Fatalf("%s came %d times", target, n)
		}
	}
	h.want(h.send("POST", "/v1/keyspaces", h.root, `{"name":"acme"}`), 201, nil)
	if list := follow("300ms", "&verb=key.issue"); len(list.Events) != 0 {
		t.Fatalf("%+v", list)
	}
	for _, query := range []string{"wait=1s", "order=desc&wait=1s", "order=asc&wait=soon", "order=asc&wait=61s", "order=asc&wait=-1s"} {
		h.wantProblem(h.send("GET", "/v1/events?"+query, h.root, ""), api.InvalidInput)
	}
}

// TestEventsWaitEnds revokes the key of who waits: it is told nothing more. A wait ends with the server, and only so many
// wait at a time.
func TestEventsWaitEnds(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Drain = time.Millisecond })
	key := h.serviceKey(authority.Rules{}, authority.ScopeAudit)
	b, direct := h.signIn(key), h.signIn(h.root)
	var newest api.EventList
	h.want(h.send("GET", "/v1/events?limit=1", key, ""), 200, &newest)
	path := fmt.Sprintf("/v1/events?order=asc&wait=20s&cursor=%d", newest.Events[0].Sequence)
	answers := make(chan answer, 3)
	go func() { answers <- h.from(b, "GET", path, "") }()
	go func() { answers <- h.send("GET", path, key, "") }()
	eventually(t, func() bool { return h.server.waiting.taken.Load() == 2 })
	h.want(h.send("POST", "/v1/keys/"+b.KeyID.String()+"/revoke", h.root, ""), 200, nil)
	for range 2 {
		if a := <-answers; a.StatusCode != 401 || strings.Contains(a.body, "key.revoke") {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
	}
	h.server.waiting.taken.Store(maxWaiting)
	h.wantProblem(h.from(direct, "GET", path, ""), api.TooManyRequests)
	h.server.waiting.taken.Store(0)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served := make(chan error, 1)
	go func() { served <- h.server.Serve(ctx, listener) }()
	h.url = "http://" + listener.Addr().String()
	h.want(h.send("GET", "/v1/events?limit=1", h.root, ""), 200, &newest)
	path = fmt.Sprintf("/v1/events?order=asc&wait=60s&cursor=%d", newest.Events[0].Sequence)
	go func() { answers <- h.send("GET", path, h.root, "") }()
	eventually(t, func() bool { return h.server.waiting.taken.Load() == 1 })
	begun := time.Now()
	stop()
	h.want(<-answers, 200, nil)
	if err := <-served; err != nil || time.Since(begun) > 10*time.Second {
		t.Errorf("the server ended after %v: %v", time.Since(begun), err)
	}
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen")
		}
	}
}
