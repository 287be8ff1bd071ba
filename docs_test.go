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
		if f.Hash == keywright.CoverSecret {
			covers = "the secret"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %.0f | %s |\n", name, k.Reveal(), f.Entropy(), covers)
	}
	return b.String()
}

// TestFormatsPage compares the table of docs/formats.md with the code.
func TestFormatsPage(t *testing.T) {
	const begin, end = "<!-- presets: a test compares this table with the code -->\n", "<!-- end -->"
	const page = "docs/formats.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := bytes.Cut(text, []byte(begin))
	old, tail, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		t.Fatal("the marks are missing")
	}
	want := presetTable(t)
	if string(old) == want {
		return
	}
	if !*updateDocs {
		t.Fatalf("the table has drifted; go test -run FormatsPage -update-docs writes it:\n%s", want)
	}
	if err := os.WriteFile(page, []byte(string(head)+begin+want+end+string(tail)), 0o644); err != nil {
		t.Fatal(err)
	}
}
