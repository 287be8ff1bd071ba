// SPDX-License-Identifier: Apache-2.0

package leak_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/keywright/keywright/leak"
)

// FuzzFind gives any text to the scanner: nothing it finds lies outside of the text or over another finding, what it
// finds as plain stands there, and a key behind the text is found all the same.
func FuzzFind(f *testing.F) {
	format := preset(f, "keywright", "acme")
	key := made(f, format).Reveal()
	for _, seed := range []string{
		"", "a=b", key, hexed(key), wide(key, false), wide(key, true), base64.StdEncoding.EncodeToString([]byte(key)), "%", "%5", "\x00", "\x00a", "ghp_",
		"%255F%5F", strings.Repeat("A", 200) + "\r\n  " + strings.Repeat("QUJD", 40), "s.aaaaaaaaaaaaaaaaaaaaaaaa", "a\x00%\x005\x00F\x00", "acme_live_" + key, key + key,
	} {
		f.Add([]byte(seed))
	}
	s := scanner(f, true, format, preset(f, "seam", "myapp"))
	f.Fuzz(func(t *testing.T, text []byte) {
		end := int64(0)
		for _, found := range s.Find(text) {
			if found.Offset < end || found.Length <= 0 || found.Offset+int64(found.Length) > int64(len(text)) {
				t.Fatalf("found at %d, %d bytes", found.Offset, found.Length)
			}
			end = found.Offset + int64(found.Length)
			if found.Encoding == leak.Plain && string(text[found.Offset:end]) != found.Key.Reveal() {
				t.Fatal("another key stands there")
			}
			if found.Line != 1+bytes.Count(text[:found.Offset], []byte("\n")) || found.Column < 1 {
				t.Fatalf("line %d, column %d", found.Line, found.Column)
			}
		}
		var last string
		if _, err := s.Stream(bytes.NewReader(append(append([]byte(nil), text...), " \n"+key...)), func(found leak.Finding) { last = found.Key.Reveal() }); err != nil || last != key {
			t.Fatalf("the key behind the text was not found: %v", err)
		}
	})
}
