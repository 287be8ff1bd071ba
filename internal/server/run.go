// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

const maxHeader = 16 << 10

// Serve answers on a listener until ctx ends, and then stops in good order: it says that it is not ready, tells every
// client that asks to close its connection, and only when that has had its time closes the listener and waits for the
// requests that are under way. It returns nil where all were answered. TLS is the listener's.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	open := &connections{}
	h := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: s.options.ReadHeaderTimeout,
		ReadTimeout:       s.options.ReadTimeout,
		WriteTimeout:      s.options.WriteTimeout,
		IdleTimeout:       s.options.IdleTimeout,
		MaxHeaderBytes:    maxHeader,
		ConnState:         open.note,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	if !s.draining.Swap(true) {
		close(s.stopping)
	}
	open.wait(s.options.Drain)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.options.StopTimeout)
	defer cancel()
	if err := h.Shutdown(last); err != nil {
		return errors.Join(errors.New("some requests were still under way"), h.Close())
	}
	return nil
}

// connections counts those that are open.
type connections struct{ open atomic.Int64 }

// note counts: a connection is new once, and ends once.
func (c *connections) note(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		c.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		c.open.Add(-1)
	}
}

// wait waits until there is none, at most so long.
func (c *connections) wait(most time.Duration) {
	for end := time.Now().Add(most); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if c.open.Load() == 0 {
			return
		}
	}
}
