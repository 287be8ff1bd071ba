// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A vectorFile is one file of testdata/vectors; its README says what the kinds mean.
type vectorFile struct {
	Reason string            `json:"reason"`
	Kind   string            `json:"kind"`
	Cases  []json.RawMessage `json:"cases"`
}

// readVectors returns all vector files by name, and fails where there are none.
func readVectors(t testing.TB) map[string]vectorFile {
	t.Helper()
	names, err := filepath.Glob("testdata/vectors/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no vectors in testdata/vectors: %v", err)
	}
	files := map[string]vectorFile{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var f vectorFile
		decode(t, data, &f)
		if f.Reason == "" || len(f.Cases) == 0 {
			t.Fatalf("%s: no reason, or no cases", name)
		}
		files[strings.TrimSuffix(filepath.Base(name), ".json")] = f
	}
	return files
}

// decode reads JSON and fails on a field that v has not, so that no expectation goes unread.
func decode(t testing.TB, data []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%v in %.200s", err, data)
	}
}

func TestVectors(t *testing.T) {
	kinds := map[string]func(*testing.T, json.RawMessage){
		"key": testKeyVector, "generate": testGenerateVector, "checksum": testChecksumVector,
		"encoding": testEncodingVector, "number": testNumberVector, "hash": testHashVector, "key_id": testKeyIDVector,
		"scope": testScopeVector, "inclusion": testInclusionVector, "scope_syntax": testScopeSyntaxVector,
		"scope_expr": testScopeExprVector, "environment": testEnvironmentVector,
		"preset": testPresetVector, "format": testFormatVector, "issuer": testIssuerVector,
	}
	seen := map[string]bool{}
	for name, file := range readVectors(t) {
		run, ok := kinds[file.Kind]
		if !ok {
			t.Fatalf("%s: unknown kind %q", name, file.Kind)
		}
		seen[file.Kind] = true
		for i, c := range file.Cases {
			t.Run(name+"/"+strconv.Itoa(i), func(t *testing.T) { run(t, c) })
		}
	}
	for kind := range kinds {
		if !seen[kind] {
			t.Errorf("no vector of kind %s", kind)
		}
	}
}

type generateVector struct {
	Format      Format `json:"format"`
	RandomHex   string `json:"random_hex"`
	Environment string `json:"environment"`
	Key         string `json:"key"`
	Hash        string `json:"hash"`
}

// zeroes yields what r holds, then zero bytes for ever.
type zeroes struct{ r *bytes.Reader }

