// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// A siege is a server under attack, with honest clients that go on asking it.
type siege struct {
	*house
	address  string
	canary   string // in everything that is sent; never in the log
	answered atomic.Int64
	peak     atomic.Uint64 // bytes of the heap
	end      func()
}

func newSiege(t *testing.T) *siege {
	t.Helper()
	s := &siege{canary: "kwcanary7f3a9c51e2"}
	s.house = newHouse(t, func(o *Options) {
		o.ReadHeaderTimeout, o.ReadTimeout, o.IdleTimeout, o.WriteTimeout = time.Second, time.Second, time.Second, 2*time.Second
		o.Drain, o.StopTimeout, o.UnencryptedHTTP2 = time.Millisecond, 5*time.Second, true
	})
	address, _ := s.run()
	s.address = address
	key, _ := s.key(authority.IssueRequest{})
	ask := encode(map[string]string{"key": key, "keyspace": "default"})
	done := make(chan struct{})
	var honest sync.WaitGroup
	for range 2 {
		honest.Go(func() { s.askUntil(done, ask) })
	}
	honest.Go(func() { s.watchMemory(done) })
	s.end = sync.OnceFunc(func() {
		close(done)
		honest.Wait()
	})
	t.Cleanup(s.end)
	return s
}

// askUntil is an honest client: each of its requests is answered.
func (s *siege) askUntil(done chan struct{}, ask string) {
	client := &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	for {
		select {
		case <-done:
			return
		case <-time.After(5 * time.Millisecond):
		}
		r, _ := http.NewRequest("POST", "http://"+s.address+api.PathVerify, strings.NewReader(ask))
		r.Header.Set("Authorization", "Bearer "+s.root)
		r.Header.Set("Content-Type", api.MediaJSON)
		response, err := client.Do(r)
		if err != nil {
			s.Errorf("an honest client got no answer: %v", err)
			return
		}
		b, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || !strings.Contains(string(b), `"VALID"`) {
			s.Errorf("an honest client was answered %s %v: %s", response.Status, err, b)
			return
		}
		s.answered.Add(1)
	}
}

func (s *siege) watchMemory(done chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-time.After(20 * time.Millisecond):
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			s.peak.Store(max(s.peak.Load(), m.HeapInuse))
		}
	}
}

// attack sends bytes, and returns what came back until the server ended the connection, which it must.
func (s *siege) attack(name string, text []byte) string {
	s.Helper()
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		s.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	go func() { _, _ = conn.Write(text) }()
	got, err := io.ReadAll(io.LimitReader(conn, 64<<20))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.Errorf("%s: the connection was never ended: %.200q", name, got)
	}
	return string(got)
}

// survived checks what must hold after any attack.
func (s *siege) survived(name string) {
	s.Helper()
	before := s.answered.Load()
	for end := time.Now().Add(30 * time.Second); s.answered.Load() == before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("%s: honest clients are not answered any more", name)
		}
	}
	if strings.Contains(s.log.String(), s.canary) || strings.Contains(s.log.String(), s.root) {
		s.Errorf("%s: the log shows what was sent", name)
	}
	if peak := s.peak.Load(); peak > 512<<20 {
		s.Errorf("%s: %d MiB of memory", name, peak>>20)
	}
}

// head begins a request with the canary in it.
func (s *siege) head(method, target, more string) string {
	return method + " " + target + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + s.root + "\r\nX-Canary: " + s.canary + "\r\nContent-Type: application/json\r\n" + more + "\r\n"
}

