// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/gateway"
	"github.com/keywright/keywright/store/sqlite"
)

// house is a server that is asked over a real connection, with everything behind it.
type house struct {
	testing.TB
	authority *authority.Authority
	server    *Server
	registry  *prometheus.Registry
	store     *failing
	address   string
	client    auth.AuthorizationClient
	conn      *grpc.ClientConn
	log       *locked
	stop      func() error // ends the server, and returns what Serve does
}

// locked is a buffer that several goroutines may use.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// failing is a store whose disk can be taken away.
type failing struct {
	authority.Store
	down atomic.Bool
}

func (f *failing) Lookup(ctx context.Context, hash keywright.Hash) (authority.Record, error) {
	if f.down.Load() {
		return authority.Record{}, fmt.Errorf("disk is gone")
	}
	return f.Store.Lookup(ctx, hash)
}

// place is where a house is.
type place struct {
	networks []netip.Prefix
	network  string // tcp where it is empty
	options  Options
}

func newHouse(t testing.TB, change ...func(*place)) *house {
	t.Helper()
	ctx := context.Background()
	memory, err := sqlite.OpenMemory(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = memory.Close() })
	h := &house{TB: t, log: &locked{}, registry: prometheus.NewRegistry(), store: &failing{Store: memory}}
	sealer, err := authority.NewSealer(make([]byte, authority.RootKeyBytes), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if h.authority, err = authority.Open(ctx, authority.Options{Store: h.store, Clock: time.Now, Random: rand.Reader, Sealer: sealer}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.authority.Close)
	p := place{networks: gateway.Loopback(), network: "tcp", options: Options{
		Keyspace: "default", Registry: h.registry, Drain: 1, Logger: slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		RequestID: func(given []string) string { return fmt.Sprintf("id-%d-%v", len(given), given) },
	}}
	for _, f := range change {
		f(&p)
	}
	p.options.Gateway = gateway.New(h.authority, p.networks)
	if h.server, err = New(p.options); err != nil {
		t.Fatal(err)
	}
	h.listen(p.network)
	return h
}

// listen starts the server and connects a client.
func (h *house) listen(network string) {
	h.Helper()
	at, target := "127.0.0.1:0", ""
	if network == "unix" {
		at = h.TempDir() + "/s"
		target = "unix:" + at
	}
	l, err := net.Listen(network, at)
	if err != nil {
		h.Fatal(err)
	}
	if h.address = l.Addr().String(); target == "" {
		target = "passthrough:///" + h.address
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.server.Serve(ctx, l) }()
	h.stop = sync.OnceValue(func() error { cancel(); return <-done })
	if h.conn, err = grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials())); err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() {
		_ = h.conn.Close()
		if err := h.stop(); err != nil {
			h.Error(err)
		}
	})
	h.client = auth.NewAuthorizationClient(h.conn)
}

func (h *house) operator() authority.Caller { return authority.Operator("test", authority.Origin{}) }

// key issues a key.
func (h *house) key(q authority.IssueRequest) (string, keywright.KeyID) {
	h.Helper()
	issued, err := h.authority.Issue(context.Background(), h.operator(), q)
	if err != nil {
		h.Fatal(err)
	}
	return issued.Key.Reveal(), issued.Record.ID
}

func (h *house) serviceKey(scope string) string {
	h.Helper()
	key, _ := h.key(authority.IssueRequest{Keyspace: authority.ReservedKeyspace, Scopes: []string{scope}})
	return key
}

func (h *house) policy(p authority.Policy) {
	h.Helper()
	if _, err := h.authority.UpdateKeyspace(context.Background(), h.operator(), authority.KeyspaceRequest{Name: "default", Policy: &p}); err != nil {
		h.Fatal(err)
	}
}

