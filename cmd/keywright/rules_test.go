// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestRulesRevoke sends the request with which the rules for Kingfisher end a key, and the key has ended.
func TestRulesRevoke(t *testing.T) {
	s := newStage(t, "text")
	key := strings.TrimSpace(s.run(t, "", "issue", "--name", "leaked"))
	if out := s.run(t, key+"\n", "verify"); !strings.HasPrefix(out, "VALID") {
		t.Fatal(out)
	}
	var file struct {
		Rules []struct {
			Name       string
			Revocation struct {
				Content struct {
					Request struct {
						Method, URL, Body string
						Headers           map[string]string
					}
				}
			}
		}
	}
	const world = "https://keys.acme.example"
	if err := yaml.Unmarshal([]byte(s.run(t, "", "rules", "--for", "kingfisher", "--keyspace", "default", "--endpoint", world)), &file); err != nil || len(file.Rules) != 1 {
		t.Fatal(file, err)
	}
	wanted := file.Rules[0].Revocation.Content.Request
	local := strings.Replace(wanted.URL, world, s.url, 1)
	request, err := http.NewRequest(wanted.Method, local, strings.NewReader(strings.Replace(wanted.Body, "{{ TOKEN }}", key, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range wanted.Headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != http.StatusAccepted {
		t.Fatal(response, err)
	}
	_ = response.Body.Close()
	if out := s.run(t, key+"\n", "verify"); !strings.HasPrefix(out, "REVOKED") {
		t.Error(out)
	}
}
