// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

type issuerVector struct {
	Key, Preset, Kind, Prefix, Environment string
	Checksum, Certainty, Hash              string
	Damaged                                bool
	Error                                  string
}

// testIssuerVector takes a key of another issuer through every entrance.
func testIssuerVector(t *testing.T, raw json.RawMessage) {
	var v issuerVector
	decode(t, raw, &v)
	s := NewSecret(v.Key)
	found := Inspect(s)
	as, err := InspectAs(s, v.Preset)
	if v.Error != "" {
		if err == nil || !strings.Contains(err.Error(), v.Error) || len(v.Key) > 8 && strings.Contains(err.Error(), v.Key) {
			t.Errorf("InspectAs(%s, %s): %v, want %s", v.Key, v.Preset, err, v.Error)
		}
		for _, c := range found {
			if c.Issuer != "" {
				t.Errorf("%s is taken for a key of %s", v.Key, c.Issuer)
			}
		}
		return
	}
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: %d found; %v", v.Key, len(found), err)
	}
	for _, c := range []Candidate{found[0], as} {
		got := issuerVector{v.Key, c.Preset, c.Kind, c.Prefix, c.Environment, c.Checksum.String(), c.Certainty.String(), c.StorageHash.String(), c.Damaged(), ""}
		if got != v {
			t.Errorf("got  %+v\nwant %+v", got, v)
		}
		checkCandidate(t, s, c)
	}
}

// checkIssued holds a candidate of another issuer against the key that it was found in.
func checkIssued(t *testing.T, s Secret, c Candidate) {
	t.Helper()
	prefix, masked := strings.CutSuffix(c.Masked, "***")
	secret, begins := strings.CutPrefix(s.Reveal(), prefix)
	if !masked || !begins || len(secret) < 16 || c.StorageHash != HashText(s.Reveal()) || c.PublicID != "" {
		t.Fatalf("%q is read as %+v", s.Reveal(), c)
	}
	if c.Kind == "" || c.Opens == "" || c.Revoke == "" || c.EntropyBits < 80 {
		t.Fatalf("%+v does not say enough", c)
	}
}

// sample writes a key of a kind that nobody was ever given: one character again and again, and the right checksum.
func (k *kind) sample() string {
	var b strings.Builder
	b.WriteString(k.prefix)
	for _, p := range k.shape {
		fill := "x"
		if p.text == "" && !p.of.only(fill) {
			fill = encodings[p.of].alphabet[:1]
		}
		b.WriteString(p.text + strings.Repeat(fill, p.min))
	}
	text := b.String()
	if k.sum == nil {
		return text
	}
	from, end := len(k.prefix), len(text)-k.sum.after-k.sum.size
	if k.sum.prefix {
		from = 0
	}
	return text[:end] + k.sum.write(text[from:end-k.sum.gap]) + text[end+k.sum.size:]
}

// eachKind calls f with every row.
func eachKind(f func(*issuer, *kind)) {
	for i := range issuers {
		for j := range issuers[i].kinds {
			f(&issuers[i], &issuers[i].kinds[j])
		}
	}
}

func TestEveryKindOfIssuerIsFound(t *testing.T) {
	eachKind(func(i *issuer, k *kind) {
		s := NewSecret(k.sample())
		c, err := InspectAs(s, i.name)
		want := ByPrefix
		switch {
		case k.sum != nil:
			want = ByChecksum
		case k.shared != 0:
			want = k.shared
		}
		if err != nil || c.Kind != k.what || c.Issuer != i.title || c.Certainty != want {
			t.Fatalf("%s as %s: %+v, %v", s.Reveal(), i.name, c, err)
		}
		checkCandidate(t, s, c)
		if found := Inspect(s); k.shared != ByShape && (len(found) == 0 || found[0] != c) || k.shared == 0 && len(found) != 1 {
			t.Errorf("%s is found as\n%s", s.Reveal(), describe(found))
		}
		if k.sum == nil {
			return
		}
		at := len(s.Reveal()) - k.sum.after - 1
		text := []byte(s.Reveal())
		if text[at]++; !strings.Contains(k.sum.alphabet, string(text[at])) {
			text[at] -= 2
		}
		c, err = InspectAs(NewSecret(string(text)), i.name)
		if err != nil || c.Checksum != ChecksumWrong || c.Damaged() != k.sum.documented {
			t.Errorf("%s, which is damaged: %+v, %v", text, c, err)
		}
	})
	for _, name := range Issuers() {
		if _, err := Preset(name); err == nil {
			t.Errorf("%s is a preset and an issuer", name)
		}
	}
}

// IssuerTable is the table of docs/issuers.md.
func IssuerTable() string {
	var b strings.Builder
	b.WriteString("| name | what | sample | checksum | opens |\n|---|---|---|---|---|\n")
	eachKind(func(i *issuer, k *kind) {
		sum := "none"
		if k.sum != nil {
			sum = "yes"
			if !k.sum.documented {
				sum = "seen"
			}
		}
		sample := k.sample()
		if len(sample) > 60 {
			sample = sample[:30] + "…" + sample[len(sample)-20:]
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s | %s |\n", i.name, k.what, sample, sum, k.opens)
	})
	b.WriteString("\n| name | issuer | where a key is ended |\n|---|---|---|\n")
	for _, i := range issuers {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", i.name, i.title, i.revoke)
	}
	return b.String()
}

// Nothing that is not printable, too long or half a key makes Inspect fail or tell.
func TestInspectOfAnything(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	heads := []string{"", "sk_live_", "acme_"}
	eachKind(func(_ *issuer, k *kind) { heads = append(heads, k.prefix) })
	alphabets := []string{alphabet62, alphabet64URL + ".:~=", alphabetHex, string([]byte{0, 0xff, 'a', '_', '\n'})}
	names := append(Presets(), Issuers()...)
	for n := range 2001 {
		text := []byte(heads[random.IntN(len(heads))])
		alphabet := alphabets[random.IntN(len(alphabets))]
		for len(text) < n {
			text = append(text, alphabet[random.IntN(len(alphabet))])
		}
		s := NewSecret(string(text[:n]))
		found := Inspect(s)
		for _, name := range names {
			c, err := InspectAs(s, name)
			if err == nil {
				found = append(found, c)
			} else if n > 20 && strings.Contains(err.Error(), s.Reveal()) {
				t.Fatalf("the error repeats %q", s.Reveal())
			}
		}
		for _, c := range found {
			checkCandidate(t, s, c)
		}
	}
}
