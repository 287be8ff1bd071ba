// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

const inBatch = 100 // keys

// batch asks a server with a million keys over POST /v1/verify/batch, a hundred at a time, and judges as many in process,
// over a table of the same size, in turns. What counts is the processor time of the server for each key.
func batch() error {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "keywright-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	made, err := makeKeys(ctx, million, 100)
	if err != nil {
		return err
	}
	a, _, err := warm(ctx, &source{keys: made, step: 1, owners: 10_000})
	if err != nil {
		return err
	}
	defer a.Close()
	server, err := startChild("made", dir)
	if err != nil {
		return err
	}
	defer server.stop()
	text, err := os.ReadFile(filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	lines := strings.Fields(string(text)) // the first is the service key
	bodies := batches(lines[1:])
	keys := made.secrets()
	runtime.GC()
	var over, alone, more spread
	for round := range rounds + 1 {
		x, err := server.batches("http://"+server.address+"/v1/verify/batch", lines[0], bodies)
		if err != nil {
			return err
		}
		y := judged(ctx, a, keys)
		if round > 0 {
			over, alone, more = append(over, x), append(alone, y), append(more, x-y)
		}
	}
	fmt.Printf("POST /v1/verify/batch of %d keys over one connection: %.2f µs of processor time a key\n", inBatch, over.median())
	fmt.Printf("the same ask in process: %.2f µs\n", alone.median())
	fmt.Printf("more over HTTP: %s µs a key (aim: at most 1.50)\n", more)
	return nil
}

// judged returns the microseconds of processor time of a verification in process.
func judged(ctx context.Context, a *authority.Authority, keys []keywright.Secret) float64 {
	const n = 400_000
	from := busy()
	for i := range n {
		v, err := a.Verify(ctx, keywright.Ask{Key: keys[i%len(keys)], Keyspace: "default", Environment: "live", Scopes: scopes})
		if err != nil || !v.Valid() {
			exit(fmt.Errorf("%s, %w", v.Code, err))
		}
	}
	return float64((busy() - from).Nanoseconds()) / n / 1000
}

// batches writes the bodies that ask for keys.
func batches(keys []string) (bodies [][]byte) {
	for from := 0; from+inBatch <= len(keys); from += inBatch {
		var body []byte
		for _, key := range keys[from : from+inBatch] {
			body = fmt.Appendf(body, "{\"key\":%q,\"keyspace\":\"default\",\"environment\":\"live\",\"scopes\":[\"invoices:read\"]}\n", key)
		}
		bodies = append(bodies, body)
	}
	return bodies
}

// batches sends a few thousand requests and returns the microseconds of processor time of the server for each key.
func (c *child) batches(url, service string, bodies [][]byte) (float64, error) {
	const requests = 3000
	from, err := c.cpu()
	if err != nil {
		return 0, err
	}
	for i := range requests {
		r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(bodies[i%len(bodies)]))
		if err != nil {
			return 0, err
		}
		r.Header.Set("Authorization", "Bearer "+service)
		r.Header.Set("Content-Type", "application/x-ndjson")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0, err
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || bytes.Count(text, []byte(`"code":"VALID"`)) != inBatch {
			return 0, fmt.Errorf("%d valid of %d: %s %w", bytes.Count(text, []byte(`"code":"VALID"`)), inBatch, strconv.Itoa(answer.StatusCode), err)
		}
	}
	to, err := c.cpu()
	return float64((to - from).Microseconds()) / (requests * inBatch), err
}

// serveMade makes a million keys in memory, writes a service key and some of them to a file, and returns the authority.
func serveMade(ctx context.Context, dir string) (*authority.Authority, func(), error) {
	made, err := makeKeys(ctx, million, 100)
	if err != nil {
		return nil, nil, err
	}
	a, _, err := warm(ctx, &source{keys: made, step: 1, owners: 10_000})
	if err != nil {
		return nil, nil, err
	}
	issued, err := a.Issue(ctx, authority.Operator("bench", authority.Origin{}), authority.IssueRequest{
		Keyspace: authority.ReservedKeyspace, Scopes: []string{authority.ScopeVerify},
	})
	if err != nil {
		return nil, nil, err
	}
	text := issued.Key.Reveal() + "\n"
	for _, key := range made.secrets() {
		text += key.Reveal() + "\n"
	}
	return a, a.Close, os.WriteFile(filepath.Join(dir, "keys"), []byte(text), 0o600)
}
