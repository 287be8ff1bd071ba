// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Serve answers on a listener until ctx ends, and then stops in good order: health says so, and when that has had its
// time, every connection is told to go, and calls that are under way are waited for. It returns nil where all were
// answered. It can be called once.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- s.grpc.Serve(&counting{Listener: listener, open: &s.open}) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.draining.Store(true)
	close(s.stopping)
	for end := time.Now().Add(s.options.Drain); s.open.Load() > 0 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	done := make(chan struct{})
	go func() { s.grpc.GracefulStop(); close(done) }()
	late := time.NewTimer(s.options.StopTimeout)
	defer late.Stop()
	select {
	case <-done:
		return nil
	case <-late.C:
		s.grpc.Stop()
		return errors.New("some checks were still under way")
	}
}

// counting counts the connections that are open.
type counting struct {
	net.Listener
	open *atomic.Int64
}

// Accept implements net.Listener.
func (l *counting) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.open.Add(1)
	return &counted{Conn: conn, open: l.open}, nil
}

type counted struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

// Close implements net.Conn.
func (c *counted) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}
