// SPDX-License-Identifier: Apache-2.0

package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/keywright/keywright/authority"
)

// limiterCollector shows how the limiter stands that nodes share. Without one all figures are 0.
type limiterCollector struct{ authority *authority.Authority }

var (
	limiterAsks     = prometheus.NewDesc("keywright_limiter_asks_total", "Verifications that asked the shared limiter, by result: answered, local (by the share of this node, while it was away) or refused (no judgement, as the keyspace chose).", []string{"result"}, nil)
	limiterFailures = prometheus.NewDesc("keywright_limiter_failures_total", "Calls of the shared limiter that failed. A call is of many verifications.", nil, nil)
	limiterAway     = prometheus.NewDesc("keywright_limiter_away", "1 while the shared limiter does not answer.", nil, nil)
	limiterOwed     = prometheus.NewDesc("keywright_limiter_owed", "Meters of which the shared limiter is still to be told what was taken while it was away.", nil, nil)
)

// Describe implements prometheus.Collector.
func (limiterCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{limiterAsks, limiterFailures, limiterAway, limiterOwed} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c limiterCollector) Collect(ch chan<- prometheus.Metric) {
	stats := c.authority.LimiterStats()
	for result, n := range map[string]uint64{"answered": stats.Answered, "local": stats.Local, "refused": stats.Refused} {
		ch <- prometheus.MustNewConstMetric(limiterAsks, prometheus.CounterValue, float64(n), result)
	}
	ch <- prometheus.MustNewConstMetric(limiterFailures, prometheus.CounterValue, float64(stats.Failures))
	ch <- prometheus.MustNewConstMetric(limiterAway, prometheus.GaugeValue, oneIf(stats.Away))
	ch <- prometheus.MustNewConstMetric(limiterOwed, prometheus.GaugeValue, float64(stats.Owed))
}
