// SPDX-License-Identifier: Apache-2.0

//go:build linux

package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// BenchmarkVerify compares POST /v1/verify, service key and all, with the floor: a bare handler that reads a body of the
// same size with encoding/json and writes an answer of the same size with it. Another process asks: server-cpu-ns/op is
// the processor time of the server alone. A third handler that does nothing shows what net/http costs.
//
// KEYWRIGHT_BENCH_KEYS sets the number of keys in the table.
func BenchmarkVerify(b *testing.B) {
	keys := 10_000
	if n, err := strconv.Atoi(os.Getenv("KEYWRIGHT_BENCH_KEYS")); err == nil {
		keys = n
	}
	h, presented := benchHouse(b, keys)
	requests := make([][]byte, len(presented))
	for i, key := range presented {
		body := encode(api.VerifyRequest{
			Key: key, Keyspace: "default", Environment: "live", Scopes: []string{"invoices:read"}, ClientIP: netip.MustParseAddr("192.0.2.7"), Method: "GET", Path: "/v1/invoices",
		})
		requests[i] = fmt.Appendf(nil, "POST /v1/verify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", h.root, len(body), body)
	}
	for _, handler := range []struct {
		name string
		http.Handler
	}{{"floor", http.HandlerFunc(floor)}, {"keywright", h.server}, {"floor-again", http.HandlerFunc(floor)}, {"keywright-again", h.server}, {"nothing", http.HandlerFunc(nothing)}} {
		b.Run(handler.name, func(b *testing.B) { ask(b, handler.Handler, requests) })
	}
}

func nothing(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	_, _ = w.Write([]byte("{}\n"))
}

// floorRequest and floorResponse have the sizes of the real ones.
type floorRequest struct {
	Key, Keyspace, Environment string
	Scopes                     []string
	ClientIP                   string `json:"client_ip"`
	Method, Path               string
}

type floorResponse struct {
	Valid       bool     `json:"valid"`
	Code        string   `json:"code"`
	KeyID       string   `json:"key_id"`
	PublicID    string   `json:"public_id"`
	Keyspace    string   `json:"keyspace"`
	Format      string   `json:"format"`
	Environment string   `json:"environment"`
	Owner       string   `json:"owner"`
	Scopes      []string `json:"scopes"`
}

func floor(w http.ResponseWriter, r *http.Request) {
	var q floorRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(floorResponse{
		Valid: true, Code: "VALID", KeyID: "key_0DFUqXqVeEpK4nSQhDZ0mR", PublicID: "7Yk2mQ9xR4tB", Keyspace: q.Keyspace,
		Format: "secret", Environment: q.Environment, Owner: "team_7", Scopes: q.Scopes,
	})
}

// ask has another process send requests over a few connections, so that the processor time of this one is the server's.
func ask(b *testing.B, handler http.Handler, requests [][]byte) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener)
	defer server.Close()
	file := filepath.Join(b.TempDir(), "requests")
	if err := os.WriteFile(file, bytes.Join(requests, separator), 0o600); err != nil {
		b.Fatal(err)
	}
	client := exec.Command(os.Args[0], "-test.run", "^TestBenchClient$")
	client.Env = append(os.Environ(), clientEnv+"="+fmt.Sprintf("%s %d %s", listener.Addr(), b.N, file))
	b.ReportAllocs()
	b.ResetTimer()
	started := cpu(b)
	if out, err := client.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	b.ReportMetric(float64(cpu(b)-started)/float64(b.N), "server-cpu-ns/op")
}

const (
	clientEnv     = "KEYWRIGHT_BENCH_CLIENT"
	clientStreams = 4
)

var separator = []byte("\x00\n")

// TestBenchClient is the process that asks.
func TestBenchClient(t *testing.T) {
	task := os.Getenv(clientEnv)
	if task == "" {
		return
	}
	var address, file string
	var n int
	if _, err := fmt.Sscan(task, &address, &n, &file); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	requests := bytes.Split(b, separator)
	var streams sync.WaitGroup
	for s := range clientStreams {
		streams.Go(func() {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
			for i := s; i < n; i += clientStreams {
				if _, err := conn.Write(requests[i*7919%len(requests)]); err != nil {
					t.Error(err)
					return
				}
				if err := readAnswer(in); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	streams.Wait()
}

var (
	lengthHeader = []byte("Content-Length: ")
	statusOK     = []byte("HTTP/1.1 200")
)

func readAnswer(in *bufio.Reader) error {
	length := -1
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && !bytes.HasPrefix(line, statusOK) {
			return fmt.Errorf("not 200")
		}
		if rest, ok := bytes.CutPrefix(line, lengthHeader); ok {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(rest)))
		}
		if len(line) == 2 {
			break
		}
	}
	_, err := in.Discard(length)
	return err
}

// benchHouse returns a server over so many keys, and some of them.
func benchHouse(b *testing.B, keys int) (*house, []api.Key) {
	h := newHouse(b, func(o *Options) { o.Logger = slog.New(slog.NewJSONHandler(io.Discard, nil)) })
	var presented []api.Key
	requests := func(yield func(authority.IssueRequest) bool) {
		for range keys {
			if !yield(authority.IssueRequest{Owner: "team_7", Scopes: []string{"invoices:read"}}) {
				return
			}
		}
	}
	err := h.authority.IssueMany(context.Background(), h.operator(), requests, func(i authority.Issued, err error) error {
		if len(presented) < 100_000 {
			presented = append(presented, api.NewKey(i.Key))
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return h, presented
}
