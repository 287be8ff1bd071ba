// SPDX-License-Identifier: Apache-2.0

package httpauth

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

const headerForwarded = "X-Forwarded-For"

// connection returns the address of the connection; none where it has none, as a Unix socket.
func connection(r *http.Request) netip.Addr {
	host := r.RemoteAddr[:max(strings.LastIndexByte(r.RemoteAddr, ':'), 0)]
	return bare(host)
}

// Forwarded returns a function for Options.ClientIP where proxies stand before the service. It reads X-Forwarded-For
// from the right, as long as what wrote it is within one of the trusted networks, and returns the first address that is
// not: what stands left of it a client may have made up. Where all are trusted it is the leftmost. A connection from
// elsewhere is its own client, whatever its headers say.
//
// An entry that is no address, with or without a port, gives no address at all. Other headers, such as Forwarded and
// X-Real-IP, are not read; proxies must append to X-Forwarded-For or replace it.
func Forwarded(trusted ...netip.Prefix) func(*http.Request) netip.Addr {
	networks := make([]netip.Prefix, 0, len(trusted))
	for _, n := range trusted {
		if !n.IsValid() {
			panic("httpauth: a trusted network is not one")
		}
		if n.Addr().Is4In6() && n.Bits() >= 96 {
			n = netip.PrefixFrom(n.Addr().Unmap(), n.Bits()-96)
		}
		networks = append(networks, n)
	}
	trusts := func(a netip.Addr) bool {
		return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(a) })
	}
	return func(r *http.Request) netip.Addr {
		hop := connection(r)
		lines := r.Header[headerForwarded]
		for i := len(lines) - 1; i >= 0; i-- {
			rest, more := lines[i], strings.TrimSpace(lines[i]) != "" // an empty header is none
			for more {
				if !trusts(hop) {
					return hop
				}
				var entry string
				rest, entry, more = cutLast(rest)
				hop = address(entry)
			}
		}
		return hop
	}
}

// cutLast splits a list at its last comma.
func cutLast(list string) (rest, last string, more bool) {
	if i := strings.LastIndexByte(list, ','); i >= 0 {
		return list[:i], strings.TrimSpace(list[i+1:]), true
	}
	return "", strings.TrimSpace(list), false
}

// address reads an entry: an address, or one with a port. No network holds the zero address, so it ends the walk.
func address(entry string) netip.Addr {
	if peer, err := netip.ParseAddrPort(entry); err == nil {
		return peer.Addr().Unmap()
	}
	return bare(entry)
}

// bare reads an address, one of IPv6 with or without its brackets. What is none is the zero address.
func bare(host string) netip.Addr {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		host = strings.TrimSuffix(inner, "]")
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}
