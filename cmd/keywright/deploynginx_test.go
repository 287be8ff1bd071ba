// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDeployedNginx runs nginx with the configuration of the Compose file, before a node that runs and one that does not.
func TestDeployedNginx(t *testing.T) {
	path := program(t, "nginx")
	s := newStage(t, "json", "--drain", "10ms")
	service := &echo{}
	web := httptest.NewServer(service)
	t.Cleanup(web.Close)
	dir := t.TempDir()
	api, gate, dead := freeAddress(t), freeAddress(t), freeAddress(t)
	config := strings.NewReplacer(
		"listen 8420;", "listen "+api+";", "listen 8000;", "listen "+gate+";", "keywright-1:8420", dead, "keywright-2:8420", strings.TrimPrefix(s.url, "http://"),
		"service:9000", strings.TrimPrefix(web.URL, "http://"), "/tmp/", dir+"/", "error_log /dev/stderr warn", "error_log stderr warn",
	).Replace(deployed(t, "compose", "nginx.conf"))
	write(t, dir+"/nginx.conf", "daemon off;\nmaster_process off;\n"+config)
	run(t, dir, path, "-e", "stderr", "-p", dir, "-c", dir+"/nginx.conf")
	for n := 0; ; n++ {
		if _, err := http.Get("http://" + api + "/livez"); err == nil {
			break
		}
		if time.Sleep(10 * time.Millisecond); n == 500 {
			log, _ := os.ReadFile(dir + "/log")
			t.Fatalf("nginx does not listen: %s", log)
		}
	}
	if out := s.run(t, "", "keyspaces", "create", "acme"); !strings.Contains(out, "acme") {
		t.Fatalf("no keyspace: %s", s.log)
	}
	key := strings.TrimSpace(s.run(t, "", "issue", "--keyspace", "acme", "--env", "live"))
	asked := func(method, url, body string, headers ...string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		text, _ := io.ReadAll(a.Body)
		return a.StatusCode, string(text)
	}
	for range 6 { // whichever node is tried first, the one that runs answers
		if code, _ := asked("GET", gate+"/x", "", "Authorization", "Bearer "+key); code != 200 {
			t.Errorf("a good key gets %d", code)
		}
		if code, _ := asked("GET", gate+"/x", "", "Authorization", "Bearer "+key+"x"); code != 401 {
			t.Errorf("a bad key gets %d", code)
		}
		code, text := asked("POST", api+"/v1/verify", `{"key":"`+key+`","keyspace":"acme"}`, "Authorization", "Bearer "+s.service(t), "Content-Type", "application/json")
		if code != 200 || !strings.Contains(text, `"valid":true`) {
			t.Errorf("verify: %d %s", code, text)
		}
	}
	if r, n := service.seen(); n != 6 || r.Header.Get("X-Keywright-Key-Id") == "" {
		t.Errorf("the service saw %d requests", n)
	}
	// nginx is a proxy that is believed: nobody may ask through it as one.
	for _, hidden := range []string{"/v1/auth/acme", "/v1/%61uth/acme", "//v1/auth/acme", "/x/../v1/auth/acme", "/v1/auth", "/metrics"} {
		if code, text := asked("GET", api+hidden, "", "Authorization", "Bearer "+key); code != 404 || strings.Contains(text, "type") {
			t.Errorf("%s: %d %s", hidden, code, text)
		}
	}
}

// TestDeployedNginxIsThatOfTheGuide: what asks about a request is the same in both files.
func TestDeployedNginxIsThatOfTheGuide(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "gateways", "nginx.conf"))
	if err != nil {
		t.Fatal(err)
	}
	_, guarded, ok := strings.Cut(string(guide), "    location / {")
	if !ok {
		t.Fatal("the guide has no location")
	}
	_, file, _ := strings.Cut(deployed(t, "compose", "nginx.conf"), "listen 8000;")
	has := map[string]bool{}
	for line := range strings.Lines(file) {
		has[strings.Join(strings.Fields(line), " ")] = true
	}
	lines := 0
	for line := range strings.Lines(strings.ReplaceAll(guarded, "127.0.0.1:9000", "service:9000")) {
		lines++
		if line = strings.Join(strings.Fields(line), " "); !has[line] {
			t.Errorf("deploy/compose/nginx.conf lacks: %s", line)
		}
	}
	if lines < 40 {
		t.Errorf("only %d lines were compared", lines)
	}
}
