// SPDX-License-Identifier: Apache-2.0

package grpcauth_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/grpcauth"
	"github.com/keywright/keywright/internal/server"
	"github.com/keywright/keywright/store/sqlite"
)

const (
	get    = "/acme.Invoices/Get"    // one answer
	watch  = "/acme.Invoices/Watch"  // a stream both ways
	forgot = "/acme.Invoices/Forgot" // in no list
)

// invoices answers with the owner of the key that its handler sees.
var invoices = grpc.ServiceDesc{
	ServiceName: "acme.Invoices",
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Get", Handler: one}, {MethodName: "Forgot", Handler: one}},
	Streams:     []grpc.StreamDesc{{StreamName: "Watch", Handler: many, ServerStreams: true, ClientStreams: true}},
}

func owner(ctx context.Context) *wrapperspb.StringValue {
	v, ok := grpcauth.FromContext(ctx)
	if !ok {
		return wrapperspb.String("nobody")
	}
	return wrapperspb.String(v.Owner)
}

func one(server any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
	if err := decode(&emptypb.Empty{}); err != nil {
		return nil, err
	}
	method, _ := grpc.Method(ctx)
	info := &grpc.UnaryServerInfo{Server: server, FullMethod: method}
	return interceptor(ctx, nil, info, func(ctx context.Context, _ any) (any, error) { return owner(ctx), nil })
}

func many(_ any, stream grpc.ServerStream) error {
	for stream.RecvMsg(&emptypb.Empty{}) == nil {
		if err := stream.SendMsg(owner(stream.Context())); err != nil {
			return err
		}
	}
	return nil
}

// house is an authority over a store in memory, and a client that asks it over HTTP.
type house struct {
	testing.TB
	authority *authority.Authority
	client    *client.Client
	web       *httptest.Server
}

func newHouse(t testing.TB) *house {
	t.Helper()
	store, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a, err := authority.Open(t.Context(), authority.Options{Store: store, Clock: time.Now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	handler, err := server.New(server.Options{Authority: a})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{TB: t, authority: a, web: httptest.NewServer(handler)}
	t.Cleanup(func() { h.web.Close(); a.Close(); _ = store.Close() })
	service := h.issue(authority.IssueRequest{Keyspace: authority.ReservedKeyspace, Scopes: []string{authority.ScopeVerify}})
	if h.client, err = client.New(client.Options{URL: h.web.URL, ServiceKey: service.Key}); err != nil {
		t.Fatal(err)
	}
	return h
}

var me = authority.Operator("test", authority.Origin{})

func (h *house) issue(q authority.IssueRequest) authority.Issued {
	h.Helper()
	issued, err := h.authority.Issue(context.Background(), me, q)
	if err != nil {
		h.Fatal(err)
	}
	return issued
}

func (h *house) verifiers() map[string]keywright.Verifier {
	return map[string]keywright.Verifier{"in process": h.authority, "over HTTP": h.client}
}

// log is a buffer that several goroutines may use.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func options(l *log) grpcauth.Options {
	o := grpcauth.Options{
		Keyspace: "default", Environment: "live",
		Scopes: map[string][]string{get: {"invoices:read"}, watch: {}},
		Exempt: []string{"/grpc.health.v1.Health/"},
	}
	if l != nil {
		o.Log = slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return o
}

// serve runs a gRPC server on this machine and returns a connection to it.
func serve(t testing.TB, verifier keywright.Verifier, o grpcauth.Options) *grpc.ClientConn {
	t.Helper()
	keys := grpcauth.New(verifier, o)
	s := grpc.NewServer(grpc.UnaryInterceptor(keys.Unary), grpc.StreamInterceptor(keys.Stream))
	s.RegisterService(&invoices, nil)
	grpc_health_v1.RegisterHealthServer(s, health.NewServer())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	c, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// call calls a method with metadata, names and values in turn, and returns whose key the handler saw.
func call(c *grpc.ClientConn, method string, pairs ...string) (string, error) {
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(context.Background(), pairs...), 10*time.Second)
	defer cancel()
	var answer wrapperspb.StringValue
	if method != watch {
		err := c.Invoke(ctx, method, &emptypb.Empty{}, &answer)
		return answer.GetValue(), err
	}
	stream, err := c.NewStream(ctx, &invoices.Streams[0], method)
	if err != nil {
		return "", err
	}
	for range 2 {
		_ = stream.SendMsg(&emptypb.Empty{}) // what went wrong comes with the answer
		if err := stream.RecvMsg(&answer); err != nil {
			return "", err
		}
	}
	return answer.GetValue(), stream.CloseSend()
}

func bearer(key keywright.Secret) []string {
	return []string{"authorization", "Bearer " + key.Reveal()}
}
