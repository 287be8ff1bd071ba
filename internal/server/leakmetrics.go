// SPDX-License-Identifier: Apache-2.0

package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// viaService is how figures name reports that came with a service key.
const viaService = "service_key"

// leakMetrics counts reports of leaked keys.
type leakMetrics struct {
	reportedKeys   *prometheus.CounterVec
	refusedReports prometheus.Counter
}

func newLeakMetrics() leakMetrics {
	m := leakMetrics{
		reportedKeys: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "keywright_leaks_reported_total", Help: "Keys that were reported as leaked, by who reported them (github, gitlab, service_key) and whether they were issued here.",
		}, []string{"via", "label"}),
		refusedReports: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "keywright_leaks_refused_total", Help: "Reports of platforms that were refused for their signature.",
		}),
	}
	for _, via := range []string{"github", "gitlab", viaService} {
		m.reportedKeys.WithLabelValues(via, api.LabelTrue)
		m.reportedKeys.WithLabelValues(via, api.LabelFalse)
	}
	return m
}

func (m *leakMetrics) countLeaks(via string, results []authority.LeakResult) {
	for i := range results {
		m.reportedKeys.WithLabelValues(via, leakResult(&results[i]).Label).Inc()
	}
}

// leakCollector reads how many leaks there are.
type leakCollector struct{ authority *authority.Authority }

var leaksKnown = prometheus.NewDesc("keywright_leaks", "Secrets that were reported as leaked. open: they verify still.", []string{"state"}, nil)

// Describe implements prometheus.Collector.
func (c leakCollector) Describe(ch chan<- *prometheus.Desc) { ch <- leaksKnown }

// Collect implements prometheus.Collector.
func (c leakCollector) Collect(ch chan<- prometheus.Metric) {
	open, all := c.authority.LeakCounts()
	ch <- prometheus.MustNewConstMetric(leaksKnown, prometheus.GaugeValue, float64(open), "open")
	ch <- prometheus.MustNewConstMetric(leaksKnown, prometheus.GaugeValue, float64(all-open), "ended")
}
