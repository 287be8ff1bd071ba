// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/keywright/keywright/authority"
)

// ObserveStore returns an observer that counts calls of the store in a registry: the one that is then given to New.
func ObserveStore(registry *prometheus.Registry) (authority.Observer, error) {
	calls := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "keywright_store_calls_total", Help: "Calls of the store by operation and result: ok, not_found, conflict, canceled or error.",
	}, []string{"operation", "result"})
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "keywright_store_call_duration_seconds", Help: "How long calls of the store took, by operation.",
		Buckets: []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 10},
	}, []string{"operation"})
	groups := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "keywright_spend_group_size", Help: "How many spendings of credits shared one transaction.",
		Buckets: prometheus.ExponentialBuckets(1, 2, 10),
	})
	for _, c := range []prometheus.Collector{calls, took, groups} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("cannot register metrics: %w", err)
		}
	}
	for _, operation := range []string{"Lookup", "List", "Apply", "Spend", "Count", "Events", "Scan"} {
		for _, result := range []string{"ok", "error"} {
			calls.WithLabelValues(operation, result) // a series that begins at 1 has not increased
		}
	}
	return func(ctx context.Context, call authority.StoreCall) (context.Context, func(error)) {
		start := time.Now()
		return ctx, func(err error) {
			calls.WithLabelValues(call.Operation, resultOf(err)).Inc()
			took.WithLabelValues(call.Operation).Observe(time.Since(start).Seconds())
			if call.Operation == "Spend" {
				groups.Observe(float64(call.Size))
			}
		}
	}, nil
}

// resultOf is how a call of the store ended. Who asked and went away is no fault of the store.
func resultOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, authority.ErrNotFound):
		return "not_found"
	case errors.Is(err, authority.ErrConflict):
		return "conflict"
	case errors.Is(err, context.Canceled):
		return "canceled"
	}
	return "error"
}
