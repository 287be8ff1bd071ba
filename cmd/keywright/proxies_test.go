// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright/internal/postgrestest"
)

// nginxAround is what stands around a file that is included in http { }.
const nginxAround = `daemon off;
master_process off;
pid DIR/pid;
error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path DIR/body;
    proxy_temp_path DIR/proxy;
    fastcgi_temp_path DIR/fastcgi;
    uwsgi_temp_path DIR/uwsgi;
    scgi_temp_path DIR/scgi;
    include DIR/guide.conf;
}
`

// A gate is a real proxy with the configuration of its guide, between a client and a service.
type gate struct {
	*stage
	name    string
	address string
	service *echo
}

// echo is the service behind a gate: it remembers the last request.
type echo struct {
	mu   sync.Mutex
	last *http.Request
	n    int
}

func (e *echo) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last = r
	e.n++
}

func (e *echo) seen() (*http.Request, int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last, e.n
}

// program finds a program, or skips the test; where KEYWRIGHT_TEST_REQUIRE is 1, fails it.
func program(t *testing.T, name string) string {
	t.Helper()
	for _, path := range []string{name, "/usr/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	if os.Getenv(postgrestest.Require) == "1" {
		t.Fatalf("%s is not installed", name)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// eachGate runs a test with every proxy that is tested by its program.
func eachGate(t *testing.T, f func(t *testing.T, g *gate)) {
	for _, name := range []string{"nginx", "caddy"} {
		t.Run(name, func(t *testing.T) { f(t, newGate(t, name)) })
	}
}

// newGate starts a server, a service and a proxy between them. Of the configuration the addresses are changed, as its
// head says, and nothing else.
func newGate(t *testing.T, name string) *gate {
	t.Helper()
	path := program(t, name)
	g := &gate{name: name, service: &echo{}, address: freeAddress(t)}
	g.stage = newStage(t, "json", "--drain", "10ms")
	web := httptest.NewServer(g.service)
	t.Cleanup(web.Close)
	dir := t.TempDir()
	file := map[string]string{"nginx": "nginx.conf", "caddy": "Caddyfile"}[name]
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "gateways", file))
	if err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer(
		"127.0.0.1:8000", g.address, "127.0.0.1:8420", strings.TrimPrefix(g.url, "http://"), "127.0.0.1:9000", strings.TrimPrefix(web.URL, "http://"),
	).Replace(string(guide))
	args := []string{"run", "--adapter", "caddyfile", "--config", dir + "/guide.conf"}
	if name == "nginx" {
		args = []string{"-e", "stderr", "-p", dir, "-c", dir + "/nginx.conf"}
		write(t, dir+"/nginx.conf", strings.ReplaceAll(nginxAround, "DIR", dir))
	} else {
		config = "{\n\tadmin off\n}\n" + config
	}
	write(t, dir+"/guide.conf", config)
	run(t, dir, path, args...)
	for range 500 {
		if conn, err := net.Dial("tcp", g.address); err == nil {
			_ = conn.Close()
			return g
		}
		time.Sleep(10 * time.Millisecond)
	}
	log, _ := os.ReadFile(dir + "/log")
	t.Fatalf("%s does not listen: %s", name, log)
	return nil
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// freeAddress asks the system for a port. Somebody else could take it first; the test then fails.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// run starts a program that ends with the test, and with this process, however that ends: then its input ends.
func run(t *testing.T, dir, path string, args ...string) {
	t.Helper()
	log, err := os.Create(dir + "/log")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", append([]string{"-c", `"$@" & p=$!; cat >/dev/null; kill "$p"; wait "$p"`, "sh", path}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	input, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		_ = cmd.Wait()
		_ = log.Close()
	})
}

// send sends a request as it stands: no library cleans its path, or its headers.
func (g *gate) send(t *testing.T, line string, headers ...string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", g.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n", line, g.address, strings.Join(append(headers, ""), "\r\n"))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	b, _ := io.ReadAll(response.Body)
	response.Body = io.NopCloser(strings.NewReader(string(b)))
	return response
}
