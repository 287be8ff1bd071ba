// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// tellEvery is how often the log is told that nothing can be sent.
const tellEvery = time.Minute

// faults tells of what could not be sent, once a minute: a collector that is away must not fill the log.
type faults struct {
	log *slog.Logger

	mu     sync.Mutex
	told   time.Time
	untold int
}

func (f *faults) tell(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.told.IsZero() && time.Since(f.told) < tellEvery {
		f.untold++
		return
	}
	f.log.Warn("telemetry cannot be sent", "error", err, "times_before", f.untold)
	f.told, f.untold = time.Now(), 0
}

// spans is an exporter of spans whose failures are told.
type spans struct {
	sdktrace.SpanExporter
	faults *faults
}

func (s spans) ExportSpans(ctx context.Context, batch []sdktrace.ReadOnlySpan) error {
	if err := s.SpanExporter.ExportSpans(ctx, batch); err != nil {
		s.faults.tell(err)
	}
	return nil
}

// figures is an exporter of metrics whose failures are told.
type figures struct {
	sdkmetric.Exporter
	faults *faults
}

func (f figures) Export(ctx context.Context, m *metricdata.ResourceMetrics) error {
	if err := f.Exporter.Export(ctx, m); err != nil {
		f.faults.tell(err)
	}
	return nil
}
