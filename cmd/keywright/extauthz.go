// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/extauthz"
	"github.com/keywright/keywright/internal/gateway"
	"github.com/keywright/keywright/internal/server"
)

// extAuthzFlags are those of the door for Envoy.
type extAuthzFlags struct{ listen, keyspace string }

func (f *extAuthzFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.listen, "ext-authz-listen", "", "answer Envoy's ext_authz over gRPC at `ADDRESS`, or at the Unix socket unix:/path (default nowhere); without a host, on this machine alone")
	flags.StringVar(&f.keyspace, "ext-authz-keyspace", authority.DefaultKeyspace, "judge by the keyspace `NAME` where a route of Envoy names none")
}

// An envoyDoor is where Envoys ask. Nil: nowhere.
type envoyDoor struct {
	net.Listener
	url  string
	bare bool // others reach it, without TLS
	tls  *tls.Config
}

// listenEnvoy opens the door for Envoy, if it is asked for, with the TLS files of the server.
func listenEnvoy(ctx context.Context, f *serveFlags, secured *tls.Config) (*envoyDoor, error) {
	address := f.extAuthz.listen
	if address == "" {
		return nil, nil
	}
	d := &envoyDoor{}
	if path, ok := strings.CutPrefix(address, socketScheme); ok {
		mode, err := socketMode(f.socketMode)
		if err != nil {
			return nil, err
		}
		own, err := listenSocket(ctx, path, mode)
		if err != nil {
			return nil, err
		}
		d.Listener, d.url = own.Listener, own.url
		return d, nil
	}
	if secured != nil { // Envoy is known by its network or its key, not by a certificate
		d.tls = &tls.Config{MinVersion: secured.MinVersion, GetCertificate: secured.GetCertificate, NextProtos: []string{"h2"}}
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, misused("--ext-authz-listen is not an address", "give a port, such as :8421, a host and a port, or unix: and a path")
	}
	if host == "" {
		address = net.JoinHostPort("127.0.0.1", port)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return nil, unknowable("cannot listen at "+address, "choose another address with --ext-authz-listen", err)
	}
	scheme := "grpc://"
	if d.tls != nil {
		scheme = "grpcs://"
	}
	d.Listener, d.url, d.bare = l, scheme+hostPort(address, l.Addr()), !isLoopback(l.Addr()) && d.tls == nil
	return d, nil
}

func (d *envoyDoor) close() {
	if d != nil && d.Listener != nil {
		_ = d.Close()
	}
}

// lines is what the server says of the door when it is ready.
func (d *envoyDoor) lines() []string {
	switch {
	case d == nil:
		return nil
	case d.bare:
		return []string{"ext_authz on " + d.url, "others reach ext_authz, and keys travel unencrypted: give --tls-cert and --tls-key"}
	}
	return []string{"ext_authz on " + d.url}
}

// serveAll serves HTTP and, behind its door, Envoy, until ctx ends. Where one fails, the other stops too.
func serveAll(ctx context.Context, f *serveFlags, a *authority.Authority, web *server.Server, doors doors, envoy *envoyDoor, registry *prometheus.Registry, log *slog.Logger) error {
	if envoy == nil {
		return web.Serve(ctx, doors.listeners()...)
	}
	networks := f.proxyNetworks.networks
	if networks == nil {
		networks = gateway.Loopback()
	}
	checks, err := extauthz.New(extauthz.Options{
		Gateway: gateway.New(a, networks), Keyspace: f.extAuthz.keyspace, Logger: log, Registry: registry, TLS: envoy.tls,
		Ready: web.Ready, RequestID: web.RequestID, Drain: max(f.drain, time.Nanosecond), StopTimeout: f.stopWithin,
	})
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return web.Serve(ctx, doors.listeners()...) })
	g.Go(func() error { return checks.Serve(ctx, envoy) })
	return g.Wait()
}
