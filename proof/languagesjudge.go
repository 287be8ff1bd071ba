// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/keywright/keywright"
)

// A judgement is all that Go thinks of a text. In JSON it is an array, and the same as that of JavaScript.
type judgement struct {
	key       *keywright.Key
	err       error
	diagnosis string
	found     []keywright.Candidate
	as        string
	asked     keywright.Candidate
	askedErr  error
}

func judgeText(f *keywright.Format, text, as string) judgement {
	s := keywright.NewSecret(text)
	j := judgement{found: keywright.Inspect(s), as: as}
	if key, err := f.Parse(s); err != nil {
		j.err = err
	} else {
		j.key = &key
	}
	if j.key == nil || j.key.Checksum() == keywright.ChecksumWrong {
		j.diagnosis = f.Diagnose(s)
	}
	j.asked, j.askedErr = keywright.InspectAs(s, as)
	return j
}

// MarshalJSON writes what JavaScript writes.
func (j judgement) MarshalJSON() ([]byte, error) {
	var parsed, asked any
	if k := j.key; k != nil {
		parsed = []string{k.Reveal(), k.Prefix(), k.Environment(), k.PublicID(), k.Secret().Reveal(), k.Checksum().String(), k.Hash().String()}
	} else {
		parsed = j.err.Error()
	}
	asked = candidateRow(j.asked)
	if j.askedErr != nil {
		asked = j.askedErr.Error()
	}
	found := make([]any, len(j.found))
	for i, c := range j.found {
		found[i] = candidateRow(c)
	}
	return jsonText([]any{parsed, j.diagnosis, found, j.as, asked})
}

func candidateRow(c keywright.Candidate) []any {
	return []any{
		c.Preset, c.Issuer, c.Kind, c.Opens, c.Revoke, c.Certainty, c.Prefix, c.Environment, c.PublicID, c.Checksum,
		rounded(c.EntropyBits), c.Strength, c.StorageHash, c.Masked, c.Damaged(), c.Format,
	}
}

