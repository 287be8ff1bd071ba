// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/gateway"
)

// metrics counts checks.
type metrics struct {
	checks *prometheus.CounterVec
	valid  prometheus.Counter // of them, looked up once
	took   prometheus.Histogram
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		checks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "keywright_ext_authz_checks_total", Help: "Requests that Envoy asked about over gRPC, by code of the decision.",
		}, []string{"code"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "keywright_ext_authz_check_duration_seconds", Help: "How long those decisions took, without gRPC.",
			Buckets: []float64{.000001, .0000025, .000005, .00001, .000025, .00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .1, .25, 1, 10},
		}),
	}
	for _, c := range []prometheus.Collector{m.checks, m.took} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("cannot register metrics: %w", err)
		}
	}
	m.valid = m.checks.WithLabelValues(string(keywright.Valid))
	return m, nil
}

// finish counts a check and logs one event. Nothing in it was chosen freely by the client.
func (s *Server) finish(ctx context.Context, c *check, d *gateway.Decision, took time.Duration) {
	if d.Allowed {
		s.metrics.valid.Inc()
	} else {
		s.metrics.checks.WithLabelValues(d.Code).Inc()
	}
	s.metrics.took.Observe(took.Seconds())
	level := slog.LevelDebug
	switch {
	case d.Status >= http.StatusInternalServerError:
		level = slog.LevelError
	case d.Err != nil:
		level = slog.LevelWarn
	}
	if !s.log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{slog.Int("status", d.Status), slog.String("code", d.Code), slog.Duration("took", took), slog.String("request_id", c.id)}
	if d.Reason != "" {
		attrs = append(attrs, slog.String("reason", d.Reason))
	}
	if d.Err != nil {
		attrs = append(attrs, slog.Any("error", d.Err))
	}
	s.log.LogAttrs(ctx, level, "check", attrs...)
}

// logPanic tells where a check panicked. Of the value only what the runtime says is kept: it may hold anything else.
func (s *Server) logPanic(c *check, value any) {
	what := "a value"
	if err, ok := value.(error); ok {
		var fault runtime.Error
		if errors.As(err, &fault) {
			what = fault.Error()
		}
	}
	s.log.Error("a check panicked", "what", what, "request_id", c.id, "stack", string(debug.Stack()))
}
