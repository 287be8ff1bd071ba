// SPDX-License-Identifier: Apache-2.0

package keywright_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/keywright/keywright"
)

var updateDocs = flag.Bool("update-docs", false, "write the generated parts of the documents")

// ramp is 0, 1, 2 … in place of randomness.
type ramp byte

func (r *ramp) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(*r)
		*r++
	}
	return len(p), nil
}

func presetTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| preset | example | bits | hash covers |\n|---|---|---|---|\n")
	for _, name := range keywright.Presets() {
		f, err := keywright.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		if f.Secret.Encoding == keywright.Opaque {
			continue
		}
		var r ramp
		g, err := keywright.NewGenerator(f, &r)
		if err != nil {
			t.Fatal(err)
		}
		k, err := g.Next("")
		if err != nil {
			t.Fatal(err)
		}
		covers := "the whole key"
		switch f.Hash {
		case keywright.CoverSecret:
			covers = "the secret"
		case keywright.CoverBytes:
			covers = "the bytes of the secret"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %.0f | %s |\n", name, k.Reveal(), f.Entropy(), covers)
	}
	return b.String()
}

// TestTables compares the generated tables of the documents with the code.
func TestTables(t *testing.T) {
	for _, c := range []struct{ page, begin, want string }{
		{"docs/formats.md", "<!-- presets: a test compares this table with the code -->\n", presetTable(t)},
		{"docs/issuers.md", "<!-- issuers: a test compares this table with the code -->\n", keywright.IssuerTable()},
	} {
		const end = "<!-- end -->"
		text, err := os.ReadFile(c.page)
		if err != nil {
			t.Fatal(err)
		}
		head, rest, ok := bytes.Cut(text, []byte(c.begin))
		old, tail, ok2 := bytes.Cut(rest, []byte(end))
		switch {
		case !ok || !ok2:
			t.Errorf("%s: the marks are missing", c.page)
		case string(old) == c.want:
		case !*updateDocs:
			t.Errorf("%s: the table has drifted; go test -run Tables -update-docs writes it:\n%s", c.page, c.want)
		default:
			if err := os.WriteFile(c.page, []byte(string(head)+c.begin+c.want+end+string(tail)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestDependenciesHaveReasons compares the table of docs/decisions/0001-dependencies.md with go.mod.
func TestDependenciesHaveReasons(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("docs/decisions/0001-dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	direct := map[string]bool{}
	for line := range strings.Lines(string(mod)) {
		if f := strings.Fields(line); len(f) == 2 && strings.HasPrefix(line, "\t") {
			direct[f[0]] = true
		}
	}
	for line := range strings.Lines(string(page)) {
		name, ok := strings.CutPrefix(line, "| `")
		if name, _, _ = strings.Cut(name, "`"); ok && !direct[name] {
			t.Errorf("%s has a reason and is not in go.mod", name)
		} else if ok {
			delete(direct, name)
		}
	}
	for name := range direct {
		t.Errorf("%s is in go.mod and has no reason", name)
	}
}

// TestReadmeCode compares the Go lines of the README with the example that is compiled and run.
func TestReadmeCode(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("authority/example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, ok := strings.Cut(string(readme), "```go\n")
	code, _, _ = strings.Cut(code, "```")
	if !ok {
		t.Fatal("the README has no Go code")
	}
	for line := range strings.Lines(code) {
		if line = strings.TrimSpace(line); line != "" && !strings.Contains(string(example), line) {
			t.Errorf("the example does not have: %s", line)
		}
	}
}
