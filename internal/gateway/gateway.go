// SPDX-License-Identifier: Apache-2.0

// Package gateway judges a request that a proxy asks about: whether the key that it carries is good for it. It has no
// voice of its own; whoever serves proxies asks it, over whatever protocol:
//
//	proxy, err := g.Admit(ctx, peer, request)   // who asks? a stranger gets no judgement
//	d := g.Decide(ctx, &gateway.Request{Proxy: proxy, Keyspace: "acme", Method: "GET", Path: "/v1/invoices", …})
//	d.Status; d.Upstream(header); d.Client(header); d.Problem()
//
// What a request is, the proxy tells. Two accounts of it that differ, two keys, or a path that can be read in two ways are
// refused, never weighed. No judgement is 503, never a refusal of the key; a stranger learns no more than a status.
package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"sync"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/httpauth"
)

// An Authority is what a Gateway asks: an *authority.Authority.
type Authority interface {
	Authenticate(ctx context.Context, key keywright.Secret, from authority.Origin) (authority.Caller, error)
	Verify(ctx context.Context, ask keywright.Ask) (keywright.Verdict, error)
	VerifyAs(ctx context.Context, c authority.Caller, ask keywright.Ask) (keywright.Verdict, error)
	Routing(keyspace string) (*authority.Routing, bool)
}

// A Gateway judges requests. It may be used by many at the same time.
type Gateway struct {
	authority Authority
	networks  []netip.Prefix

	mu     sync.RWMutex
	parsed map[string]Options // by query
}

// New returns a gateway that believes proxies in these networks.
func New(a Authority, networks []netip.Prefix) *Gateway {
	return &Gateway{authority: a, networks: slices.Clone(networks), parsed: map[string]Options{}}
}

// Loopback are the networks of this machine alone.
func Loopback() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

// A Request is what a proxy asks about.
type Request struct {
	Proxy    Proxy // who asks, from Admit
	Keyspace string
	Options  Options     // from the configuration of the proxy, never from the client
	Method   string      // of the original request; empty: the proxy does not tell
	Path     string      // of it, as received: escaped, with or without the query; empty: the proxy does not tell
	Header   http.Header // of it: the key, and Origin. The names are canonical
	ClientIP netip.Addr  // from ClientAddress; the zero value: unknown
}

// Decide judges a request. It never fails: where no judgement could be made, the decision is 503 and has the error.
func (g *Gateway) Decide(ctx context.Context, q *Request) Decision {
	routing, ok := g.authority.Routing(q.Keyspace)
	if !ok {
		return misconfigured("there is no keyspace of this name", "the address that the proxy asks ends with the name of a keyspace")
	}
	if q.Keyspace == authority.ReservedKeyspace && !q.Proxy.keyed {
		return misconfigured("service keys are not judged for proxies", "name the keyspace of your API")
	}
	key, err := httpauth.Key(q.Header, q.Options.Header)
	if err != nil {
		return Unidentified(err)
	}
	ask := keywright.Ask{
		Key: key, Keyspace: q.Keyspace, Environment: q.Options.Environment, Scopes: q.Options.Scopes, Cost: q.Options.Cost,
		ClientIP: q.ClientIP, Method: q.Method, Path: q.Path,
	}
	switch origins := q.Header["Origin"]; len(origins) {
	case 0:
	case 1:
		ask.Origin = origins[0]
	default:
		return Unidentified(ErrAmbiguous)
	}
	forbidden := ""
	if routing.Needed() {
		if q.Method == "" || q.Path == "" {
			return misconfigured("the keyspace has routes, and the proxy does not tell method and path", "let it send X-Original-Method and X-Original-URI, or X-Forwarded-Method and X-Forwarded-Uri")
		}
		var route *authority.Route
		if route, forbidden = routing.Find(q.Method, q.Path); route != nil {
			demand(&ask, route)
		}
	}
	ask.DryRun = forbidden != "" // nothing is spent for what is refused, but a bad key is told first
	v, err := g.verify(ctx, &q.Proxy, ask)
	if err != nil {
		return unjudged(err)
	}
	if forbidden != "" && !v.Code.Uniform() {
		v.Code = keywright.Forbidden
	} else if v.Code == keywright.Forbidden {
		forbidden = g.why(ctx, &q.Proxy, ask)
	}
	return decided(v, forbidden, q.Options.Limited)
}

// why says why a key is forbidden, for the log: it is judged once more, and spends nothing.
func (g *Gateway) why(ctx context.Context, p *Proxy, ask keywright.Ask) string {
	ask.Explain, ask.DryRun = true, true
	v, err := g.verify(ctx, p, ask)
	if err != nil || v.Detail == nil {
		return ""
	}
	for _, c := range v.Checks {
		if c.Code == keywright.Forbidden && !c.OK {
			return c.Reason
		}
	}
	return ""
}

func (g *Gateway) verify(ctx context.Context, p *Proxy, ask keywright.Ask) (keywright.Verdict, error) {
	if p.keyed {
		return g.authority.VerifyAs(ctx, p.caller, ask)
	}
	return g.authority.Verify(ctx, ask)
}

// demand adds what a route asks for. Its scopes are needed beside those of the options; its cost and its environment
// stand in place of theirs.
func demand(ask *keywright.Ask, r *authority.Route) {
	if len(ask.Scopes) == 0 {
		ask.Scopes = r.Scopes
	} else if len(r.Scopes) > 0 {
		ask.Scopes = slices.Concat(ask.Scopes, r.Scopes)
	}
	ask.ScopeExpr = r.ScopeExpr
	if r.Cost > 0 {
		ask.Cost = r.Cost
	}
	if r.Environment != "" {
		ask.Environment = r.Environment
	}
}

// unjudged says why there is no verdict: what the proxy is told to ask cannot be asked, or the authority is away.
func unjudged(err error) Decision {
	d := Decision{Status: http.StatusServiceUnavailable, Code: Unavailable, Err: err}
	var own *authority.Error
	if errors.As(err, &own) && own.Kind != authority.Unavailable {
		d.Code = Misconfigured
		d.Err = &ConfigError{Problem: own.Error(), Hint: own.Hint}
	}
	return d
}
