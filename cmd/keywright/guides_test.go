// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGuides types what the guides say, in order, and sees what they say is printed: … stands for anything, and for the rest
// of a key id: that of the key that was issued last.
func TestGuides(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"audit", "backup", "observability"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", name+".md"))
		if err != nil {
			t.Fatal(err)
		}
		script, commands := guideScript(string(text))
		if commands < 5 {
			t.Errorf("the guide %s has %d commands", name, commands)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".txtar"), []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	runScripts(t, dir)
}

var someKey = regexp.MustCompile(`key_\w+…`)

// guideScript turns the blocks of a guide that begin with a command into a script. ^C stops the server.
func guideScript(text string) (script string, commands int) {
	var b strings.Builder
	typed := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		command, ok := strings.CutPrefix(line, "$ ")
		switch {
		case strings.HasPrefix(line, "```"):
			typed = false
		case line == "^C":
			b.WriteString("serve-stop\n")
		case ok:
			typed = true
			commands++
			command, file, redirected := strings.Cut(command, " > ")
			if flags, serves := strings.CutPrefix(command, "keywright serve"); serves {
				command = "serve" + flags
			}
			b.WriteString(someKey.ReplaceAllString(command, "$$ID") + "\n")
			if strings.HasPrefix(command, "keywright issue") {
				b.WriteString("capture ID key_\\w{22}\n")
			}
			if redirected {
				b.WriteString("cp stdout " + file + "\n")
			}
		case typed && line != "":
			pattern := strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*")
			b.WriteString("shows '(?m)^" + strings.ReplaceAll(pattern, "'", "''") + "$'\n")
		}
	}
	return b.String(), commands
}
