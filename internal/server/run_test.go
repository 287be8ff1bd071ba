// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

func unix(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

func testLines(r io.Reader) *lineReader {
	return &lineReader{control: http.NewResponseController(httptest.NewRecorder()), in: bufio.NewReader(r)}
}

// run serves on a listener of its own until stop is called, which returns what Serve returned.
func (h *house) run() (address string, stop func() error) {
	h.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.Fatal(err)
	}
	return listener.Addr().String(), h.runOn(listener)
}

// runOn serves on listeners.
func (h *house) runOn(listeners ...net.Listener) (stop func() error) {
	h.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.server.Serve(ctx, listeners...) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	h.Cleanup(func() { _ = stop() })
	return stop
}

// TestStopLosesNothing stops a server under load: every request that was sent is answered.
func TestStopLosesNothing(t *testing.T) {
	h := newHouse(t)
	key, _ := h.key(authority.IssueRequest{})
	body := encode(map[string]string{"key": key, "keyspace": "default"})
	address, stop := h.run()
	var answered atomic.Int64
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			for {
				r, _ := http.NewRequest("POST", "http://"+address+"/v1/verify", strings.NewReader(body))
				r.GetBody = nil // nothing is sent twice
				r.Header.Set("Authorization", "Bearer "+h.root)
				response, err := client.Do(r)
				if err != nil {
					t.Errorf("a request was lost: %v", err)
					return
				}
				b, err := io.ReadAll(response.Body)
				_ = response.Body.Close()
				if err != nil || response.StatusCode != 200 || !strings.Contains(string(b), `"VALID"`) {
					t.Errorf("%d %s %v", response.StatusCode, b, err)
				}
				answered.Add(1)
				if response.Close {
					return // told to go
				}
			}
		})
	}
	for answered.Load() < 500 {
		time.Sleep(time.Millisecond)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	clients.Wait()
	if _, err := net.Dial("tcp", address); err == nil {
		t.Error("the listener is still open")
	}
}

// TestStopWaits lets a request end that is under way, and is not ready meanwhile.
func TestStopWaits(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Drain = 300 * time.Millisecond })
	key, _ := h.key(authority.IssueRequest{})
	address, stop := h.run()
	lines := newPipe()
	r, _ := http.NewRequest("POST", "http://"+address+"/v1/verify/batch", lines)
	r.Header.Set("Authorization", "Bearer "+h.root)
	ask := encode(map[string]string{"key": key, "keyspace": "default"}) + "\n"
	go lines.say(ask)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error)
	go func() { stopped <- stop() }()
	for !h.server.draining.Load() {
		time.Sleep(time.Millisecond)
	}
	h.wantProblem(h.send("GET", "/readyz", "", ""), api.Unavailable)
	time.Sleep(400 * time.Millisecond)
	lines.say(ask)
	lines.end()
	b, err := io.ReadAll(response.Body)
	if err != nil || strings.Count(string(b), `"VALID"`) != 2 {
		t.Errorf("%v %s", err, b)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// raw sends text as it is and reads the answer.
func raw(t *testing.T, address, text string, pause time.Duration) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if pause > 0 {
		for i := range len(text) {
			if _, err := conn.Write([]byte{text[i]}); err != nil {
				break
			}
			time.Sleep(pause)
		}
	} else if _, err := io.WriteString(conn, text); err != nil && !errors.Is(err, net.ErrClosed) {
		t.Logf("sending ended early: %v", err)
	}
	b, _ := io.ReadAll(conn)
	return string(b)
}

