// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// lockedBuffer is written by a server and read by a test.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A stage is a running server, and all that it and its users let out.
type stage struct {
	env    []string
	url    string
	data   string
	log    *lockedBuffer
	places map[string][]byte
	stop   func() // the server, and wait until it has ended
}

// newStage starts a server that logs all it can, over a folder of its own.
func newStage(t *testing.T, logFormat string, more ...string) *stage {
	t.Helper()
	home := t.TempDir()
	s := &stage{data: filepath.Join(home, "data"), log: &lockedBuffer{}, places: map[string][]byte{}}
	s.env = []string{"HOME=" + home, "KEYWRIGHT_CONFIG_DIR=" + filepath.Join(home, "config")}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		var p Program
		args := append([]string{"serve", "--data", s.data, "--listen", "127.0.0.1:0", "--log-level", "debug", "--log-format", logFormat}, more...)
		p.Run(ctx, args, strings.NewReader(""), s.log, s.log, s.env)
	}()
	s.stop = func() { stop(); <-done }
	t.Cleanup(s.stop)
	address := regexp.MustCompile(`ready on (https?://\S+)`)
	for range 1000 {
		if m := address.FindStringSubmatch(s.log.String()); m != nil {
			s.url = m[1]
			return s
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the server did not start: %s", s.log.String())
	return nil
}

// service is the first service key, which is in the profile.
func (s *stage) service(t *testing.T) string {
	t.Helper()
	profile, err := os.ReadFile(filepath.Join(strings.TrimPrefix(s.env[1], "KEYWRIGHT_CONFIG_DIR="), "profiles", "local.json"))
	if err != nil {
		t.Fatal(err)
	}
	service := regexp.MustCompile(`keywright_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}`).FindString(string(profile))
	if service == "" {
		t.Fatal("the profile holds no service key")
	}
	return service
}

// run runs a command and keeps what it lets out; what must hold the key is returned and not kept.
func (s *stage) run(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	var p Program
	p.Run(context.Background(), args, strings.NewReader(stdin), &out, &errs, s.env)
	name := fmt.Sprintf("%d: %s", len(s.places), args[0])
	s.places[name+" stderr"] = errs.Bytes()
	if args[0] != "issue" {
		s.places[name+" stdout"] = out.Bytes()
	}
	return out.String()
}

// send sends a request and keeps the answer.
func (s *stage) send(t *testing.T, service, method, path, body string) {
	t.Helper()
	s.sendAs(t, service, method, path, "application/json", body)
}

// sendAs sends a body of a media type, and returns the answer.
func (s *stage) sendAs(t *testing.T, service, method, path, media, body string) string {
	t.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return "" // not even a request
	}
	r.Header.Set("Authorization", "Bearer "+service)
	r.Header.Set("Content-Type", media)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	head := fmt.Sprint(response.Header)
	s.places[fmt.Sprintf("%d: %s %.20s", len(s.places), method, path)] = append([]byte(head), text...)
	return string(text)
}

