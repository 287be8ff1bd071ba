// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"syscall"
)

// ErrAddress: the address is not public, and not in a network that is allowed.
var ErrAddress = errors.New("the address is not public, and not allowed")

// A Guard decides which addresses are connected to. The zero value lets through public ones alone.
type Guard struct {
	AllowHTTP bool           // also http without TLS
	Networks  []netip.Prefix // that are connected to although they are not public
}

// Control is for net.Dialer.Control, which calls it with the address that a connection is about to be made to: whatever a
// name stood for before, and however often that changes.
func (g Guard) Control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !g.Allows(to.Addr()) {
		return ErrAddress
	}
	return nil
}

// Allows reports whether an address is connected to.
func (g Guard) Allows(a netip.Addr) bool {
	inner := a.WithZone("").Unmap()
	if slices.ContainsFunc(g.Networks, func(n netip.Prefix) bool { return n.Contains(inner) }) {
		return true
	}
	return a.Zone() == "" && onInternet(inner)
}

// reserved are networks that no receiver on the internet is in (IANA special-purpose address registries, RFC 6890 and later),
// and those that lead to other networks by an address inside of the address.
var reserved = parsePrefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/96",                          // unspecified, loopback, IPv4-compatible
	"::ffff:0:0:0/96",                // IPv4-translated
	"64:ff9b::/96", "64:ff9b:1::/48", // NAT64
	"100::/64", "2001::/23", "2001:db8::/32", // discard, protocol assignments with Teredo, documentation
	"2002::/16", // 6to4
	"3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

func parsePrefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

// onInternet reports whether an address is on the internet.
func onInternet(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	if a.Is6() && !globalUnicast6.Contains(a) {
		return false
	}
	return !slices.ContainsFunc(reserved, func(n netip.Prefix) bool { return n.Contains(a) })
}

// globalUnicast6 is what is given out of IPv6.
var globalUnicast6 = netip.MustParsePrefix("2000::/3")

// checkHost refuses what can be told from a host without asking for its address.
func (g Guard) checkHost(host string) error {
	if a, err := netip.ParseAddr(host); err == nil && !g.Allows(a) {
		return &DeliveryError{ErrAddress.Error()}
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	if (name == "localhost" || strings.HasSuffix(name, ".localhost")) && len(g.Networks) == 0 {
		return &DeliveryError{ErrAddress.Error()}
	}
	return nil
}
