// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/keywright/keywright/internal/postgrestest"
)

// TestGuides types what the guides say that start their own servers, in order, and sees what they say is printed: … stands for anything, and for the rest
// of an id: that of the key that was issued last, or of the webhook that was made last.
func TestGuides(t *testing.T) {
	dir, overPostgres := t.TempDir(), t.TempDir()
	for page, text := range pages(t) {
		if !servesItself(text) {
			continue // TestDocumentCommands types it
		}
		name := strings.TrimSuffix(filepath.Base(page), ".md")
		script, commands := guideScript(text)
		if commands < 5 {
			t.Errorf("the guide %s has %d commands", name, commands)
		}
		to := dir
		if strings.Contains(text, "url.txt\n") {
			to = overPostgres
		}
		if err := os.WriteFile(filepath.Join(to, name+".txtar"), []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	runScripts(t, dir)
	postgrestest.Server(t) // here, where a test can be skipped
	runScripts(t, overPostgres, func(e *testscript.Env) {
		write(t, filepath.Join(e.WorkDir, "url.txt"), postgrestest.Database(t))
	})
}

var (
	someKey  = regexp.MustCompile(`key_\w+…`)
	someHook = regexp.MustCompile(`wh_\w*…`)
)

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
			b.WriteString(someHook.ReplaceAllString(someKey.ReplaceAllString(command, "$$ID"), "$$HOOK") + "\n")
			if strings.HasPrefix(command, "keywright webhook create") {
				b.WriteString("capture HOOK wh_\\w{22}\n")
			}
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
