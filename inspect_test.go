// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// describe writes what matters of candidates, one a line.
func describe(found []Candidate) string {
	var b strings.Builder
	for _, c := range found {
		fmt.Fprintf(&b, "%s by %s: %s, checksum %s, %.0f bits\n", c.Preset, c.Certainty, c.Masked, c.Checksum, c.EntropyBits)
	}
	return b.String()
}

func TestInspect(t *testing.T) {
	for _, c := range []struct{ key, want string }{
		{"myapp_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG", "seam by shape: myapp_BRTRKFsL_***, checksum none, 141 bits\n"},
		{"st_live_000G40R4_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8_XC86", "public-id by checksum: st_live_000G40R4_***, checksum ok, 256 bits\n"},
		{"st_live_000G40R4_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8_XC87", "public-id by shape: st_live_000G40R4_***, checksum wrong, 256 bits\n"},
		{"st_live_000G40R4_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "public-id by shape: st_live_000G40R4_***, checksum none, 256 bits\n"},
		{"sk_live_xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9n", "secret-key by prefix: sk_live_***, checksum none, 191 bits\n"},
		{"api_test_xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9n", "secret-key by prefix: api_test_***, checksum none, 191 bits\n"},
		{"pub_live_00112233445566778899aabbccddeeff", "publishable-key by prefix: pub_live_***, checksum none, 128 bits\n"},
		{"svc_prod_xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9nxK7mNpQ2rT8vWbYh", "service-token by prefix: svc_prod_***, checksum none, 286 bits\n"},
		{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "webhook-secret by prefix: whsec_***, checksum none, 192 bits\n"},
		{"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", "github by checksum: ghp_***, checksum ok, 179 bits\n"},
		{"mycompany_25RbpSyxVex_Gp6TRzhNvYA5GonfggbvNU", "seam-v4 by shape: mycompany_25RbpSyxVex_***, checksum none, 128 bits\n"},
		{"mycompany_CEUsS4psCmc_BddpcwWyCT3EkDjHSSTRaSK1dxtuQgbjb", "seam by guess: mycompany_CEUsS4psCmc_***, checksum none, 193 bits\n"},
		{"indiid_ZplVTncO_TCX0ZQp3XBs1fS2D2DBPDlsH", "seam by guess: indiid_ZplVTncO_***, checksum none, 143 bits\n"},
		{"00112233445566778899aabbccddeeff", "public-id by guess: ***, checksum none, 128 bits\n"},
		{"acme_live_00112233445566778899aabbccddeeff", "public-id by shape: acme_live_***, checksum none, 128 bits\n"},
		{"xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9n", "alphanumeric by guess: ***, checksum none, 191 bits\npublic-id by guess: ***, checksum none, 192 bits\n"},
		{"acme_xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9n", "alphanumeric by shape: acme_***, checksum none, 191 bits\npublic-id by guess: acme_***, checksum none, 192 bits\n"},
		{"sk_live_23456789ABCDEFGHJKLMNPQRSTUVabcd", "secret-key by prefix: sk_live_***, checksum none, 191 bits\nunambiguous by shape: sk_live_***, checksum none, 185 bits\n"},
		{"550e8400-e29b-41d4-a716-446655440000", ""},
		{"hello world, this is some text", ""},
		{"short", ""},
		{"", ""},
		{strings.Repeat("a", 1025), ""},
		{"\x00\xff" + strings.Repeat("a", 40), ""},
	} {
		s := NewSecret(c.key)
		found := Inspect(s)
		if got := describe(found); got != c.want {
			t.Errorf("%s:\n%swant\n%s", c.key, got, c.want)
		}
		for _, c := range found {
			checkCandidate(t, s, c)
		}
	}
}

func TestInspectAs(t *testing.T) {
	sample := "sk_live_xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9n"
	for _, c := range []struct{ key, preset, want string }{
		{sample, "unambiguous", "character 27 of the secret is not in the alphabet of base55 (23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz)"},
		{sample, "secret-key", ""},
		{sample, "alphanumeric", ""},
		{sample, "opaque", ""},
		{sample, "publishable-key", "prefix is not the one"},
		{sample, "keywright", "65 characters and an environment, not 40"},
		{"key_live_abc", "keywright", "key has not the length"},
		{"api_short", "secret-key", "36 characters, not 9"},
		{"noseparator0123456789", "seam", "no separator"},
		{"myapp_x_y", "seam", ""},
		{"", "keywright", "key is empty"},
		{strings.Repeat("a", 2000), "opaque", "longer than 1024"},
		{sample, "nothing", "preset is not known"},
	} {
		got, err := InspectAs(NewSecret(c.key), c.preset)
		switch {
		case c.want == "" && err == nil:
			checkCandidate(t, NewSecret(c.key), got)
		case err == nil || c.want == "" || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s as %s: %v", c.key, c.preset, err)
		case c.preset != "nothing" && !errors.Is(err, ErrMalformed):
			t.Errorf("%v is not ErrMalformed", err)
		case len(c.key) > 8 && strings.Contains(err.Error(), c.key):
			t.Errorf("the error repeats the key: %v", err)
		}
	}
}

// Keys as they are made are named right, and masked at the right place.
func TestInspectNamesWhatIsMade(t *testing.T) {
	for _, preset := range Presets() {
		f, err := Preset(preset)
		if err != nil {
			t.Fatal(err)
		}
		if preset == "opaque" {
			continue
		}
		g, err := NewGenerator(f, stream(21))
		if err != nil {
			t.Fatal(err)
		}
		for range 2000 {
			key, err := g.Next("")
			if err != nil {
				t.Fatal(err)
			}
			found := Inspect(key.Full())
			i := slices.IndexFunc(found, func(c Candidate) bool { return c.Preset == preset })
			if i != 0 || found[0].Masked != key.Masked() || found[0].StorageHash != key.Hash() || found[0].Strength != Strength(f.Entropy()) {
				t.Fatalf("%s is taken for\n%s", key.Reveal(), describe(found))
			}
			for _, c := range found {
				checkCandidate(t, key.Full(), c)
			}
		}
	}
}

// A base64url secret without labels can look as if it began with some: those must not let much of it be seen.
func TestInspectDoesNotTakeSecretsForLabels(t *testing.T) {
	f, err := Preset("public-id")
	if err != nil {
		t.Fatal(err)
	}
	if f, err = f.Shaped(ShapeSecretOnly); err != nil {
		t.Fatal(err)
	}
	g, err := NewGenerator(f, stream(22))
	if err != nil {
		t.Fatal(err)
	}
	const keys = 20_000
	seen := 0
	for range keys {
		key, err := g.Next("")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range Inspect(key.Full()) {
			if len(c.Masked) > len("***")+6 {
				seen++
			}
		}
	}
	if seen > keys/200 {
		t.Errorf("of %d secrets, %d are shown in part", keys, seen)
	}
}

func TestCertaintyIsOrdered(t *testing.T) {
	names := ""
	for c := Certainty(0); c < 7; c++ {
		names += c.String() + " "
	}
	if names != "none checksum prefix shape guess guess guess " {
		t.Error(names)
	}
}

func BenchmarkInspect(b *testing.B) {
	for _, key := range []string{
		"st_live_000G40R4_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8_XC86", "myapp_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG",
		"xK7mNpQ2rT8vWbYhGjF3sLcEuDiAzM9n", "550e8400-e29b-41d4-a716-446655440000", "hello world, this is some text",
	} {
		s := NewSecret(key)
		b.Run(key[:6], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Inspect(s)
			}
		})
	}
}
