// SPDX-License-Identifier: Apache-2.0

package console_test

import (
	"bytes"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/keywright/keywright/internal/console"
)

const browserFolder = "testdata/browser"

// TestBrowser drives the pages in a real browser: every *.test.js of the folder, with Node's own runner. A file that starts
// servers of its own (server.js) finds the program in KEYWRIGHT_BINARY; KEYWRIGHT_PAGES is where the pages alone are served.
func TestBrowser(t *testing.T) {
	needBrowser(t)
	files, err := filepath.Glob(filepath.Join(browserFolder, "*.test.js"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no browser tests: %v", err)
	}
	pages := httptest.NewServer(console.Handler())
	t.Cleanup(pages.Close)
	binary := filepath.Join(t.TempDir(), "keywright")
	build := sync.OnceValues(func() ([]byte, error) {
		return exec.Command("go", "build", "-o", binary, "../../cmd/keywright").CombinedOutput()
	})
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test.js"), func(t *testing.T) {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("node", "--test", "--test-reporter=spec", filepath.Base(file))
			cmd.Dir = browserFolder
			cmd.Env = append(os.Environ(), "KEYWRIGHT_PAGES="+pages.URL)
			if bytes.Contains(source, []byte("./server.js")) {
				if out, err := build(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				cmd.Env = append(cmd.Env, "KEYWRIGHT_BINARY="+binary)
			}
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if bytes.Contains(out, []byte("ℹ tests 0\n")) {
				t.Fatalf("no test in it\n%s", out)
			}
			t.Logf("%s", out)
		})
	}
}

// needBrowser skips a test where Node or Chromium is missing, unless KEYWRIGHT_TEST_REQUIRE is 1: then it fails. It
// installs the packages of the folder where they are not there, or are not those of the lock file.
func needBrowser(t *testing.T) {
	t.Helper()
	missing := t.Skipf
	if os.Getenv("KEYWRIGHT_TEST_REQUIRE") == "1" {
		missing = t.Fatalf
	}
	for _, program := range []string{"node", "npm", chromium()} {
		if _, err := exec.LookPath(program); err != nil {
			missing("this test needs Node, npm and Chromium: %v", err)
		}
	}
	if err := exec.Command("npm", "--prefix", browserFolder, "ls", "--depth=0").Run(); err == nil {
		return
	}
	install := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = browserFolder
	if out, err := install.CombinedOutput(); err != nil {
		missing("npm ci in %s: %v: %s", browserFolder, err, out)
	}
}

func chromium() string {
	if path := os.Getenv("KEYWRIGHT_CHROMIUM"); path != "" {
		return path
	}
	return "/usr/bin/chromium"
}
