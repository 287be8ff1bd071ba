// SPDX-License-Identifier: Apache-2.0

package mcp_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var updateDocs = flag.Bool("update-docs", false, "write the table of docs/mcp.md")

// TestToolTable compares the table of the guide with what is offered.
func TestToolTable(t *testing.T) {
	const page, begin, end = "../../docs/mcp.md", "<!-- tools: a test compares this table with the code -->\n", "<!-- end -->"
	h := newHouse(t)
	stateless := map[string]bool{}
	for _, tool := range listed(t, overPipes(t, nil)) {
		stateless[tool.Name] = true
	}
	var b strings.Builder
	b.WriteString("| tool | key | | does |\n|---|---|---|---|\n")
	for _, tool := range listed(t, overPipes(t, h.client(h.root))) {
		key, kind := "service key", ""
		if stateless[tool.Name] {
			key = "none"
		}
		switch n := tool.Annotations; {
		case n.ReadOnlyHint:
			kind = "reads"
		case *n.DestructiveHint:
			kind = "destructive"
		}
		does, _, _ := strings.Cut(tool.Description, ". ")
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", tool.Name, key, kind, strings.TrimSuffix(does, "."))
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	switch {
	case !ok || !ok2:
		t.Error("the marks are missing")
	case old == b.String():
	case !*updateDocs:
		t.Errorf("the table has drifted; go test -run ToolTable -update-docs writes it:\n%s", b.String())
	default:
		if err := os.WriteFile(page, []byte(head+begin+b.String()+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
