// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/server"
	"github.com/keywright/keywright/internal/telemetry"
)

// watch gives a server its metrics, and, where a collector is named, its traces. It returns what observes the store, and
// what sends the rest at the end.
func (s *session) watch(ctx context.Context, f *serveFlags, o *server.Options) (authority.Observer, func(), error) {
	o.Registry = prometheus.NewRegistry()
	count, err := server.ObserveStore(o.Registry)
	if err != nil {
		return nil, nil, err
	}
	if on, err := s.sendsTelemetry(f); err != nil || !on {
		return count, func() {}, err
	}
	t, err := telemetry.Start(context.WithoutCancel(ctx), telemetry.Options{
		Endpoint: f.otlpEndpoint, Registry: o.Registry, Logger: o.Logger, Version: o.Version,
		NoTraces: s.env["OTEL_TRACES_EXPORTER"] == "none", NoMetrics: s.env["OTEL_METRICS_EXPORTER"] == "none",
	})
	if err != nil {
		return nil, nil, misused(err.Error(), "look at the variables that begin with OTEL_")
	}
	if t.Traces() {
		o.Trace = t.Trace
	}
	return both(t.Observe, count), func() { stopTelemetry(t, o.Logger) }, nil
}

func stopTelemetry(t *telemetry.Telemetry, log *slog.Logger) {
	if err := t.Stop(); err != nil {
		log.Warn("the last traces and metrics were not sent", "error", err)
	}
}

// both observes for two: the first sees the context that was given, the second that of the first.
func both(first, second authority.Observer) authority.Observer {
	return func(ctx context.Context, call authority.StoreCall) (context.Context, func(error)) {
		ctx, endFirst := first(ctx, call)
		ctx, endSecond := second(ctx, call)
		return ctx, func(err error) {
			endSecond(err)
			endFirst(err)
		}
	}
}

// The variables that name a collector. The library reads them, and the others that begin with OTEL_, from the environment.
var collectorVariables = []string{
	"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
}

// protocolVariables may name another way to speak to it.
var protocolVariables = []string{
	"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
}

// sendsTelemetry reports whether a collector is named. What is named must be usable: the library would go on without a word.
func (s *session) sendsTelemetry(f *serveFlags) (bool, error) {
	if s.env["OTEL_SDK_DISABLED"] == "true" {
		return false, nil
	}
	on := f.otlpEndpoint != ""
	if on {
		if err := telemetry.CheckEndpoint(f.otlpEndpoint); err != nil {
			return false, misused("--otlp-endpoint: "+err.Error(), "such as http://127.0.0.1:4318")
		}
	}
	for _, name := range collectorVariables {
		if s.env[name] == "" {
			continue
		}
		if err := telemetry.CheckEndpoint(s.env[name]); err != nil {
			return false, misused(name+": "+err.Error(), "such as http://127.0.0.1:4318")
		}
		on = true
	}
	for _, name := range protocolVariables {
		if on && s.env[name] != "" && s.env[name] != "http/protobuf" {
			return false, misused(name+" is not http/protobuf", "Keywright sends OTLP over HTTP: leave it out, and name the collector's port for HTTP, 4318")
		}
	}
	return on, nil
}
