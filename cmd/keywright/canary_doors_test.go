// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/keywright/keywright"
)

// TestNoSecretOfADoorLeaks lets the secrets of webhooks and exports, and a key that waited behind a link, go their ways, and
// then searches all that came out and all that was kept.
func TestNoSecretOfADoorLeaks(t *testing.T) {
	hooks, collector := newReceiver(t), newReceiver(t)
	s := newStage(t, "json", "--otlp-endpoint", collector.url, "--webhook-allow-http", "--webhook-allow-network", "127.0.0.0/8")
	service := s.service(t)
	secrets := map[string][]byte{}
	quiet := overHTTP{&world{url: s.url, service: keywright.NewSecret(service)}} // what must show a secret is not kept

	var made struct {
		Secret  string
		Webhook struct{ ID string }
	}
	whsec := func(name, text string) {
		t.Helper()
		bytes, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "whsec_"))
		if err != nil || len(bytes) < 24 || !strings.HasPrefix(text, "whsec_") {
			t.Fatal(name, len(bytes), err)
		}
		secrets[name], secrets[name+", as bytes"] = []byte(text[len("whsec_"):]), bytes
	}
	quiet.send(t, "POST", "/v1/webhooks", fields{"url": hooks.url + "/hook", "verbs": []string{"key.*"}}, &made)
	whsec("webhook secret", made.Secret)
	id := made.Webhook.ID
	quiet.send(t, "POST", "/v1/webhooks/"+id+"/rotate-secret", fields{}, &made)
	signing := made.Secret
	whsec("webhook secret after it was rotated", signing)
	header := stranger(t, "export")
	secrets["header of an export"] = []byte(header[len(header)-secretPart:])
	quiet.send(t, "POST", "/v1/webhooks", fields{"kind": "http", "url": hooks.url + "/export", "authorization": "Bearer " + header, "from_start": true}, &made)

	var waiting struct{ Link string }
	transport := &sdk.StreamableClientTransport{Endpoint: s.url + "/mcp", HTTPClient: &http.Client{Transport: bearing(service)}}
	if callTool(t, transport, "issue_key", fields{"name": "waits"}, &waiting) {
		t.Fatal("no key was issued")
	}
	path := strings.TrimPrefix(waiting.Link, s.url)
	secrets["link"] = []byte(path[len("/v1/once/"):])
	s.keepFiles(t, s.data) // while it waits
	var revealed struct{ Key string }
	quiet.send(t, "POST", path, fields{}, &revealed)
	secrets["key behind a link"] = []byte(revealed.Key[len(revealed.Key)-secretPart:])

	for _, body := range []string{`{"secret":%q}`, `{"url":%q}`, `{"authorization":{"a":%q}}`, `%s`} { // where one does not belong
		for _, text := range []string{signing, header} {
			s.send(t, service, "PATCH", "/v1/webhooks/"+id, fmt.Sprintf(body, text))
			s.send(t, service, "POST", "/v1/webhooks", fmt.Sprintf(body, text))
		}
	}
	s.send(t, service, "GET", "/v1/webhooks", "")
	s.send(t, service, "POST", "/v1/webhooks/"+id+"/test", "{}")
	for begun := time.Now(); len(hooks.got("/hook")) == 0 || len(hooks.got("/export")) == 0; time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			t.Fatal("nothing was delivered")
		}
	}
	s.send(t, service, "GET", "/v1/webhooks/"+id+"/deliveries", "")
	s.send(t, service, "GET", "/v1/events?limit=1000", "")
	s.send(t, service, "GET", "/v1/keys", "")
	s.send(t, service, "GET", "/metrics", "")
	s.run(t, "", "webhook", "list")
	s.run(t, "", "audit", "checkpoint")
	archive := filepath.Join(t.TempDir(), "backup")
	s.run(t, "", "backup", "--to", archive)
	s.places["backup"] = unpacked(t, archive)
	s.stop()
	s.keepFiles(t, s.data)
	s.places["log"], s.places["hook"], s.places["export"] = []byte(s.log.String()), hooks.got("/hook"), hooks.got("/export")
	s.places["traces"], s.places["metrics"] = collector.got("/v1/traces"), collector.got("/v1/metrics")
	if !strings.Contains(string(s.places["backup"]), id) || !strings.Contains(string(s.places["log"]), "/v1/once/{token}") {
		t.Error("the backup holds no webhook, or the log no link")
	}
	search := searchIn(s.places)
	for name, secret := range secrets {
		if found := search(secret); len(found) > 0 {
			t.Errorf("the %s was found in:\n%s", name, strings.Join(found, "\n"))
		}
	}
}