// jsonText writes a value without the escapes that are for HTML.
func jsonText(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

func rounded(bits float64) float64 { return math.Floor(bits*100) / 100 }

// askedAs reads from a judgement which name was asked for.
func askedAs(judged []byte) string {
	var parts []json.RawMessage
	var name string
	if json.Unmarshal(judged, &parts) != nil || len(parts) < 4 || json.Unmarshal(parts[3], &name) != nil {
		return ""
	}
	return name
}

// normalized is what becomes of a format, or why it cannot be.
func normalized(raw keywright.Format) (text []byte, ok bool) {
	answer := struct {
		Format   *keywright.Format `json:"format"`
		Problem  []string          `json:"problem"`
		Bits     float64           `json:"bits"`
		Strength string            `json:"strength"`
		Warnings []string          `json:"warnings"`
	}{Warnings: []string{}}
	f, err := raw.Normalize()
	var refused *keywright.FormatError
	if errors.As(err, &refused) {
		answer.Problem = []string{refused.Field, refused.Problem, refused.Hint}
	} else {
		bits := f.Entropy()
		answer.Format, answer.Bits, answer.Strength = &f, rounded(bits), keywright.Strength(bits)
		answer.Warnings = append(answer.Warnings, f.Warnings()...)
	}
	text, err = jsonText(answer)
	if err != nil {
		return fmt.Appendf(nil, "%v", err), false
	}
	return text, refused == nil
}

// rowOf is a new key as keywright generate --output json writes it.
func rowOf(k keywright.Key) []byte {
	f := k.Format()
	text, err := jsonText(struct {
		Key          string  `json:"key"`
		Preset       string  `json:"preset"`
		Prefix       string  `json:"prefix"`
		Environment  string  `json:"environment"`
		PublicID     string  `json:"public_id"`
		SecretLength int     `json:"secret_length"`
		EntropyBits  float64 `json:"entropy_bits"`
		Checksum     string  `json:"checksum"`
		StorageHash  string  `json:"storage_hash"`
	}{
		k.Reveal(), f.Preset, k.Prefix(), k.Environment(), k.PublicID(), len(k.Secret().Reveal()), rounded(f.Entropy()), k.Checksum().String(), k.Hash().String(),
	})
	if err != nil {
		return []byte(err.Error())
	}
	return text
}

// A stream is randomness that is none: the first byte of each number of a generator that JavaScript has too (mulberry32).
type stream struct{ state uint32 }

func (s *stream) Read(p []byte) (int, error) {
	for i := range p {
		s.state += 0x6d2b79f5
		t := (s.state ^ s.state>>15) * (s.state | 1)
		t = (t + (t^t>>7)*(t|61)) ^ t
		p[i] = byte(t ^ t>>14)
	}
	return len(p), nil
}

func pick[T any](dice *rand.Rand, from ...T) T { return from[dice.IntN(len(from))] }

var names = append(keywright.Presets(), keywright.Issuers()...)

// asName is a kind of key to ask about.
func asName(dice *rand.Rand, f *keywright.Format) string {
	if f.Preset != "" && dice.IntN(2) == 0 {
		return f.Preset
	}
	return pick(dice, names...)
}

// randomFormat starts from a preset and changes some of it. One in a few cannot be.
func randomFormat(dice *rand.Rand) keywright.Format {
	f, err := keywright.Preset(pick(dice, keywright.Presets()...))
	if err != nil {
		return keywright.Format{}
	}
	some := func() bool { return dice.IntN(4) == 0 }
	if some() {
		if shaped, err := f.Shaped(pick(dice, keywright.ShapePublicID, keywright.ShapePrefix, keywright.ShapeSecretOnly)); err == nil {
			f = shaped
		}
	}
	if some() && f.Prefix != "" {
		f.Prefix = pick(dice, "acme", "sk_live", "a", "Acme9", "x_y_z", strings.Repeat("long", 8), "api", "svc", " acme ", "ac me", "myApp", "", "ghp", strings.Repeat("a", 33))
	}
	if some() {
		f.Environment = pick(dice, "", "live", "test", "production", "development", "Stage 2", "eu1", strings.Repeat("e", 32), "!!!", strings.Repeat("e", 33))
	}
	if some() {
		f.Separator = pick(dice, "_", "-", ".", ":", "~", "+", "")
	}
	encodings := []keywright.Encoding{keywright.Base62, keywright.Base58, keywright.Base55, keywright.Base64URL, keywright.Base64, keywright.Hex, keywright.Crockford}
	if some() {
		f.Secret = keywright.Part{Encoding: pick(dice, encodings...), Bytes: pick(dice, 16, 17, 20, 24, 32, 33, 48, 64, 15, 65)}
	} else if some() {
		f.Secret = keywright.Part{Encoding: f.Secret.Encoding, Chars: 16 + dice.IntN(60)}
	}
	if some() {
		f.ID = keywright.Part{Encoding: pick(dice, encodings...), Bytes: 4 + dice.IntN(12)}
	} else if some() && !f.ID.None() {
		f.ID = keywright.Part{Encoding: f.ID.Encoding, Chars: 6 + dice.IntN(20)}
	}
	if some() {
		f.Checksum = pick(dice, keywright.NoChecksum, keywright.CRC32, keywright.Crockford4)
	}
	if dice.IntN(20) == 0 {
		f.Hash = pick(dice, keywright.CoverFull, keywright.CoverSecret, keywright.CoverBytes)
	}
	f.Lenient = f.Lenient != (dice.IntN(20) == 0)
	f.Publishable = f.Publishable != some()
	f.Name = pick(dice, "", "", "secret")
	return f
}

// damaged is a key with something wrong, most of the time.
func damaged(dice *rand.Rand, key string) string {
	i := dice.IntN(len(key))
	other := pick(dice, strings.Split("0123456789abcXYZilOIL-_=.:~+/ é€", "")...)
	switch dice.IntN(7) {
	case 0:
		return key[:i]
	case 1:
		return key[i:]
	case 2:
		return strings.ToUpper(key)
	case 3:
		return strings.ToLower(key)
	case 4:
		swapped := strings.ToUpper(key[i : i+1])
		if swapped == key[i:i+1] {
			swapped = strings.ToLower(swapped)
		}
		return key[:i] + swapped + key[i+1:]
	case 5:
		return key[:i] + other + key[i:]
	}
	return key[:i] + other + key[i+1:]
}
