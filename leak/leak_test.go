// SPDX-License-Identifier: Apache-2.0

package leak_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/leak"
)

// made makes a key.
func made(t testing.TB, f keywright.Format) keywright.Key {
	t.Helper()
	k, err := keywright.Generate(f)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// preset returns a preset with a prefix.
func preset(t testing.TB, name, prefix string) keywright.Format {
	t.Helper()
	f, err := keywright.Preset(name)
	if err != nil {
		t.Fatal(err)
	}
	if prefix != "" {
		f.Prefix = prefix
	}
	return f
}

func scanner(t testing.TB, known bool, formats ...keywright.Format) *leak.Scanner {
	t.Helper()
	o := leak.Options{Known: known}
	for _, f := range formats {
		o.Formats = append(o.Formats, leak.Format{Format: f})
	}
	s, err := leak.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wide writes a text in UTF-16.
func wide(text string, big bool) string {
	var b []byte
	for _, c := range utf16.Encode([]rune(text)) {
		if big {
			b = append(b, byte(c>>8), byte(c))
		} else {
			b = append(b, byte(c), byte(c>>8))
		}
	}
	return string(b)
}

// hexed writes the characters that are no letters or digits as %XX.
func hexed(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if strings.IndexByte("_-.+/=:", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// formatsOfOwn are formats with a prefix of their own, of every preset that can have one.
func formatsOfOwn(t testing.TB) []keywright.Format {
	var all []keywright.Format
	for _, name := range keywright.Presets() {
		if name == "opaque" || name == "alphanumeric" || name == "publishable-key" {
			continue
		}
		all = append(all, preset(t, name, "acme"+strings.ReplaceAll(name, "-", "")))
	}
	return all
}

// TestFind finds a key of every format wherever it stands and however it is encoded, says where, and shows none of it.
func TestFind(t *testing.T) {
	for _, known := range []bool{false, true} {
		for _, f := range formatsOfOwn(t) {
			s, k := scanner(t, known, f), made(t, f)
			key := k.Reveal()
			for _, c := range []struct{ before, key, after, encoding string }{
				{"", key, "", leak.Plain},
				{"ACME_KEY=", key, "\n", leak.Plain},
				{"https://example.com/?k=", key, "&y=1", leak.Plain},
				{"X_", key, "\"", leak.Plain},
				{`{"a":"\n`, key, `\n"}`, leak.Plain},
				{`\u003d`, key, `\u0026`, leak.Plain},
				{"k%3D", key, "%26y", leak.Plain},
				{"ä\n\n  - ", key, " # mine", leak.Plain},
				{"", hexed(key), "", leak.URL},
				{"a?k=", hexed(key), "&x", leak.URL},
				{"", wide(key, false), "", leak.UTF16LE},
				{"\xff\xfe" + wide("key: ", false), wide(key, false), wide("\r\n", false), leak.UTF16LE},
				{"\xfe\xff" + wide("key: ", true), wide(key, true), wide("\r\n", true), leak.UTF16BE},
				{"\xff\xfe" + wide("k=", false), wide(hexed(key), false), wide("&", false), leak.URL + " in " + leak.UTF16LE},
			} {
				text := c.before + c.key + c.after
				found := s.Find([]byte(text))
				if len(found) != 1 {
					t.Errorf("%s, known %v: %d findings in %q", f.Preset, known, len(found), text)
					continue
				}
				got := found[0]
				if got.Key.Reveal() != key || int(got.Offset) != len(c.before) || got.Length != len(c.key) || got.Encoding != c.encoding {
					t.Errorf("%s: found at %d, %d bytes, as %s, in %q", f.Preset, got.Offset, got.Length, got.Encoding, text)
				}
				if got.Masked != k.Masked() || got.PublicID != k.PublicID() || got.Preset != f.Preset || got.Checksum != k.Checksum() {
					t.Errorf("%s: %+v", f.Preset, got)
				}
				if line := 1 + strings.Count(c.before, "\n"); got.Line != line || got.Column != len(c.before)-strings.LastIndexByte(c.before, '\n') {
					t.Errorf("%s: line %d, column %d in %q", f.Preset, got.Line, got.Column, text)
				}
				shown, _ := json.Marshal(got)
				secret := k.Secret().Reveal()
				if all := string(shown) + fmt.Sprintf("%v %+v %#v", got, got, got) + got.Fingerprint(); strings.Contains(all, secret) || strings.Contains(all, secret[:12]) {
					t.Errorf("%s: the finding shows the key: %s", f.Preset, all)
				}
			}
		}
	}
}

// TestBase64 finds keys in base64 with any number of bytes before them, in either alphabet, in lines, and of UTF-16.
func TestBase64(t *testing.T) {
	for _, f := range formatsOfOwn(t) {
		s, k := scanner(t, true, f), made(t, f)
		for n := range 7 {
			for _, before := range []string{strings.Repeat(" ", n), strings.Repeat("é", n) + "\n"} {
				text := before + k.Reveal() + "\" and more"
				lines := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("some text. ", 9) + text))
				for what, wrapped := range map[string]string{
					"standard":   base64.StdEncoding.EncodeToString([]byte(text)),
					"url":        "a: " + base64.RawURLEncoding.EncodeToString([]byte(text)) + ", b",
					"in UTF-16":  wide(base64.StdEncoding.EncodeToString([]byte(text)), false),
					"of UTF-16":  base64.StdEncoding.EncodeToString([]byte(wide(text, false))),
					"in lines":   lines[:len(lines)-40] + "\r\n" + lines[len(lines)-40:],
					"with slash": "path/" + strings.Repeat("AAAA", 3) + base64.StdEncoding.EncodeToString([]byte(text)),
				} {
					found := s.Find([]byte(wrapped))
					if len(found) != 1 || found[0].Key.Reveal() != k.Reveal() || !strings.Contains(found[0].Encoding, leak.Base64) {
						t.Errorf("%s, %s, %d before: %d findings in %q: %+v", f.Preset, what, n, len(found), wrapped, found)
					}
				}
			}
		}
	}
}

// TestBase64Unnamed finds keys in base64 whose prefix nobody named, and those that are broken between lines anywhere.
func TestBase64Unnamed(t *testing.T) {
	s, f := scanner(t, true), preset(t, "keywright", "acme")
	for n := range 80 {
		key := made(t, f).Reveal()
		packed := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", n) + " " + key + "\n" + strings.Repeat("more ", 20)))
		var lines strings.Builder
		for at := 0; at < len(packed); at += 64 {
			lines.WriteString(packed[at:min(at+64, len(packed))] + "\n  ")
		}
		for _, text := range []string{"k: " + packed, "k: |\n  " + lines.String()} {
			found := s.Find([]byte(text))
			if len(found) != 1 || found[0].Key.Reveal() != key || found[0].Encoding != leak.Base64 {
				t.Errorf("%d before: %d findings in %q", n, len(found), text)
			}
		}
	}
}

// TestStream finds the same in a stream as in the text, wherever the borders of blocks are, each key once.
func TestStream(t *testing.T) {
	f := preset(t, "keywright", "acme")
	s, k := scanner(t, true, f), made(t, f)
	wrapped := base64.StdEncoding.EncodeToString([]byte("key " + k.Reveal()))
	for _, at := range []int{1<<20 - 16<<10, 1<<20 - 20<<10, 1 << 20, 2<<20 - 40<<10} {
		for shift := -90; shift < 90; shift += 7 {
			filler := strings.Repeat("the quick brown fox\n", (at+shift)/20+1)[:at+shift]
			text := filler + " " + k.Reveal() + "\n" + wrapped + "\n" + wide(k.Reveal(), false) + strings.Repeat("\n", 40<<10) + hexed(k.Reveal())
			var found []leak.Finding
			n, err := s.Stream(iotest.HalfReader(strings.NewReader(text)), func(f leak.Finding) { found = append(found, f) })
			if err != nil || int(n) != len(text) || len(found) != 4 {
				t.Fatalf("%d findings of %d bytes, %v, at %d", len(found), n, err, at+shift)
			}
			want := s.Find([]byte(text))
			for i := range found {
				if found[i].Offset != want[i].Offset || found[i].Line != want[i].Line || found[i].Column != want[i].Column || found[i].Key.Reveal() != k.Reveal() {
					t.Fatalf("at %d: %+v, want %+v", at+shift, found[i], want[i])
				}
			}
		}
	}
}

// TestStreamFails hands over what was found before a reader failed, and says so.
func TestStreamFails(t *testing.T) {
	f := preset(t, "keywright", "acme")
	k, n := made(t, f), 0
	in := iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(k.Reveal())))
	if _, err := scanner(t, true, f).Stream(in, func(leak.Finding) { n++ }); err != iotest.ErrTimeout {
		t.Errorf("error %v", err)
	}
	if _, err := scanner(t, true, f).Stream(iotest.DataErrReader(strings.NewReader(k.Reveal())), func(leak.Finding) { n++ }); err != nil || n != 1 {
		t.Errorf("%d findings, %v", n, err)
	}
}

