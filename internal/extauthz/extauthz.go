// SPDX-License-Identifier: Apache-2.0

// Package extauthz is the gRPC door of a gateway, for Envoy: envoy.service.auth.v3.Authorization, which the filter ext_authz
// asks about every request.
//
//	s, err := extauthz.New(extauthz.Options{Gateway: g, Keyspace: "acme"})
//	err = s.Serve(ctx, listener) // until ctx ends; then in good order
//
// What is asked for stands in the context_extensions of the route, which Envoy takes from its configuration alone: keyspace,
// environment, header, scopes, cost and hide_key. Method, path, headers and address are those of the AttributeContext; no
// header tells any of them otherwise.
//
// Every answer of Check is a message, and no error of gRPC: of an error Envoy may be told to let the request pass
// (failure_mode_allow), of a DeniedHttpResponse never. A peer that is no known proxy gets no judgement, and nothing else.
package extauthz

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"

	"github.com/keywright/keywright/internal/gateway"
)

const (
	maxMessage    = 256 << 10 // bytes of a request: Envoy takes 60 KiB of headers, and each can be told twice
	maxMetadata   = 16 << 10  // bytes of the headers of gRPC itself
	maxStreams    = 1000      // of a connection at a time
	connectTime   = 10 * time.Second
	idleTime      = 15 * time.Minute // of a connection without a call
	pingTime      = time.Minute      // after which a silent peer is asked whether it is there
	pingWait      = 20 * time.Second
	shortestPings = 10 * time.Second // between those of a client; one that sends more is cut off
)

// Options say what a server answers and how. Gateway is needed; the zero value of the rest works.
type Options struct {
	Gateway  *gateway.Gateway
	Keyspace string                // for routes that name none; empty: they must
	Logger   *slog.Logger          // nil: silent
	Registry prometheus.Registerer // takes the figures; nil: nobody sees them
	TLS      *tls.Config           // nil: none

	Ready     func(context.Context) error // what the health service says; nil: always ready
	RequestID func(given []string) string // the id of a request, from the values of its X-Request-Id; nil: none

	Drain       time.Duration // at the end: how long health says so before the doors close: 3 s
	StopTimeout time.Duration // at the end: how long calls that are under way may take: 30 s
}

// A Server answers Envoys.
type Server struct {
	auth.UnimplementedAuthorizationServer

	options  Options
	log      *slog.Logger
	metrics  *metrics
	grpc     *grpc.Server
	draining atomic.Bool
	stopping chan struct{} // closed when the server is about to stop
	open     atomic.Int64  // connections

	mu   sync.RWMutex
	read map[extensions]settings
}

// New returns a server.
func New(o Options) (*Server, error) {
	if o.Gateway == nil {
		return nil, errors.New("extauthz.New needs a Gateway")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	if o.Ready == nil {
		o.Ready = func(context.Context) error { return nil }
	}
	if o.RequestID == nil {
		o.RequestID = func([]string) string { return "" }
	}
	if o.Drain == 0 {
		o.Drain = 3 * time.Second
	}
	if o.StopTimeout == 0 {
		o.StopTimeout = 30 * time.Second
	}
	m, err := newMetrics(o.Registry)
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, log: o.Logger, metrics: m, stopping: make(chan struct{}), read: map[extensions]settings{}}
	s.grpc = grpc.NewServer(s.limits()...)
	auth.RegisterAuthorizationServer(s.grpc, s)
	grpc_health_v1.RegisterHealthServer(s.grpc, &health{server: s})
	return s, nil
}

// limits are what one peer can use up.
func (s *Server) limits() []grpc.ServerOption {
	all := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxHeaderListSize(maxMetadata), grpc.MaxConcurrentStreams(maxStreams), grpc.ConnectionTimeout(connectTime),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idleTime, Time: pingTime, Timeout: pingWait}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: shortestPings, PermitWithoutStream: true}),
	}
	if s.options.TLS != nil {
		all = append(all, grpc.Creds(credentials.NewTLS(s.options.TLS)))
	}
	return all
}
