// SPDX-License-Identifier: Apache-2.0

package js_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keywright/keywright"
)

// A question is a format, random bytes to make a key of, and texts to read as keys.
type question struct {
	Format keywright.Format `json:"format"`
	Random string           `json:"random"`
	Keys   [][]byte         `json:"keys"`
}

// An outcome is a value, or an error by its fields.
type outcome struct {
	Value json.RawMessage    `json:"value,omitempty"`
	Error *map[string]string `json:"error,omitempty"`
}

// parsed is an outcome whose value is read, as the languages escape text in different ways.
type parsed struct {
	Value *parsedKey         `json:"value,omitempty"`
	Error *map[string]string `json:"error,omitempty"`
}

type reading struct {
	Parsed parsed `json:"parsed"`
	Hash   string `json:"hash"`
	Why    string `json:"why"`
}

type answer struct {
	Normalized outcome         `json:"normalized"`
	Entropy    string          `json:"entropy"`
	Strength   string          `json:"strength"`
	Warnings   []string        `json:"warnings"`
	Made       json.RawMessage `json:"made"`
	Keys       []reading       `json:"keys"`
}

// TestSameAsGo asks both languages about the same formats and keys, right and wrong ones, and expects the same answers word for word.
func TestSameAsGo(t *testing.T) {
	need(t, "node", "", "Node")
	r := rand.New(rand.NewPCG(7, 35))
	var questions []question
	for range 6000 {
		questions = append(questions, newQuestion(r))
	}
	var in bytes.Buffer
	for _, q := range questions {
		line, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	cmd := exec.Command("node", "test/same-as-go.js")
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = &in, &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	refused, read := map[string]int{}, map[string]int{}
	for i, q := range questions {
		var got answer
		if !lines.Scan() {
			t.Fatalf("no answer to question %d", i)
		}
		if err := json.Unmarshal(lines.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		for _, k := range got.Keys {
			if k.Parsed.Value != nil {
				k.Parsed.Value.Key = signs.ReplaceAllString(k.Parsed.Value.Key, "\ufffd")
			}
		}
		want := ask(t, q)
		if diff := cmp.Diff(want, got); diff != "" {
			line, _ := json.Marshal(q)
			t.Fatalf("%s\n-Go +JavaScript: %s", line, diff)
		}
		count(refused, want.Normalized.Error)
		for _, k := range want.Keys {
			count(read, k.Parsed.Error)
		}
	}
	// Both right and wrong ones of every kind must be among them, or the test tells nothing.
	if len(refused) < 18 || refused[""] < 500 || len(read) < 12 || read[""] < 500 {
		t.Errorf("formats: %d kinds, %v\nkeys: %d kinds, %v", len(refused), refused, len(read), read)
	}
}

var signs = regexp.MustCompile(`\x{fffd}+`)

var numbers = regexp.MustCompile(`[0-9]+`)

func count(kinds map[string]int, err *map[string]string) {
	kind := ""
	if err != nil {
		kind = (*err)["field"] + (*err)["segment"] + " " + numbers.ReplaceAllString((*err)["problem"], "N")
	}
	kinds[kind]++
}

// ask is the answer of Go.
func ask(t *testing.T, q question) (a answer) {
	t.Helper()
	f, err := q.Format.Normalize()
	if err != nil {
		a.Normalized.Error = failed(t, err)
		return a
	}
	a.Normalized = found(t, f)
	a.Entropy, a.Strength, a.Warnings = fmt.Sprintf("%.6f", f.Entropy()), keywright.Strength(f.Entropy()), f.Warnings()
	if a.Warnings == nil {
		a.Warnings = []string{}
	}
	a.Made = json.RawMessage("null")
	if q.Random != "" {
		a.Made = found(t, makeRow(t, f, q.Random)).Value
	}
	a.Keys = []reading{}
	for _, key := range q.Keys {
		k, err := f.Parse(keywright.NewSecret(string(key)))
		why := f.Diagnose(keywright.NewSecret(string(key)))
		if err != nil {
			a.Keys = append(a.Keys, reading{Parsed: parsed{Error: failed(t, err)}, Why: why})
			continue
		}
		a.Keys = append(a.Keys, reading{Hash: k.Hash().String(), Why: why, Parsed: parsed{Value: &parsedKey{
			utf8(k.Reveal()), k.Prefix(), k.Environment(), k.PublicID(), utf8(k.Secret().Reveal()), k.Checksum().String(),
		}}})
	}
	return a
}

// utf8 is text as JavaScript can hold it: what is no UTF-8 is one sign for any number of bytes.
func utf8(text string) string { return strings.ToValidUTF8(text, "\ufffd") }

type parsedKey struct {
	Key         string `json:"key"`
	Prefix      string `json:"prefix"`
	Environment string `json:"environment"`
	PublicID    string `json:"publicId"`
	Secret      string `json:"secret"`
	Checksum    string `json:"checksum"`
}

// row is a line of keywright generate --output json.
type row struct {
	Key          string  `json:"key"`
	Preset       string  `json:"preset"`
	Prefix       string  `json:"prefix"`
	Environment  string  `json:"environment"`
	PublicID     string  `json:"public_id"`
	SecretLength int     `json:"secret_length"`
	EntropyBits  float64 `json:"entropy_bits"`
	Checksum     string  `json:"checksum"`
	StorageHash  string  `json:"storage_hash"`
}

func makeRow(t *testing.T, f keywright.Format, random string) row {
	t.Helper()
	b, err := hex.DecodeString(random)
	if err != nil {
		t.Fatal(err)
	}
	g, err := keywright.NewGenerator(f, zeroes{bytes.NewReader(b)})
	if err != nil {
		t.Fatal(err)
	}
	k, err := g.Next("")
	if err != nil {
		t.Fatal(err)
	}
	return row{
		k.Reveal(), f.Preset, k.Prefix(), k.Environment(), k.PublicID(), len(k.Secret().Reveal()), math.Floor(f.Entropy()*100) / 100,
		k.Checksum().String(), k.Hash().String(),
	}
}

// zeroes yields what r holds, then zero bytes for ever.
type zeroes struct{ r *bytes.Reader }

func (z zeroes) Read(p []byte) (int, error) {
	n, _ := z.r.Read(p)
	clear(p[n:])
	return len(p), nil
}

func found(t *testing.T, v any) outcome {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return outcome{Value: b}
}

// failed is an error by its fields.
func failed(t *testing.T, err error) *map[string]string {
	t.Helper()
	if e, ok := errors.AsType[*keywright.FormatError](err); ok {
		return &map[string]string{"field": e.Field, "problem": e.Problem, "hint": e.Hint}
	}
	e, ok := errors.AsType[*keywright.ParseError](err)
	if !ok {
		t.Fatalf("an error of another kind: %v", err)
	}
	return &map[string]string{"segment": e.Segment, "problem": e.Problem}
}

// newQuestion takes a preset and changes it here and there; the keys are one of that format and what people do to keys.
func newQuestion(r *rand.Rand) question {
	presets := keywright.Presets()
	f, err := keywright.Preset(presets[r.IntN(len(presets))])
	if err != nil {
		panic(err)
	}
	for range r.IntN(4) {
		change(r, &f)
	}
	q := question{Format: f, Keys: [][]byte{}}
	normalized, err := f.Normalize()
	if err != nil || normalized.Secret.Encoding == keywright.Opaque {
		q.Keys = append(q.Keys, text(r))
		return q
	}
	q.Random = hex.EncodeToString(randomBytes(r, 1200))
	key, err := keywright.Generate(normalized)
	if err != nil {
		panic(err)
	}
	q.Keys = append(q.Keys, []byte(key.Reveal()), text(r))
	for range 4 {
		q.Keys = append(q.Keys, damage(r, key.Reveal()))
	}
	return q
}

func one[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func part(r *rand.Rand) keywright.Part {
	p := keywright.Part{Encoding: keywright.Encoding(r.IntN(9))}
	switch r.IntN(8) {
	case 0, 1, 2:
		p.Bytes = one(r, 4, 5, 8, 10, 12, 16, 20, 24, 32, 48, 64)
	case 3, 4, 5:
		p.Chars = one(r, 7, 8, 12, 16, 22, 24, 27, 32, 43, 44, 48, 52, 64)
	case 6:
		p.Bytes, p.Chars = one(r, -1, 0, 1, 65, 1025), one(r, -1, 0, 5)
	default:
		p.Bytes, p.Chars = one(r, 0, 0, 16), one(r, 0, 129, 1025, 2000, 3)
	}
	return p
}

func change(r *rand.Rand, f *keywright.Format) {
	switch r.IntN(11) {
	case 0:
		f.Prefix = one(r, "", "acme", "sk_live", " acme\u0085", "\ufeffacme", "a-b", "_a", "a__b", "ä", strings.Repeat("a", 32), strings.Repeat("a", 33), strings.Repeat("ä", 17))
	case 1:
		f.Environment = one(r, "", "live", "Development", "my env!", "---", strings.Repeat("e", 33), "münchen")
	case 2:
		f.Separator = one(r, "", "_", "-", ".", ":", "~", "#", "__", "ß", " ")
	case 3:
		f.ID = keywright.Part{}
	case 4, 5:
		f.ID = part(r)
	case 6, 7:
		f.Secret = part(r)
	case 8:
		f.Checksum = keywright.Checksum(r.IntN(3))
	case 9:
		f.Hash = keywright.Cover(r.IntN(3))
	case 10:
		f.Lenient, f.Publishable, f.Name = r.IntN(2) == 0, r.IntN(2) == 0, one(r, "", "secret")
		f.Preset = one(r, "", f.Preset, "unambiguous", "public-id", "no-such-preset", "toString")
	}
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// text is no key, or one of the format opaque.
func text(r *rand.Rand) []byte {
	n := one(r, 0, 5, 15, 16, 40, 1024, 1025)
	switch r.IntN(4) {
	case 0:
		return randomBytes(r, n)
	case 1:
		return []byte(strings.Repeat("ü", n/2))
	case 2:
		return []byte("key_live_" + base64.StdEncoding.EncodeToString(randomBytes(r, n)))
	}
	return []byte(strings.Repeat("a", n))
}

// damage changes a key a little.
func damage(r *rand.Rand, key string) []byte {
	b := []byte(key)
	at := r.IntN(len(b))
	switch r.IntN(9) {
	case 0, 1:
		b[at] = one(r, []byte("0OoIl1iU!_-.:~=+/aZ9\x00\n\x7f\x80\xff")...)
	case 2:
		return b[:at]
	case 3:
		return append(b[:at:at], b[at+1:]...)
	case 4:
		return append(b[:at:at], append([]byte(one(r, "a", "_", "0", "ü", "\u2028")), b[at:]...)...)
	case 5:
		return []byte(strings.ToLower(key))
	case 6:
		return []byte(strings.ToUpper(key))
	case 7:
		return []byte(one(r, " ", "x", "live_") + key)
	case 8:
		b[len(b)-1-r.IntN(min(len(b), 12))]++
	}
	return b
}
