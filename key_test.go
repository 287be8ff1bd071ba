// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// A base64url secret holds _ or - in three keys of four; splitting at separators would lose most of them.
func TestMillionKeysWithSeparatorsInSecret(t *testing.T) {
	const keys = 1_000_000
	var group sync.WaitGroup
	for i, separator := range []string{"_", "-", ".", ":", "~"} {
		group.Go(func() {
			f, err := Preset("public-id")
			if err != nil {
				t.Error(err)
				return
			}
			f.Separator, f.Checksum = separator, Checksum(i%2)*Crockford4
			g, err := NewGenerator(f, stream(byte(i)))
			if err != nil {
				t.Error(err)
				return
			}
			held := 0
			for range keys / 5 {
				made, err := g.Next("")
				if err != nil {
					t.Error(err)
					return
				}
				read, err := g.format.Parse(made.text)
				if err != nil || read != made {
					t.Errorf("%s: %v: read %+v, made %+v", separator, err, read, made)
					return
				}
				if strings.Contains(made.secret.of(*made.text.text), separator) {
					held++
				}
			}
			if i < 2 && held < keys/5/3 {
				t.Errorf("only %d secrets held %s: the test proves nothing", held, separator)
			}
		})
	}
	group.Wait()
}

// After the labels, no change of one character goes unseen; the environment is a label and none of the checksum's.
func TestEveryChangedCharacterIsSeen(t *testing.T) {
	f, err := Preset(DefaultPreset)
	if err != nil {
		t.Fatal(err)
	}
	g, err := NewGenerator(f, stream(11))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		key, err := g.Next("")
		if err != nil {
			t.Fatal(err)
		}
		text := []byte(key.Reveal())
		for i := range text {
			was := text[i]
			for c := range 256 {
				if text[i] = byte(c); text[i] == was {
					continue
				}
				changed, err := f.Parse(NewSecret(string(text)))
				switch {
				case err != nil || changed.Checksum() == ChecksumWrong:
				case changed.Environment() != key.Environment() && changed.id == key.id:
				default:
					t.Fatalf("character %d of %s as byte %d is not seen", i, key.Reveal(), c)
				}
			}
			text[i] = was
		}
	}
}

func TestSwappedCharactersAreSeen(t *testing.T) {
	key, err := Generate(Format{Prefix: "acme", ID: Part{Encoding: Base62, Chars: 12}, Secret: Part{Encoding: Base62, Chars: 43}, Checksum: CRC32})
	if err != nil {
		t.Fatal(err)
	}
	f := key.Format()
	for i := len("acme_"); i < len(key.Reveal())-1; i++ {
		text := []byte(key.Reveal())
		if text[i] == text[i+1] {
			continue
		}
		text[i], text[i+1] = text[i+1], text[i]
		if changed, err := f.Parse(NewSecret(string(text))); err == nil && changed.Checksum() != ChecksumWrong {
			t.Errorf("characters %d and %d of %s swapped are not seen", i, i+1, key.Reveal())
		}
	}
}

// drawFormat draws any format, and keeps those that can be.
func drawFormat(t *rapid.T) Format {
	part := rapid.Custom(func(t *rapid.T) Part {
		return Part{
			Encoding: rapid.SampledFrom([]Encoding{0, Base62, Base58, Base55, Base64URL, Base64, Hex, Crockford}).Draw(t, "encoding"),
			Bytes:    rapid.SampledFrom([]int{0, 4, 5, 6, 7, 11, 12, 16, 17, 18, 24, 31, 32, 33, 63, 64, 65, 96}).Draw(t, "bytes"),
		}
	})
	chars := rapid.Custom(func(t *rapid.T) Part {
		return Part{Encoding: rapid.SampledFrom([]Encoding{Base62, Base58, Base55, Hex, Crockford}).Draw(t, "encoding"), Chars: rapid.IntRange(1, 128).Draw(t, "chars")}
	})
	f := Format{
		Preset:      rapid.SampledFrom(append(Presets(), "")).Draw(t, "preset"),
		Prefix:      rapid.StringMatching(`[A-Za-z0-9]{0,12}(_[a-z0-9]{1,6}){0,2}`).Draw(t, "prefix"),
		Environment: rapid.SampledFrom([]string{"", "live", "test", "development", "e", "a-b", strings.Repeat("x", 32)}).Draw(t, "environment"),
		Separator:   rapid.SampledFrom([]string{"", "_", "-", ".", ":", "~"}).Draw(t, "separator"),
		ID:          rapid.OneOf(part, chars, rapid.Just(Part{})).Draw(t, "id"),
		Secret:      rapid.OneOf(part, chars).Draw(t, "secret"),
		Checksum:    Checksum(rapid.IntRange(0, 2).Draw(t, "checksum")),
		Hash:        Cover(rapid.IntRange(0, 1).Draw(t, "hash")),
		Lenient:     rapid.IntRange(0, 7).Draw(t, "lenient") == 0,
	}
	// Most combinations cannot be: what makes one impossible gives way, step by step.
	for _, give := range []func(){
		func() {}, func() { f.Hash, f.Lenient = CoverFull, false }, func() { f.ID = Part{} }, func() { f.Checksum = NoChecksum },
		func() { f.Prefix = "acme" },
	} {
		give()
		if normal, err := f.Normalize(); err == nil {
			return normal
		}
	}
	t.Skip("cannot be")
	return f
}

