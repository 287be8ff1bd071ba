// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/keywright/keywright/authority"
)

// Trace begins the span of a request, below the one that its traceparent names (W3C Trace Context). It returns a context
// that carries the span, the id of the trace, and what ends the span. Of the request nothing is taken but the method:
// a tracestate may hold anything, and is not passed on.
func (t *Telemetry) Trace(r *http.Request) (ctx context.Context, id string, end func(route string, status int, requestID string)) {
	ctx = r.Context()
	if given := r.Header["Traceparent"]; len(given) == 1 {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": given[0]})
	}
	ctx, span := t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
	return ctx, span.SpanContext().TraceID().String(), func(route string, status int, requestID string) {
		defer span.End()
		if !span.IsRecording() {
			return
		}
		span.SetName(route)
		span.SetAttributes(
			attribute.String("http.request.method", knownMethod(r.Method)), attribute.String("http.route", route),
			attribute.Int("http.response.status_code", status), attribute.String("keywright.request_id", requestID),
		)
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
			span.SetAttributes(attribute.String("error.type", strconv.Itoa(status)))
		}
	}
}

// Traces reports whether spans are made.
func (t *Telemetry) Traces() bool { return t.tracer != nil }

// knownMethod is the method of a request, unless the client made it up.
func knownMethod(method string) string {
	known := []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
		http.MethodConnect, http.MethodTrace,
	}
	if slices.Contains(known, method) {
		return method
	}
	return "_OTHER"
}

// Observe makes a span of a call of the store, below that of the request that it is made for; it is an authority.Observer.
// Work in the background has no spans. The text of an error stays in the log.
func (t *Telemetry) Observe(ctx context.Context, call authority.StoreCall) (context.Context, func(error)) {
	if t.tracer == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, func(error) {}
	}
	ctx, span := t.tracer.Start(ctx, "store "+call.Operation, trace.WithAttributes(
		attribute.String("keywright.store.operation", call.Operation), attribute.Int("keywright.store.size", call.Size),
	))
	return ctx, func(err error) {
		switch {
		case err == nil:
		case errors.Is(err, authority.ErrNotFound):
			span.SetAttributes(attribute.String("keywright.store.result", "not_found"))
		case errors.Is(err, authority.ErrConflict):
			span.SetAttributes(attribute.String("keywright.store.result", "conflict"))
		default:
			span.SetStatus(codes.Error, "")
			span.SetAttributes(attribute.String("keywright.store.result", "error"))
		}
		span.End()
	}
}
