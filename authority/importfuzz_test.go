// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/keywright/keywright"
)

// FuzzSlowHash reads bcrypt and PHC strings. What is read is within the bounds and says the same when it is written again.
func FuzzSlowHash(f *testing.F) {
	for _, seed := range []string{
		"$2a$06$1wRynGfxGmjGUvRUEYDH0O/TuqMiTPFJ3VnJMyGgoKhGM9Ly.Hd8.", "$2b$15$1wRynGfxGmjGUvRUEYDH0O/TuqMiTPFJ3VnJMyGgoKhGM9Ly.Hd8.",
		"$2x$06$1wRynGfxGmjGUvRUEYDH0O/TuqMiTPFJ3VnJMyGgoKhGM9Ly.Hd8.", "$2a$06$short",
		"$argon2id$v=19$m=64,t=1,p=2$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
		"$argon2i$v=19$m=64,t=1,p=2$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
		"$argon2id$v=16$m=64,t=1,p=2$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
		"$argon2id$v=19$m=4294967296,t=1,p=2$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
		"$argon2id$v=19$t=1,m=64,p=2$$", "$argon2d$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parseSlow(text)
		if err != nil {
			if len(text) > 8 && strings.Contains(err.Error(), text) {
				t.Error("the error repeats what was read")
			}
			return
		}
		switch h := h.(type) {
		case bcryptHash:
			if string(h) != text || text[4:6] > "14" {
				t.Error("it is another hash, or takes too long")
			}
		case argonHash:
			name := "argon2i"
			if h.id {
				name = "argon2id"
			}
			raw := base64.RawStdEncoding
			again := fmt.Sprintf("$%s$v=19$m=%d,t=%d,p=%d$%s$%s", name, h.memory, h.time, h.threads, raw.EncodeToString(h.salt), raw.EncodeToString(h.sum))
			if again != text || h.memory > maxArgonKiB || h.time > maxArgonTime || h.threads > maxArgonThreads || h.threads == 0 || h.time == 0 {
				t.Error("it is another hash, or takes too much")
			}
		}
	})
}

// FuzzHashText reads digests in every encoding. What is read says the same when it is written again.
func FuzzHashText(f *testing.F) {
	h := keywright.HashText("seed")
	for _, seed := range [][2]string{
		{h.String(), "hex"},
		{strings.ToUpper(h.String()), ""},
		{base64.StdEncoding.EncodeToString(h[:]), "base64"},
		{base64.RawURLEncoding.EncodeToString(h[:]), "base64url"},
		{h.Base58(), "base58"},
		{h.Base58(), ""},
		{"sk_live_oops", ""},
		{"", "base32"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, encoding string) {
		h, err := decodeHash(text, encoding)
		if err != nil {
			if len(text) > 8 && strings.Contains(err.Error(), text) {
				t.Error("the error repeats what was read")
			}
			return
		}
		same := []string{
			strings.ToLower(text), h.Base58(), base64.StdEncoding.EncodeToString(h[:]), base64.RawStdEncoding.EncodeToString(h[:]),
			base64.URLEncoding.EncodeToString(h[:]), base64.RawURLEncoding.EncodeToString(h[:]),
		}
		if h.String() == same[0] {
			return
		}
		for _, again := range same[1:] {
			if again == text {
				return
			}
		}
		t.Error("no encoding of the digest is what was read")
	})
}
