// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"syscall"
)

// A door is where a server listens.
type door struct {
	net.Listener
	url      string
	loopback bool // only this machine reaches it; a socket too
	tls      bool
}

// doors are all of a server.
type doors []*door

// listen opens every door, or none.
func listen(ctx context.Context, f *serveFlags) (all doors, err error) {
	defer func() {
		if err != nil {
			all.close()
		}
	}()
	if err := f.checkConnections(); err != nil {
		return nil, err
	}
	mode, err := socketMode(f.socketMode)
	if err != nil {
		return nil, err
	}
	for _, address := range f.listen {
		var d *door
		if path, ok := strings.CutPrefix(address, socketScheme); ok {
			d, err = listenSocket(ctx, path, mode)
		} else {
			d, err = listenNetwork(ctx, address, f.tlsCert != "")
		}
		if err != nil {
			return all, err
		}
		all = append(all, d)
	}
	if len(all) == 0 {
		return nil, misused("--listen names no address", "give a host and a port, such as "+defaultListen)
	}
	return all, nil
}

func listenNetwork(ctx context.Context, address string, tls bool) (*door, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, misused("--listen is not an address", "give a host and a port, such as "+defaultListen+", or a socket, such as unix:/run/keywright.sock")
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, listenFailure(address, err)
	}
	scheme := "http://"
	if tls {
		scheme = "https://"
	}
	return &door{Listener: l, url: scheme + hostPort(address, l.Addr()), loopback: isLoopback(l.Addr()), tls: tls}, nil
}

func (d doors) close() {
	for _, one := range d {
		_ = one.Close()
	}
}

func (d doors) listeners() (all []net.Listener) {
	for _, one := range d {
		all = append(all, one.Listener)
	}
	return all
}

// url is where the command line of this machine finds the server: at a socket if there is one, which needs no TLS.
func (d doors) url() string {
	for _, one := range d {
		if strings.HasPrefix(one.url, socketScheme) {
			return one.url
		}
	}
	return d[0].url
}

// names lists all doors for people.
func (d doors) names() string {
	var urls []string
	for _, one := range d {
		urls = append(urls, one.url)
	}
	return strings.Join(urls, " and ")
}

// loopback reports whether only this machine reaches the server.
func (d doors) loopback() bool {
	for _, one := range d {
		if !one.loopback {
			return false
		}
	}
	return true
}

// readable reports whether others reach the server, and keys travel unencrypted.
func (d doors) readable() bool {
	for _, one := range d {
		if !one.loopback && !one.tls {
			return true
		}
	}
	return false
}

// hostPort is the address as it was asked for, with the port that it got.
func hostPort(asked string, got net.Addr) string {
	tcp, ok := got.(*net.TCPAddr)
	host, _, err := net.SplitHostPort(asked)
	if !ok || err != nil {
		return got.String()
	}
	if host == "" {
		host = "0.0.0.0"
	}
	return net.JoinHostPort(host, strconv.Itoa(tcp.Port))
}

func listenFailure(address string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return unknowable("the address "+address+" is in use", "a server may run already: keywright doctor; or choose another with --listen", nil)
	case errors.Is(err, fs.ErrPermission):
		return unknowable("the address "+address+" needs rights that this user has not", "choose a port above 1023 with --listen", nil)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return unknowable("the address "+address+" is not of this machine", "choose another with --listen", nil)
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return unknowable("cannot listen at "+address, "choose another address with --listen", err)
}

// isLoopback reports whether only this machine reaches an address.
func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
