// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/server"
	"github.com/keywright/keywright/store/sqlite"
)

// mostHeap is what a server under attack may hold, the load itself included: a generous bound, that only what grows
// without one exceeds.
const mostHeap = 1 << 30

// load asks a server on loopback honestly, first alone and then among hostile clients, and compares. It fails where an
// honest request is not answered well, or memory goes beyond its bound; times are only reported.
func load(args []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	seconds := flags.Int("seconds", 20, "how long in all")
	clients := flags.Int("clients", 8, "how many honest clients")
	hostile := flags.Int("hostile", 40, "how many hostile clients")
	if err := flags.Parse(args); err != nil {
		return err
	}
	target, err := startTarget()
	if err != nil {
		return err
	}
	defer target.stop()
	phase := max(time.Duration(*seconds)*time.Second/2, time.Second)
	fmt.Printf("%-26s %10s %10s %10s %10s %10s\n", "honest clients", "answers", "p50", "p99", "most", "heap MiB")
	alone := target.measure("alone", *clients, 0, phase)
	among := target.measure("among hostile clients", *clients, *hostile, phase)
	return errors.Join(alone, among)
}

// A target is a server on loopback and what honest clients need.
type target struct {
	address string
	service string // a service key
	key     string // that is VALID
	ask     []byte // the body of a verification of it
	stop    func()
}

func startTarget() (*target, error) {
	ctx, cancel := context.WithCancel(context.Background())
	t := &target{stop: cancel}
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		return nil, err
	}
	a, err := authority.Open(ctx, authority.Options{Store: store, Clock: time.Now, Random: rand.Reader})
	if err != nil {
		return nil, err
	}
	if err := a.Warm(ctx); err != nil {
		return nil, err
	}
	first, _, err := a.FirstServiceKey(ctx)
	if err != nil {
		return nil, err
	}
	issued, err := a.Issue(ctx, operator, authority.IssueRequest{Name: "honest"})
	if err != nil {
		return nil, err
	}
	t.service = first.Key.Reveal()
	t.key = issued.Key.Reveal()
	if t.ask, err = json.Marshal(map[string]string{"key": t.key, "keyspace": authority.DefaultKeyspace}); err != nil {
		return nil, err
	}
	web, err := server.New(server.Options{
		Authority: a, UnencryptedHTTP2: true, Drain: time.Millisecond, StopTimeout: 5 * time.Second,
		ReadHeaderTimeout: time.Second, ReadTimeout: 2 * time.Second, WriteTimeout: 2 * time.Second, IdleTimeout: 2 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	t.address = l.Addr().String()
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(ctx, l) }()
	t.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			fmt.Fprintf(os.Stderr, "the server ended: %v\n", err)
		}
		a.Close()
		_ = store.Close()
	}
	return t, nil
}

// A request is one of an honest client, and how its answer shows that the key was found good.
type request struct {
	*http.Request
	good func(status int, body []byte) bool
}

// request makes the nth request of a client: most are single verifications, every third is that of a proxy, every tenth a
// batch of ten.
func (t *target) request(n int) (*request, error) {
	switch {
	case n%10 == 9:
		const lines = 10
		return t.post(api.PathVerifyBatch, api.MediaLines, bytes.Repeat(append(bytes.Clone(t.ask), '\n'), lines), lines)
	case n%3 == 2:
		return t.forwarded()
	}
	return t.post(api.PathVerify, api.MediaJSON, t.ask, 1)
}

// post asks for verdicts, and wants so many that are VALID.
func (t *target) post(path, media string, body []byte, verdicts int) (*request, error) {
	r, err := http.NewRequest(http.MethodPost, "http://"+t.address+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+t.service)
	r.Header.Set("Content-Type", media)
	return &request{r, func(status int, body []byte) bool {
		return status == http.StatusOK && bytes.Count(body, []byte(`"code":"VALID"`)) == verdicts
	}}, nil
}

// forwarded asks as a proxy does.
func (t *target) forwarded() (*request, error) {
	r, err := http.NewRequest(http.MethodGet, "http://"+t.address+strings.Replace(api.PathAuth, "{keyspace}", authority.DefaultKeyspace, 1), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+t.key)
	r.Header.Set("X-Original-Method", http.MethodGet)
	r.Header.Set("X-Original-URI", "/v1/invoices?page=2")
	return &request{r, func(status int, _ []byte) bool { return status == http.StatusNoContent }}, nil
}

// heap watches the heap until done is closed, and then tells its peak.
func heap(done <-chan struct{}) uint64 {
	var peak uint64
	for {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapInuse)
		select {
		case <-done:
			return peak
		case <-time.After(50 * time.Millisecond):
		}
	}
}
