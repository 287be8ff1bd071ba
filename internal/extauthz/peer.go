// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"context"
	"net"
	"net/netip"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/gateway"
)

// proxyKey is the metadata in which a proxy sends its service key.
var proxyKey = strings.ToLower(gateway.HeaderProxy)

// admit decides whether the other end of a call may ask, as gateway.Admit does.
func (s *Server) admit(ctx context.Context, requestID string) (gateway.Proxy, error) {
	var p gateway.Peer
	if from, ok := peer.FromContext(ctx); ok {
		switch a := from.Addr.(type) {
		case *net.TCPAddr:
			p.Address = a.AddrPort().Addr().Unmap().WithZone("")
		case *net.UnixAddr:
			p.Socket = true
		}
	}
	p.Keys = metadata.ValueFromIncomingContext(ctx, proxyKey)
	return s.options.Gateway.Admit(ctx, p, authority.Origin{Address: p.Address, Request: requestID})
}

// clientAddress returns the address of who sent the request, as Envoy has found it; the zero value: unknown.
func clientAddress(a *core.Address) netip.Addr {
	address, err := netip.ParseAddr(a.GetSocketAddress().GetAddress())
	if err != nil || address.Zone() != "" {
		return netip.Addr{}
	}
	return address.Unmap()
}
