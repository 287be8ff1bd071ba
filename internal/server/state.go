// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"fmt"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// state shows how the server stands: its checks, as /readyz tells them, and whom it turned away.
type state struct{ server *Server }

var (
	readyCheck       = prometheus.NewDesc("keywright_ready", "1 where a check of /readyz passes, else 0.", []string{"check"}, nil)
	auditHead        = prometheus.NewDesc("keywright_audit_head_sequence", "Sequence of the last event of the audit chain, as of the last look at the store.", nil, nil)
	strangersLimited = prometheus.NewDesc("keywright_strangers_limited_total", "Requests without a service key that were refused because their address asked too often, by what is limited.", []string{"limit"}, nil)
)

// registerState registers the figures of a whole server, and those of its process and build.
func (s *Server) registerState(registry *prometheus.Registry) error {
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "keywright_build_info", Help: "Always 1; the labels tell the version of the program and of Go.",
	}, []string{"version", "go_version"})
	build.WithLabelValues(s.options.Version, runtime.Version()).Set(1)
	for _, c := range []prometheus.Collector{
		build, state{s}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := registry.Register(c); err != nil {
			return fmt.Errorf("cannot register metrics: %w", err)
		}
	}
	return nil
}

// Describe implements prometheus.Collector.
func (state) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{readyCheck, auditHead, strangersLimited} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (st state) Collect(ch chan<- prometheus.Metric) {
	s := st.server
	for _, c := range s.checks(context.Background()) {
		ch <- prometheus.MustNewConstMetric(readyCheck, prometheus.GaugeValue, oneIf(c.err == nil), c.name)
	}
	ch <- prometheus.MustNewConstMetric(auditHead, prometheus.GaugeValue, float64(s.ready.head.Load()))
	for name, l := range map[string]*limiter{"revoke_self": s.revoking, "children": s.holding, "generate": s.making} {
		ch <- prometheus.MustNewConstMetric(strangersLimited, prometheus.CounterValue, float64(l.refused.Load()), name)
	}
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
