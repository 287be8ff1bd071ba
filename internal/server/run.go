// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	maxHeader  = 16 << 10
	maxStreams = 250 // of one HTTP/2 connection at a time

	pingAfter = 30 * time.Second // of silence on an HTTP/2 connection
)

// Serve answers on listeners until ctx ends, and then stops in good order: it says that it is not ready, tells every
// client that asks to close its connection, and only when that has had its time closes the listeners and waits for the
// requests that are under way. It returns nil where all were answered. With Options.TLS, listeners serve TLS, those of
// Unix sockets excepted.
func (s *Server) Serve(ctx context.Context, listeners ...net.Listener) error {
	h := s.httpServer()
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		if s.options.TLS != nil && l.Addr().Network() != "unix" {
			l = tls.NewListener(l, s.options.TLS)
		}
		go func() { failed <- h.Serve(l) }()
	}
	select {
	case err := <-failed:
		return errors.Join(err, h.Close())
	case <-ctx.Done():
	}
	if !s.draining.Swap(true) {
		close(s.stopping)
	}
	s.connections.wait(s.options.Drain)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.options.StopTimeout)
	defer cancel()
	if err := h.Shutdown(last); err != nil {
		return errors.Join(errors.New("some requests were still under way"), h.Close())
	}
	return nil
}

// httpServer is net/http with bounds on everything that a client can make it wait for or keep.
func (s *Server) httpServer() *http.Server {
	h := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: s.options.ReadHeaderTimeout,
		ReadTimeout:       s.options.ReadTimeout,
		WriteTimeout:      s.options.WriteTimeout,
		IdleTimeout:       s.options.IdleTimeout,
		MaxHeaderBytes:    maxHeader,
		ConnState:         s.connections.note,
		ConnContext:       noteSocket,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		Protocols:         new(http.Protocols),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          maxStreams,
			MaxReceiveBufferPerConnection: 1 << 20,
			MaxReceiveBufferPerStream:     256 << 10,
			SendPingTimeout:               pingAfter,
			PingTimeout:                   pingAfter / 2,
			WriteByteTimeout:              s.options.WriteTimeout,
		},
	}
	h.Protocols.SetHTTP1(true)
	h.Protocols.SetHTTP2(true)
	h.Protocols.SetUnencryptedHTTP2(s.options.UnencryptedHTTP2)
	return h
}