// TestMalformedRequests sends HTTP/1.1 that two readers could understand differently, or that is too much of anything.
// Each is refused, and nothing after it on the connection is taken for a request.
func TestMalformedRequests(t *testing.T) {
	s := newSiege(t)
	const verify, length, chunked = api.PathVerify, "Content-Length: 2\r\n", "Transfer-Encoding: chunked\r\n"
	smuggled := "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, text := range map[string]string{
		"a length and chunks":         s.head("POST", verify, length+chunked) + "0\r\n\r\n" + smuggled,
		"two lengths":                 s.head("POST", verify, length+"Content-Length: 7\r\n") + "{}" + smuggled,
		"two lengths in one":          s.head("POST", verify, "Content-Length: 2, 7\r\n") + "{}" + smuggled,
		"a length below zero":         s.head("POST", verify, "Content-Length: -1\r\n") + smuggled,
		"a length with a sign":        s.head("POST", verify, "Content-Length: +2\r\n") + "{}" + smuggled,
		"a length without end":        s.head("POST", verify, "Content-Length: 99999999999999999999\r\n") + smuggled,
		"chunks of another name":      s.head("POST", verify, "Transfer-Encoding: xchunked\r\n") + "0\r\n\r\n" + smuggled,
		"chunks twice":                s.head("POST", verify, chunked+chunked) + "0\r\n\r\n" + smuggled,
		"chunks behind a space":       s.head("POST", verify, "Transfer-Encoding : chunked\r\n") + "0\r\n\r\n" + smuggled,
		"a chunk without a size":      s.head("POST", verify, chunked) + "\r\n{}\r\n0\r\n\r\n" + smuggled,
		"a chunk of no number":        s.head("POST", verify, chunked) + "zz\r\n{}\r\n0\r\n\r\n" + smuggled,
		"a chunk size with a prefix":  s.head("POST", verify, chunked) + "0x2\r\n{}\r\n0\r\n\r\n" + smuggled,
		"a chunk of too many bytes":   s.head("POST", verify, chunked) + "fffffffffffffffff\r\n{}\r\n0\r\n\r\n" + smuggled,
		"a chunk that is longer":      s.head("POST", verify, chunked) + "1\r\n{}\r\n0\r\n\r\n" + smuggled,
		"an extension of a megabyte":  s.head("POST", verify, chunked) + "2;" + strings.Repeat(s.canary, 60_000) + "\r\n{}\r\n0\r\n\r\n" + smuggled,
		"many small extensions":       s.head("POST", verify, chunked) + strings.Repeat("1;"+strings.Repeat("x", 3000)+"\r\n \r\n", 1000) + "0\r\n\r\n" + smuggled,
		"a folded header":             "POST " + verify + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer\r\n " + s.root + "\r\nConnection: close\r\n\r\n",
		"NUL in a header":             s.head("GET", "/v1/keys", "X: a\x00"+s.canary+"\r\n") + smuggled,
		"NUL in a name":               s.head("GET", "/v1/keys", "X\x00: "+s.canary+"\r\n") + smuggled,
		"CR alone":                    s.head("GET", "/v1/keys", "X: a\rY: "+s.canary+"\r\n") + smuggled,
		"a header without a colon":    s.head("GET", "/v1/keys", s.canary+"\r\n") + smuggled,
		"a header of a megabyte":      s.head("GET", "/v1/keys", "X: "+strings.Repeat("x", 1<<20)+"\r\n"),
		"ten thousand headers":        s.head("GET", "/v1/keys", strings.Repeat("X: "+s.canary+"\r\n", 10_000)),
		"a target of a megabyte":      s.head("GET", "/"+strings.Repeat(s.canary, 60_000), ""),
		"Host twice":                  s.head("GET", "/v1/keys", "Host: y\r\n") + smuggled,
		"a host that is none":         "GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n" + smuggled,
		"a target of CONNECT":         s.head("CONNECT", s.canary+":443", "Connection: close\r\n"),
		"a target that is an address": s.head("GET", "http://"+s.canary+"/v1/nowhere", "Connection: close\r\n"),
		"another version":             "GET / HTTP/9.9\r\nHost: x\r\n\r\n" + smuggled,
		"no HTTP":                     s.canary + "\r\n\r\n",
		"a body that does not come":   s.head("POST", verify, "Content-Length: 100\r\n") + `{"key":"` + s.canary,
		"a line that does not come":   s.head("POST", api.PathVerifyBatch, "Content-Type: x\r\n"+chunked) + "8\r\n" + `{"key":"`,
	} {
		got := s.attack(name, []byte(text))
		if got != "" && !strings.HasPrefix(got, "HTTP/1.1 4") && !strings.HasPrefix(got, "HTTP/1.1 5") || strings.Contains(got, `"live"`) || strings.Count(got, "HTTP/1.1 ") > 1 {
			t.Errorf("%s: %.300q", name, got)
		}
		if strings.Contains(got, s.canary) || strings.Contains(got, s.root) {
			t.Errorf("%s: the answer repeats what was sent: %.300q", name, got)
		}
		s.survived(name)
	}
}

// TestSlowClients hold many connections with headers and bodies that trickle in, or never read their answers.
func TestSlowClients(t *testing.T) {
	s := newSiege(t)
	parts := []string{
		"", "GET /livez HTTP/1.1\r\nHost: x\r\nX: ", s.head("POST", api.PathVerify, "Content-Length: 3000\r\n"),
		s.head("POST", api.PathVerifyBatch, "Transfer-Encoding: chunked\r\n"), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	}
	var slow sync.WaitGroup
	var ended atomic.Int64
	const many = 300
	for i := range many {
		slow.Go(func() {
			conn, err := net.Dial("tcp", s.address)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
			_, _ = io.WriteString(conn, parts[i%len(parts)])
			if i%2 == 0 {
				_ = conn.(*net.TCPConn).CloseWrite() // half closed
			} else {
				go func() {
					for range 100 {
						if _, err := conn.Write([]byte("1")); err != nil {
							return
						}
						time.Sleep(100 * time.Millisecond)
					}
				}()
			}
			if _, err := io.Copy(io.Discard, conn); !errors.Is(err, os.ErrDeadlineExceeded) {
				ended.Add(1)
			}
		})
	}
	s.survived("slow clients")
	slow.Wait()
	if n := ended.Load(); n != many {
		t.Errorf("%d of %d slow connections were ended", n, many)
	}
	s.survived("after slow clients")
}