// TestHostileRequests sends what no good client sends.
func TestHostileRequests(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.ReadHeaderTimeout, o.ReadTimeout, o.Drain = 300*time.Millisecond, 300*time.Millisecond, time.Millisecond
	})
	address, _ := h.run()
	head := func(path, more string) string {
		return "POST " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + h.root + "\r\nConnection: close\r\n" + more + "\r\n"
	}
	for _, c := range []struct {
		name, text string
		pause      time.Duration
		want       string
	}{
		{"duplicate Authorization", head("/v1/verify", "Authorization: Bearer "+h.root+"\r\nContent-Length: 2\r\n") + "{}", 0, "HTTP/1.1 401 "},
		{"huge headers", head("/v1/verify", "X: "+strings.Repeat("x", 64<<10)+"\r\n"), 0, "HTTP/1.1 431 "},
		{"a slow body", head("/v1/verify", "Content-Length: 100\r\n") + `{"key":"`, 0, "HTTP/1.1 408 "},
		{"a slow body elsewhere", head("/v1/keys", "Content-Length: 100\r\n") + `{"name":"`, 0, "HTTP/1.1 408 "},
		{"a slow body for anyone", head("/v1/revoke-self", "Content-Length: 100\r\n") + `{"key":"`, 0, "HTTP/1.1 408 "},
		{"a body byte by byte", head("/v1/verify", "Content-Length: 3000\r\n"), 0, "HTTP/1.1 408 "},
		{"headers byte by byte", "POST /v1/verify HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 100), 10 * time.Millisecond, ""},
		{"a folded header", "POST /v1/verify HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer\r\n " + h.root + "\r\n\r\n", 0, "HTTP/1.1 4"},
		{"a length and chunks", head("/v1/verify", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n") + "2\r\n{}\r\n0\r\n\r\n", 0, "HTTP/1.1 400 "},
		{"a bare LF in a chunk", head("/v1/verify", "Transfer-Encoding: chunked\r\n") + "2\n{}\r\n0\r\n\r\n", 0, "HTTP/1.1 400 "},
		{"chunks beyond the limit", head("/v1/verify", "Transfer-Encoding: chunked\r\n") + "20000\r\n" + strings.Repeat(" ", 0x20000) + "\r\n0\r\n\r\n", 0, "HTTP/1.1 413 "},
		{"no host", "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n", 0, "HTTP/1.1 400 "},
		{"a body cut off", head("/v1/verify", "Transfer-Encoding: chunked\r\n") + "2\r\n{\r\n", 0, "HTTP/1.1 4"},
	} {
		got := raw(t, address, c.text, c.pause)
		if !strings.HasPrefix(got, c.want) || strings.Contains(got, h.root) || c.want == "" && strings.HasPrefix(got, "HTTP/1.1 2") {
			t.Errorf("%s: %.200q, want %q", c.name, got, c.want)
		}
	}
	for _, path := range []string{"/v1/verify", "/v1/keys", "/v1/keyspaces", "/v1/revoke-self", "/v1/verify", "/v1/keys", "/v1/keyspaces"} {
		h.wantProblem(h.send("POST", path, h.root, `{"key":"`+strings.Repeat("x", 2<<20)+`"}`), api.TooLarge)
	}
	h.want(h.send("GET", "/livez", "", ""), 200, nil)
	if strings.Contains(h.log.String(), h.root) {
		t.Error("the log shows a service key")
	}
}

// TestNothingSmuggled hides a request in the part of a body that is beyond the limit.
func TestNothingSmuggled(t *testing.T) {
	h := newHouse(t)
	address, _ := h.run()
	for _, path := range []string{"/v1/verify", "/v1/verify/batch", "/v1/keys", "/v1/keyspaces", "/v1/revoke-self", "/v1/keys/x", "/nowhere", "/livez", "/api/sec-api-key-generate"} {
		for _, size := range []int{1 << 10, 60 << 10, 300 << 10, 700 << 10} {
			hidden := strings.Repeat("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", size/56)
			text := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", path, h.root, len(hidden), hidden)
			got := raw(t, address, text+"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 0)
			if strings.Contains(got, `"live"`) || strings.Count(got, "HTTP/1.1 ") > 2 {
				t.Errorf("%s with %d bytes: %.500s", path, size, got)
			}
		}
	}
}

// TestPanic answers for a handler that fails, and logs neither body nor value.
func TestPanic(t *testing.T) {
	h := newHouse(t)
	h.server.mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic(fmt.Sprint("with ", h.root)) })
	table["GET /panic"] = access{anyone: true}
	defer delete(table, "GET /panic")
	h.wantProblem(h.send("GET", "/panic", "", ""), api.Internal)
	if log := h.log.String(); !strings.Contains(log, "a handler panicked") || strings.Contains(log, h.root) {
		t.Errorf("log: %s", log)
	}
}

// failing is a store that stops answering.
type failing struct {
	authority.Store
	down atomic.Bool
}

var errDown = errors.New("disk is gone")

func (f *failing) Lookup(ctx context.Context, hash keywright.Hash) (authority.Record, error) {
	if f.down.Load() {
		return authority.Record{}, errDown
	}
	return f.Store.Lookup(ctx, hash)
}

func (f *failing) List(ctx context.Context, q authority.Query) (authority.Page, error) {
	if f.down.Load() {
		return authority.Page{}, errDown
	}
	return f.Store.List(ctx, q)
}

func (f *failing) Events(ctx context.Context, q authority.EventQuery) ([]authority.Event, error) {
	if f.down.Load() {
		return nil, errDown
	}
	return f.Store.Events(ctx, q)
}

func (f *failing) Apply(ctx context.Context, c authority.Change) error {
	if f.down.Load() {
		return errDown
	}
	return f.Store.Apply(ctx, c)
}
