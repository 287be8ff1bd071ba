// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "write testdata/help.golden anew")

// TestHelp compares the help of every command with what was agreed on.
func TestHelp(t *testing.T) {
	var all strings.Builder
	for _, path := range commandPaths((&session{}).commands()) {
		args := append(strings.Fields(path)[1:], "--help")
		var stdout, stderr bytes.Buffer
		if code := new(Program).Run(context.Background(), args, strings.NewReader(""), &stdout, &stderr, nil); code != 0 || stderr.Len() > 0 {
			t.Fatalf("%s --help: exit code %d, %s", path, code, &stderr)
		}
		all.WriteString("$ " + strings.Join(append(strings.Fields(path), "--help"), " ") + "\n" + stdout.String() + "\n")
	}
	golden := filepath.Join("testdata", "help.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), all.String()); diff != "" {
		t.Errorf("the help differs from %s; if it is meant to, run go test -run TestHelp -update\n%s", golden, diff)
	}
}

func commandPaths(cmd *cobra.Command) []string {
	paths := []string{cmd.CommandPath()}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			paths = append(paths, commandPaths(c)...)
		}
	}
	return paths
}

// TestHelpIsComplete looks for what every command should tell.
func TestHelpIsComplete(t *testing.T) {
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.IsAvailableCommand() && (cmd.Short == "" || cmd.Example == "") {
			t.Errorf("%s has no short text or no example", cmd.CommandPath())
		}
		for line := range strings.Lines(cmd.Example) {
			if len([]rune(line)) > helpWidth+5 {
				t.Errorf("%s: a line of its help is too long: %s", cmd.CommandPath(), line)
			}
		}
		for _, c := range cmd.Commands() {
			visit(c)
		}
	}
	visit((&session{}).commands())
}
