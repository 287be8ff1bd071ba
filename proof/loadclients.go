// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/keywright/keywright/api"
)

// measure runs clients for a while and prints how the honest ones fared.
func (t *target) measure(name string, clients, hostile int, during time.Duration) error {
	done := make(chan struct{})
	var all sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	var failures []error
	for i := range clients {
		all.Go(func() {
			times, err := t.honest(i, done)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, times...)
			if err != nil {
				failures = append(failures, fmt.Errorf("%s, honest client %d: %w", name, i, err))
			}
		})
	}
	for i := range hostile {
		all.Go(func() { t.hostile(i, done) })
	}
	var peak uint64
	all.Go(func() { peak = heap(done) })
	time.Sleep(during)
	close(done)
	all.Wait()
	if len(took) == 0 {
		return errors.Join(append(failures, fmt.Errorf("%s: no honest request was answered", name))...)
	}
	slices.Sort(took)
	at := func(per int) time.Duration { return took[(len(took)-1)*per/100].Round(10 * time.Microsecond) }
	fmt.Printf("%-26s %10d %10s %10s %10s %10d\n", name, len(took), at(50), at(99), at(100), peak>>20)
	if peak > mostHeap {
		failures = append(failures, fmt.Errorf("%s: %d MiB of heap", name, peak>>20))
	}
	return errors.Join(failures...)
}

// honest asks until done is closed. Its first request that is not answered well ends it.
func (t *target) honest(from int, done <-chan struct{}) (took []time.Duration, err error) {
	client := &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	for n := from; ; n++ {
		select {
		case <-done:
			return took, nil
		default:
		}
		r, err := t.request(n)
		if err != nil {
			return took, err
		}
		begun := time.Now()
		response, err := client.Do(r.Request)
		if err != nil {
			return took, err
		}
		b, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			return took, err
		}
		if !r.good(response.StatusCode, b) {
			return took, fmt.Errorf("%s %s: %s, and the key was not found good", r.Method, r.URL.Path, response.Status)
		}
		took = append(took, time.Since(begun))
	}
}

// hostile attacks in its own way, again and again, until done is closed.
func (t *target) hostile(kind int, done <-chan struct{}) {
	ways := hostileWays()
	text := ways[kind%len(ways)]
	for {
		select {
		case <-done:
			return
		default:
		}
		conn, err := net.DialTimeout("tcp", t.address, time.Second)
		if err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
		go func() { _, _ = conn.Write(text) }()
		stop := make(chan struct{})
		go func() {
			select {
			case <-done:
				_ = conn.Close()
			case <-stop:
			}
		}()
		_, _ = io.Copy(io.Discard, conn)
		close(stop)
		_ = conn.Close()
	}
}

// hostileWays are what is sent on one connection: nothing at all, half a request, too much, what can be read in two ways,
// unknown keys, many requests at once, the same through forward auth with ever other options, and streams of HTTP/2 that
// are reset as soon as they begin.
func hostileWays() [][]byte {
	head := func(more string) string {
		return "POST " + api.PathVerify + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer keywright_none\r\n" + more + "\r\n"
	}
	resets := []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
	const livez = "\x82\x86\x04\x06/livez\x01\x01x"
	for i := range 2000 {
		id := string([]byte{0, 0, byte((2*i + 1) >> 8), byte(2*i + 1)})
		resets = append(resets, "\x00\x00"+string(rune(len(livez)))+"\x01\x05"+id+livez+"\x00\x00\x04\x03\x00"+id+"\x00\x00\x00\x08"...)
	}
	var asked strings.Builder
	for i := range 500 {
		fmt.Fprintf(&asked, "GET /v1/auth/default/%s?x HTTP/1.1\r\nHost: x\r\nX-Keywright-Options: cost=%d\r\nAuthorization: Bearer default_live_none\r\n\r\n", strings.Repeat("a/", i), i+1)
	}
	return [][]byte{
		nil,
		[]byte(asked.String()),
		[]byte("GET / HTTP/1.1\r\nHost: x\r\nX: "),
		[]byte(head("Content-Length: 60000\r\n") + `{"key":"`),
		[]byte(head("X: " + strings.Repeat("x", 1<<20) + "\r\n")),
		[]byte(head("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n"),
		[]byte(head("Transfer-Encoding: chunked\r\n") + "2;" + strings.Repeat("x", 1<<20)),
		[]byte(strings.Repeat(head("Content-Length: 2\r\n")+"{}", 200)),
		resets,
	}
}
