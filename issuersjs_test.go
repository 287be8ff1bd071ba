// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
)

// The table of issuers as JavaScript has it.
type (
	pieceData struct {
		Text  string    `json:"text,omitempty"`
		Of    *Encoding `json:"of,omitempty"`
		Min   *int      `json:"min,omitempty"`
		Max   int       `json:"max,omitempty"`
		Plain bool      `json:"plain,omitempty"`
	}
	sumData struct {
		Number     string `json:"number"`
		Alphabet   string `json:"alphabet"`
		Size       int    `json:"size"`
		Prefix     bool   `json:"prefix,omitempty"`
		Gap        int    `json:"gap,omitempty"`
		After      int    `json:"after,omitempty"`
		Documented bool   `json:"documented,omitempty"`
	}
	kindData struct {
		Prefix string      `json:"prefix"`
		What   string      `json:"what"`
		Opens  string      `json:"opens"`
		Shape  []pieceData `json:"shape"`
		Sum    *sumData    `json:"sum,omitempty"`
		Shared string      `json:"shared,omitempty"`
	}
	issuerData struct {
		Name   string `json:"name"`
		Title  string `json:"title"`
		Revoke string `json:"revoke"`
	}
)

func (k *kind) data(t *testing.T) kindData {
	d := kindData{Prefix: k.prefix, What: k.what, Opens: k.opens}
	if k.shared != 0 {
		d.Shared = k.shared.String()
	}
	for _, p := range k.shape {
		if p.text != "" {
			d.Shape = append(d.Shape, pieceData{Text: p.text})
			continue
		}
		d.Shape = append(d.Shape, pieceData{Of: &p.of, Min: &p.min, Max: p.max, Plain: p.plain})
	}
	if s := k.sum; s != nil {
		d.Sum = &sumData{numberName(t, s), s.alphabet, s.size, s.prefix, s.gap, s.after, s.documented}
	}
	return d
}

// numberName tells by what it computes which number a checksum is.
func numberName(t *testing.T, s *sum) string {
	const covered = "what is covered"
	for name, number := range map[string]func(string) uint64{"crc32": crcOf, "crc32-little": crcLittleOf, "sha256": shaOf} {
		if s.number(covered) == number(covered) {
			return name
		}
	}
	t.Fatal("a checksum is a number that has no name")
	return ""
}

func encoded(t *testing.T, v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// issuersModule is js/issuers.js.
func issuersModule(t *testing.T) []byte {
	var b bytes.Buffer
	b.WriteString(`// SPDX-License-Identifier: Apache-2.0

// What is known of other issuers' keys: data, and the same as in issuers.go. Change it there;
// ` + "`go test -run IssuersInJavaScript -update-docs .`" + ` writes this file, and without the flag compares it.

/** @type {import("./issuer.js").Issuer[]} */
export const ISSUERS = [
`)
	for _, i := range issuers {
		b.WriteString("\t" + strings.TrimSuffix(encoded(t, issuerData{i.name, i.title, i.revoke}), "}") + ",\"kinds\":[\n")
		for j := range i.kinds {
			b.WriteString("\t\t" + encoded(t, i.kinds[j].data(t)) + ",\n")
		}
		b.WriteString("\t]},\n")
	}
	b.WriteString("];\n")
	return b.Bytes()
}

// TestIssuersInJavaScript keeps the table of the npm package the same as the one here.
func TestIssuersInJavaScript(t *testing.T) {
	const path = "js/issuers.js"
	want := issuersModule(t)
	got, err := os.ReadFile(path)
	if err == nil && bytes.Equal(got, want) {
		return
	}
	if flag.Lookup("update-docs").Value.String() != "true" {
		t.Fatalf("%s has drifted from issuers.go (%v): go test -run IssuersInJavaScript -update-docs . writes it", path, err)
	}
	if err := os.WriteFile(path, want, 0o644); err != nil {
		t.Fatal(err)
	}
}
