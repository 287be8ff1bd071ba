// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"math"
	"testing"
)

func TestBitsPerCharacter(t *testing.T) {
	for e, want := range map[Encoding]float64{Base55: 5.78136, Base58: 5.8580, Base62: 5.9542, Hex: 4, Crockford: 5, Base64URL: 6} {
		if got := e.bitsPerChar(); math.Abs(got-want) > 0.00005 {
			t.Errorf("%s: %f bits, want %f", e, got, want)
		}
	}
}

func TestEntropyOfPresets(t *testing.T) {
	for preset, want := range map[string]float64{
		"keywright": 256.03, "public-id": 256, "unambiguous": 185.00, "secret-key": 190.53, "publishable-key": 142.90,
		"service-token": 285.80, "personal-token": 214.35, "webhook-secret": 256, "seam": 140.59, "alphanumeric": 190.53, "opaque": 0,
	} {
		f, err := Preset(preset)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Entropy(); math.Abs(got-want) > 0.006 {
			t.Errorf("%s: %f bits, want %f", preset, got, want)
		}
		if w := f.Warnings(); len(w) > 0 {
			t.Errorf("%s: %q", preset, w)
		}
	}
}

func TestCharactersForBytes(t *testing.T) {
	for e, want := range map[Encoding][6]int{
		Crockford: {20, 23, 26, 32, 39, 52}, Base55: {17, 20, 23, 28, 34, 45}, Base58: {17, 20, 22, 28, 33, 44},
		Base62: {17, 19, 22, 27, 33, 43}, Base64URL: {16, 19, 22, 27, 32, 43}, Hex: {24, 28, 32, 40, 48, 64},
	} {
		for i, n := range []int{12, 14, 16, 20, 24, 32} {
			if got := e.chars(n); got != want[i] {
				t.Errorf("%d bytes are %d characters of %s, want %d", n, got, e, want[i])
			}
		}
	}
}

func TestShortSecretWarns(t *testing.T) {
	f, err := Preset("unambiguous")
	if err != nil {
		t.Fatal(err)
	}
	f.Secret.Chars = 16
	if f, err = f.Normalize(); err != nil {
		t.Fatal(err)
	}
	w := f.Warnings()
	if len(w) != 1 || w[0] != "92.5 bits of entropy are less than 128: 23 characters would do" {
		t.Errorf("%q", w)
	}
}

func TestStrength(t *testing.T) {
	for bits, want := range map[float64]string{
		0: "weak", 63.9: "weak", 64: "fair", 92.5: "fair", 111.9: "fair", 112: "good", 127.99: "good",
		128: "strong", 255.9: "strong", 256: "very strong", 512: "very strong",
	} {
		if got := Strength(bits); got != want {
			t.Errorf("%g bits are %s, want %s", bits, got, want)
		}
	}
}

func TestCollision(t *testing.T) {
	for _, c := range []struct {
		n    int
		bits float64
		want float64
		text string
	}{
		{5, 256, 8.64e-77, "below 1e-30"},
		{0, 128, 0, "below 1e-30"},
		{1, 0, 0, "below 1e-30"},
		{-3, 128, 0, "below 1e-30"},
		{2, 1, 0.5, "0.5"},
		{100_000, 46.86, 3.9e-5, "3.9e-05"},
		{1_000_000, 1, 1, "1"},
		{50, 128, 3.6e-36, "below 1e-30"},
		{1 << 20, 128, 1.6e-27, "1.6e-27"},
	} {
		got := Collision(c.n, c.bits)
		if math.Abs(got-c.want) > 0.01*c.want || CollisionText(got) != c.text {
			t.Errorf("%d secrets of %g bits: %g, %q; want %g, %q", c.n, c.bits, got, CollisionText(got), c.want, c.text)
		}
	}
}