// asks builds what Envoy sends about a request from 192.0.2.1, whose headers are names and values in turn.
func asks(method, path, key string, headers ...string) *auth.CheckRequest {
	all := map[string]string{":method": method, ":path": path, ":authority": "api.example.com", "x-request-id": "r1", "x-forwarded-proto": "https"}
	if key != "" {
		all["authorization"] = "Bearer " + key
	}
	for i := 0; i < len(headers); i += 2 {
		if before, ok := all[headers[i]]; ok {
			headers[i+1] = before + "," + headers[i+1] // as Envoy joins them
		}
		all[headers[i]] = headers[i+1]
	}
	return &auth.CheckRequest{Attributes: &auth.AttributeContext{
		Source: &auth.AttributeContext_Peer{Address: socketAddress("192.0.2.1")},
		Request: &auth.AttributeContext_Request{Http: &auth.AttributeContext_HttpRequest{
			Id: "123", Method: method, Path: path, Host: "api.example.com", Scheme: "https", Protocol: "HTTP/2", Headers: all, Size: -1,
		}},
		ContextExtensions: map[string]string{},
	}}
}

func socketAddress(ip string) *core.Address {
	return &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
		Address: ip, PortSpecifier: &core.SocketAddress_PortValue{PortValue: 40000},
	}}}
}

// raw tells the headers of a request one by one, as Envoy does where encode_raw_headers is true.
func raw(q *auth.CheckRequest) *auth.CheckRequest {
	r := q.Attributes.Request.Http
	r.HeaderMap = &core.HeaderMap{}
	for name, value := range r.Headers {
		r.HeaderMap.Headers = append(r.HeaderMap.Headers, &core.HeaderValue{Key: name, RawValue: []byte(value)})
	}
	r.Headers = nil
	return q
}

// with sets context_extensions, names and values in turn.
func with(q *auth.CheckRequest, extensions ...string) *auth.CheckRequest {
	for i := 0; i < len(extensions); i += 2 {
		q.Attributes.ContextExtensions[extensions[i]] = extensions[i+1]
	}
	return q
}

// check asks, and wants an answer that is a message.
func (h *house) check(q *auth.CheckRequest) *auth.CheckResponse {
	h.Helper()
	answer, err := h.client.Check(context.Background(), q)
	if err != nil {
		h.Fatal(err)
	}
	return answer
}

// headersIn reads headers that Envoy is told to set, and wants that each replaces what is there and stays when it is empty.
func (h *house) headersIn(options []*core.HeaderValueOption) map[string][]string {
	h.Helper()
	all := map[string][]string{}
	for _, o := range options {
		//lint:ignore SA1019 that it is not there is the point
		if o.AppendAction != core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD || !o.KeepEmptyValue || o.Append != nil {
			h.Errorf("%v", o)
		}
		if all[o.Header.Key] != nil {
			h.Errorf("%s is there twice", o.Header.Key)
		}
		all[o.Header.Key] = []string{o.Header.Value}
	}
	return all
}

// wantPass wants a request to pass, and returns the headers for the service: all four and nothing else.
func (h *house) wantPass(a *auth.CheckResponse) [4]string {
	h.Helper()
	if a.GetStatus().GetCode() != 0 || a.GetOkResponse() == nil {
		h.Fatalf("%v", a)
	}
	var got [4]string
	all := h.headersIn(a.GetOkResponse().Headers)
	for i, name := range []string{"x-keywright-key-id", "x-keywright-owner", "x-keywright-scopes", "x-keywright-environment"} {
		if len(all[name]) != 1 || len(all) != 4 {
			h.Fatalf("%v", all)
		}
		got[i] = all[name][0]
	}
	return got
}

// wantRefusal wants a request to be refused with a whole problem, and returns the headers for the client.
func (h *house) wantRefusal(a *auth.CheckResponse, status int, code api.Code) map[string][]string {
	h.Helper()
	d := a.GetDeniedResponse()
	rpc := map[int]int32{401: 16, 403: 7, 429: 8, 503: 14}[status]
	if rpc == 0 || a.GetStatus().GetCode() != rpc || d == nil || int(d.GetStatus().GetCode()) != status {
		h.Fatalf("want %d: %v", status, a)
	}
	var p api.Problem
	if err := json.Unmarshal([]byte(d.Body), &p); err != nil {
		h.Fatal(err)
	}
	all := h.headersIn(d.Headers)
	if p.Code != code || p.Status != status || p.Title == "" || p.Detail == "" || p.Hint == "" && code != api.AccessDenied || p.RequestID == "" || len(all["x-request-id"]) != 1 || p.RequestID != all["x-request-id"][0] {
		h.Errorf("%+v %v", p, all)
	}
	if all["content-type"][0] != api.MediaProblem || all["cache-control"][0] != "no-store" {
		h.Errorf("%v", all)
	}
	return all
}
