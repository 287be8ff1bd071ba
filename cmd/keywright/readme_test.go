// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A typedLine is a command of the README and what it says that is printed.
type typedLine struct {
	args []string
	want []string
}

// typedLines returns the lines of a document that begin with "$ keywright", in order.
func typedLines(t *testing.T, document string) (lines []typedLine) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", document))
	if err != nil {
		t.Fatal(err)
	}
	inside := false
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "   #")
		command, ok := strings.CutPrefix(line, "$ keywright ")
		switch {
		case strings.HasPrefix(line, "```"):
			inside = false
		case ok:
			inside = true
			lines = append(lines, typedLine{args: strings.Fields(command)})
		case inside && line != "":
			last := &lines[len(lines)-1]
			last.want = append(last.want, line)
		}
	}
	if len(lines) < 5 {
		t.Fatalf("%s has %d commands", document, len(lines))
	}
	return lines
}

// says matches a line of the README: … stands for anything, and times, digits and addresses for others of their kind.
func says(pattern, got string) bool {
	p := regexp.QuoteMeta(pattern)
	p = strings.ReplaceAll(p, "…", ".*")
	p = regexp.MustCompile(`\d\d:\d\d:\d\dZ`).ReplaceAllString(p, `\d\d:\d\d:\d\dZ`)
	p = regexp.MustCompile(`(_live_)[^.*]*\.\*`).ReplaceAllString(p, `$1.*`)
	p = strings.ReplaceAll(p, "key_0Qh.*", "key_[0-9A-Za-z]{22}")
	p = strings.ReplaceAll(p, `127\.0\.0\.1:8420`, `127\.0\.0\.1:\d+`)
	p = strings.ReplaceAll(p, "hash 9f2c", "hash [0-9a-f]{4}")
	return regexp.MustCompile(`(?m)^` + p + `$`).MatchString(got)
}

// TestReadmeCommands types what the README says, and sees what it says.
func TestReadmeCommands(t *testing.T) {
	s := newStage(t, "text")
	key, id := "", ""
	for _, line := range typedLines(t, "README.md") {
		args := line.args
		got := ""
		if args[0] == "serve" {
			got = s.log.String()
		} else {
			stdin := ""
			if args[0] == "verify" {
				stdin = key + "\n"
			}
			if args[0] == "revoke" {
				args = []string{"revoke", id}
			}
			var out, errs bytes.Buffer
			var p Program
			if code := p.Run(context.Background(), args, strings.NewReader(stdin), &out, &errs, s.env); code != 0 {
				t.Fatalf("%v: exit %d: %s", args, code, errs.String())
			}
			got = out.String() + errs.String()
			if args[0] == "issue" {
				key = strings.TrimSpace(out.String())
				id = regexp.MustCompile(`key_[0-9A-Za-z]{22}`).FindString(errs.String())
			}
		}
		for _, want := range line.want {
			if !says(want, got) {
				t.Errorf("%v prints\n%s\nwhere the README says\n%s", line.args, got, want)
			}
		}
	}
}

// TestReadmeRequest sends the request that the README shows.
func TestReadmeRequest(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	body := regexp.MustCompile(`--json '(\{.*\})'`).FindStringSubmatch(string(text))
	want := regexp.MustCompile(`\n(\{"valid":true[^…]*)…`).FindStringSubmatch(string(text))
	if body == nil || want == nil {
		t.Fatal("the README shows no request")
	}
	w := newWorld(t)
	key, _, refused := overHTTP{w}.issue(t, fields{"scopes": []string{"invoices:read"}})
	var request fields
	if err := json.Unmarshal([]byte(body[1]), &request); err != nil || refused {
		t.Fatal(err)
	}
	request["key"] = key
	var answer json.RawMessage
	if (overHTTP{w}).send(t, http.MethodPost, "/v1/verify", request, &answer) {
		t.Fatal("it was refused")
	}
	if !strings.HasPrefix(string(answer), strings.TrimSuffix(want[1], "key_")) {
		t.Errorf("the answer is %s, the README says %s", answer, want[1])
	}
}
