// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// connections counts those that are open, and closes new ones beyond the bounds. Those over Unix sockets have a count of
// their own, so that this machine still gets in when the network has taken every place.
type connections struct {
	most       int // of the network, and as many over sockets
	perAddress int // 0: no bound
	log        *slog.Logger

	mu      sync.Mutex
	network int
	socket  int
	by      map[netip.Prefix]int
	told    time.Time // when it was last logged that one was closed
}

func newConnections(o *Options) *connections {
	return &connections{most: o.MaxConnections, perAddress: o.MaxConnectionsPerAddress, log: o.Logger, by: map[netip.Prefix]int{}}
}

// note counts: a connection is new once, and ends once. One too many is closed before anything of it is read.
func (c *connections) note(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if c.enter(conn) {
			_ = conn.Close()
		}
	case http.StateClosed, http.StateHijacked:
		c.leave(conn)
	}
}

// enter counts a connection and reports whether it is one too many.
func (c *connections) enter(conn net.Conn) (tooMany bool) {
	network, far := networkOf(conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !far {
		c.socket++
		tooMany = c.socket > c.most
	} else {
		c.network++
		c.by[network]++
		tooMany = c.network > c.most || c.perAddress > 0 && c.by[network] > c.perAddress
	}
	if now := time.Now(); tooMany && now.Sub(c.told) > time.Minute {
		c.told = now
		c.log.Warn("too many connections: new ones are closed", "open", c.network+c.socket)
	}
	return tooMany
}

func (c *connections) leave(conn net.Conn) {
	network, far := networkOf(conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !far {
		c.socket--
		return
	}
	c.network--
	if c.by[network]--; c.by[network] <= 0 {
		delete(c.by, network)
	}
}

// open is how many there are.
func (c *connections) open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.network + c.socket
}

// wait waits until there is none, at most so long.
func (c *connections) wait(most time.Duration) {
	for end := time.Now().Add(most); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if c.open() == 0 {
			return
		}
	}
}

// networkOf returns what counts as one client, and whether a connection came over a network at all.
func networkOf(conn net.Conn) (netip.Prefix, bool) {
	if overSocket(conn) {
		return netip.Prefix{}, false
	}
	peer, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
	return clientNetwork(peer.Addr().Unmap()), true
}

func overSocket(conn net.Conn) bool { return conn.LocalAddr().Network() == "unix" }

type socketKey struct{}

// noteSocket lets every request of a connection know that it came over a Unix socket.
func noteSocket(ctx context.Context, conn net.Conn) context.Context {
	if overSocket(conn) {
		return context.WithValue(ctx, socketKey{}, true)
	}
	return ctx
}

// fromSocket reports whether the request of a context came over a Unix socket: from this machine, by who may open the
// socket's file, and from no address.
func fromSocket(ctx context.Context) bool {
	socket, _ := ctx.Value(socketKey{}).(bool)
	return socket
}
