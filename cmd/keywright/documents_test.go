// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shownFiles are files that a page shows and its commands read.
var shownFiles = map[string]map[string]string{
	"docs/rotation.md": {"acme.json": `{"policy": {"rotation": {"every": "2160h", "warn": "336h", "grace": "48h"}, "max_grace": "720h"}}`},
	"docs/partners.md": {"partner.json": `{
  "company": "Acme",
  "contact": "Ada Lovelace <ada@acme.example>",
  "account": "sign up at https://acme.example, the plan Free has API keys",
  "endpoint": "https://keys.acme.example"
}`},
	"docs/gateways.md": {"routes.json": `[
  {"method": "GET", "path": "/v1/invoices", "scopes": ["invoices:read"]},
  {"path": "/v1/invoices", "scopes": ["invoices:write"], "cost": 5},
  {"path": "/v1/*/export", "scope_expr": "exports:all OR exports:own"}
]`},
}

// mcpPage is a talk of a person and an agent.
const mcpPage = "docs/mcp.md"

// fixtures are folders of files that the commands of a page read.
var fixtures = map[string]string{"docs/import.md": filepath.Join("testdata", "import")}

// afterwards looks at what the commands of a page have left.
var afterwards = map[string]func(*testing.T, *stage){"docs/import.md": importedKeysVerify}

// pages are the README and every guide that has a line to type. One typed line begins with "$ "; a block of
// commands that cannot be typed has none, and its fence says so: ```sh. A page that starts its own server has the line "$ keywright serve --data …", and
// ^C where it is stopped; for every other there is one.
func pages(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	found := map[string]string{}
	for _, name := range append(names, filepath.Join("..", "..", "README.md")) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if page := filepath.ToSlash(strings.TrimPrefix(name, filepath.Join("..", "..")+string(filepath.Separator))); strings.Contains(string(text), "\n$ ") {
			found[page] = string(text)
		}
	}
	for _, page := range []string{
		"README.md", "docs/audit.md", "docs/backup.md", "docs/children.md", "docs/import.md", "docs/limits.md", "docs/migrate.md",
		"docs/partners.md", "docs/rotation.md",
	} {
		if found[page] == "" {
			t.Errorf("%s has nothing to type any more", page)
		}
	}
	return found
}

// TestUntypedBlocksAreMarked looks for commands that nobody types, in blocks that do not say so.
func TestUntypedBlocksAreMarked(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for _, name := range append(names, filepath.Join("..", "..", "README.md")) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range fenced.FindAllStringSubmatch(string(text), -1) {
			blocks++
			switch fence, typed, untyped := block[1], strings.Contains("\n"+block[2], "\n$ "), someCommand.MatchString(block[2]); {
			case fence == "" && untyped && !typed:
				t.Errorf("%s: a block of commands has neither lines that begin with \"$ \" nor the fence ```sh:\n%s", name, block[2])
			case fence != "" && typed:
				t.Errorf("%s: a block with lines to type has the fence ```%s:\n%s", name, fence, block[2])
			}
		}
	}
	if blocks < 50 {
		t.Errorf("only %d blocks were looked at", blocks)
	}
}

var (
	fenced      = regexp.MustCompile("(?ms)^```(\\w*)$\n(.*?)^```$")
	someCommand = regexp.MustCompile(`(?m)^(keywright|curl|cp|umask|litestream|docker) `)
)

// servesItself reports whether a page starts and stops its own servers.
func servesItself(text string) bool { return strings.Contains(text, "\n$ keywright serve --data ") }

// A typedLine is a command of a document and what it says that is printed.
type typedLine struct {
	text string
	want []string
}

