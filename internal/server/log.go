// SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
	"unicode"
)

// finish ends a request: it answers for a handler that panicked, counts, and logs one event.
func (s *Server) finish(w *recorder, r *http.Request, c *call, start time.Time, panicked any) {
	if panicked == http.ErrAbortHandler {
		c.endTrace(w.status)
		panic(panicked)
	}
	if panicked != nil {
		s.logPanic(c, panicked)
		if w.status == 0 {
			p := errInternal()
			p.RequestID = c.id
			writeProblem(w, p)
		}
	}
	took := time.Since(start)
	s.metrics.count(c.routeName(), w.status, took)
	c.endTrace(w.status)
	s.logRequest(r, c, w.status, took, table[c.route].quiet && !s.options.LogVerifications)
}

// logRequest writes the event of a request. Nothing in it was chosen freely by the client: tags have only characters that
// mean nothing in a log.
func (s *Server) logRequest(r *http.Request, c *call, status int, took time.Duration, quiet bool) {
	level := slog.LevelInfo
	switch {
	case status >= http.StatusInternalServerError:
		level = slog.LevelError
	case c.fault != nil:
		level = slog.LevelWarn
	case quiet:
		level = slog.LevelDebug
	}
	if !s.log.Enabled(r.Context(), level) {
		return
	}
	method := r.Method
	if !slices.Contains(methods, method) {
		method = "other"
	}
	attrs := []slog.Attr{
		slog.String("method", method), slog.String("route", c.routeName()), slog.Int("status", status),
		slog.Duration("took", took), slog.String("request_id", c.id),
	}
	if c.trace != "" {
		attrs = append(attrs, slog.String("trace_id", c.trace))
	}
	if actor := c.caller.Actor(); actor != "" {
		attrs = append(attrs, slog.String("actor", actor))
	}
	if len(c.tags) > 0 {
		attrs = append(attrs, slog.Any("tags", c.tags))
	}
	if c.code != "" {
		attrs = append(attrs, slog.String("code", c.code))
	}
	if c.reason != "" {
		attrs = append(attrs, slog.String("reason", c.reason))
	}
	if c.subject != nil {
		attrs = append(attrs, slog.String("client", commonName(c.subject)))
	}
	if c.fault != nil {
		attrs = append(attrs, slog.Any("error", c.fault))
	}
	s.log.LogAttrs(r.Context(), level, "request", attrs...)
}

// commonName is the name in a client's certificate, in so far as a line of a log can hold it.
func commonName(c *x509.Certificate) string {
	const most = 64 // characters: what X.520 allows
	var name []rune
	for _, r := range c.Subject.CommonName {
		if len(name) == most {
			break
		}
		if !unicode.IsPrint(r) {
			r = '?'
		}
		name = append(name, r)
	}
	return string(name)
}

// logPanic tells where a handler panicked. Of the value only what the runtime says is kept: it may hold anything else.
func (s *Server) logPanic(c *call, value any) {
	s.metrics.panics.Inc()
	what := "a value"
	if err, ok := value.(error); ok {
		var fault runtime.Error
		if errors.As(err, &fault) {
			what = fault.Error()
		}
	}
	s.log.Error("a handler panicked", "what", what, "route", c.route, "request_id", c.id, "stack", string(debug.Stack()))
}
