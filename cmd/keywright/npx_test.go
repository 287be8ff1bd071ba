// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func needNode(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil || runtime.GOOS == "windows" {
		if os.Getenv("KEYWRIGHT_TEST_REQUIRE") != "" {
			t.Fatalf("node is missing: %v", err)
		}
		t.Skip("needs node and a shell")
	}
}

// TestScriptsOverNode runs the scripts of the commands that the npm package has too, with that: npx keywright. Who types
// the same sees the same.
func TestScriptsOverNode(t *testing.T) {
	needNode(t)
	program, err := filepath.Abs("../../js/bin/keywright.js")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	wrapper := fmt.Sprintf("#!/bin/sh\nexec node %q \"$@\"\n", program)
	if err := os.WriteFile(filepath.Join(bin, "keywright"), []byte(wrapper), 0o755); err != nil {
		t.Fatal(err)
	}
	inFront := func(e *testscript.Env) { e.Setenv("PATH", bin+string(filepath.ListSeparator)+e.Getenv("PATH")) }
	runScripts(t, filepath.Join("testdata", "npx"), inFront)
	both := t.TempDir()
	for _, name := range []string{"generate.txtar", "inspect.txtar", "hash.txtar"} {
		script, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(both, name), script, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	runScripts(t, both, inFront)
}
