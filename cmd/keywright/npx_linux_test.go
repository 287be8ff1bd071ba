// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestNpxPrompt types a key as a person would into npx keywright: it is read, and never shown; Ctrl-C gives up, and the
// terminal gets its echo back.
func TestNpxPrompt(t *testing.T) {
	needNode(t)
	const interrupt = "\x03"
	for _, c := range []struct {
		typed, stdout string
		code          int
	}{
		{"wrong\x15" + seamKey + "x\x7f\n", "d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37\n", 0},
		{seamKey + interrupt, "", 3},
	} {
		person, program := openTerminal(t)
		before := stateOf(t, program)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "node", "../../js/bin/keywright.js", "hash", "--preset", "seam")
		var stdout bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = program, &stdout, program
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		seen := readUntil(t, person, "key: ")
		if _, err := person.WriteString(c.typed); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != c.code || stdout.String() != c.stdout {
			t.Errorf("exit code %d, %q", code, &stdout)
		}
		_, _ = program.WriteString("the end")
		if seen += readUntil(t, person, "the end"); strings.Contains(seen, "51Fwq") || strings.Contains(seen, "wrong") {
			t.Errorf("the terminal shows the key: %q", seen)
		}
		if stateOf(t, program) != before {
			t.Error("the terminal was not left as it was")
		}
	}
}