func (z zeroes) Read(p []byte) (int, error) {
	n, _ := z.r.Read(p)
	clear(p[n:])
	return len(p), nil
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func testGenerateVector(t *testing.T, raw json.RawMessage) {
	var v generateVector
	decode(t, raw, &v)
	g, err := NewGenerator(v.Format, zeroes{bytes.NewReader(unhex(t, v.RandomHex))})
	if err != nil {
		t.Fatal(err)
	}
	key, err := g.Next(v.Environment)
	if err != nil || key.Reveal() != v.Key || key.Hash().String() != v.Hash {
		t.Errorf("got %s, %s, %v; want %s, %s", key.Reveal(), key.Hash(), err, v.Key, v.Hash)
	}
	parsed, err := v.Format.Parse(NewSecret(v.Key))
	if err != nil {
		t.Fatal(err)
	}
	if parsed.PublicID() != key.PublicID() || !parsed.Secret().Equal(key.Secret()) || parsed.Environment() != key.Environment() || parsed.Checksum() != key.Checksum() {
		t.Error("the parsed key has other segments than the made one")
	}
}

func testChecksumVector(t *testing.T, raw json.RawMessage) {
	var v struct {
		Checksum   Checksum
		Body, Text string
	}
	decode(t, raw, &v)
	got := appendCRC32(nil, []byte(v.Body))
	if v.Checksum == Crockford4 {
		got = appendCrockford4(nil, HashText(v.Body))
	}
	if string(got) != v.Text {
		t.Errorf("checksum of %q is %s, want %s", v.Body, got, v.Text)
	}
}

func testEncodingVector(t *testing.T, raw json.RawMessage) {
	var v struct {
		Encoding Encoding
		BytesHex string `json:"bytes_hex"`
		Text     string
	}
	decode(t, raw, &v)
	b := unhex(t, v.BytesHex)
	if v.Encoding == Base58 {
		if got := string(appendBase58(nil, b)); got != v.Text {
			t.Errorf("got %s, want %s", got, v.Text)
		}
		if got := make([]byte, len(b)); !base58Decode(got, v.Text) || !bytes.Equal(got, b) {
			t.Errorf("got %x, want %x", got, b)
		}
		return
	}
	if got := string(v.Encoding.appendBytes(nil, b)); got != v.Text || len(got) != v.Encoding.chars(len(b)) {
		t.Errorf("got %s, want %s", got, v.Text)
	}
	if len(b) > 0 && !v.Encoding.holds(v.Text, len(b)) {
		t.Errorf("%s does not hold %s", v.Encoding, v.Text)
	}
}

func testNumberVector(t *testing.T, raw json.RawMessage) {
	var v struct{ Number, Text string }
	decode(t, raw, &v)
	n, err := strconv.ParseUint(v.Number, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	if got := appendNumber62(nil, uint32(n)); string(got) != v.Text {
		t.Errorf("%d is %s, want %s", n, got, v.Text)
	}
}

func testHashVector(t *testing.T, raw json.RawMessage) {
	var v struct {
		Text     string
		Encoding Encoding
		Hex      string
		Error    bool
	}
	decode(t, raw, &v)
	h, err := ParseHash(v.Text)
	if v.Encoding != 0 {
		h, err = ParseHashAs(v.Encoding, v.Text)
	}
	if v.Error != (err != nil) || !v.Error && h.String() != v.Hex {
		t.Errorf("got %s, %v; want %s", h, err, v.Hex)
	}
}

func testKeyIDVector(t *testing.T, raw json.RawMessage) {
	var v struct {
		Text      string
		BytesHex  string `json:"bytes_hex"`
		UnixMilli *int64 `json:"unix_milli"`
		RandomHex string `json:"random_hex"`
		Error     bool
	}
	decode(t, raw, &v)
	id, err := ParseKeyID(v.Text)
	if v.Error {
		if err == nil {
			t.Errorf("%q is read as a key id", v.Text)
		}
		return
	}
	if err != nil || hex.EncodeToString(id[:]) != v.BytesHex || id.String() != v.Text {
		t.Errorf("got %x, %s, %v; want %s, %s", id[:], id, err, v.BytesHex, v.Text)
	}
	if v.UnixMilli != nil {
		made, err := NewKeyID(time.UnixMilli(*v.UnixMilli), bytes.NewReader(unhex(t, v.RandomHex)))
		if err != nil || made != id {
			t.Errorf("made %x, %v; want %x", made[:], err, id[:])
		}
	}
}

func testScopeVector(t *testing.T, raw json.RawMessage) {
	var v struct {
		Pattern, Scope string
		Match          bool
	}
	decode(t, raw, &v)
	if got := Matches(v.Pattern, v.Scope); got != v.Match {
		t.Errorf("Matches(%q, %q) = %v", v.Pattern, v.Scope, got)
	}
	if got := Grants([]string{"other:scope", v.Pattern}, v.Scope); got != v.Match {
		t.Errorf("Grants with %q of %q = %v", v.Pattern, v.Scope, got)
	}
	if got := MissingScopes([]string{v.Pattern}, []string{v.Scope}); (len(got) == 0) != v.Match {
		t.Errorf("missing %q", got)
	}
}

func testInclusionVector(t *testing.T, raw json.RawMessage) {
	var v struct {
		Granted  []string
		Pattern  string
		Included bool
	}
	decode(t, raw, &v)
	if got := Includes(v.Granted, v.Pattern); got != v.Included {
		t.Errorf("Includes(%q, %q) = %v", v.Granted, v.Pattern, got)
	}
}

func testScopeSyntaxVector(t *testing.T, raw json.RawMessage) {
	var v struct {
		Scope          string
		Asked, Granted bool
	}
	decode(t, raw, &v)
	if got := CheckScope(v.Scope) == nil; got != v.Asked {
		t.Errorf("%q may be asked for: %v", v.Scope, got)
	}
	if got := CheckPattern(v.Scope) == nil; got != v.Granted {
		t.Errorf("%q may be granted: %v", v.Scope, got)
	}
}

func testScopeExprVector(t *testing.T, raw json.RawMessage) {
	var v struct {
		Expr             string
		Granted, Missing []string
		OK, Error        bool
	}
	decode(t, raw, &v)
	e, err := ParseScopeExpr(v.Expr)
	if v.Error || err != nil {
		if v.Error != (err != nil) {
			t.Errorf("%q: %v", v.Expr, err)
		}
		return
	}
	ok, missing := e.Granted(v.Granted)
	if ok != v.OK || !slices.Equal(missing, v.Missing) {
		t.Errorf("%q with %q: %v, missing %q", v.Expr, v.Granted, ok, missing)
	}
}

func testEnvironmentVector(t *testing.T, raw json.RawMessage) {
	var v struct {
		Label, Text string
		Error       bool
	}
	decode(t, raw, &v)
	got, err := Environment(v.Label)
	if v.Error != (err != nil) || got != v.Text {
		t.Errorf("Environment(%q) = %q, %v", v.Label, got, err)
	}
}

func testPresetVector(t *testing.T, raw json.RawMessage) {
	var v struct {
		Name   string
		Format Format
	}
	decode(t, raw, &v)
	got, err := Preset(v.Name)
	if err != nil || !slices.Contains(Presets(), v.Name) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v.Format, got); diff != "" {
		t.Error(diff)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var again Format
	if decode(t, text, &again); again != got {
		t.Errorf("JSON gives another format back: %s", text)
	}
}

func testFormatVector(t *testing.T, raw json.RawMessage) {
	var v struct {
		Format      Format
		Error       string
		EntropyBits float64 `json:"entropy_bits"`
		Secret      Part
	}
	decode(t, raw, &v)
	f, err := v.Format.Normalize()
	if v.Error != "" {
		if e, ok := err.(*FormatError); !ok || e.Field != v.Error {
			t.Errorf("got %v, want an error in the field %s", err, v.Error)
		}
		return
	}
	switch {
	case err != nil:
		t.Error(err)
	case v.EntropyBits > 0 && math.Abs(f.Entropy()-v.EntropyBits) > 0.001:
		t.Errorf("entropy is %f, want %f", f.Entropy(), v.EntropyBits)
	case !v.Secret.None() && f.Secret != v.Secret:
		t.Errorf("secret is %v, want %v", f.Secret, v.Secret)
	}
}

type keyVector struct {
	Format      Format
	Key         string
	KeyBase64   string `json:"key_base64"` // for keys that JSON cannot hold
	Canonical   string // what is kept where it differs from the key
	Prefix      string
	Environment string
	PublicID    string `json:"public_id"`
	Secret      string
	Checksum    string
	Hash        string
	Error       string // the segment that is wrong, or any
	Detail      string // what Diagnose says, among other things
	Inspect     []string
	InspectAs   struct{ Preset, Error string } `json:"inspect_as"`
}

func (v *keyVector) text(t testing.TB) string {
	if v.KeyBase64 == "" {
		return v.Key
	}
	b, err := base64.StdEncoding.DecodeString(v.KeyBase64)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
