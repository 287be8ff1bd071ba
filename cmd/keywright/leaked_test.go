// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/webhook"
)

// hub is a code platform: it publishes the key that signs its reports.
type hub struct {
	key        *ecdsa.PrivateKey
	identifier string
	url        string
}

func newHub(t *testing.T) *hub {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	h := &hub{key: key, identifier: fmt.Sprintf("%x", sha256.Sum256([]byte(text)))}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"public_keys": []map[string]any{{"key_identifier": h.identifier, "key": text, "is_current": true}}})
	}))
	t.Cleanup(web.Close)
	h.url = web.URL
	return h
}

// report sends a signed report, and returns the answer.
func (h *hub) report(t *testing.T, server, body string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	signature, err := ecdsa.SignASN1(rand.Reader, h.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, server+api.PathLeaksGitHub, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(api.HeaderGitHubIdentifier, h.identifier)
	r.Header.Set(api.HeaderGitHubSignature, base64.StdEncoding.EncodeToString(signature))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer.StatusCode, string(text), err)
	}
	return string(text)
}

// inbox receives webhooks, and keeps those that are signed right by their type.
type inbox struct {
	url string

	mu       sync.Mutex
	verifier webhook.Verifier
	got      map[string]string
	wrong    error
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	b := &inbox{got: map[string]string{}}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		headers, err := webhook.ReadHeaders(r.Header)
		b.mu.Lock()
		defer b.mu.Unlock()
		if err == nil {
			err = b.verifier.Verify(headers, body, time.Now())
		}
		if err != nil {
			b.wrong = err
			http.Error(w, "not signed right", http.StatusUnauthorized)
			return
		}
		var m struct{ Type string }
		_ = json.Unmarshal(body, &m)
		b.got[m.Type] = string(body)
	}))
	t.Cleanup(web.Close)
	b.url = web.URL
	return b
}

// wait returns a message of a type.
func (b *inbox) wait(t *testing.T, kind string) string {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		b.mu.Lock()
		text, wrong := b.got[kind], b.wrong
		b.mu.Unlock()
		switch {
		case wrong != nil:
			t.Fatal(wrong)
		case text != "":
			return text
		case time.Now().After(end):
			t.Fatalf("no %s came", kind)
		}
	}
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestLeakedKeyFromCommitToEnd plants a key in a commit, finds it there although a later commit took it out, has the platform
// report it, and sees it revoked, announced and shown.
func TestLeakedKeyFromCommitToEnd(t *testing.T) {
	platform, receiver := newHub(t), newInbox(t)
	s := newStage(t, "json", "--github-keys-url", platform.url, "--webhook-allow-http", "--webhook-allow-network", "127.0.0.0/8")
	service := s.service(t)
	receiver.mu.Lock()
	var hook api.WebhookResponse
	parse(t, s.sendAs(t, service, "POST", api.PathWebhooks, "application/json", `{"url":"`+receiver.url+`","verbs":["leak.*","key.revoke"]}`), &hook)
	signing, err := webhook.ParseKey(hook.Secret.Secret)
	if err != nil {
		t.Fatal(err)
	}
	receiver.verifier.Keys = []webhook.Key{signing}
	receiver.mu.Unlock()

	var issued api.IssueResponse
	parse(t, s.sendAs(t, service, "POST", api.PathKeys, "application/json", `{"name":"ci","owner":"team_7"}`), &issued)
	key := issued.Key.Reveal()
	repository := t.TempDir()
	git(t, repository, "init", "-q")
	config := filepath.Join(repository, "config.py")
	for _, text := range []string{"KEY = \"" + key + "\"\n", "KEY = os.environ[\"KEY\"]\n"} {
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		git(t, repository, "add", "config.py")
		git(t, repository, "commit", "-q", "-m", "config")
	}
	commit := git(t, repository, "rev-parse", "HEAD~1")

	found := s.run(t, "", "scan", "--history", "--profile", "local", "--output", "json", repository)
	var scan struct {
		Findings []struct {
			Path     string `json:"path"`
			Commit   string `json:"commit"`
			State    string `json:"state"`
			PublicID string `json:"public_id"`
		}
	}
	parse(t, found, &scan)
	if len(scan.Findings) != 1 || scan.Findings[0].State != "active" || scan.Findings[0].PublicID != issued.Record.PublicID ||
		!strings.Contains(found, commit) || strings.Contains(found, key) {
		t.Fatal(found)
	}

	body, err := json.Marshal([]map[string]string{{
		"token": key, "type": "acme_api_key", "url": "https://github.com/o/r/blob/" + commit + "/config.py", "source": "commit",
	}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a replay changes nothing
		if answer := platform.report(t, s.url, string(body)); !strings.Contains(answer, `"label":"true_positive"`) || strings.Contains(answer, key) {
			t.Fatal(answer)
		}
	}

	var verdict api.VerifyResponse
	parse(t, s.sendAs(t, service, "POST", api.PathVerify, "application/json", `{"key":"`+key+`","keyspace":"default"}`), &verdict)
	if verdict.Code != keywright.Revoked {
		t.Fatal(verdict.Code)
	}
	told := receiver.wait(t, "leak.report")
	if !strings.Contains(told, issued.Record.ID.String()) || !strings.Contains(told, "action revoked") || strings.Contains(told, key) {
		t.Fatal(told)
	}
	receiver.wait(t, "key.revoke")
	receiver.wait(t, "leak.end")

	var list api.LeakList
	parse(t, s.sendAs(t, service, "GET", api.PathLeaks, "application/json", ""), &list)
	if len(list.Leaks) != 1 {
		t.Fatalf("%+v", list)
	}
	var shown api.LeakReport
	parse(t, s.sendAs(t, service, "GET", api.PathLeaks+"/"+list.Leaks[0].ID, "application/json", ""), &shown)
	if shown.KeyID != issued.Record.ID || shown.Record.State != "revoked" || shown.Action != "revoked" || shown.TookMS == nil || shown.Receipt == nil ||
		shown.SightingsTotal != 1 || !strings.Contains(shown.Sightings[0].URL, commit) || shown.Sightings[0].Reporter != "github" {
		t.Fatalf("%+v", shown)
	}
	var verbs []string
	for _, e := range shown.Events {
		verbs = append(verbs, e.Verb)
	}
	if !slices.Equal(verbs[:min(3, len(verbs))], []string{"leak.report", "key.revoke", "leak.end"}) { // its use after that may be told by now
		t.Fatal(verbs)
	}
}

func parse(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}
