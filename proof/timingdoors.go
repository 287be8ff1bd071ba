// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/gateway"
	"github.com/keywright/keywright/internal/server"
)

// A door is a way to ask about a key. What prepare returns is what is timed; it fails where the key is not refused.
type door struct {
	name    string
	prepare func(key keywright.Secret) (ask func() error)
}

// boundTo returns a service key to which the keys of other owners do not exist.
func boundTo(ctx context.Context, a *authority.Authority, owner string) (keywright.Secret, error) {
	issued, err := a.Issue(ctx, operator, authority.IssueRequest{
		Keyspace: authority.ReservedKeyspace, Scopes: []string{authority.ScopeVerify}, Rules: authority.Rules{Owner: owner},
	})
	return issued.Key, err
}

// library asks the authority.
func library(ctx context.Context, a *authority.Authority, service keywright.Secret) (*door, error) {
	caller, err := a.Authenticate(ctx, service, authority.Origin{})
	if err != nil {
		return nil, err
	}
	return &door{"the library", func(key keywright.Secret) func() error {
		ask := keywright.Ask{Key: key, Keyspace: authority.DefaultKeyspace, Environment: "live"}
		return func() error {
			v, err := a.VerifyAs(ctx, caller, ask)
			if err == nil && v.Valid() {
				err = errors.New("it was not refused")
			}
			return err
		}
	}}, nil
}

// forwardAuth asks the handler of forward auth, without a network between: so it sees what no client could.
func forwardAuth(_ context.Context, a *authority.Authority, service keywright.Secret) (*door, error) {
	web, err := server.New(server.Options{Authority: a, ProxyNetworks: []netip.Prefix{}})
	if err != nil {
		return nil, err
	}
	address := strings.Replace(api.PathAuth, "{keyspace}", authority.DefaultKeyspace, 1) + "?environment=live"
	return &door{"forward auth", func(key keywright.Secret) func() error {
		r, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			return func() error { return err }
		}
		r.RequestURI, r.RemoteAddr = address, "192.0.2.1:40000"
		r.Header.Set(gateway.HeaderProxy, service.Reveal())
		r.Header.Set("Authorization", "Bearer "+key.Reveal())
		w := &answer{header: http.Header{}}
		return func() error {
			if web.ServeHTTP(w, r); w.status != http.StatusUnauthorized {
				return fmt.Errorf("it was answered with %d", w.status)
			}
			return nil
		}
	}}, nil
}

// An answer keeps its status alone.
type answer struct {
	header http.Header
	status int
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return len(b), nil }
