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

// documents are the pages whose commands are typed, each with a server of its own and the files that it speaks of.
var documents = []struct {
	page  string
	files map[string]string
}{
	{"README.md", nil},
	{"docs/rotation.md", map[string]string{"acme.json": `{"policy": {"rotation": {"every": "2160h", "warn": "336h", "grace": "48h"}, "max_grace": "720h"}}`}},
	{"docs/children.md", nil},
}

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
	if len(lines) < 5 {
		t.Fatalf("the document has %d commands", len(lines))
	}
	return lines
}

var (
	shownID  = regexp.MustCompile(`key_[0-9][A-Z][a-z]…`) // stands for one key throughout a document
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
			return `key_[0-9A-Za-z]{22}`
		}
		first = append(first, shown)
		return `(key_[0-9A-Za-z]{22})`
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

// refusedHere reports whether a document says that a command is refused.
func refusedHere(want []string) bool {
	return len(want) > 0 && regexp.MustCompile(`^(error:|REVOKED|DISABLED|EXPIRED|FORBIDDEN|INSUFFICIENT_SCOPE|NOT_FOUND)`).MatchString(want[0])
}

// TestDocumentCommands types what the documents say, and sees what they say.
func TestDocumentCommands(t *testing.T) {
	for _, d := range documents {
		t.Run(d.page, func(t *testing.T) {
			page, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(d.page)))
			if err != nil {
				t.Fatal(err)
			}
			p := &typist{stage: newStage(t, "text"), ids: map[string]string{}}
			t.Chdir(t.TempDir())
			for name, text := range d.files {
				if !strings.Contains(string(page), text) {
					t.Errorf("the document does not show %s as it is used", name)
				}
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for _, line := range commandsOf(t, string(page)) {
				if strings.Contains(line.text, "$KEYWRIGHT_SERVICE_KEY") {
					continue // TestReadmeRequest sends it
				}
				p.line(t, line)
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
