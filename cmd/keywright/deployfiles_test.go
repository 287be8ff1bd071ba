// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keywright/keywright/internal/postgrestest"
)

// TestDeploymentFiles reads the files with the libraries of those who will read them in earnest, and harms them.
func TestDeploymentFiles(t *testing.T) {
	checker := filepath.Join(t.TempDir(), "check")
	build := exec.Command("go", "build", "-o", checker, ".")
	build.Dir = filepath.Join("..", "..", "deploy", "testdata", "check")
	if out, err := build.CombinedOutput(); err != nil {
		if os.Getenv(postgrestest.Require) == "1" {
			t.Fatalf("%v: %s", err, out)
		}
		t.Skipf("this test needs modules that cannot be had: %s", out)
	}
	for _, c := range []struct{ file, old, new, says string }{
		{"compose/compose.yaml", "", "", ""},
		{"compose/compose.yaml", "    restart: unless-stopped\n    command: [post", "    restrt: unless-stopped\n    command: [post", "restrt"},
		{"compose/compose.yaml", "depends_on: [keywright-1, ", "depends_on: [keywright-3, ", "keywright-3"},
		{"compose/compose.yaml", "  read_only: true\n  cap_drop: [ALL]\n  sec", "  cap_drop: [ALL]\n  sec", "not locked up"},
		{"compose/compose.yaml", `"127.0.0.1:8000:8000"`, `"8000:8000"`, "reached from outside"},
		{"kubernetes/keywright.yaml", "", "", ""},
		{"kubernetes/keywright.yaml", "readinessProbe:", "readynessProbe:", "readynessProbe"},
		{"kubernetes/keywright.yaml", "replicas: 2", "replicas: 1", "lets no pod go"},
		{"kubernetes/keywright.yaml", "runAsNonRoot: true", "runAsNonRoot: false", "as root"},
		{"kubernetes/keywright.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "not locked up"},
		{"kubernetes/keywright.yaml", "  selector: { app.kubernetes.io/name: keywright }", "  selector: { app.kubernetes.io/name: other }", "Service does not select"},
		{"kubernetes/keywright.yaml", "{ name: tmp, mountPath: /tmp }", "{ name: temp, mountPath: /tmp }", "which is no volume"},
		{"Containerfile", "", "", ""},
		{"Containerfile", "USER 65532:65532\n", "", "needs scratch, a user"},
		{"Containerfile", "HEALTHCHECK --interval", "HEALTHCHECK --intervl", "intervl"},
		{"Containerfile", `ENTRYPOINT ["/keywright"]`, "ENTRYPOINT /keywright", "an entry point"},
	} {
		text := deployed(t, filepath.FromSlash(c.file))
		if !strings.Contains(text, c.old) {
			t.Fatalf("%s does not hold %q", c.file, c.old)
		}
		path := filepath.Join(t.TempDir(), filepath.Base(c.file))
		write(t, path, strings.Replace(text, c.old, c.new, 1))
		out, err := exec.Command(checker, path).CombinedOutput()
		if (err == nil) != (c.says == "") || !strings.Contains(string(out), c.says) {
			t.Errorf("%s with %q: %v: %s", c.file, c.new, err, out)
		}
	}
}

// TestUnit asks systemd what it thinks of the unit.
func TestUnit(t *testing.T) {
	analyze := program(t, "systemd-analyze")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "keywright.service")
	verify := func(text string) string {
		write(t, unit, strings.Replace(text, "/usr/local/bin/keywright", self, 1))
		out, _ := exec.Command(analyze, "verify", "--man=no", unit).CombinedOutput()
		return string(out)
	}
	text := deployed(t, "systemd", "keywright.service")
	if out := verify(strings.Replace(text, "NoNewPrivileges", "NoNewPriviliges", 1)); !strings.Contains(out, "NoNewPriviliges") {
		t.Errorf("a name that is not known passes: %s", out)
	}
	if out := verify(text); out != "" {
		t.Errorf("systemd says: %s", out)
	}
	// From 0, safe, to 10; as tenths.
	if out, err := exec.Command(analyze, "security", "--offline=yes", "--threshold=15", unit).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
