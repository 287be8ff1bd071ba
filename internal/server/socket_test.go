// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// runSocket serves at a Unix socket and returns a client that asks there.
func (h *house) runSocket() *http.Client {
	h.Helper()
	path := filepath.Join(h.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		h.Fatal(err)
	}
	h.runOn(l)
	t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}
	h.Cleanup(t.CloseIdleConnections)
	return &http.Client{Transport: t}
}

// TestSocketPeer counts who comes over a socket as this machine, unless a proxy says that it only passes on.
func TestSocketPeer(t *testing.T) {
	h := newHouse(t)
	client := h.runSocket()
	h.want(h.by(client, "GET", api.PathMetrics, "", ""), 200, nil)
	h.wantProblem(h.by(client, "GET", api.PathMetrics, "", "", "X-Forwarded-For", "192.0.2.1"), api.Unauthenticated)
	h.wantProblem(h.by(client, "GET", "/v1/keys", "", ""), api.Unauthenticated)

	// There is no address: events and limits do without.
	var issued api.IssueResponse
	h.want(h.by(client, "POST", "/v1/keys", h.root, `{"name":"ci"}`), 201, &issued)
	events, err := h.authority.Events(t.Context(), h.operator(), authority.EventQuery{})
	if err != nil {
		t.Fatal(err)
	}
	if len(events) == 0 {
		t.Error("no events")
	}
	limited := false
	for range 20 {
		a := h.by(client, "POST", api.PathRevokeSelf, "", `{"key":"x"}`)
		limited = limited || a.StatusCode == http.StatusTooManyRequests
	}
	if !limited {
		t.Error("who comes over a socket has no limit")
	}
	if strings.Contains(h.log.String(), "panicked") {
		t.Error(h.log.String())
	}
}

// TestConnectionsAreBounded closes new ones beyond the bounds, keeps those that are there, and counts back.
func TestConnectionsAreBounded(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"of all":         func(o *Options) { o.MaxConnections = 3 },
		"of one address": func(o *Options) { o.MaxConnectionsPerAddress = 3 },
	} {
		h := newHouse(t, change)
		client := h.runSocket()
		address, _ := h.run()
		ask := func(conn net.Conn) bool {
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			_, err := io.WriteString(conn, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
			if err != nil {
				return false
			}
			n, _ := conn.Read(make([]byte, 4096))
			return n > 0
		}
		var held []net.Conn
		answered := 0
		for range 8 {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			held = append(held, conn)
			if ask(conn) {
				answered++
			}
		}
		if answered != 3 {
			t.Errorf("%s: %d of 8 were answered, want 3", name, answered)
		}
		if !ask(held[0]) {
			t.Errorf("%s: one that was there is not answered any more", name)
		}
		h.want(h.by(client, "GET", "/livez", "", ""), 200, nil) // the socket has places of its own
		client.CloseIdleConnections()
		for _, conn := range held {
			_ = conn.Close()
		}
		h.server.connections.wait(5 * time.Second)
		if n := h.server.connections.open(); n != 0 {
			t.Errorf("%s: %d are counted after all have ended", name, n)
		}
		h.url = "http://" + address
		h.want(h.send("GET", "/livez", "", ""), 200, nil)
		if !strings.Contains(h.log.String(), "too many connections") {
			t.Errorf("%s: nothing was logged", name)
		}
	}
}
