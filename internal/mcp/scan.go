// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"context"
	"sync"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/leak"
)

const maxFindings = 200

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
	Line     int    `json:"line" doc:"From 1."`
	Start    int    `json:"start" doc:"The offset in the text, in bytes from 0."`
	End      int    `json:"end" doc:"The offset behind it."`
	Encoding string `json:"encoding" doc:"plain, or what the text writes it in: utf-16le, utf-16be, base64, url, or one in the other."`
	candidate
}

// scanner looks for what a checksum or a prefix speaks for: by shape alone every long word is a key.
var scanner = sync.OnceValues(func() (*leak.Scanner, error) { return leak.New(leak.Options{Known: true}) })

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
	s, err := scanner()
	if err != nil {
		return nil, err
	}
	out := &scanned{Findings: []finding{}}
	for _, f := range s.Find([]byte(text)) {
		if len(out.Findings) == maxFindings {
			out.More = true
			break
		}
		c, err := keywright.InspectAs(f.Key, f.Preset)
		if err != nil {
			return nil, err
		}
		out.Findings = append(out.Findings, finding{f.Line, int(f.Offset), int(f.Offset) + f.Length, f.Encoding, candidateOf(&c)})
	}
	return out, nil
}
