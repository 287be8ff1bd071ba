// SPDX-License-Identifier: Apache-2.0

package js

import (
	"os"
	"os/exec"
	"testing"
)

// TestLanguages compares some keys as go run ./proof languages does a million: what either of Go and JavaScript makes, or
// finds damaged, both judge alike.
func TestLanguages(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("KEYWRIGHT_TEST_REQUIRE") != "" {
			t.Fatal(err)
		}
		t.Skip("needs node")
	}
	cmd := exec.Command("go", "run", "./proof", "languages", "-keys", "20000", "-seed", "1")
	cmd.Dir = ".."
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
