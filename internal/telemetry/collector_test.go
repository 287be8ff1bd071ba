// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	metrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	traces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metric "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector receives OTLP over HTTP as a collector does.
type collector struct {
	testing.TB
	url string

	mu        sync.Mutex
	raw       bytes.Buffer // all that arrived
	spans     []*trace.Span
	metrics   map[string]*metric.Metric // the last of each name
	resources []*resource.Resource
}

func newCollector(t testing.TB) *collector {
	t.Helper()
	c := &collector{TB: t, metrics: map[string]*metric.Metric{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", func(w http.ResponseWriter, r *http.Request) {
		var q traces.ExportTraceServiceRequest
		c.read(r, &q)
		for _, rs := range q.GetResourceSpans() {
			c.resources = append(c.resources, rs.GetResource())
			for _, ss := range rs.GetScopeSpans() {
				c.spans = append(c.spans, ss.GetSpans()...)
			}
		}
		c.mu.Unlock()
		answer(w, &traces.ExportTraceServiceResponse{})
	})
	mux.HandleFunc("POST /v1/metrics", func(w http.ResponseWriter, r *http.Request) {
		var q metrics.ExportMetricsServiceRequest
		c.read(r, &q)
		for _, rm := range q.GetResourceMetrics() {
			c.resources = append(c.resources, rm.GetResource())
			for _, sm := range rm.GetScopeMetrics() {
				for _, m := range sm.GetMetrics() {
					c.metrics[m.GetName()] = m
				}
			}
		}
		c.mu.Unlock()
		answer(w, &metrics.ExportMetricsServiceResponse{})
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// read reads a request, and leaves the collector locked.
func (c *collector) read(r *http.Request, into proto.Message) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		c.Error(err)
	}
	if got := r.Header.Get("Content-Type"); got != "application/x-protobuf" {
		c.Errorf("content type %q", got)
	}
	if err := proto.Unmarshal(b, into); err != nil {
		c.Error(err)
	}
	c.mu.Lock()
	c.raw.Write(b)
	for name, values := range r.Header {
		c.raw.WriteString(name + ": ")
		for _, v := range values {
			c.raw.WriteString(v)
		}
	}
}

func answer(w http.ResponseWriter, m proto.Message) {
	b, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(b)
}

// named returns the spans of a name.
func (c *collector) named(name string) (found []*trace.Span) {
	for _, s := range c.spans {
		if s.GetName() == name {
			found = append(found, s)
		}
	}
	return found
}

// attributes returns attributes as text.
func attributes(list []*common.KeyValue) map[string]string {
	m := map[string]string{}
	for _, a := range list {
		if s, ok := a.GetValue().GetValue().(*common.AnyValue_StringValue); ok {
			m[a.GetKey()] = s.StringValue
		} else {
			m[a.GetKey()] = a.GetValue().String()
		}
	}
	return m
}
