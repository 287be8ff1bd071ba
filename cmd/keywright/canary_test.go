// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"
)

// disguises are the forms in which a leak is looked for.
func disguises(secret string) map[string][]byte {
	reversed := []byte(secret)
	slices.Reverse(reversed)
	escaped, wide := "", []byte{}
	for _, c := range []byte(secret) {
		escaped += fmt.Sprintf("%%%02X", c)
	}
	for _, u := range utf16.Encode([]rune(secret)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	forms := map[string][]byte{
		"raw": []byte(secret), "hex": []byte(hex.EncodeToString([]byte(secret))), "URL-encoded": []byte(escaped),
		"UTF-16LE": wide, "reversed": reversed,
	}
	for shift := range 3 { // what stands before the secret decides how its bits fall
		text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), secret...))
		forms[fmt.Sprint("base64 at ", shift)] = []byte(text[4:36])
	}
	return forms
}

// pieces are the parts of a key that no place may hold: a third of a secret is a leak as well.
func pieces(key string) []string {
	secret := key[len(key)-49:] // 43 characters and the checksum
	return []string{secret[:14], secret[14:28], secret[28:43]}
}

// leaks says where a key is found.
func leaks(key string, places map[string][]byte) (found []string) {
	for name, text := range places {
		for form, b := range disguises(key[len(key)-49:]) {
			if bytes.Contains(text, b) || bytes.Contains(bytes.ToLower(text), bytes.ToLower(b)) {
				found = append(found, name+" ("+form+")")
			}
		}
		for i, p := range pieces(key) {
			if bytes.Contains(text, []byte(p)) {
				found = append(found, fmt.Sprintf("%s (part %d)", name, i+1))
			}
		}
	}
	return found
}

// TestTheSearchFindsPlantedLeaks proves that TestNoSecretLeaks could fail.
func TestTheSearchFindsPlantedLeaks(t *testing.T) {
	key := stranger(t, "acme")
	for form, b := range disguises(key[len(key)-49:]) {
		text := append(append([]byte("some log line "), b...), " and more"...)
		if len(leaks(key, map[string][]byte{"log": text})) == 0 {
			t.Errorf("a leak %s was not found", form)
		}
	}
	for i, p := range pieces(key) {
		if len(leaks(key, map[string][]byte{"log": []byte("x" + p + "y")})) == 0 {
			t.Errorf("part %d was not found", i+1)
		}
	}
	if found := leaks(key, map[string][]byte{"log": []byte(stranger(t, "acme"))}); len(found) > 0 {
		t.Errorf("found what is not there: %v", found)
	}
}

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
}

// newStage starts a server that logs all it can, over a folder of its own.
func newStage(t *testing.T, logFormat string) *stage {
	t.Helper()
	home := t.TempDir()
	s := &stage{data: filepath.Join(home, "data"), log: &lockedBuffer{}, places: map[string][]byte{}}
	s.env = []string{"HOME=" + home, "KEYWRIGHT_CONFIG_DIR=" + filepath.Join(home, "config")}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		var p Program
		p.Run(ctx, []string{"serve", "--data", s.data, "--listen", "127.0.0.1:0", "--log-level", "debug", "--log-format", logFormat}, strings.NewReader(""), s.log, s.log, s.env)
	}()
	t.Cleanup(func() { stop(); <-done })
	address := regexp.MustCompile(`ready on (http://\S+)`)
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
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return // not even a request
	}
	r.Header.Set("Authorization", "Bearer "+service)
	r.Header.Set("Content-Type", "application/json")
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
}

// TestNoSecretLeaks lets a canary go through everything, also to where it does not belong, and then searches all that
// came out and all that was kept.
func TestNoSecretLeaks(t *testing.T) {
	s := newStage(t, "json")
	var issued struct {
		Key    string
		Record struct{ ID string }
	}
	out := s.run(t, "", "issue", "--name", "canary", "--scope", "a:b", "--output", "json")
	if err := json.Unmarshal([]byte(out), &issued); err != nil {
		t.Fatal(err, out)
	}
	key := issued.Key
	profile, err := os.ReadFile(filepath.Join(strings.TrimPrefix(s.env[1], "KEYWRIGHT_CONFIG_DIR="), "profiles", "local.json"))
	if err != nil {
		t.Fatal(err)
	}
	service := regexp.MustCompile(`keywright_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}`).FindString(string(profile))
	if service == "" {
		t.Fatal("the profile holds no service key")
	}

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
	s.places["log"] = []byte(s.log.String())
	s.keepFiles(t)

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

// keepFiles keeps what lies in the data folder: database, write-ahead log, lock.
func (s *stage) keepFiles(t *testing.T) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(s.data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(path) == "admin-key" {
			return err
		}
		n++
		s.places[filepath.Base(path)], err = os.ReadFile(path)
		return err
	})
	if err != nil || n < 2 {
		t.Fatalf("%d files in the data folder, %v", n, err)
	}
}
