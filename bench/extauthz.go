// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/extauthz"
	"github.com/keywright/keywright/internal/gateway"
	"github.com/keywright/keywright/store/sqlite"
)

const (
	envoyOurs, envoyFloor = "extauthz-ours", "extauthz-floor"
	envoyKeys             = 1000 // asked often: what is written of the last use of each second by second counts little
	envoyWorkers          = 4    // each has a connection, as in Envoy
)

// overExtAuthz asks a server as Envoy does, over gRPC, and a bare gRPC handler that gives every request one answer of the
// same types and sizes, made beforehand. Each is a process with one core. What counts is the processor time of the server
// for each request.
func overExtAuthz() error {
	dir, err := os.MkdirTemp("", "keywright-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	runtime.GOMAXPROCS(1)
	ours, err := startChild(envoyOurs, dir)
	if err != nil {
		return err
	}
	defer ours.stop()
	floor, err := startChild(envoyFloor, dir)
	if err != nil {
		return err
	}
	defer floor.stop()
	text, err := os.ReadFile(keysFile(dir))
	if err != nil {
		return err
	}
	keys := strings.Fields(string(text))
	var ratio, a, b spread
	for round := range rounds + 1 {
		x, err := ours.checks(keys)
		if err != nil {
			return err
		}
		y, err := floor.checks(keys)
		if err != nil {
			return err
		}
		if round > 0 {
			a, b, ratio = append(a, x), append(b, y), append(ratio, x/y)
		}
	}
	fmt.Printf("Check over gRPC, %d keys, %d calls at a time on %d connections: %.1f µs of processor time a request\n", len(keys), connections, envoyWorkers, a.median())
	fmt.Printf("floor: a bare gRPC handler, messages of the same types and sizes: %.1f µs\n", b.median())
	fmt.Printf("ratio to the floor: %s (aim: at most 1.3)\n", ratio)
	return nil
}

func keysFile(dir string) string { return filepath.Join(dir, "keys") }

// checks asks for one round and returns the microseconds of processor time of one request.
func (c *child) checks(keys []string) (float64, error) {
	clients := make([]auth.AuthorizationClient, envoyWorkers)
	for i := range clients {
		conn, err := grpc.NewClient("passthrough:///"+c.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return 0, err
		}
		defer func() { _ = conn.Close() }()
		clients[i] = auth.NewAuthorizationClient(conn)
	}
	from, err := c.cpu()
	if err != nil {
		return 0, err
	}
	var mu sync.Mutex
	var wait sync.WaitGroup
	done, end := 0, time.Now().Add(roundTime)
	for i := range connections {
		wait.Go(func() {
			n, failed := askAsEnvoy(clients[i%envoyWorkers], keys, i, end)
			mu.Lock()
			defer mu.Unlock()
			if done += n; failed != nil {
				err = failed
			}
		})
	}
	wait.Wait()
	if err != nil {
		return 0, err
	}
	to, err := c.cpu()
	return float64((to - from).Microseconds()) / float64(done), err
}

func askAsEnvoy(client auth.AuthorizationClient, keys []string, place int, end time.Time) (n int, err error) {
	for ; time.Now().Before(end); n++ {
		answer, err := client.Check(context.Background(), envoyRequest(keys[(place*7919+n*104729)%len(keys)]))
		if err != nil {
			return n, err
		}
		if answer.GetStatus().GetCode() != 0 || len(answer.GetOkResponse().GetHeaders()) != 4 {
			return n, fmt.Errorf("got %v", answer)
		}
	}
	return n, nil
}

// envoyRequest is what Envoy sends about a small request.
func envoyRequest(key string) *auth.CheckRequest {
	address := &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
		Address: "192.0.2.1", PortSpecifier: &core.SocketAddress_PortValue{PortValue: 40000},
	}}}
	return &auth.CheckRequest{Attributes: &auth.AttributeContext{
		Source: &auth.AttributeContext_Peer{Address: address}, Destination: &auth.AttributeContext_Peer{Address: address},
		Request: &auth.AttributeContext_Request{Http: &auth.AttributeContext_HttpRequest{
			Id: "1234567890123456789", Method: "GET", Path: "/v1/invoices/1234?expand=lines", Host: "api.example.com", Scheme: "https", Protocol: "HTTP/2",
			Headers: map[string]string{
				":authority": "api.example.com", ":method": "GET", ":path": "/v1/invoices/1234?expand=lines", ":scheme": "https",
				"accept": "application/json", "authorization": "Bearer " + key, "user-agent": "acme-client/1.2", "x-forwarded-for": "192.0.2.1",
				"x-forwarded-proto": "https", "x-request-id": "0b5b6c8e-6f0a-4a6e-9d0e-0c8f9f1b2a3c",
			},
		}},
		ContextExtensions: map[string]string{"keyspace": "default", "environment": "live", "scopes": "invoices:read"},
	}}
}

// serveEnvoy is the child of the benchmark.
func serveEnvoy(ctx context.Context, l net.Listener, kind, dir string) error {
	if kind == envoyFloor {
		fmt.Println(l.Addr())
		s := grpc.NewServer()
		auth.RegisterAuthorizationServer(s, &bareEnvoy{answer: bareAnswer()})
		go func() { <-ctx.Done(); s.Stop() }()
		return s.Serve(l)
	}
	store, err := sqlite.OpenMemory(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	a, err := authority.Open(context.WithoutCancel(ctx), authority.Options{Store: store, Clock: time.Now, Random: rand.Reader})
	if err != nil {
		return err
	}
	defer a.Close()
	var texts strings.Builder
	requests := func(yield func(authority.IssueRequest) bool) {
		for i := range envoyKeys {
			if !yield(authority.IssueRequest{Name: "bench", Owner: fmt.Sprint("team_", i%10_000), Scopes: scopes}) {
				return
			}
		}
	}
	err = a.IssueMany(ctx, authority.Operator("bench", authority.Origin{}), requests, func(i authority.Issued, err error) error {
		texts.WriteString(i.Key.Reveal() + "\n")
		return err
	})
	if err == nil {
		err = os.WriteFile(keysFile(dir), []byte(texts.String()), 0o600)
	}
	if err == nil {
		err = a.Warm(ctx)
	}
	if err != nil {
		return err
	}
	s, err := extauthz.New(extauthz.Options{
		Gateway: gateway.New(a, gateway.Loopback()), Drain: 1, RequestID: func(given []string) string { return strings.Join(given, "") },
	})
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return s.Serve(ctx, l)
}

// bareEnvoy judges nothing.
type bareEnvoy struct {
	auth.UnimplementedAuthorizationServer
	answer *auth.CheckResponse
}

// Check implements envoy.service.auth.v3.Authorization.
func (b *bareEnvoy) Check(context.Context, *auth.CheckRequest) (*auth.CheckResponse, error) {
	return b.answer, nil
}

func bareAnswer() *auth.CheckResponse {
	ok := &auth.OkHttpResponse{}
	for _, h := range [][2]string{
		{"x-keywright-key-id", "key_01Kb2mQ9xR4tB3vNq7YkZ1"},
		{"x-keywright-owner", "team_1234"},
		{"x-keywright-scopes", strings.Join(scopes, " ")},
		{"x-keywright-environment", "live"},
	} {
		ok.Headers = append(ok.Headers, &core.HeaderValueOption{
			Header:         &core.HeaderValue{Key: h[0], Value: h[1]},
			KeepEmptyValue: true, AppendAction: core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
		})
	}
	return &auth.CheckResponse{Status: &status.Status{}, HttpResponse: &auth.CheckResponse_OkResponse{OkResponse: ok}}
}
