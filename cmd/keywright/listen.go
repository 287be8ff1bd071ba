// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// A door is where a server listens.
type door struct {
	net.Listener
	url      string
	loopback bool
	tls      bool
}

func listen(ctx context.Context, f *serveFlags) (*door, error) {
	if (f.tlsCert == "") != (f.tlsKey == "") {
		return nil, misused("--tls-cert and --tls-key belong together", "give both, or neither")
	}
	if _, _, err := net.SplitHostPort(f.listen); err != nil {
		return nil, misused("--listen is not an address", "give a host and a port, such as "+defaultListen)
	}
	var pair *certificate
	if f.tlsCert != "" {
		pair = &certificate{certFile: f.tlsCert, keyFile: f.tlsKey}
		if _, err := pair.get(nil); err != nil {
			return nil, misused("the TLS files cannot be used: "+plainPathError(err), "--tls-cert and --tls-key name files in PEM that belong together")
		}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", f.listen)
	if err != nil {
		return nil, listenFailure(f.listen, err)
	}
	d := &door{Listener: l, loopback: isLoopback(l.Addr()), url: "http://" + hostPort(f.listen, l.Addr())}
	if pair != nil {
		d.tls, d.url = true, "https://"+hostPort(f.listen, l.Addr())
		d.Listener = tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get, NextProtos: []string{"http/1.1"}})
	}
	return d, nil
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

// A certificate is read again when its file changes, so that a renewal needs no restart.
type certificate struct {
	certFile, keyFile string

	mu      sync.Mutex
	pair    *tls.Certificate
	changed time.Time
	looked  time.Time
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pair != nil && time.Since(c.looked) < time.Second {
		return c.pair, nil
	}
	c.looked = time.Now()
	info, err := os.Stat(c.certFile)
	if err == nil && c.pair != nil && info.ModTime().Equal(c.changed) {
		return c.pair, nil
	}
	var pair tls.Certificate
	if err == nil {
		pair, err = tls.LoadX509KeyPair(c.certFile, c.keyFile)
	}
	if err != nil {
		if c.pair != nil {
			return c.pair, nil // half of a renewal: the old one still holds
		}
		return nil, err
	}
	c.pair, c.changed = &pair, info.ModTime()
	return c.pair, nil
}
