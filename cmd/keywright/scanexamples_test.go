// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// scripts returns every text of a YAML document that calls keywright scan.
func scripts(t *testing.T, file string) (found []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", file))
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var visit func(*yaml.Node)
	visit = func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "keywright scan ") {
			found = append(found, n.Value)
		}
		for _, child := range n.Content {
			visit(child)
		}
	}
	visit(&document)
	return found
}

// TestScanExamples runs what the files for pipelines and hooks run, in a repository that is about to get a key and in one
// that is not.
func TestScanExamples(t *testing.T) {
	program(t, "git")
	commands := map[string][]string{}
	for file, want := range map[string]int{".pre-commit-hooks.yaml": 1, "docs/scan/github.yml": 2, "docs/scan/gitlab.yml": 1} {
		if commands[file] = scripts(t, file); len(commands[file]) != want {
			t.Fatalf("%s calls keywright scan %d times, not %d", file, len(commands[file]), want)
		}
	}
	hook, err := filepath.Abs(filepath.Join("..", "..", "docs", "scan", "pre-commit"))
	if err != nil {
		t.Fatal(err)
	}
	commands["docs/scan/pre-commit"] = []string{hook}
	for _, leaks := range []bool{false, true} {
		run := exampleRepository(t, leaks)
		for file, list := range commands {
			for _, command := range list {
				code, out := run(command)
				if want := map[bool]int{true: 1}[leaks]; code != want {
					t.Errorf("%s: %s: exit code %d, want %d: %s", file, command, code, want, out)
				}
				if leaks && !strings.Contains(out, "config.env") || regexp.MustCompile(`acme_live_\w{12}_\w`).MatchString(out) {
					t.Errorf("%s: %s: %s", file, command, out)
				}
			}
		}
	}
}

// exampleRepository makes a repository with a branch of two commits and one that is staged, and returns what runs
// commands in it as a pipeline would.
func exampleRepository(t *testing.T, leaks bool) func(command string) (code int, out string) {
	t.Helper()
	dir, bin := t.TempDir(), t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(bin, "keywright")); err != nil { // TestMain answers to this name
		t.Fatal(err)
	}
	env := append(slices.DeleteFunc(os.Environ(), func(line string) bool { return strings.HasPrefix(line, "KEYWRIGHT_") }),
		"PATH="+bin+":"+os.Getenv("PATH"), "HOME="+dir, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@example.com",
		"GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@example.com", "GITHUB_BASE_REF=main")
	run := func(command string) (int, string) {
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		text := string(out)
		if sarif, err := os.ReadFile(filepath.Join(dir, "keywright.sarif")); err == nil {
			text += string(sarif)
			_ = os.Remove(filepath.Join(dir, "keywright.sarif"))
		}
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), text
	}
	content := "echo NAME=value > config.env"
	if leaks {
		content = "keywright generate --prefix acme > config.env 2> /dev/null"
	}
	for _, command := range []string{
		"git init -q -b main", "echo hello > README", "git add . && git commit -q -m first && git update-ref refs/remotes/origin/main HEAD",
		"git checkout -q -b topic", content, "git add . && git commit -q -m second", "cp config.env sub-config.env", "git add .",
	} {
		if code, out := run(command); code != 0 {
			t.Fatalf("%s: %s", command, out)
		}
	}
	_, base := run("git rev-parse main")
	env = append(env, "CI_MERGE_REQUEST_DIFF_BASE_SHA="+strings.TrimSpace(base))
	return run
}
