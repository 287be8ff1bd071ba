// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/template"
	"unicode"

	"github.com/keywright/keywright"
)

// A Tool is a scanner, or a programme that scans.
type Tool string

const (
	Gitleaks      Tool = "gitleaks"
	Betterleaks   Tool = "betterleaks"
	TruffleHog    Tool = "trufflehog"
	Kingfisher    Tool = "kingfisher"
	NoseyParker   Tool = "noseyparker"
	DetectSecrets Tool = "detect-secrets"
	GitHub        Tool = "github"
	GitLab        Tool = "gitlab"
)

// Tools lists them all.
func Tools() []Tool {
	return []Tool{Gitleaks, Betterleaks, TruffleHog, Kingfisher, NoseyParker, DetectSecrets, GitHub, GitLab}
}

// Senses reports whether a tool sees that a text is no key for this reason, with the file that Write makes.
func (t Tool) Senses(s Sense) bool {
	switch s {
	case ByEntropy:
		return t != NoseyParker && t != DetectSecrets
	case ByChecksum:
		return t == Kingfisher || t == DetectSecrets
	}
	return true
}

// An Issuer is whose keys they are. Rule files need no word of it; the programme of GitHub asks for all.
type Issuer struct {
	Company  string // its name
	Contact  string // who is asked: a name, an address of mail
	Endpoint string // where reports of leaks are taken; for Kingfisher, where a key is ended by who holds it
	Account  string // how a test account is had
}

//go:embed templates
var templateFiles embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"toml": tomlText, "yaml": yamlText, "python": strconv.Quote, "tomlList": tomlList, "yamlList": yamlList,
	"expected": expectedSum, "sumName": sumName, "others": nonExamplesFor, "join": strings.Join,
}).ParseFS(templateFiles, "templates/*"))

type page struct {
	Tool   Tool
	Rules  []Rule
	Issuer Issuer
}

// Write writes the file that a tool reads.
func Write(w io.Writer, t Tool, made []Rule, issuer Issuer) error {
	if err := issuer.check(false); err != nil {
		return err
	}
	return run(w, string(t)+".tmpl", page{t, made, issuer})
}

// Email writes the mail with which an issuer asks GitHub to look for its keys. All fields of the issuer are needed.
func Email(w io.Writer, made []Rule, issuer Issuer) error {
	if err := issuer.check(true); err != nil {
		return err
	}
	return run(w, "email.tmpl", page{GitHub, made, issuer})
}

// check refuses what would begin a line of its own, and what is missing where all is needed.
func (i *Issuer) check(all bool) error {
	for _, field := range []struct{ name, text string }{
		{"company", i.Company},
		{"contact", i.Contact},
		{"endpoint", i.Endpoint},
		{"account", i.Account},
	} {
		if all && strings.TrimSpace(field.text) == "" || strings.ContainsFunc(field.text, unicode.IsControl) {
			return &IssuerError{field.name}
		}
	}
	return nil
}

// An IssuerError names what is missing of an issuer, or is no single line.
type IssuerError struct{ Field string }

func (e *IssuerError) Error() string { return e.Field + " is missing, or is more than one line" }

// run writes a template whole, or nothing.
func run(w io.Writer, name string, data page) error {
	if templates.Lookup(name) == nil {
		return fmt.Errorf("there are no rules for this tool: use one of %v", Tools())
	}
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// tomlText writes a literal string, in which nothing is escaped.
func tomlText(s string) (string, error) {
	if strings.ContainsAny(s, "'\r\n") {
		return strconv.Quote(s), nil
	}
	return "'" + s + "'", nil
}

func yamlText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func tomlList(list []string) string { return "['" + strings.Join(list, "', '") + "']" }

func yamlList(list []string) string { return tomlList(list) }

// nonExamplesFor are those that a tool sees.
func nonExamplesFor(t Tool, r Rule) []NonExample {
	var list []NonExample
	for _, n := range r.NonExamples {
		if t.Senses(n.Sense) {
			list = append(list, n)
		}
	}
	return list
}

// sumName is a checksum for people.
func sumName(c keywright.Checksum) string {
	switch c {
	case keywright.CRC32:
		return "CRC-32 of what follows the labels, as six characters of base62"
	case keywright.Crockford4:
		return "the first 20 bits of SHA-256 of what stands before it, as four characters of Crockford's base32"
	}
	return "none"
}

// expectedSum is a checksum of the group body, in the templates of Kingfisher. Its base32 is that of RFC 4648, which is
// rewritten letter by letter into Crockford's: through small letters, so that none is rewritten twice.
func expectedSum(c keywright.Checksum) string {
	if c == keywright.CRC32 {
		return "{{ body | crc32 | base62: 6 }}"
	}
	const from, to = "234567ABCDEFGHIJKLMNOPQRSTUVWXYZ", "tvwxyz0123456789abcdefghjkmnpqrs"
	var b strings.Builder
	b.WriteString("{{ body | sha256_b32: 4")
	for i := range len(from) {
		fmt.Fprintf(&b, " | replace: %q, %q", from[i:i+1], to[i:i+1])
	}
	b.WriteString(" | upcase }}")
	return b.String()
}
