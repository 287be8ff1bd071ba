// SPDX-License-Identifier: Apache-2.0

// Package telemetry sends traces and metrics to an OpenTelemetry collector, over OTLP with protobuf and HTTP.
//
//	t, err := telemetry.Start(ctx, telemetry.Options{Endpoint: "http://127.0.0.1:4318", Registry: registry})
//	defer t.Stop()
//
// Of a request a span holds the method, the route, the status and the request id; of a call of the store its name and how
// much it was about. There is no key, no query string, no header, no path and no address of a client in it. The metrics are
// those of a Prometheus registry. Sampling, headers, certificates, intervals and names of the resource are read from the
// standard variables, OTEL_…, as the OpenTelemetry specification says.
package telemetry

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	bridge "go.opentelemetry.io/contrib/bridges/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// stopTime is how long the last export may take.
const stopTime = 5 * time.Second

// Options say what is sent and where to.
type Options struct {
	Endpoint  string              // of the collector, such as http://127.0.0.1:4318; empty: as the variables say
	Registry  prometheus.Gatherer // whose figures are sent
	Logger    *slog.Logger        // is told what cannot be sent, once a minute; nil: silent
	Version   string              // of the program
	NoTraces  bool
	NoMetrics bool
}

// Telemetry sends until it is stopped.
type Telemetry struct {
	tracer  trace.Tracer // nil: no traces
	traces  *sdktrace.TracerProvider
	metrics *sdkmetric.MeterProvider
	faults  *faults
}

// Start begins to send. A collector that does not answer is no error: it may come later.
func Start(ctx context.Context, o Options) (*Telemetry, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Endpoint != "" {
		if err := CheckEndpoint(o.Endpoint); err != nil {
			return nil, err
		}
	}
	t := &Telemetry{faults: &faults{log: o.Logger}}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(t.faults.tell)) // of the whole process: the library has no other place for it
	who, err := describe(ctx, o.Version)
	if err != nil {
		return nil, err
	}
	if !o.NoTraces {
		if err := t.startTraces(ctx, o, who); err != nil {
			return nil, err
		}
	}
	if !o.NoMetrics && o.Registry != nil {
		if err := t.startMetrics(ctx, o, who); err != nil {
			return nil, errors.Join(err, t.Stop())
		}
	}
	return t, nil
}

func (t *Telemetry) startTraces(ctx context.Context, o Options, who *resource.Resource) error {
	var to []otlptracehttp.Option
	if o.Endpoint != "" {
		to = append(to, otlptracehttp.WithEndpointURL(strings.TrimSuffix(o.Endpoint, "/")+"/v1/traces"))
	}
	exporter, err := otlptracehttp.New(ctx, to...)
	if err != nil {
		return fmt.Errorf("traces cannot be sent: %w", err)
	}
	t.traces = sdktrace.NewTracerProvider(sdktrace.WithResource(who), sdktrace.WithBatcher(spans{exporter, t.faults}))
	t.tracer = t.traces.Tracer("keywright")
	return nil
}

func (t *Telemetry) startMetrics(ctx context.Context, o Options, who *resource.Resource) error {
	var to []otlpmetrichttp.Option
	if o.Endpoint != "" {
		to = append(to, otlpmetrichttp.WithEndpointURL(strings.TrimSuffix(o.Endpoint, "/")+"/v1/metrics"))
	}
	exporter, err := otlpmetrichttp.New(ctx, to...)
	if err != nil {
		return fmt.Errorf("metrics cannot be sent: %w", err)
	}
	source := bridge.NewMetricProducer(bridge.WithGatherer(o.Registry))
	reader := sdkmetric.NewPeriodicReader(figures{exporter, t.faults}, sdkmetric.WithProducer(source))
	t.metrics = sdkmetric.NewMeterProvider(sdkmetric.WithResource(who), sdkmetric.WithReader(reader))
	return nil
}

// Stop sends what has not been sent, for five seconds at most.
func (t *Telemetry) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	var err error
	if t.traces != nil {
		err = t.traces.Shutdown(ctx)
	}
	if t.metrics != nil {
		err = errors.Join(err, t.metrics.Shutdown(ctx))
	}
	return err
}

// CheckEndpoint says what is wrong with the address of a collector, without repeating it.
func CheckEndpoint(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New("the address of the collector is no URL that begins with http:// or https://")
	case u.User != nil:
		return errors.New("the address of the collector holds a user or password: give them in OTEL_EXPORTER_OTLP_HEADERS")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("the address of the collector has more than host, port and path")
	}
	return nil
}

// describe names this process. Nothing of its command line or environment is told but what OTEL_RESOURCE_ATTRIBUTES and
// OTEL_SERVICE_NAME say.
func describe(ctx context.Context, version string) (*resource.Resource, error) {
	var instance [8]byte
	_, _ = rand.Read(instance[:]) // never fails
	who, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		attribute.String("service.name", "keywright"),
		attribute.String("service.version", version),
		attribute.String("service.instance.id", hex.EncodeToString(instance[:])),
	), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES cannot be used: %w", err)
	}
	return who, nil
}
