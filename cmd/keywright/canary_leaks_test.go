// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoSecretLeaksFromLeaks has a canary found, reported and ended, also by what is not asked well, and then searches all
// that came out and all that was kept.
func TestNoSecretLeaksFromLeaks(t *testing.T) {
	home := t.TempDir()
	token := filepath.Join(home, "gitlab.token")
	if err := os.WriteFile(token, []byte("a token of a server of one's own\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newStage(t, "text", "--gitlab-token-file", token)
	key := strings.TrimSpace(s.run(t, "", "issue", "--name", "canary", "--scope", "a:b"))
	if len(key) < 40 {
		t.Fatal("no key was issued")
	}
	folder := filepath.Join(home, "tree")
	for _, name := range []string{".env", key + ".txt", key + "/inner"} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("https://example.com/?k="+key+"&y=1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, form := range []string{"text", "json", "sarif", "github"} {
		s.run(t, "", "scan", "--output", form, folder)
		s.run(t, "", "scan", "--output", form, "--profile", "local", folder)
		s.run(t, key, "scan", "--output", form, "-")
	}
	s.run(t, "", "scan", "--baseline", filepath.Join(home, "baseline"), "--write-baseline", folder)
	for _, args := range [][]string{
		{"scan", key},
		{"scan", "--prefix", key, folder},
		{"scan", "--range", key, folder},
		{"scan", "--baseline", key, folder},
		{"rules", "--for", "gitleaks", "--prefix", key},
		{"rules", "--for", key},
		{"leaks", "show", key},
		{"leaks", "report", key},
		{"issue", "--decoy", key},
	} {
		s.run(t, "", args...)
	}
	s.run(t, key+"\n"+key+"!\n", "leaks", "report", "-", "--where", "https://git.example.com/team/app")
	service := s.service(t)
	quoted, _ := json.Marshal(key)
	for _, body := range []string{
		`{"leaks":[{"key":` + string(quoted) + `,"url":"https://git.example.com/` + key + `","source":"` + key[:20] + `"}]}`,
		`{"leaks":[{"key":` + string(quoted) + `,"source":` + string(quoted) + `}]}`, `{"leaks":` + string(quoted) + `}`,
		`{"leaks":[{"key":` + string(quoted) + `,"found_at":` + string(quoted) + `}]}`, `{"leaks":[{` + string(quoted) + `:1}]}`,
		`[{"token":` + string(quoted) + `,"type":` + string(quoted) + `,"url":` + string(quoted) + `}]`,
		`[{"type":"x","token":` + string(quoted) + `,"location":"https://gitlab.example.com/` + key + `"}]`,
		`{"keys":[` + string(quoted) + `,"x"]}`, `{"keys":` + string(quoted) + `}`, string(quoted), key,
	} {
		for _, path := range []string{"/v1/leaks", "/v1/leaks/github", "/v1/leaks/gitlab", "/v1/revoke-self"} {
			s.send(t, service, "POST", path, body)
			s.send(t, key, "POST", path, body)
		}
	}
	for _, path := range []string{"/v1/leaks?cursor=" + key, "/v1/leaks?state=" + key, "/v1/leaks/" + key, "/v1/leaks", "/metrics", "/v1/events?limit=1000"} {
		s.send(t, service, "GET", path, "")
	}
	if listed := s.run(t, "", "leaks", "list"); !strings.Contains(listed, "leak_") {
		t.Errorf("no leak is listed: %s", listed)
	}
	s.run(t, "", "scan", "--profile", "local", "--revoke", "--yes", folder)
	baseline, err := os.ReadFile(filepath.Join(home, "baseline"))
	if err != nil {
		t.Fatal(err)
	}
	s.places["baseline"] = baseline
	s.keepFiles(t, s.data)
	s.stop()
	s.places["log"] = []byte(s.log.String())
	if found := leaks(key, s.places); len(found) > 0 {
		t.Errorf("the key was found in:\n%s", strings.Join(found, "\n"))
	}
	if found := leaks(service, s.places); len(found) > 0 {
		t.Errorf("the service key was found in:\n%s", strings.Join(found, "\n"))
	}
	if n := len(s.places); n < 100 {
		t.Errorf("only %d places were searched", n)
	}
}
