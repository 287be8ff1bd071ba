// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A receiver keeps what is sent to it, by path.
type receiver struct {
	url string

	mu sync.Mutex
	b  map[string][]byte
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	c := &receiver{b: map[string][]byte{}}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.b[r.URL.Path] = append(c.b[r.URL.Path], text...)
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *receiver) got(path string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b[path]
}

// TestServeSendsTelemetry starts a server with a collector, and one without: what was not sent before is sent at the end.
func TestServeSendsTelemetry(t *testing.T) {
	c := newReceiver(t)
	s := newStage(t, "json", "--otlp-endpoint", c.url+"/")
	s.send(t, s.service(t), "POST", "/v1/keys", "{}")
	s.stop()
	for path, wants := range map[string][]string{
		"/v1/traces":  {"POST /v1/keys", "store Apply", "keywright.request_id"},
		"/v1/metrics": {"keywright_store_calls_total", "keywright_verifications_total", "keywright_build_info", "process_resident_memory_bytes"},
	} {
		for _, want := range wants {
			if !bytes.Contains(c.got(path), []byte(want)) {
				t.Errorf("%s got no %s", path, want)
			}
		}
	}
	if !strings.Contains(s.log.String(), `"trace_id":"`) {
		t.Error("the log tells no trace")
	}
	off := newStage(t, "json")
	off.send(t, off.service(t), "POST", "/v1/keys", "{}")
	off.stop()
	if strings.Contains(off.log.String(), "trace_id") {
		t.Error("there are traces without a collector")
	}
}

// TestSilentCollector stops a server whose collector takes connections and never answers: what is left is lost, and the
// stop lasts the five seconds that it is given, not the ten or more of each request.
func TestSilentCollector(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var taken atomic.Int32
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			taken.Add(1)
		}
	}()
	s := newStage(t, "json", "--otlp-endpoint", "http://"+l.Addr().String())
	s.send(t, s.service(t), "POST", "/v1/keys", "{}")
	begun := time.Now()
	s.stop()
	if took := time.Since(begun); took > 9*time.Second {
		t.Errorf("the stop took %v", took)
	}
	if taken.Load() == 0 || !strings.Contains(s.log.String(), "the last traces and metrics were not sent") {
		t.Errorf("%d connections, and the log: %s", taken.Load(), s.log.String())
	}
}

// TestWhoIsSent asks the flag and the standard variables. What the library would pass over without a word is refused.
func TestWhoIsSent(t *testing.T) {
	const collector = "http://127.0.0.1:4318"
	for _, c := range []struct {
		flag, env string
		on        bool
		wrong     string
	}{
		{},
		{flag: collector, on: true},
		{env: "OTEL_EXPORTER_OTLP_ENDPOINT=" + collector, on: true},
		{env: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + collector + "/v1/traces", on: true},
		{flag: collector, env: "OTEL_SDK_DISABLED=true"},
		{env: "OTEL_SERVICE_NAME=x"},
		{flag: "collector:4318", wrong: "--otlp-endpoint"},
		{env: "OTEL_EXPORTER_OTLP_ENDPOINT=http://user:hunter2@collector", wrong: "OTEL_EXPORTER_OTLP_ENDPOINT"},
		{flag: collector, env: "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", wrong: "OTEL_EXPORTER_OTLP_PROTOCOL"},
		{flag: collector, env: "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", on: true},
		{env: "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, // set for others, and there is nothing to send
	} {
		s := &session{env: map[string]string{}}
		if name, value, ok := strings.Cut(c.env, "="); ok {
			s.env[name] = value
		}
		on, err := s.sendsTelemetry(&serveFlags{otlpEndpoint: c.flag})
		if on != c.on || (err != nil) != (c.wrong != "") {
			t.Errorf("%+v: %v, %v", c, on, err)
		}
		if err != nil && (!strings.Contains(err.Error(), c.wrong) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
