// SPDX-License-Identifier: Apache-2.0

package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/keywright/keywright/authority"
)

// webhookCollector tells how webhooks and exports stand when it is asked.
type webhookCollector struct{ authority *authority.Authority }

func webhookDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("keywright_webhook_"+name, help, []string{"webhook", "kind"}, nil)
}

var (
	webhookPending = webhookDesc("pending", "Deliveries that failed and are tried again.")
	webhookDead    = webhookDesc("dead", "Deliveries that were given up.")
	webhookBehind  = webhookDesc("behind", "Events that were not yet looked at for this webhook or export.")
	webhookSent    = webhookDesc("sent_total", "Attempts that were taken; of an export, batches.")
	webhookFailed  = webhookDesc("failed_total", "Attempts that were not taken; of an export, batches.")
	webhookEnabled = webhookDesc("enabled", "1 where events are sent.")
)

// Describe implements prometheus.Collector.
func (c webhookCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{webhookPending, webhookDead, webhookBehind, webhookSent, webhookFailed, webhookEnabled} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c webhookCollector) Collect(ch chan<- prometheus.Metric) {
	for _, e := range c.authority.EndpointStates() {
		enabled := 1.0
		if e.Disabled {
			enabled = 0
		}
		for _, m := range []struct {
			desc  *prometheus.Desc
			kind  prometheus.ValueType
			value float64
		}{
			{webhookPending, prometheus.GaugeValue, float64(e.Pending)},
			{webhookDead, prometheus.GaugeValue, float64(e.Dead)},
			{webhookBehind, prometheus.GaugeValue, float64(e.Behind)},
			{webhookSent, prometheus.CounterValue, float64(e.Sent)},
			{webhookFailed, prometheus.CounterValue, float64(e.Failed)},
			{webhookEnabled, prometheus.GaugeValue, enabled},
		} {
			ch <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value, e.ID, string(e.Kind))
		}
	}
}
