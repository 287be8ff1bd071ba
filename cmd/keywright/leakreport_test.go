// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/keywright/keywright"
)

// FuzzLeakLines reads what anybody could have put into a file of keys: every key is one that can be sent, in order, and no
// error repeats any of it.
func FuzzLeakLines(f *testing.F) {
	for _, seed := range []string{
		"", "acme_live_1\n", "a\r\n\r\n b \nc", "\xff\xfe\n", strings.Repeat("k", keywright.MaxKeyBytes) + "\n", "x\n" + strings.Repeat("k", 3*keywright.MaxKeyBytes),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		s := &session{stdin: bytes.NewReader(input)}
		last := 0
		err := s.leakLines("", func(line int, key keywright.Secret) error {
			text := key.Reveal()
			if line <= last || text == "" || len(text) > keywright.MaxKeyBytes || !utf8.ValidString(text) || strings.Contains(text, "\n") {
				t.Fatalf("line %d after %d: a key of %d bytes", line, last, len(text))
			}
			if !bytes.Contains(bytes.Split(input, []byte("\n"))[line-1], []byte(text)) {
				t.Fatalf("line %d does not hold its key", line)
			}
			last = line
			return nil
		})
		if err == nil && last == 0 {
			t.Fatal("no key, and no error")
		}
		for word := range bytes.FieldsSeq(input) {
			if err != nil && len(word) > 12 && strings.Contains(err.Error(), string(word)) {
				t.Fatal("the error repeats the input")
			}
		}
	})
}
