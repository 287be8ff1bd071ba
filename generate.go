// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// A Generator makes keys of one format. Randomness is read in blocks and each byte is used once. It is not safe for
// use by several goroutines: give each its own.
type Generator struct {
	format *Format
	random io.Reader
	block  [4096]byte
	next   int       // of block; what was used is zero
	text   [256]byte // the key that is being made; zero between keys. More than Normalize allows
}

// NewGenerator returns a generator of keys as f says. Randomness is the operating system's generator where random is
// nil; anything else is for tests.
func NewGenerator(f Format, random io.Reader) (*Generator, error) {
	f, err := f.Normalize()
	if err != nil {
		return nil, err
	}
	if f.Secret.Encoding == Opaque {
		return nil, errors.New("opaque keys are registered by their hash, not made: choose another preset")
	}
	if random == nil {
		random = rand.Reader
	}
	g := &Generator{format: &f, random: random}
	g.next = len(g.block)
	return g, nil
}

// Generate makes one key from the operating system's randomness.
func Generate(f Format) (Key, error) {
	g, err := NewGenerator(f, nil)
	if err != nil {
		return Key{}, err
	}
	return g.Next("")
}

// Next makes a key. The environment, where given, stands in for the format's own; a format without that segment makes
// keys without it all the same. If randomness fails there is an error and no key.
func (g *Generator) Next(environment string) (Key, error) {
	f, k, text := g.format, Key{format: g.format}, g.text[:0]
	defer clear(g.text[:])
	var err error
	if f.Prefix != "" {
		text = append(text, f.Prefix...)
		text, k.prefix = append(text, f.Separator[0]), span{0, uint16(len(text))}
	}
	if f.Environment != "" {
		if environment, err = g.environment(environment); err != nil {
			return Key{}, err
		}
		from := uint16(len(text))
		text = append(text, environment...)
		text, k.environment = append(text, f.Separator[0]), span{from, uint16(len(text))}
	}
	if !f.ID.None() {
		if text, k.id, err = g.segment(text, f.ID); err != nil {
			return Key{}, err
		}
		text = append(text, f.Separator[0])
	}
	if text, k.secret, err = g.segment(text, f.Secret); err != nil {
		return Key{}, err
	}
	from := len(text)
	switch f.Checksum {
	case CRC32:
		text = appendCRC32(text, text[k.bodyStart():])
	case Crockford4:
		from++
		text = append(text, f.Separator[0])
		text = appendCrockford4(text, sha256.Sum256(text[:from-1]))
	}
	if f.Checksum != NoChecksum {
		k.checksum, k.result = span{uint16(from), uint16(len(text))}, ChecksumOK
	}
	k.text = NewSecret(string(text))
	return k, nil
}

// environment returns the label to write.
func (g *Generator) environment(label string) (string, error) {
	if label == "" || label == g.format.Environment {
		return g.format.Environment, nil
	}
	return Environment(label)
}

// segment appends a random segment.
func (g *Generator) segment(text []byte, p Part) ([]byte, span, error) {
	from := uint16(len(text))
	if p.Bytes > 0 {
		var room [maxSecretBytes]byte
		defer clear(room[:])
		if err := g.read(room[:p.Bytes]); err != nil {
			return nil, span{}, err
		}
		text = p.Encoding.appendBytes(text, room[:p.Bytes])
		return text, span{from, uint16(len(text))}, nil
	}
	text = text[:len(text)+p.Chars]
	if err := g.sample(text[from:], &samples[p.Encoding]); err != nil {
		return nil, span{}, err
	}
	return text, span{from, uint16(len(text))}, nil
}

// read fills b with random bytes.
func (g *Generator) read(b []byte) error {
	for n := 0; n < len(b); {
		if err := g.refill(); err != nil {
			return err
		}
		m := copy(b[n:], g.block[g.next:])
		clear(g.block[g.next : g.next+m])
		n, g.next = n+m, g.next+m
	}
	return nil
}

// sample fills text with uniformly random characters of an alphabet.
func (g *Generator) sample(text []byte, table *[256]byte) error {
	for n := 0; n < len(text); {
		if err := g.refill(); err != nil {
			return err
		}
		// As many bytes as characters are missing: those that are thrown away are made up for in the next round.
		block := g.block[g.next:min(g.next+len(text)-n, len(g.block))]
		g.next += len(block)
		for _, b := range block {
			c := table[b]
			text[n] = c
			n += (int(c) + 255) >> 8 // 0 for the zero that stands for a byte beyond the last whole multiple of the alphabet
		}
		clear(block)
	}
	return nil
}

// refill reads a new block where the last one is used up.
func (g *Generator) refill() error {
	if g.next < len(g.block) {
		return nil
	}
	if _, err := io.ReadFull(g.random, g.block[:]); err != nil {
		clear(g.block[:])
		return fmt.Errorf("no randomness, so no key was made: %w", err)
	}
	g.next = 0
	return nil
}

// samples[e][b] is the character that the random byte b gives, or 0 where b must be thrown away so that every
// character stays equally likely.
var samples = func() (t [Opaque][256]byte) {
	for _, e := range []Encoding{Base62, Base58, Base55} {
		n := len(encodings[e].alphabet)
		for b := range 256 - 256%n {
			t[e][b] = encodings[e].alphabet[b%n]
		}
	}
	return t
}()
