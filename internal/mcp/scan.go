// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"context"
	"strings"

	"github.com/keywright/keywright"
)

const (
	maxFindings = 200
	maxTries    = 16      // ends that are tried for one beginning: a path or a URL has many words
	maxWork     = 300_000 // tries for one text: about a third of a second
)

type scanIn struct {
	Text     string `json:"text,omitempty" doc:"The text. What is given here stays in the transcript: use from_file where there is one."`
	FromFile string `json:"from_file,omitempty" doc:"Read the text from this file, at most 1 MiB."`
}

func (in *scanIn) usesFiles() string {
	if in.FromFile != "" {
		return "from_file"
	}
	return ""
}

type scanned struct {
	Findings []finding `json:"findings" doc:"In the order of the text."`
	More     bool      `json:"more,omitempty" doc:"There are more than the 200 that are listed."`
}

// A finding is what may be a key, and where. It holds no character of the secret.
type finding struct {
	Line  int `json:"line" doc:"From 1."`
	Start int `json:"start" doc:"The offset in the text, in bytes from 0."`
	End   int `json:"end" doc:"The offset behind it."`
	candidate
}

// scanText reports only what a checksum or a prefix speaks for: by shape alone every long word is a key.
func scanText(_ context.Context, _ *call, in *scanIn) (*scanned, error) {
	text := in.Text
	switch {
	case text != "" && in.FromFile != "":
		return nil, invalid("text", "stands beside from_file", "give one of them")
	case in.FromFile != "":
		var err error
		if text, err = readFile(in.FromFile, maxText); err != nil {
			return nil, err
		}
	}
	out := &scanned{Findings: []finding{}}
	line, counted, work := 1, 0, maxWork
	for start := 0; start < len(text); {
		if !inKey(text[start]) {
			start++
			continue
		}
		end := start
		for end < len(text) && inKey(text[end]) {
			end++
		}
		found := keysIn(text[start:end], &work)
		if work <= 0 {
			return nil, invalid("text", "has too many words that could begin a key", "scan less of it at once")
		}
		for _, f := range found {
			if len(out.Findings) == maxFindings {
				out.More = true
				return out, nil
			}
			f.Start, f.End = f.Start+start, f.End+start
			line, counted = line+strings.Count(text[counted:f.Start], "\n"), f.Start
			f.Line = line
			out.Findings = append(out.Findings, f)
		}
		start = end
	}
	return out, nil
}

// inKey reports whether a key can hold the character.
func inKey(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || strings.IndexByte("_-.:~+/=", c) >= 0
}

// keysIn finds keys in a run of characters that keys hold: the longest from the left, at places where a word begins.
func keysIn(run string, work *int) (found []finding) {
	if !holdsSecret(run) {
		return nil
	}
	for start := 0; start < len(run) && *work > 0; {
		end := 0
		if start == 0 || !wordy(run[start-1]) {
			var f finding
			if f, end = keyAt(run, start, work); end > 0 {
				found = append(found, f)
				start = end
				continue
			}
		}
		start++
	}
	return found
}

// holdsSecret reports whether a run has a word as long as the shortest secret.
func holdsSecret(run string) bool {
	length := 0
	for i := range len(run) {
		if length++; !wordy(run[i]) {
			length = 0
		}
		if length >= keywright.MinSecretBits/8 {
			return true
		}
	}
	return false
}

// keyAt finds the longest key that begins at a place and ends where a word does.
func keyAt(run string, start int, work *int) (finding, int) {
	if !wordy(run[start]) {
		return finding{}, 0
	}
	least := start + keywright.MinSecretBits/8
	for end, tries := min(len(run), start+keywright.MaxKeyBytes), 0; end >= least && tries < maxTries; end-- {
		if end < len(run) && wordy(run[end]) && wordy(run[end-1]) || !wordy(run[end-1]) && run[end-1] != '=' {
			continue
		}
		tries, *work = tries+1, *work-1
		found := keywright.Inspect(keywright.NewSecret(run[start:end]))
		if len(found) == 0 {
			continue
		}
		if best := &found[0]; best.Certainty == keywright.ByChecksum || best.Certainty == keywright.ByPrefix && !best.Damaged() {
			return finding{Start: start, End: end, candidate: candidateOf(best)}, end
		}
	}
	return finding{}, 0
}

// wordy reports whether a character is of a word: of every alphabet that secrets are written in.
func wordy(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '-'
}
