// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// envoy connects to the door for Envoy of a server.
func (s *stage) envoy(t *testing.T, with credentials.TransportCredentials) *grpc.ClientConn {
	t.Helper()
	m := regexp.MustCompile(`ext_authz on (grpcs?://|unix:)([^\s"\\]+)`).FindStringSubmatch(s.log.String())
	if m == nil {
		t.Fatalf("no door: %s", s.log)
	}
	target := "passthrough:///" + m[2]
	if m[1] == "unix:" {
		target = m[1] + m[2]
	}
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(with))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// judged is the code of an answer about a request with a key.
func judged(t *testing.T, conn *grpc.ClientConn, key string) int32 {
	t.Helper()
	answer, err := auth.NewAuthorizationClient(conn).Check(t.Context(), &auth.CheckRequest{Attributes: &auth.AttributeContext{
		Request: &auth.AttributeContext_Request{Http: &auth.AttributeContext_HttpRequest{
			Method: "GET", Path: "/", Headers: map[string]string{"authorization": "Bearer " + key},
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Status.Code
}

// TestServeEnvoy serves Envoy beside HTTP, of the same authority, and stops with it.
func TestServeEnvoy(t *testing.T) {
	for _, at := range []string{":0", "127.0.0.1:0", "unix:" + filepath.Join(t.TempDir(), "s")} {
		s := newStage(t, "json", "--ext-authz-listen", at, "--drain", "10ms", "--ext-authz-keyspace", "acme")
		if strings.Contains(s.log.String(), "unencrypted") {
			t.Errorf("%s: others reach it", at)
		}
		s.run(t, "", "keyspaces", "create", "acme")
		key := strings.TrimSpace(s.run(t, "", "issue", "--keyspace", "acme"))
		conn := s.envoy(t, insecure.NewCredentials())
		if got := judged(t, conn, key); got != 0 {
			t.Errorf("%s: a good key: %d", at, got)
		}
		if got := judged(t, conn, key+"x"); got != 16 {
			t.Errorf("%s: a bad key: %d", at, got)
		}
		answer, err := grpc_health_v1.NewHealthClient(conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
		if err != nil || answer.Status != grpc_health_v1.HealthCheckResponse_SERVING {
			t.Error(answer, err)
		}
		if path, ok := strings.CutPrefix(at, "unix:"); ok {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o660 {
				t.Error(info, err)
			}
		}
		start := time.Now()
		if s.stop(); time.Since(start) > 20*time.Second {
			t.Error("it does not stop")
		}
		if strings.Contains(s.log.String(), key) {
			t.Error("the log holds a key")
		}
	}
}

// TestServeEnvoyTLS serves Envoy with the TLS files of the server, and without them nobody else.
func TestServeEnvoyTLS(t *testing.T) {
	papers := newPaper(t, t.TempDir(), 1, nil)
	pool := x509.NewCertPool()
	pool.AddCert(papers.leaf)
	s := newStage(t, "text", "--tls-cert", papers.cert, "--tls-key", papers.key, "--ext-authz-listen", "127.0.0.1:0", "--drain", "10ms")
	conn := s.envoy(t, credentials.NewTLS(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}))
	if got := judged(t, conn, "x"); got != 16 {
		t.Error(got)
	}
	bare := s.envoy(t, insecure.NewCredentials())
	if _, err := auth.NewAuthorizationClient(bare).Check(t.Context(), &auth.CheckRequest{}); err == nil {
		t.Error("it answers without TLS")
	}
}

// TestListenEnvoy takes over a socket that nobody answers at, and no other.
func TestListenEnvoy(t *testing.T) {
	at := func(address string) (*envoyDoor, error) {
		return listenEnvoy(t.Context(), &serveFlags{extAuthz: extAuthzFlags{listen: address}, socketMode: defaultSocketMode}, nil)
	}
	if d, err := at(""); d != nil || err != nil {
		t.Error(d, err)
	}
	path := filepath.Join(t.TempDir(), "s")
	first, err := at("unix:" + path)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "kept")
	for address, want := range map[string]string{
		"8421": "is not an address", "unix:" + path: "in use", "unix:" + file: "no socket", "203.0.113.1:0": "cannot listen",
	} {
		if _, err := at(address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if text, _ := os.ReadFile(file); string(text) != "kept" {
		t.Error("a file is gone")
	}
	_ = first.Listener.(*socket).Listener.Close() // as a crash leaves it
	second, err := at("unix:" + path)
	if err != nil {
		t.Fatal(err)
	}
	second.close()
	open, err := at("0.0.0.0:0")
	if err != nil || !open.bare || len(open.lines()) != 2 {
		t.Error(open, err)
	}
	open.close()
}