// TestNone finds nothing where there is no key: changed ones, placeholders, ones within words, publishable ones.
func TestNone(t *testing.T) {
	f := preset(t, "keywright", "acme")
	s, key := scanner(t, true, f, preset(t, "seam", "myapp"), preset(t, "publishable-key", "acmepub")), made(t, f).Reveal()
	last := "0"
	if strings.HasSuffix(key, "0") {
		last = "1"
	}
	for _, text := range []string{
		"", "acme_live_", "myapp_username_getProfile", "no key: internal/mcp/scan_test.go https://example.com/a/b?c=d",
		key + "x", key + "_", key[:len(key)-1], key[:len(key)-1] + last,
		"myapp_11111111_" + strings.Repeat("1", 24), "myapp_abababab_" + strings.Repeat("ab", 12), "tmyapp_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG",
		"myapp_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG1", "myapp_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCg0",
		"ghp_" + strings.Repeat("x", 36), "gho_16C7e42F292c6912E7710c838347Ae178B4a", "s.getSomethingVeryLongNamed",
		"sk_function_xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9n", "glpat-" + strings.Repeat("x", 20), "pk_live_" + strings.Repeat("4eC39HqLyjWD", 2),
		made(t, preset(t, "publishable-key", "acmepub")).Reveal(), made(t, preset(t, "publishable-key", "")).Reveal(),
		strings.Repeat("AAAA", 100), strings.Repeat("0123456789abcdef", 40), strings.Repeat("_-", 300), strings.Repeat("%5F", 300), strings.Repeat("\x00a", 300),
	} {
		if found := s.Find([]byte(text)); len(found) > 0 {
			t.Errorf("found %d in %q: %+v", len(found), text, found[0])
		}
	}
}

