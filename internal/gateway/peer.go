// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// HeaderProxy carries the service key of a proxy that is in no network of those that are believed.
const HeaderProxy = "X-Keywright-Proxy"

// A Peer is who is at the other end of a connection.
type Peer struct {
	Address netip.Addr // without a zone, IPv4 as IPv4
	Socket  bool       // a Unix socket: who may connect to it was decided by its mode
	Keys    []string   // service keys that it gave, the values of HeaderProxy
}

// A Proxy is a peer that may ask, and is believed.
type Proxy struct {
	caller authority.Caller
	keyed  bool // it may ask what its service key may
}

// A PeerError says that a peer is no proxy that may ask.
type PeerError struct{ Problem string }

func (e *PeerError) Error() string {
	return e.Problem + ": name its network with --proxy-network, or let it send a service key with the scope keys:verify in X-Keywright-Proxy"
}

// Admit decides whether a peer may ask: it is in a network of proxies, or at a Unix socket, or gives a service key that
// may verify. A key counts only where nothing else does: a client could have sent it through a proxy that is known. An
// error that is no *PeerError means that this could not be decided.
func (g *Gateway) Admit(ctx context.Context, p Peer, from authority.Origin) (Proxy, error) {
	if p.Socket || g.trusts(p.Address) {
		return Proxy{}, nil
	}
	if len(p.Keys) != 1 {
		return Proxy{}, &PeerError{"the peer is in no network of proxies"}
	}
	caller, err := g.authority.Authenticate(ctx, keywright.NewSecret(p.Keys[0]), from)
	var own *authority.Error
	switch {
	case errors.As(err, &own) && own.Kind == authority.Unidentified:
		return Proxy{}, &PeerError{"the service key of the peer is not valid"}
	case err != nil:
		return Proxy{}, err
	case caller.May(authority.ScopeVerify) != nil && caller.May(authority.ScopeAdmin) != nil:
		return Proxy{}, &PeerError{"the service key of the peer lacks the scope " + authority.ScopeVerify}
	}
	return Proxy{caller: caller, keyed: true}, nil
}

// trusts reports whether an address is that of a proxy.
func (g *Gateway) trusts(a netip.Addr) bool {
	for _, n := range g.networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// ClientAddress returns where a request came from, as a proxy that is believed tells it: the last hop of X-Forwarded-For,
// counted from the right, that is neither the proxy that asks nor in a network of proxies; X-Real-IP where it is alone. Of
// what is missing, malformed, there twice, or differs, nothing is believed: the zero value.
func (g *Gateway) ClientAddress(peer netip.Addr, h http.Header) netip.Addr {
	hops, real := h["X-Forwarded-For"], h["X-Real-Ip"]
	if len(hops) > 1 || len(real) > 1 {
		return netip.Addr{}
	}
	var client netip.Addr
	if len(hops) == 1 {
		if client = g.lastHop(peer, hops[0]); !client.IsValid() {
			return client
		}
	}
	if len(real) == 1 {
		a := address(real[0])
		if a == peer || g.trusts(a) || client.IsValid() && a != client {
			return netip.Addr{}
		}
		return a
	}
	return client
}

func (g *Gateway) lastHop(peer netip.Addr, hops string) netip.Addr {
	for {
		i := strings.LastIndexByte(hops, ',')
		a := address(hops[i+1:])
		if !a.IsValid() || a != peer && !g.trusts(a) {
			return a
		}
		if i < 0 {
			return netip.Addr{} // proxies alone
		}
		hops = hops[:i]
	}
}

// address reads one address, without a port and a zone.
func address(text string) netip.Addr {
	a, err := netip.ParseAddr(strings.Trim(text, " \t"))
	if err != nil || a.Zone() != "" {
		return netip.Addr{}
	}
	return a.Unmap()
}
