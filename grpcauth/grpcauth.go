// SPDX-License-Identifier: Apache-2.0

// Package grpcauth is middleware for gRPC servers over a keywright.Verifier: it takes the key out of the metadata of a
// call, has it judged, and lets the handler see the verdict. The verifier is an *authority.Authority in the same
// process or a *client.Client.
//
//	keys := grpcauth.New(verifier, grpcauth.Options{
//		Keyspace: "acme", Environment: "live",
//		Scopes: map[string][]string{
//			"/acme.Invoices/":       {"invoices:read"},  // every method of the service
//			"/acme.Invoices/Create": {"invoices:write"}, // but this
//		},
//		Exempt: []string{"/grpc.health.v1.Health/"},
//	})
//	s := grpc.NewServer(grpc.UnaryInterceptor(keys.Unary), grpc.StreamInterceptor(keys.Stream))
//
// A method that is neither in Scopes nor in Exempt is for nobody: a method that is added later must not be open because
// somebody forgot a line. A call that may not pass ends with
//
//	no key, two keys, a key that is not valid    UNAUTHENTICATED, alike whether it is unknown, revoked or expired
//	FORBIDDEN, INSUFFICIENT_SCOPE                PERMISSION_DENIED
//	RATE_LIMITED, CREDITS_EXHAUSTED              RESOURCE_EXHAUSTED, with google.rpc.RetryInfo
//	no judgement                                 UNAVAILABLE, with google.rpc.RetryInfo; it never passes
//
// A stream is judged once, when it begins: a key that is revoked later does not end it. Bound how long streams last
// (keepalive.ServerParameters.MaxConnectionAge with its grace), or ask the verifier again from the handler.
package grpcauth

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"google.golang.org/grpc"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/httpauth"
)

// Options say what keys are for and where they come from. Scopes or ScopesOf is needed, or every call is refused;
// Keyspace unless the verifier is a client whose service key is bound to one. Environment should be given, so that a
// test key is refused in production.
type Options struct {
	Keyspace    string
	Environment string
	Header      string // the metadata that carries the key; empty: authorization with the scheme Bearer, or x-api-key

	// Scopes are those that a method needs, all of them, by its full name (/acme.Invoices/Create), or by that of its
	// service (/acme.Invoices/) for those methods that have no line of their own. None: any valid key will do.
	Scopes map[string][]string

	// ScopesOf is asked about methods that are not in Scopes; nil: there are no others. False refuses the call.
	ScopesOf func(method string) (scopes []string, known bool)

	// Exempt names methods and services that need no key, such as /grpc.health.v1.Health/. Whoever calls them, there is
	// no verdict. A method that has a line of its own in Scopes is not exempt with its service.
	Exempt []string

	// ClientIP returns where a call came from; nil: the address of the connection. The zero address is none: keys that
	// are bound to networks are then refused.
	ClientIP func(context.Context) netip.Addr

	// Ask changes what is asked of a call after all else is set, such as its cost; nil: nothing. Ask.Path is the full
	// name of the method, Ask.Method is POST.
	Ask func(context.Context, *keywright.Ask)

	// Log gets one event for each call that could not be judged, and at debug one for each that was refused, with the
	// code that the client is not told; nil: silent. No key is in it.
	Log *slog.Logger
}

// An Interceptor guards the methods of a server. It is safe for use by several goroutines.
type Interceptor struct {
	verifier keywright.Verifier
	options  Options
}

// New returns interceptors over a verifier. It panics where the options cannot be right.
func New(verifier keywright.Verifier, o Options) *Interceptor {
	if verifier == nil {
		panic("grpcauth.New needs a verifier: an *authority.Authority or a *client.Client")
	}
	for name, scopes := range o.Scopes {
		checkName(name)
		if !strings.HasSuffix(name, "/") && slices.Contains(o.Exempt, name) {
			panic("grpcauth: a method is exempt and has scopes: " + name)
		}
		for _, s := range scopes {
			if err := keywright.CheckScope(s); err != nil {
				panic("grpcauth: " + err.Error())
			}
		}
	}
	for _, name := range o.Exempt {
		checkName(name)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.ClientIP == nil {
		o.ClientIP = connection
	}
	o.Header = http.CanonicalHeaderKey(o.Header)
	return &Interceptor{verifier, o}
}

// checkName panics where a name is neither /service/method nor /service/.
func checkName(name string) {
	if service := serviceOf(name); len(service) < 3 || service[0] != '/' || strings.Count(name, "/") != 2 {
		panic("grpcauth: a method is named /package.Service/Method, a service /package.Service/")
	}
}

// serviceOf returns the service of a method, with both its slashes.
func serviceOf(method string) string { return method[:strings.LastIndexByte(method, '/')+1] }

// Unary is a grpc.UnaryServerInterceptor.
func (i *Interceptor) Unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	ctx, err := i.admit(ctx, info.FullMethod)
	if err != nil {
		return nil, err
	}
	return handler(ctx, request)
}

// Stream is a grpc.StreamServerInterceptor.
func (i *Interceptor) Stream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	ctx, err := i.admit(stream.Context(), info.FullMethod)
	if err != nil {
		return err
	}
	return handler(server, &judgedStream{stream, ctx})
}

// judgedStream is a stream with a verdict in its context.
type judgedStream struct {
	grpc.ServerStream
	ctx context.Context
}

// Context returns the context with the verdict.
func (s *judgedStream) Context() context.Context { return s.ctx }

// FromContext returns the verdict of a call that passed; an exempt one has none. It is httpauth.FromContext.
func FromContext(ctx context.Context) (keywright.Verdict, bool) { return httpauth.FromContext(ctx) }
