// SPDX-License-Identifier: Apache-2.0

package rules_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/leak/rules"
)

// someSource is any source with a label, however odd the names.
func someSource(t *rapid.T) (s rules.Source) {
	part := func(name string, least, most int, encodings ...keywright.Encoding) keywright.Part {
		return keywright.Part{
			Encoding: rapid.SampledFrom(encodings).Draw(t, name),
			Bytes:    rapid.IntRange(least, most).Draw(t, name+" bytes"),
		}
	}
	f := keywright.Format{
		Name:      rapid.String().Draw(t, "name"),
		Prefix:    rapid.StringMatching(`([0-9A-Za-z]{1,9}(_[0-9A-Za-z]{1,9})?)?`).Draw(t, "prefix"),
		Separator: rapid.SampledFrom([]string{"_", "-", ".", ":", "~"}).Draw(t, "separator"),
		Secret: part("secret", 16, 64, keywright.Base62, keywright.Base58, keywright.Base55, keywright.Base64URL, keywright.Base64,
			keywright.Hex, keywright.Crockford),
		Checksum: rapid.SampledFrom([]keywright.Checksum{keywright.NoChecksum, keywright.CRC32, keywright.Crockford4}).Draw(t, "checksum"),
	}
	if f.Prefix == "" || rapid.Bool().Draw(t, "with an environment") {
		f.Environment = rapid.StringMatching(`[0-9A-Za-z]{1,9}`).Draw(t, "environment")
		s.Environments = rapid.SliceOfN(rapid.StringMatching(`[0-9A-Za-z]{1,9}`), 0, 3).Draw(t, "environments")
	}
	if rapid.Bool().Draw(t, "with a public id") {
		f.ID = part("id", 4, 16, keywright.Base62, keywright.Base58, keywright.Base55, keywright.Hex, keywright.Crockford)
	}
	s.Keyspace = rapid.String().Draw(t, "keyspace")
	f, err := f.Normalize()
	if err != nil {
		t.Fatal(err)
	}
	s.Format = f
	return s
}

// TestAnyFormat makes rules of formats that nobody thought of: every file can be read, finds its examples and none of
// the others.
func TestAnyFormat(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		list := []rules.Source{someSource(r), someSource(r)}
		if list[0].Format.Prefix == list[1].Format.Prefix {
			list = list[:1] // what one rule must not find may be what the other one must
		}
		found, left, err := rules.Of(list)
		if err != nil || len(left) > 0 {
			r.Fatal(left, err)
		}
		for tool, read := range readers(t) {
			judge(t, tool, found, read(fileOf(t, tool, found)))
		}
		if t.Failed() {
			r.Fatal("of these formats")
		}
	})
}
