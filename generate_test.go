// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// stream is a reader of pseudo-random bytes that are the same in every run.
func stream(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

// repeat is a reader that yields the bytes of s over and over.
type repeat struct {
	s  []byte
	at int
}

func (r *repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.s[r.at%len(r.s)]
		r.at++
	}
	return len(p), nil
}

// chiSquare measures how far counts are from equal.
func chiSquare(counts map[byte]int, alphabet string) float64 {
	total := 0
	for _, n := range counts {
		total += n
	}
	want := float64(total) / float64(len(alphabet))
	sum := 0.0
	for i := range len(alphabet) {
		d := float64(counts[alphabet[i]]) - want
		sum += d * d / want
	}
	return sum
}

func TestSampledAlphabetsAreUniform(t *testing.T) {
	const characters = 256_000
	for _, e := range []Encoding{Base62, Base58, Base55} {
		alphabet := encodings[e].alphabet
		g, err := NewGenerator(Format{Prefix: "a", Secret: Part{Encoding: e, Chars: 128}}, stream(byte(e)))
		if err != nil {
			t.Fatal(err)
		}
		counts, folded := map[byte]int{}, map[byte]int{}
		for range characters / 128 {
			key, err := g.Next("")
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []byte(key.Secret().Reveal()) {
				counts[c]++
			}
		}
		// With 54 to 61 degrees of freedom, a fair sample goes beyond 120 less than once in 100,000.
		if x := chiSquare(counts, alphabet); x > 120 || len(counts) != len(alphabet) {
			t.Errorf("%s: χ² is %.1f over %d characters", e, x, len(counts))
		}
		var b [characters]byte
		_, _ = io.ReadFull(stream(99), b[:])
		for _, c := range b {
			folded[alphabet[int(c)%len(alphabet)]]++
		}
		if x := chiSquare(folded, alphabet); x < 120 {
			t.Errorf("%s: the test would not see that bytes are folded: χ² is %.1f", e, x)
		}
	}
}

func TestBytesBeyondAlphabetAreThrownAway(t *testing.T) {
	for _, c := range []struct {
		encoding Encoding
		first    byte // the first byte that is of no use
	}{{Base55, 220}, {Base58, 232}, {Base62, 248}} {
		var s []byte
		for b := int(c.first); b < 256; b++ {
			s = append(s, byte(b))
		}
		useless := len(s)
		s = append(s, 0, c.first-1)
		source := &repeat{s: s}
		g, err := NewGenerator(Format{Prefix: "a", Secret: Part{Encoding: c.encoding, Chars: 64}}, source)
		if err != nil {
			t.Fatal(err)
		}
		key, err := g.Next("")
		alphabet := encodings[c.encoding].alphabet
		want := strings.Repeat(alphabet[:1]+alphabet[len(alphabet)-1:], 32)
		if err != nil || key.Secret().Reveal() != want {
			t.Errorf("%s: %s, %v: useless bytes were folded", c.encoding, key.Secret().Reveal(), err)
		}
		used := source.at - len(g.block) + g.next
		if want := 32 * (useless + 2); used != want {
			t.Errorf("%s: %d bytes were used, want %d", c.encoding, used, want)
		}
	}
}

var errNoRandom = errors.New("no entropy today")

func TestNoKeyWithoutRandomness(t *testing.T) {
	for _, preset := range []string{"keywright", "public-id", "webhook-secret", "seam"} {
		f, err := Preset(preset)
		if err != nil {
			t.Fatal(err)
		}
		for _, readable := range []int64{0, 1, 4095, 4096, 4097, 10000} {
			source := io.MultiReader(io.LimitReader(stream(1), readable), iotestErr{})
			g, err := NewGenerator(f, source)
			if err != nil {
				t.Fatal(err)
			}
			var key Key
			made := 0
			for ; err == nil && made < 1000; made++ {
				key, err = g.Next("")
			}
			if !errors.Is(err, errNoRandom) || key.Reveal() != "" || key.Full() != (Secret{}) {
				t.Errorf("%s, %d bytes: %v and a key of %d characters", preset, readable, err, len(key.Reveal()))
			}
			if readable < 4096 && made != 1 {
				t.Errorf("%s: %d keys were made of %d bytes", preset, made-1, readable)
			}
			if g.block != [4096]byte{} {
				t.Errorf("%s: random bytes are left after the failure", preset)
			}
		}
	}
}

