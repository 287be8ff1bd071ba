// SPDX-License-Identifier: Apache-2.0

package httpauth_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/keywright/keywright/httpauth"
)

var (
	privates    = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::ffff:172.16.0.0/108"), netip.MustParsePrefix("fd00::/8")}
	zeroNetwork netip.Prefix
)

func TestForwarded(t *testing.T) {
	for name, c := range map[string]struct {
		peer      string
		forwarded []string
		want      string // empty: none
	}{
		"one proxy":                {"10.0.0.1:80", []string{"192.0.2.7"}, "192.0.2.7"},
		"two proxies":              {"10.0.0.1:80", []string{"192.0.2.7, 10.0.0.2"}, "192.0.2.7"},
		"two lines":                {"10.0.0.1:80", []string{"192.0.2.7", "10.0.0.2"}, "192.0.2.7"},
		"made up by the client":    {"10.0.0.1:80", []string{"127.0.0.1, 10.9.9.9, 192.0.2.7, 10.0.0.2"}, "192.0.2.7"},
		"made up on a line":        {"10.0.0.1:80", []string{"127.0.0.1", "192.0.2.7"}, "192.0.2.7"},
		"no proxy":                 {"192.0.2.1:80", []string{"10.0.0.9"}, "192.0.2.1"},
		"the proxy itself":         {"10.0.0.1:80", nil, "10.0.0.1"},
		"an empty header":          {"10.0.0.1:80", []string{" "}, "10.0.0.1"},
		"all are trusted":          {"10.0.0.1:80", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		"a network mapped to IPv6": {"172.16.3.1:80", []string{"192.0.2.7"}, "192.0.2.7"},
		"a peer mapped to IPv6":    {"[::ffff:10.0.0.1]:80", []string{"::ffff:192.0.2.7"}, "192.0.2.7"},
		"IPv6":                     {"[fd00::1]:80", []string{"2001:db8::7"}, "2001:db8::7"},
		"IPv6 in brackets":         {"[fd00::1]:80", []string{"[2001:db8::7]"}, "2001:db8::7"},
		"with ports":               {"[fd00::1]:80", []string{"192.0.2.7:4711, [fd00::2]:80"}, "192.0.2.7"},
		"no address":               {"10.0.0.1:80", []string{"192.0.2.7, unknown"}, ""},
		"no address further left":  {"10.0.0.1:80", []string{"unknown, 192.0.2.7"}, "192.0.2.7"},
		"an empty entry":           {"10.0.0.1:80", []string{"192.0.2.7,"}, ""},
		"no address of connection": {"@", []string{"192.0.2.7"}, ""},
		"half in brackets":         {"10.0.0.1:80", []string{"192.0.2.7]"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.forwarded, "X-Real-Ip": {"198.51.100.1"}, "Forwarded": {"for=198.51.100.1"}}}
			got := httpauth.Forwarded(privates...)(r)
			if c.want == "" && got.IsValid() || c.want != "" && got != netip.MustParseAddr(c.want) {
				t.Errorf("got %s, want %q", got, c.want)
			}
		})
	}
}
