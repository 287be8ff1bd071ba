// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
)

// socketScheme begins the URL of a server that is reached over a Unix socket: unix:/run/keywright.sock.
const socketScheme = "unix:"

// socketHost is what stands for the server in requests over a socket, which have no host.
const socketHost = "http://localhost"

// socketOf returns the path of a socket, if a URL names one.
func socketOf(text string) (path string, ok bool) {
	path, ok = strings.CutPrefix(text, socketScheme)
	if rest, slashes := strings.CutPrefix(path, "//"); slashes { // unix:///run/keywright.sock
		path = rest
	}
	return path, ok
}

// overSocket returns a transport to a socket that is otherwise like the given one. A proxy has no place in it.
func overSocket(like http.RoundTripper, path string) (*http.Transport, error) {
	t, ok := like.(*http.Transport)
	switch {
	case path == "":
		return nil, errors.New("the URL names no socket: it looks like unix:/run/keywright.sock")
	case like == nil:
		t = newTransport()
	case !ok:
		return nil, errors.New("a server behind a socket is called with an *http.Transport, and HTTP has another")
	}
	t = t.Clone()
	t.Proxy, t.DialTLSContext = nil, nil
	t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	return t, nil
}