// commandsOf returns the lines of a document that begin with "$ ", in order.
func commandsOf(t *testing.T, page string) (lines []typedLine) {
	t.Helper()
	inside := false
	for line := range strings.Lines(page) {
		line, _, _ = strings.Cut(strings.TrimRight(line, "\n"), "   #")
		command, ok := strings.CutPrefix(line, "$ ")
		switch {
		case strings.HasPrefix(line, "```"):
			inside = false
		case ok:
			inside = true
			lines = append(lines, typedLine{text: strings.TrimSpace(command)})
		case inside && line != "":
			last := &lines[len(lines)-1]
			last.want = append(last.want, line)
		}
	}
	return lines
}

var (
	shownID  = regexp.MustCompile(`(?:key|leak)_[0-9][A-Z][a-z]…`) // stands for one key or leak throughout a document
	wordsOf  = regexp.MustCompile(`"[^"]*"|'[^']*'|\S+`)
	catOf    = regexp.MustCompile(`\$\(cat (\S+)\)`)
	anyTimes = []string{`\d\d:\d\d:\d\dZ`, `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`, `\d{4}-\d\d-\d\d \d\d:\d\dZ`, `\d{4}-\d\d-\d\d`}
)

// A typist types what a document says.
type typist struct {
	*stage
	ids map[string]string // by how the document shows them
	key string            // the last that was issued to standard output
}

// actual puts in the ids of this run for those of the document.
func (p *typist) actual(t *testing.T, text string) string {
	return shownID.ReplaceAllStringFunc(text, func(shown string) string {
		if p.ids[shown] == "" {
			t.Fatalf("%q names %s before it is shown", text, shown)
		}
		return p.ids[shown]
	})
}

// says looks for a line of the document in what was printed: … stands for anything, and times, digits and addresses for
// others of their kind. An id that is shown for the first time is kept.
func (p *typist) says(want, got string) bool {
	text := regexp.QuoteMeta(want)
	for _, anyTime := range anyTimes {
		text = regexp.MustCompile(strings.ReplaceAll(anyTime, "-", `(?:\\-|-)`)).ReplaceAllLiteralString(text, anyTime)
	}
	var first []string
	text = shownID.ReplaceAllStringFunc(text, func(shown string) string {
		if p.ids[shown] != "" {
			return p.ids[shown]
		}
		if slices.Contains(first, shown) {
			return kindOf(shown) + `[0-9A-Za-z]{22}`
		}
		first = append(first, shown)
		return `(` + kindOf(shown) + `[0-9A-Za-z]{22})`
	})
	text = strings.ReplaceAll(text, "…", ".*")
	text = regexp.MustCompile(`(_live_)[^.*"]*\.\*`).ReplaceAllString(text, `$1.*`)
	text = strings.ReplaceAll(text, `127\.0\.0\.1:8420`, `127\.0\.0\.1:\d+`)
	text = strings.ReplaceAll(text, "hash 9f2c", "hash [0-9a-f]{4}")
	text = regexp.MustCompile(` {2,}`).ReplaceAllString(text, " +")
	found := regexp.MustCompile(`(?m)^` + text + `$`).FindStringSubmatch(got)
	for i, shown := range first {
		if found != nil {
			p.ids[shown] = found[i+1]
		}
	}
	return found != nil
}

// kindOf is what an id begins with.
func kindOf(id string) string { return id[:strings.Index(id, "_")+1] }

// words cuts a command as a shell would.
func (p *typist) words(t *testing.T, command string) (words []string) {
	for _, word := range wordsOf.FindAllString(p.actual(t, command), -1) {
		if word[0] == '\'' {
			words = append(words, strings.Trim(word, "'"))
			continue
		}
		words = append(words, catOf.ReplaceAllStringFunc(strings.Trim(word, `"`), func(cat string) string {
			text, err := os.ReadFile(catOf.FindStringSubmatch(cat)[1])
			if err != nil {
				t.Fatal(err)
			}
			return strings.TrimSpace(string(text))
		}))
	}
	return words
}

// redirected takes a redirection away, and returns the file that it names.
func redirected(words []string, sign string) (rest []string, file string) {
	i := slices.Index(words, sign)
	if i < 0 {
		return words, ""
	}
	file = words[i+1]
	return slices.Delete(words, i, i+2), file
}

