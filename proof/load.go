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
	ask     []byte // the body of a verification that is VALID
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
	if t.ask, err = json.Marshal(map[string]string{"key": issued.Key.Reveal(), "keyspace": authority.DefaultKeyspace}); err != nil {
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

// request is one of an honest client: most are single verifications, every tenth is a batch of ten.
func (t *target) request(n int) (*http.Request, int, error) {
	path, media, body, want := api.PathVerify, api.MediaJSON, t.ask, 1
	if n%10 == 9 {
		path, media, want = api.PathVerifyBatch, api.MediaLines, 10
		body = bytes.Repeat(append(bytes.Clone(t.ask), '\n'), want)
	}
	r, err := http.NewRequest(http.MethodPost, "http://"+t.address+path, bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	r.Header.Set("Authorization", "Bearer "+t.service)
	r.Header.Set("Content-Type", media)
	return r, want, nil
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