// TestPipelining answers a thousand requests in one packet in their order, and a client that does not read is let go.
func TestPipelining(t *testing.T) {
	s := newSiege(t)
	got := s.attack("pipelining", []byte(strings.Repeat("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", 1000)))
	if n := strings.Count(got, "HTTP/1.1 200 "); n != 1000 {
		t.Errorf("%d of 1000 were answered", n)
	}
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	requests := []byte(strings.Repeat("GET /docs HTTP/1.1\r\nHost: x\r\n\r\n", 10_000))
	if _, err := conn.Write(requests); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		n, err := io.Copy(io.Discard, conn) // it took all that was sent; it must not have answered all of it
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a client that does not read is kept: %d bytes", n)
		}
	}
	s.survived("pipelining")
}

// frame is a frame of HTTP/2 (RFC 9113, 4.1).
func frame(kind, flags byte, stream uint32, payload string) []byte {
	b := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	return append(binary.BigEndian.AppendUint32(b, stream), payload...)
}

// The frames, their flags, and the fields of a request for /livez in HPACK (RFC 7541).
const (
	headersFrame, resetFrame, settingsFrame, pingFrame, continuationFrame = 1, 3, 4, 6, 9

	endStream, endHeaders = 1, 4

	preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	livez   = "\x82\x86\x04\x06/livez\x01\x01x"
)

// literal is a header field in HPACK, one that the table remembers or not.
func literal(first byte, name, value string) string {
	size := []byte{byte(len(value))}
	if n := len(value); n >= 127 {
		size = append([]byte{127}, binary.AppendUvarint(nil, uint64(n-127))...)
	}
	return string([]byte{first, byte(len(name))}) + name + string(size) + value
}

// TestHostileHTTP2 resets streams as fast as it can, never ends headers, and unpacks few bytes to many.
func TestHostileHTTP2(t *testing.T) {
	s := newSiege(t)
	begin := append([]byte(preface), frame(settingsFrame, 0, 0, "")...)
	flood := func(more func(out []byte, i uint32) []byte, n int) []byte {
		out := append([]byte(nil), begin...)
		for i := range n {
			out = more(out, uint32(i))
		}
		return out
	}
	huge := literal(0x40, "x", strings.Repeat(s.canary, 200)) + strings.Repeat("\xbe", 12_000)
	for name, text := range map[string][]byte{
		"resets": flood(func(out []byte, i uint32) []byte {
			out = append(out, frame(headersFrame, endStream|endHeaders, 2*i+1, livez)...)
			return append(out, frame(resetFrame, 0, 2*i+1, "\x00\x00\x00\x08")...)
		}, 10_000),
		"more streams than there may be": flood(func(out []byte, i uint32) []byte {
			return append(out, frame(headersFrame, endHeaders, 2*i+1, livez)...)
		}, 10_000),
		"headers without end": flood(func(out []byte, i uint32) []byte {
			if i == 0 {
				return append(out, frame(headersFrame, endStream, 1, livez)...)
			}
			return append(out, frame(continuationFrame, 0, 1, literal(0, "x", strings.Repeat(s.canary, 700)))...)
		}, 2000),
		"empty continuations": flood(func(out []byte, i uint32) []byte {
			if i == 0 {
				return append(out, frame(headersFrame, endStream, 1, livez)...)
			}
			return append(out, frame(continuationFrame, 0, 1, "")...)
		}, 200_000),
		"a few bytes that unpack to many": append(append([]byte(nil), begin...), frame(headersFrame, endStream|endHeaders, 1, livez+huge)...),
		"settings":                        flood(func(out []byte, _ uint32) []byte { return append(out, frame(settingsFrame, 0, 0, "")...) }, 50_000),
		"pings":                           flood(func(out []byte, _ uint32) []byte { return append(out, frame(pingFrame, 0, 0, "12345678")...) }, 50_000),
		"a frame that is too long":        append(append([]byte(nil), begin...), frame(headersFrame, endStream|endHeaders, 1, livez+strings.Repeat("x", 1<<20))...),
		"a header of HTTP/1":              append(append([]byte(nil), begin...), frame(headersFrame, endStream|endHeaders, 1, livez+literal(0, "transfer-encoding", "chunked"))...),
		"NUL in a header":                 append(append([]byte(nil), begin...), frame(headersFrame, endStream|endHeaders, 1, livez+literal(0, "x", "a\x00"+s.canary))...),
	} {
		got := s.attack(name, text)
		if strings.Contains(got, s.canary) {
			t.Errorf("%s: the answer repeats what was sent", name)
		}
		s.survived(name)
	}
	t.Logf("%d MiB of heap at most, %d honest answers", s.peak.Load()>>20, s.answered.Load())
}