type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, errNoRandom }

func TestUsedRandomnessIsWiped(t *testing.T) {
	for _, preset := range []string{"keywright", "public-id", "unambiguous"} {
		f, err := Preset(preset)
		if err != nil {
			t.Fatal(err)
		}
		g, err := NewGenerator(f, &repeat{s: bytes.Repeat([]byte{0xa5, 0x5a, 0x11}, 11)})
		if err != nil {
			t.Fatal(err)
		}
		for range 30 {
			if _, err := g.Next(""); err != nil {
				t.Fatal(err)
			}
			if left := bytes.Trim(g.block[:g.next], "\x00"); len(left) > 0 {
				t.Fatalf("%s: %d used bytes are left", preset, len(left))
			}
			if g.next == 0 || g.next < len(g.block) && g.block[g.next] == 0 {
				t.Fatalf("%s: bytes not yet used are gone", preset)
			}
		}
	}
}

func TestEachByteIsUsedOnce(t *testing.T) {
	source := stream(7)
	g, err := NewGenerator(Format{Secret: Part{Encoding: Hex, Bytes: 32}}, source)
	if err != nil {
		t.Fatal(err)
	}
	want := stream(7)
	for range 1000 {
		key, err := g.Next("")
		var b [32]byte
		if _, readErr := io.ReadFull(want, b[:]); readErr != nil || err != nil {
			t.Fatal(err, readErr)
		}
		if key.Reveal() != string(Hex.appendBytes(nil, b[:])) {
			t.Fatal("the key does not show the random bytes in their order")
		}
	}
}

func TestGenerate(t *testing.T) {
	f, err := Preset(DefaultPreset)
	if err != nil {
		t.Fatal(err)
	}
	a, errA := Generate(f)
	b, errB := Generate(f)
	if errA != nil || errB != nil || a.Full().Equal(b.Full()) || a.Checksum() != ChecksumOK {
		t.Errorf("%v, %v, checksum %s", errA, errB, a.Checksum())
	}
	if _, err := Generate(Format{Secret: Part{Encoding: Opaque}}); err == nil {
		t.Error("an opaque key was made")
	}
	if _, err := Generate(Format{Secret: Part{Encoding: Base62, Chars: 8}}); err == nil {
		t.Error("a short key was made")
	}
}

func TestNextEnvironment(t *testing.T) {
	f, err := Preset(DefaultPreset)
	if err != nil {
		t.Fatal(err)
	}
	g, err := NewGenerator(f, stream(3))
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]string{"": "live", "live": "live", "test": "test", "development": "dev", "eu-1": "eu1"} {
		if key, err := g.Next(label); err != nil || key.Environment() != want {
			t.Errorf("%q gives %q, %v", label, key.Environment(), err)
		}
	}
	if key, err := g.Next("!"); err == nil || key.Reveal() != "" {
		t.Error("a key for an environment without letters was made")
	}
}

func TestAllocations(t *testing.T) {
	for _, preset := range Presets() {
		f, err := Preset(preset)
		if err != nil {
			t.Fatal(err)
		}
		if preset == "opaque" {
			continue
		}
		g, err := NewGenerator(f, stream(5))
		if err != nil {
			t.Fatal(err)
		}
		key, err := g.Next("")
		if err != nil {
			t.Fatal(err)
		}
		whole := key.Full()
		if n := testing.AllocsPerRun(200, func() { _, _ = f.Parse(whole) }); n > 1 { // crc32 takes one
			t.Errorf("%s: parsing takes %.0f allocations", preset, n)
		}
		if n := testing.AllocsPerRun(200, func() { _ = key.Hash() }); n > 0 {
			t.Errorf("%s: hashing takes %.0f allocations", preset, n)
		}
		if n := testing.AllocsPerRun(200, func() { _, _ = g.Next("") }); n > 2 {
			t.Errorf("%s: making a key takes %.0f allocations", preset, n)
		}
	}
}
