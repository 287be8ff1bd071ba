// SPDX-License-Identifier: Apache-2.0

package js_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// need skips a test where a file or a program is missing, or fails it where KEYWRIGHT_TEST_REQUIRE is 1.
func need(t *testing.T, program, file, hint string) {
	t.Helper()
	_, err := exec.LookPath(program)
	if err == nil && file != "" {
		_, err = os.Stat(file)
	}
	switch {
	case err == nil:
	case os.Getenv("KEYWRIGHT_TEST_REQUIRE") == "1":
		t.Fatalf("this test needs %s: %v", hint, err)
	default:
		t.Skipf("this test needs %s: %v", hint, err)
	}
}

// run runs a command in a folder, and fails the test with all that it says if it fails.
func run(t *testing.T, folder, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = folder
	// A runner in Node tells its children so, and they would answer in its own form.
	cmd.Env = append(os.Environ(), "NODE_TEST_CONTEXT=", "NO_COLOR=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

var passed = regexp.MustCompile(`(?m)^# pass [1-9]`)

// TestNode runs every file of test/ with the runner of Node.
func TestNode(t *testing.T) {
	need(t, "node", "", "Node")
	files, err := filepath.Glob("test/*.test.js")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test in js/test: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test.js"), func(t *testing.T) {
			needPackages(t, file)
			if out := run(t, ".", "node", "--test-reporter=tap", file); !passed.MatchString(out) {
				t.Errorf("no test ran:\n%s", out)
			}
		})
	}
}

// needPackages skips a test whose file names a package of test/package.json, where npm ci was not run there.
func needPackages(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Dependencies map[string]string `json:"dependencies"`
		Engines      map[string]string `json:"optionalDependencies"` // for one kind of machine
	}
	manifest, err := os.ReadFile("test/package.json")
	if err != nil || json.Unmarshal(manifest, &m) != nil || len(m.Dependencies) == 0 {
		t.Fatalf("test/package.json names no package: %v", err)
	}
	maps.Copy(m.Dependencies, m.Engines)
	for name := range m.Dependencies {
		if bytes.Contains(text, []byte(`"`+name+`"`)) || bytes.Contains(text, []byte(`"`+name+`/`)) {
			need(t, "node", filepath.Join("test/node_modules", name), "npm ci in js/test")
		}
	}
}
