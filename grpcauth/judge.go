// SPDX-License-Identifier: Apache-2.0

package grpcauth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/httpauth"
)

// admit judges the key of a call, and returns the context with the verdict or the status that ends the call.
func (i *Interceptor) admit(ctx context.Context, method string) (context.Context, error) {
	if i.exempt(method) {
		return ctx, nil
	}
	scopes, known := i.scopes(method)
	if !known {
		i.options.Log.WarnContext(ctx, "a method that has no scopes was called", "method", method)
		return nil, errUnlisted
	}
	key, err := i.key(ctx)
	if err != nil {
		i.refused(ctx, method, err.Error(), nil)
		return nil, unread(err)
	}
	v, err := i.judge(ctx, keywright.Ask{
		Key: key, Keyspace: i.options.Keyspace, Environment: i.options.Environment, Scopes: scopes, Method: http.MethodPost, Path: method,
	})
	if err != nil {
		i.options.Log.ErrorContext(ctx, "a key could not be judged", "method", method, "error", err)
		return nil, errUnavailable
	}
	if !v.Valid() {
		i.refused(ctx, method, string(v.Code), &v)
		return nil, statusOf(&v, scopes)
	}
	return httpauth.NewContext(ctx, v), nil
}

func (i *Interceptor) exempt(method string) bool {
	if _, own := i.options.Scopes[method]; own {
		return false
	}
	return slices.Contains(i.options.Exempt, method) || slices.Contains(i.options.Exempt, serviceOf(method))
}

func (i *Interceptor) scopes(method string) ([]string, bool) {
	for _, name := range []string{method, serviceOf(method)} {
		if scopes, known := i.options.Scopes[name]; known {
			return scopes, true
		}
	}
	if i.options.ScopesOf == nil {
		return nil, false
	}
	return i.options.ScopesOf(method)
}

// key reads the metadata as httpauth.Key reads headers.
func (i *Interceptor) key(ctx context.Context) (keywright.Secret, error) {
	h := http.Header{}
	for _, name := range []string{"Authorization", httpauth.HeaderAPIKey, i.options.Header} {
		if values := metadata.ValueFromIncomingContext(ctx, name); len(values) > 0 {
			h[name] = values
		}
	}
	return httpauth.Key(h, i.options.Header)
}

// judge asks the verifier. Whatever goes wrong is an error: a panic too, which would end the whole server.
func (i *Interceptor) judge(ctx context.Context, ask keywright.Ask) (v keywright.Verdict, err error) {
	defer func() {
		if recover() != nil { // the value may hold anything: it is not told
			v, err = keywright.Verdict{}, errors.New("the verifier panicked: "+string(debug.Stack()))
		}
	}()
	if err := ctx.Err(); err != nil {
		return v, err
	}
	ask.Scopes = slices.Clone(ask.Scopes)
	ask.ClientIP = i.options.ClientIP(ctx)
	if i.options.Ask != nil {
		i.options.Ask(ctx, &ask)
	}
	return i.verifier.Verify(ctx, ask)
}

// connection returns the address of the connection; none where it has none, as a Unix socket.
func connection(ctx context.Context) netip.Addr {
	p, ok := peer.FromContext(ctx)
	if !ok || p.Addr == nil {
		return netip.Addr{}
	}
	at, err := netip.ParseAddrPort(p.Addr.String())
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap()
}

// refused tells the operator what the client is not told.
func (i *Interceptor) refused(ctx context.Context, method, code string, v *keywright.Verdict) {
	if !i.options.Log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{slog.String("code", code), slog.String("method", method)}
	if v != nil && !v.KeyID.IsZero() {
		attrs = append(attrs, slog.String("key_id", v.KeyID.String()), slog.String("public_id", v.PublicID))
	}
	i.options.Log.LogAttrs(ctx, slog.LevelDebug, "a call was refused", attrs...)
}
