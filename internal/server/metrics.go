// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// metrics counts requests, and shows what the authority counts.
type metrics struct {
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	bodies   *prometheus.CounterVec
	panics   prometheus.Counter
	handler  http.Handler
	leakMetrics

	// Looked up once: of POST /v1/verify.
	verified   prometheus.Counter
	verifyTook prometheus.Observer

	// The same of requests that proxies ask about and that may pass, on the route without and with a path behind it.
	passed     [2]prometheus.Counter
	passedTook [2]prometheus.Observer
}

func newMetrics(registry *prometheus.Registry, a *authority.Authority) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "keywright_http_requests_total", Help: "Requests by route and HTTP status.",
		}, []string{"route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "keywright_http_request_duration_seconds", Help: "How long requests took, by route.",
			Buckets: []float64{.00001, .000025, .00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .1, .25, 1, 10},
		}, []string{"route"}),
		bodies: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "keywright_http_bodies_refused_total", Help: "Requests that were refused for their body, by reason: too_large, too_slow or media_type.",
		}, []string{"reason"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "keywright_panics_total", Help: "Requests whose handler panicked: each is a fault of the program.",
		}),
		handler:     promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		leakMetrics: newLeakMetrics(),
	}
	for _, c := range []prometheus.Collector{
		m.requests, m.took, m.bodies, m.panics, m.reportedKeys, m.refusedReports,
		collector{a},
		limiterCollector{a},
		webhookCollector{a},
		leakCollector{a},
	} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("cannot register metrics: %w", err)
		}
	}
	for _, reason := range refusedBodies {
		m.bodies.WithLabelValues(reason)
	}
	route := "POST " + api.PathVerify
	m.verified = m.requests.WithLabelValues(route, "200")
	m.verifyTook = m.took.WithLabelValues(route)
	for i, route := range [...]string{api.PathAuth, api.PathAuthBelow} {
		m.passed[i], m.passedTook[i] = m.requests.WithLabelValues(route, "204"), m.took.WithLabelValues(route)
	}
	return m, nil
}

func (m *metrics) count(route string, status int, took time.Duration) {
	if reason := refusedBodies[status]; reason != "" {
		m.bodies.WithLabelValues(reason).Inc()
	}
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(route).Observe(took.Seconds())
}

var refusedBodies = map[int]string{
	http.StatusRequestEntityTooLarge: "too_large", http.StatusRequestTimeout: "too_slow", http.StatusUnsupportedMediaType: "media_type",
}

func (m *metrics) serve(w http.ResponseWriter, r *http.Request) { m.handler.ServeHTTP(w, r) }

// collector reads what the authority counts when it is asked.
type collector struct{ authority *authority.Authority }

var (
	verifications = prometheus.NewDesc("keywright_verifications_total", "Verifications by keyspace and code.", []string{"keyspace", "code"}, nil)
	tableSecrets  = prometheus.NewDesc("keywright_table_secrets", "Secrets in the table of the authority.", nil, nil)
	tableBytes    = prometheus.NewDesc("keywright_table_bytes", "Size of the table.", nil, nil)
	tableComplete = prometheus.NewDesc("keywright_table_complete", "1 where the table holds every secret of the store.", nil, nil)
	keysDue       = prometheus.NewDesc("keywright_keys_due", "Keys whose rotation is due, or about to be, and keys that are about to expire. Looked at every 10 minutes.", []string{"keyspace", "kind"}, nil)
	storeLookups  = prometheus.NewDesc("keywright_store_lookups_total", "Verifications that had to ask the store.", nil, nil)
	usageWaiting  = prometheus.NewDesc("keywright_usage_waiting", "Verifications that are not counted in the store yet, nearly.", nil, nil)
	spendsWaiting = prometheus.NewDesc("keywright_spends_waiting", "Spendings of credits that wait for their transaction.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{verifications, tableSecrets, tableBytes, tableComplete, keysDue, storeLookups, usageWaiting, spendsWaiting} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	for keyspace, codes := range c.authority.Verifications() {
		for code, n := range codes {
			ch <- prometheus.MustNewConstMetric(verifications, prometheus.CounterValue, float64(n), keyspace, string(code))
		}
	}
	for keyspace, due := range c.authority.DueCounts() {
		ch <- prometheus.MustNewConstMetric(keysDue, prometheus.GaugeValue, float64(due.Rotation), keyspace, "rotation")
		ch <- prometheus.MustNewConstMetric(keysDue, prometheus.GaugeValue, float64(due.Expiry), keyspace, "expiry")
	}
	stats := c.authority.Stats()
	ch <- prometheus.MustNewConstMetric(tableSecrets, prometheus.GaugeValue, float64(stats.Secrets))
	ch <- prometheus.MustNewConstMetric(tableBytes, prometheus.GaugeValue, float64(stats.Bytes))
	ch <- prometheus.MustNewConstMetric(tableComplete, prometheus.GaugeValue, oneIf(stats.Complete))
	ch <- prometheus.MustNewConstMetric(storeLookups, prometheus.CounterValue, float64(stats.Lookups))
	ch <- prometheus.MustNewConstMetric(usageWaiting, prometheus.GaugeValue, float64(stats.Waiting))
	ch <- prometheus.MustNewConstMetric(spendsWaiting, prometheus.GaugeValue, float64(stats.Orders))
}