// TestNoSecretLeaks lets a canary go through everything, also to where it does not belong, and then searches all that
// came out and all that was kept.
func TestNoSecretLeaks(t *testing.T) {
	collector := newReceiver(t)
	s := newStage(t, "json", "--otlp-endpoint", collector.url)
	var issued struct {
		Key    string
		Record struct{ ID string }
	}
	out := s.run(t, "", "issue", "--name", "canary", "--scope", "a:b", "--output", "json")
	if err := json.Unmarshal([]byte(out), &issued); err != nil {
		t.Fatal(err, out)
	}
	key := issued.Key
	service := s.service(t)
	for _, args := range [][]string{
		{"verify"},
		{"verify", "--explain", "--output", "json"},
		{"verify", "--scope", "x:y"},
		{"inspect"},
		{"inspect", "--output", "json"},
		{"inspect", "--preset", "seam"},
		{"hash"},
		{"match", strings.Repeat("0", 64)},
		{"verify", "--keyspace", "keywright"},
	} {
		s.run(t, key+"\n", args...)
		s.run(t, key[:len(key)-1]+"!\n", args...)
	}
	for _, args := range [][]string{ // where a key does not belong
		{"verify", key},
		{"revoke", key},
		{"show", key},
		{"match", key},
		{"issue", "--name", key},
		{"issue", "--scope", key + " x"},
		{"issue", "--hash", key},
		{"issue", "--public-id", key},
		{"list", "--keyspace", key},
		{key},
		{"verify", "--" + key},
		{"doctor", key},
		{"keyspaces", "create", key},
		{"generate", "--prefix", key},
		{"inspect", "--preset", key},
		{"issue", "--expires-in", key},
		{"issue", "--allow-network", key},
		{"issue", "--metadata", key},
		{"verify", "--client-ip", key},
		{"verify", "--scope-expr", key + " AND"},
		{"rotate", key},
		{"rotate", issued.Record.ID, "--grace", key},
		{"rotate", issued.Record.ID, "--hash", key},
		{"revoke", "--filter", "owner=" + key, "--yes"},
		{"revoke", "--filter=search=" + key, "--dry-run"},
		{"revoke", "--filter", key},
		{"revoke", "--filter", "network=" + key},
		{"child", key},
		{"issue", "--parent", key},
		{"list", "--parent", key},
	} {
		s.run(t, "", args...)
	}
	quoted, _ := json.Marshal(key)
	for _, body := range []string{
		`{"key":` + string(quoted) + `,"keyspace":"default"}`, `{"key":` + string(quoted) + `,"keyspace":"default","explain":true}`,
		`{"key":{"a":` + string(quoted) + `}}`, `{` + string(quoted) + `:1}`, `{"keyspace":` + string(quoted) + `}`, string(quoted), key,
		`{"scopes":` + string(quoted) + `}`, `{"scopes":[` + string(quoted) + `," "]}`, `{"client_ip":` + string(quoted) + `}`,
		`{"hash":` + string(quoted) + `}`, `{"expires_at":` + string(quoted) + `}`, `{"expires_in":` + string(quoted) + `}`, `{"environment":` + string(quoted) + `}`,
		`{"format":` + string(quoted) + `}`, `{"metadata":` + string(quoted) + `}`, `{"public_id":` + string(quoted) + `}`, `{"prefix":` + string(quoted) + `,"length":7}`,
		`{"formats":[{"prefix":` + string(quoted) + `}]}`, `{"name":"x","formats":[{"preset":` + string(quoted) + `}]}`, `{"allowed_networks":[` + string(quoted) + `]}`,
		`{"grace":` + string(quoted) + `}`, `{"grace":{"idle":` + string(quoted) + `}}`, `{"verb":` + string(quoted) + `,"filter":{"all":true}}`,
		`{"verb":"revoke","filter":{"scope":[` + string(quoted) + `],"q":` + string(quoted) + `}}`, `{"verb":"disable","dry_run":true,"filter":{"q":` + string(quoted) + `}}`,
		`{"verb":"revoke","filter":` + string(quoted) + `}`, `{"verb":"revoke","filter":{"network":` + string(quoted) + `}}`, `{"verb":"revoke","filter":{"state":` + string(quoted) + `}}`,
	} {
		for _, route := range []string{
			"POST /v1/verify", "POST /v1/verify/batch", "POST /v1/keys", "PATCH /v1/keys/" + issued.Record.ID, "POST /v1/keyspaces",
			"POST /api/sec-api-key-generate", "PATCH /v1/keyspaces/default", "POST /v1/keys/bulk",
			"POST /v1/keys/" + issued.Record.ID + "/rotate", "POST /v1/keys/" + issued.Record.ID + "/end-grace", "POST /v1/keys/" + issued.Record.ID + "/children",
		} {
			method, path, _ := strings.Cut(route, " ")
			s.send(t, service, method, path, body)
		}
	}
	for _, path := range []string{"/v1/keys/" + key, "/v1/keys?q=" + key, "/v1/keys?cursor=" + key, "/v1/keys?state=" + key, "/v1/events?target=" + key, "/" + key, "/v1/keyspaces/" + key, "/v1/keys/" + key + "/revoke"} {
		s.send(t, service, "GET", path, "")
		s.send(t, service, "POST", path, "")
		s.send(t, key, "GET", path, "")
	}
	s.send(t, key, "POST", "/v1/keys/"+issued.Record.ID+"/children", "{}")
	s.run(t, key, "child", issued.Record.ID)
	s.send(t, service, "POST", "/v1/revoke-self", `{"key":`+string(quoted)+`}`)
	for _, path := range []string{"default", "default?scopes=" + key, "default?" + key, key, "default/" + key + "?x=" + key, "default/a%2f" + key} {
		s.send(t, key, "GET", "/v1/auth/"+path, "")
		s.send(t, service, "GET", "/v1/auth/"+path, "") // a service key is no key of the keyspace
	}
	s.send(t, service, "GET", "/metrics", "")
	s.send(t, service, "GET", "/v1/events?limit=1000", "")
	s.run(t, key, "verify")
	s.run(t, "", "list")
	s.run(t, "", "show", issued.Record.ID)
	s.run(t, "", "audit", "list")
	archive := filepath.Join(t.TempDir(), "backup")
	s.run(t, "", "audit", "checkpoint")
	s.run(t, "", "backup", "--to", archive)
	s.places["backup"] = unpacked(t, archive)
	s.keepFiles(t, s.data)
	s.stop()
	s.places["log"] = []byte(s.log.String())
	s.places["traces"], s.places["metrics"] = collector.got("/v1/traces"), collector.got("/v1/metrics")
	if len(s.places["traces"]) < 50<<10 || len(s.places["metrics"]) < 10<<10 {
		t.Errorf("%d bytes of traces and %d of metrics", len(s.places["traces"]), len(s.places["metrics"]))
	}

	if found := leaks(key, s.places); len(found) > 0 {
		t.Errorf("the key was found in:\n%s", strings.Join(found, "\n"))
	}
	if found := leaks(service, s.places); len(found) > 0 {
		t.Errorf("the service key was found in:\n%s", strings.Join(found, "\n"))
	}
	if n := len(s.places); n < 200 {
		t.Errorf("only %d places were searched", n)
	}
}

// unpacked returns the text of a backup.
func unpacked(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil || len(text) < 1000 {
		t.Fatalf("%d bytes in the backup, %v", len(text), err)
	}
	return text
}

// keepFiles keeps what lies in a data folder: database, write-ahead log, lock. Left out are the files whose purpose is to hold a key.
func (s *stage) keepFiles(t *testing.T, dir string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "admin-key" || d.Name() == rootKeyName {
			return err
		}
		n++
		s.places[filepath.Base(dir)+"/"+d.Name()], err = os.ReadFile(path)
		return err
	})
	if err != nil || n < 2 {
		t.Fatalf("%d files in the data folder, %v", n, err)
	}
}