// TestKnown finds keys of other issuers, and those of presets whose checksum or prefix speaks for them.
func TestKnown(t *testing.T) {
	s := scanner(t, true)
	for issuer, key := range map[string]string{
		"GitHub": "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", "GitLab": "glpat-AAECAwQFBgcICQoLDA0OD286MQp1OjEH.01.0w0fn2m3b",
		"Stripe": "sk_live_" + strings.Repeat("4eC39HqLyjWD", 2), "Doppler": "dp.st.dev." + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7d",
		"Slack": "xoxb-123456789012-1234567890123-aB3dE5fG7hJ9kL1mN3pQ5rS7",
	} {
		for _, text := range []string{key, "x=" + key + ";", hexed("k=" + key), base64.StdEncoding.EncodeToString([]byte("k: " + key)), wide(key, true)} {
			found := s.Find([]byte(text))
			if len(found) != 1 || found[0].Issuer != issuer || found[0].Key.Reveal() != key || found[0].Revoke == "" {
				t.Errorf("%s: %d findings in %q: %+v", issuer, len(found), text, found)
			}
		}
	}
	for _, f := range []keywright.Format{
		preset(t, "keywright", ""), preset(t, "keywright", "some_other"), preset(t, "public-id", ""), preset(t, "public-id", "x"),
		preset(t, "secret-key", ""), preset(t, "webhook-secret", ""), preset(t, "personal-token", ""), preset(t, "service-token", ""), preset(t, "restricted-key", ""),
	} {
		for range 20 {
			key := made(t, f).Reveal()
			found := s.Find([]byte("export KEY=" + key + "\n"))
			if len(found) != 1 || found[0].Key.Reveal() != key || found[0].Preset != f.Preset {
				t.Errorf("%s: %+v", f.Preset, found)
			}
		}
	}
}

// TestMany finds every key of a text that holds many, in order.
func TestMany(t *testing.T) {
	f := preset(t, "keywright", "acme")
	s := scanner(t, true, f)
	var text bytes.Buffer
	var keys []string
	for i := range 5000 {
		k := made(t, f).Reveal()
		keys = append(keys, k)
		fmt.Fprintf(&text, "%d %s%c", i, k, " \n,;\""[i%5])
	}
	found := 0
	_, err := s.Stream(&text, func(f leak.Finding) {
		if found < len(keys) && f.Key.Reveal() != keys[found] {
			t.Fatalf("finding %d is another key", found)
		}
		found++
	})
	if err != nil || found != len(keys) {
		t.Errorf("%d of %d, %v", found, len(keys), err)
	}
}

// TestUnfindable names the field of a format whose keys nothing tells from other text.
func TestUnfindable(t *testing.T) {
	for name, field := range map[string]string{"opaque": "preset", "alphanumeric": "prefix"} {
		_, err := leak.New(leak.Options{Formats: []leak.Format{{Format: preset(t, name, "")}}})
		if e, ok := err.(*keywright.FormatError); !ok || e.Field != field {
			t.Errorf("%s: %v", name, err)
		}
	}
}
