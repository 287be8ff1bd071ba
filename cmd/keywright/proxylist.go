// SPDX-License-Identifier: Apache-2.0

package main

import "net/netip"

const noProxies = "none"

// proxyList is a flag that takes networks of proxies, or none. Nil: it was not given.
type proxyList struct{ networks []netip.Prefix }

func (l *proxyList) Type() string { return "network" }

func (l *proxyList) String() string { return "" }

func (l *proxyList) Set(s string) error {
	if s == noProxies {
		l.networks = []netip.Prefix{}
		return nil
	}
	var given networkList
	if err := given.Set(s); err != nil {
		return err
	}
	for _, n := range given {
		if n.Bits() == 0 {
			return valueError("holds every address: whoever reaches the server could ask, and say where a request came from")
		}
	}
	l.networks = append(l.networks, given...)
	return nil
}
