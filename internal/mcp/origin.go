// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// ours reports whether a request may come from where it says. A page of another site, in a browser that can reach this
// server, is kept out by its origin; one that has its own name point to this machine (DNS rebinding), by the host it names.
func (h *handler) ours(r *http.Request) bool {
	if values := r.Header["Origin"]; len(values) > 0 && (len(values) > 1 || !h.knows(values[0])) {
		return false
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok || !loopback(hostname(local.String())) {
		return true // reached by a name that others may have given it
	}
	host := hostname(r.Host)
	return loopback(host) || slices.ContainsFunc(h.options.Origins, func(origin string) bool {
		u, err := url.Parse(origin)
		return err == nil && u.Hostname() != "" && strings.EqualFold(u.Hostname(), host)
	})
}

// knows reports whether an origin is configured, or of this machine.
func (h *handler) knows(origin string) bool {
	if slices.Contains(h.options.Origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && loopback(u.Hostname())
}

// allowOrigin lets pages of the configured origins read the answer.
func (h *handler) allowOrigin(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if !slices.Contains(h.options.Origins, origin) {
		return
	}
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", origin)
	header.Del("Cross-Origin-Resource-Policy")
	if r.Method == http.MethodOptions {
		header.Set("Access-Control-Allow-Methods", http.MethodPost)
		header.Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Mcp-Method, Mcp-Name, Mcp-Protocol-Version, Mcp-Session-Id")
		header.Set("Access-Control-Max-Age", "600")
	}
}

// hostname returns the host of an address without its port.
func hostname(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return strings.Trim(address, "[]")
}

func loopback(host string) bool {
	if address, err := netip.ParseAddr(host); err == nil {
		return address.Unmap().IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}
