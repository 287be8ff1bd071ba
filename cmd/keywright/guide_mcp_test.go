// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// TestAgentGuide does what the guide for agents says: types the commands, makes the calls through the program that the last
// configuration names, and sees what it says.
func TestAgentGuide(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "mcp.md"))
	if err != nil {
		t.Fatal(err)
	}
	p := &typist{stage: newStage(t, "text"), ids: map[string]string{}}
	t.Chdir(t.TempDir())
	args := configured(t, string(page))
	calls := 0
	for _, line := range commandsOf(t, strings.ReplaceAll(string(page), "\nagent> ", "\n$ agent ")) {
		var got string
		if call, ok := strings.CutPrefix(line.text, "agent "); ok {
			calls++
			tool, arguments, _ := strings.Cut(p.actual(t, call), " ")
			got = p.agentCalls(t, args, tool, arguments)
		} else {
			got, _ = p.keywright(t, p.words(t, line.text)[1:])
		}
		for _, want := range line.want {
			if !p.says(want, got) {
				t.Errorf("%s prints\n%s\nwhere the guide says\n%s", line.text, got, want)
			}
		}
	}
	if calls != 3 {
		t.Errorf("the guide has %d calls", calls)
	}
	if _, err := os.Lstat("more.key"); err == nil {
		t.Error("a refused call left a file")
	}
	if info, err := os.Stat("agent.key"); err != nil || info.Mode() != 0o600 {
		t.Error(info, err)
	}
}

// configured returns the arguments of the program that the last configuration of the page starts.
func configured(t *testing.T, page string) []string {
	t.Helper()
	var args []string
	for _, m := range regexp.MustCompile("(?s)```json\n(.*?)\n```").FindAllStringSubmatch(page, -1) {
		var c struct {
			Servers map[string]struct {
				Command, Type, URL string
				Args               []string
				Headers            map[string]string
			} `json:"mcpServers"`
		}
		if err := json.Unmarshal([]byte(m[1]), &c); err != nil || len(c.Servers) != 1 {
			t.Fatalf("a configuration cannot be read: %v: %s", err, m[1])
		}
		args = c.Servers["keywright"].Args
	}
	if len(args) == 0 || args[0] != "mcp" {
		t.Fatalf("the last configuration starts %v", args)
	}
	return args
}

// agentCalls starts the program, calls one tool of it, and returns what it says.
func (p *typist) agentCalls(t *testing.T, args []string, tool, arguments string) string {
	t.Helper()
	fromAgent, toProgram := io.Pipe()
	fromProgram, toAgent := io.Pipe()
	done := make(chan int, 1)
	go func() { done <- new(Program).Run(context.Background(), args, fromAgent, toAgent, io.Discard, p.env) }()
	s, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).
		Connect(context.Background(), &sdk.IOTransport{Reader: fromProgram, Writer: toProgram}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.CallTool(context.Background(), &sdk.CallToolParams{Name: tool, Arguments: json.RawMessage(arguments)})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	if code := <-done; code != 0 {
		t.Errorf("keywright %v exits with %d", args, code)
	}
	return r.Content[0].(*sdk.TextContent).Text
}
