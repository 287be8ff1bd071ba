// SPDX-License-Identifier: Apache-2.0

package grpcauth_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/grpcauth"
	"github.com/keywright/keywright/store/sqlite"
)

// A gRPC server that hands out keys and judges them itself, with the store in memory. Its service is that of health, so
// that it is one that everybody has.
func Example() {
	ctx := context.Background()
	store, err := sqlite.OpenMemory(ctx)
	check(err)
	defer func() { check(store.Close()) }()
	a, err := authority.Open(ctx, authority.Options{Store: store, Clock: time.Now, Random: rand.Reader})
	check(err)
	defer a.Close()
	issued, err := a.Issue(ctx, authority.Operator("my program", authority.Origin{}), authority.IssueRequest{
		Name: "probe", Scopes: []string{"health:read"},
	})
	check(err)

	keys := grpcauth.New(a, grpcauth.Options{
		Keyspace: "default", Environment: "live",
		Scopes: map[string][]string{grpc_health_v1.Health_Check_FullMethodName: {"health:read"}},
	})
	s := grpc.NewServer(grpc.UnaryInterceptor(keys.Unary), grpc.StreamInterceptor(keys.Stream))
	grpc_health_v1.RegisterHealthServer(s, health.NewServer())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go func() { _ = s.Serve(listener) }()
	defer s.Stop()

	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(err)
	defer func() { check(conn.Close()) }()
	for _, key := range []string{issued.Key.Reveal(), "nonsense"} {
		with := metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key)
		answer, err := grpc_health_v1.NewHealthClient(conn).Check(with, &grpc_health_v1.HealthCheckRequest{})
		fmt.Println(status.Code(err), answer.GetStatus() == grpc_health_v1.HealthCheckResponse_SERVING)
	}
	list, err := grpc_health_v1.NewHealthClient(conn).List(ctx, &grpc_health_v1.HealthListRequest{})
	fmt.Println(status.Code(err) == codes.PermissionDenied, list == nil) // it has no line in Scopes
	// Output:
	// OK true
	// Unauthenticated false
	// true true
}

// A gRPC server that asks a keywright server: only the verifier is another.
func Example_client() {
	c, err := client.New(client.Options{
		URL:        "https://keys.example.com",
		ServiceKey: keywright.NewSecret(os.Getenv("KEYWRIGHT_SERVICE_KEY")),
	})
	check(err)
	keys := grpcauth.New(c, grpcauth.Options{
		Keyspace: "acme", Environment: "live",
		Scopes: map[string][]string{
			"/acme.Invoices/":       {"invoices:read"},
			"/acme.Invoices/Create": {"invoices:write"},
		},
		Exempt: []string{"/grpc.health.v1.Health/", "/grpc.reflection.v1.ServerReflection/"},
	})
	_ = grpc.NewServer(grpc.UnaryInterceptor(keys.Unary), grpc.StreamInterceptor(keys.Stream))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
