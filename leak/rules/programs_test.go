// SPDX-License-Identifier: Apache-2.0

package rules_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keywright/keywright/leak/rules"
)

// program finds a program, or skips the test; where KEYWRIGHT_TEST_REQUIRE is 1, fails it.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("KEYWRIGHT_TEST_REQUIRE") == "1":
		t.Fatalf("this test needs %s: scripts/test installs it", name)
	default:
		t.Skipf("this test needs %s", name)
	}
	return path
}

// run returns what a program prints.
func run(t *testing.T, stdin []byte, path string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(path, args...)
	var stderr bytes.Buffer
	cmd.Stderr, cmd.Stdin = &stderr, bytes.NewReader(stdin)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", filepath.Base(path), err, stderr.String())
	}
	return out
}

// texts are all examples and counter-examples of rules.
func texts(made []rules.Rule) (list []string) {
	for _, r := range made {
		for _, e := range r.Examples {
			list = append(list, e.Text)
		}
		for _, n := range r.NonExamples {
			list = append(list, n.Text)
		}
	}
	return list
}

// TestGitleaks lets gitleaks itself read the files for gitleaks and for GitLab, and every example: one file for each,
// and one file with all of them, where keys stand one below the other.
func TestGitleaks(t *testing.T) {
	path := program(t, "gitleaks")
	found := made(t, sources(t))
	list := texts(found)
	folder := t.TempDir()
	for i, text := range list {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%d.txt", i)), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var keys []string
	for _, r := range found {
		for _, e := range r.Examples {
			keys = append(keys, e.Key)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "all.txt"), []byte(strings.Join(keys, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	var gitlab gitlabFile
	readTOML(t, fileOf(t, rules.GitLab, found), &gitlab)
	// A GitLab brings its own file for its rules, which is not here.
	inner := strings.Replace(gitlab.Secrets.Passthrough[0].Value, "path = '/gitleaks.toml'", "useDefault = true", 1)
	for tool, config := range map[rules.Tool]string{rules.Gitleaks: fileOf(t, rules.Gitleaks, found), rules.GitLab: inner} {
		file := filepath.Join(t.TempDir(), "rules.toml")
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		byFile := gitleaksFindings(t, path, file, folder, found)
		judge(t, tool, found, func(text string) []string { return byFile[fmt.Sprintf("%d.txt", slices.Index(list, text))] })
		slices.Sort(keys)
		if got := byFile["all.txt"]; !slices.Equal(slices.Sorted(slices.Values(got)), keys) {
			t.Errorf("%s: of %d keys one below the other, %d are found", tool, len(keys), len(got))
		}
		// Whoever keeps the file beside the code does not find its examples; gitleaks leaves out the file it reads itself.
		beside := filepath.Join(t.TempDir(), "beside.toml")
		if err := os.WriteFile(beside, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		if own := gitleaksFindings(t, path, file, beside, found)["beside.toml"]; len(own) > 0 {
			t.Errorf("%s: in its own file it finds %q", tool, own)
		}
	}
}

// gitleaksFindings returns the keys that our rules find, by file.
func gitleaksFindings(t *testing.T, path, config, folder string, made []rules.Rule) map[string][]string {
	t.Helper()
	out := run(t, nil, path, "dir", "--config", config, "--no-banner", "--log-level", "error", "--exit-code", "0",
		"--report-format", "json", "--report-path", "-", folder)
	var findings []struct{ RuleID, Secret, File string }
	if err := json.Unmarshal(out, &findings); err != nil {
		t.Fatal(err)
	}
	byFile := map[string][]string{}
	for _, f := range findings {
		if slices.ContainsFunc(made, func(r rules.Rule) bool { return r.ID == f.RuleID }) {
			name := filepath.Base(f.File)
			byFile[name] = append(byFile[name], f.Secret)
		}
	}
	return byFile
}

// TestDetectSecrets lets Python read the plugin and every example, with detect-secrets where it is installed, and else
// with classes that hold what its documentation says of a plugin's base.
func TestDetectSecrets(t *testing.T) {
	path := program(t, "python3")
	found := made(t, sources(t))
	plugin := filepath.Join(t.TempDir(), "plugin.py")
	if err := os.WriteFile(plugin, []byte(fileOf(t, rules.DetectSecrets, found)), 0o600); err != nil {
		t.Fatal(err)
	}
	list := texts(found)
	stdin, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	var answers [][]string
	if err := json.Unmarshal(run(t, stdin, path, filepath.Join("testdata", "detect.py"), plugin), &answers); err != nil {
		t.Fatal(err)
	}
	judge(t, rules.DetectSecrets, found, func(text string) []string { return answers[slices.Index(list, text)] })
}