// keywright runs a command and returns what it printed, and its exit code.
func (p *typist) keywright(t *testing.T, args []string) (string, int) {
	args, to := redirected(args, ">")
	args, from := redirected(args, "<")
	stdin := ""
	switch {
	case args[0] == "serve":
		return p.log.String(), 0
	case from != "":
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		stdin = string(text)
	case args[0] == "verify": // pasted
		stdin = p.key + "\n"
	}
	var out, errs bytes.Buffer
	code := new(Program).Run(context.Background(), args, strings.NewReader(stdin), &out, &errs, p.env)
	if args[0] == "issue" {
		p.key = strings.TrimSpace(out.String())
	}
	if to == "" {
		return out.String() + errs.String(), code
	}
	if err := os.WriteFile(to, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return errs.String(), code
}

// curl sends the request that curl would.
func (p *typist) curl(t *testing.T, args []string) string {
	r, err := http.NewRequest("GET", p.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, arg := range args {
		switch {
		case strings.HasPrefix(arg, "http://127.0.0.1:8420/"):
			r.URL.Path = strings.TrimPrefix(arg, "http://127.0.0.1:8420")
		case arg == "-H":
			name, value, _ := strings.Cut(args[i+1], ": ")
			r.Header.Set(name, value)
		case arg == "--json":
			r.Method, r.Body = "POST", io.NopCloser(strings.NewReader(args[i+1]))
			r.Header.Set("Content-Type", "application/json")
		}
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var refusedLines = regexp.MustCompile(`refused: [1-9]|^[1-9][0-9,]* keys? found in `)

// refusedHere reports whether a document says that a command is refused.
func refusedHere(want []string) bool {
	if slices.ContainsFunc(want, func(line string) bool { return refusedLines.MatchString(line) }) {
		return true // a line of an import, or a key in a scan
	}
	return len(want) > 0 && regexp.MustCompile(`^(error:|REVOKED|DISABLED|EXPIRED|FORBIDDEN|INSUFFICIENT_SCOPE|NOT_FOUND)`).MatchString(want[0])
}

// TestDocumentCommands types what the documents say, and sees what they say.
func TestDocumentCommands(t *testing.T) {
	for page, text := range pages(t) {
		if servesItself(text) || page == mcpPage {
			continue // TestGuides types it, or TestAgentGuide
		}
		t.Run(page, func(t *testing.T) {
			p := &typist{stage: newStage(t, "text"), ids: map[string]string{}}
			folder, err := filepath.Abs(fixtures[page])
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			if fixtures[page] != "" {
				if err := os.CopyFS(".", os.DirFS(folder)); err != nil {
					t.Fatal(err)
				}
			}
			for name, shown := range shownFiles[page] {
				if !strings.Contains(text, shown) {
					t.Errorf("the document does not show %s as it is used", name)
				}
				if err := os.WriteFile(name, []byte(shown), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for _, line := range commandsOf(t, text) {
				if strings.Contains(line.text, "$KEYWRIGHT_SERVICE_KEY") {
					continue // TestReadmeRequest sends it
				}
				p.line(t, line)
			}
			if look := afterwards[page]; look != nil {
				look(t, p.stage)
			}
		})
	}
}

func (p *typist) line(t *testing.T, line typedLine) {
	t.Helper()
	words := p.words(t, line.text)
	got := ""
	switch words[0] {
	case "keywright":
		var code int
		if got, code = p.keywright(t, words[1:]); (code != 0) != refusedHere(line.want) {
			t.Fatalf("%s: exit %d: %s", line.text, code, got)
		}
	case "curl":
		got = p.curl(t, words[1:])
	default:
		t.Fatalf("nobody knows how to type %s", line.text)
	}
	for _, want := range line.want {
		if !p.says(want, got) {
			t.Errorf("%s prints\n%s\nwhere the document says\n%s", line.text, got, want)
		}
	}
}