func TestWhatIsMadeIsReadAgain(t *testing.T) {
	made := 0
	rapid.Check(t, func(t *rapid.T) {
		f := drawFormat(t)
		if again, err := f.Normalize(); err != nil || again != f {
			t.Fatalf("normalizing twice gives %+v, %v; once gives %+v", again, err, f)
		}
		g, err := NewGenerator(f, stream(rapid.Byte().Draw(t, "seed")))
		if err != nil {
			t.Fatal(err)
		}
		key, err := g.Next("")
		if err != nil {
			t.Fatal(err)
		}
		read, err := f.Parse(key.Full())
		if err != nil {
			t.Fatalf("%+v does not read its key %s: %v", f, key.Reveal(), err)
		}
		read.format, key.format = nil, nil
		if read != key {
			t.Fatalf("%+v reads %+v of its key %+v, %s", f, read, key, key.Reveal())
		}
		read.format = &f
		if got := reencode(read); got != key.Reveal() {
			t.Fatalf("%s is written again as %s", key.Reveal(), got)
		}
		if read.Checksum() == ChecksumWrong || f.Diagnose(key.Full()) != "" || f.Entropy() < 92 || len(f.Warnings()) > 0 != (f.Entropy() < MinSecretBits) {
			t.Fatalf("checksum %s, entropy %f, warnings %q", read.Checksum(), f.Entropy(), f.Warnings())
		}
		made++
	})
	if made < 10 {
		t.Errorf("only %d formats could be normalized: the test proves nothing", made)
	}
}

func TestDiagnose(t *testing.T) {
	for _, c := range []struct {
		preset, key, want string
	}{
		{"unambiguous", "key_23456789ABCDEFGHJKLMNPQRSTUVWXi2", "character 31 of the secret is not in the alphabet of base55"},
		{"keywright", "key_live_short", "key has not the length that its format has: 66 characters and an environment, not 14"},
		{"personal-token", "pat_x", "key has not the length that its format has: 40 characters, not 5"},
		{"public-id", "st_live_000G40R4_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9_XC86", "its last character was changed"},
		{"public-id", "st_live_000G40R4_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8_XC87", "checksum is wrong"},
		{"public-id", "st_live_000G40R4_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8_xc86", ""},
		{"webhook-secret", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!", "character 44 of the secret"},
		{"seam", "key_aaaaaaaa_bbbb!bbb", "secret holds what its alphabet has not"},
		{"opaque", "short", "shorter than 16 bytes"},
	} {
		f, err := Preset(c.preset)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Diagnose(NewSecret(c.key)); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s as %s: %q, want %q", c.key, c.preset, got, c.want)
		}
	}
	f, err := Preset("public-id")
	if err != nil {
		t.Fatal(err)
	}
	f.Secret = Part{Encoding: Crockford, Bytes: 16}
	if got := f.Diagnose(NewSecret("st_live_000g40r4_abcdefghjkuabcdefghjkabcde_0000")); !strings.Contains(got, "character 11 of") {
		t.Errorf("a u in lower-case Crockford: %q", got)
	}
}

func TestShapes(t *testing.T) {
	for _, c := range []struct {
		preset string
		shape  Shape
		parts  int // separated by _ in a key of base62 or base58
	}{
		{"keywright", ShapePublicID, 4},
		{"keywright", ShapePrefix, 3},
		{"keywright", ShapeSecretOnly, 1},
		{"unambiguous", ShapePublicID, 3},
		{"personal-token", ShapePublicID, 3},
		{"secret-key", ShapeSecretOnly, 1},
	} {
		f, err := Preset(c.preset)
		if err != nil {
			t.Fatal(err)
		}
		if f, err = f.Shaped(c.shape); err != nil {
			t.Fatal(err)
		}
		key, err := Generate(f)
		if err != nil || strings.Count(key.Reveal(), "_") != c.parts-1 {
			t.Errorf("%s as %s: %s, %v", c.preset, c.shape, key.Reveal(), err)
		}
	}
	if _, err := (Format{}).Shaped("round"); err == nil {
		t.Error("an unknown shape was taken")
	}
	if _, err := Preset("none"); err == nil {
		t.Error("an unknown preset was taken")
	}
}

func TestZeroKey(t *testing.T) {
	var k Key
	if k.Reveal() != "" || k.Prefix() != "" || k.PublicID() != "" || !k.Secret().IsZero() || k.Checksum() != ChecksumNone || k.Format() != (Format{}) || !k.Hash().IsZero() {
		t.Error("the zero key has something")
	}
}
