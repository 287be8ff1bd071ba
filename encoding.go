// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
)

// An Encoding is an alphabet in which a segment is written.
//
// Hex, Crockford, Base64URL and Base64 show bytes: entropy is that of the bytes. The others are sampled character by
// character, uniformly, by rejection; Base58 shows bytes, as a number, where the hash of a format covers those.
type Encoding uint8

const (
	Base62    Encoding = iota + 1 // 0-9A-Za-z, in the order GitHub and npm use
	Base58                        // Bitcoin's alphabet: base62 without 0 O I l
	Base55                        // base62 without 0 O 1 l I i o
	Base64URL                     // RFC 4648 section 5, no padding
	Base64                        // RFC 4648 section 4, with padding
	Hex                           // lower case
	Crockford                     // Crockford's base32, bytes as a bit stream; written in upper case, read leniently
	Opaque                        // any text: for keys of a home-made shape, which are read and never made

	// Alphabets of other issuers' keys alone.
	digits
	base36
	upperHex
	padding
	slug
)

const (
	alphabet62        = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	alphabet58        = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	alphabet55        = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz"
	alphabet64        = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	alphabet64URL     = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	alphabetHex       = "0123456789abcdef"
	alphabetCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	alphabet36        = "0123456789abcdefghijklmnopqrstuvwxyz"
	alphabet32        = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" // RFC 4648 section 6
	alphabetUpperHex  = "0123456789ABCDEF"
)

var encodings = [...]struct{ name, alphabet string }{
	Base62:    {"base62", alphabet62},
	Base58:    {"base58", alphabet58},
	Base55:    {"base55", alphabet55},
	Base64URL: {"base64url", alphabet64URL},
	Base64:    {"base64", alphabet64},
	Hex:       {"hex", alphabetHex},
	Crockford: {"crockford", alphabetCrockford},
	Opaque:    {"opaque", ""},
	digits:    {"digits", "0123456789"},
	base36:    {"base36", alphabet36},
	upperHex:  {"upper-case hex", alphabetUpperHex},
	padding:   {"padding", "="},
	slug:      {"slug", alphabet36 + "-_."},
}

// separatorBit is set in members for the characters that can stand between segments.
const separatorBit = 1 << (slug + 1)

// members[c] has bit e set where the byte c belongs to the alphabet of encoding e. Bit 0 is set for letters and digits.
var members = func() (m [256]uint16) {
	for e := Base62; e <= slug; e++ {
		for _, c := range []byte(encodings[e].alphabet) {
			m[c] |= 1 << e
		}
	}
	for _, c := range []byte(alphabet62) {
		m[c] |= 1
	}
	for _, c := range []byte(separators) {
		m[c] |= separatorBit
	}
	return m
}()

// ParseEncoding reads the name of an encoding, as String writes it.
func ParseEncoding(name string) (Encoding, error) {
	for e := Base62; e <= Opaque; e++ {
		if encodings[e].name == name {
			return e, nil
		}
	}
	return 0, fmt.Errorf("unknown encoding: use base62, base58, base55, base64url, base64, hex or crockford")
}

// String returns the name of the encoding.
func (e Encoding) String() string {
	if e == 0 || int(e) >= len(encodings) {
		return "none"
	}
	return encodings[e].name
}

// MarshalText writes the name.
func (e Encoding) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads a name; "none" is no encoding.
func (e *Encoding) UnmarshalText(b []byte) (err error) {
	if string(b) == "none" {
		*e = 0
		return nil
	}
	*e, err = ParseEncoding(string(b))
	return err
}

// showsBytes reports whether the encoding shows random bytes, rather than being sampled by the character.
func (e Encoding) showsBytes() bool {
	return e == Base64URL || e == Base64 || e == Hex || e == Crockford
}

// bitsPerChar is the entropy of one uniformly sampled character.
func (e Encoding) bitsPerChar() float64 { return math.Log2(float64(len(encodings[e].alphabet))) }

// chars is the length of n random bytes, or of as much entropy, in this encoding.
func (e Encoding) chars(n int) int {
	switch e {
	case Hex:
		return 2 * n
	case Base64URL:
		return base64.RawURLEncoding.EncodedLen(n)
	case Base64:
		return base64.StdEncoding.EncodedLen(n)
	case Crockford:
		return (8*n + 4) / 5
	}
	return int(math.Ceil(float64(8*n) / e.bitsPerChar()))
}

// bytesIn is how many bytes n characters show in an encoding that shows bytes, or 0 where no whole number does.
func bytesIn(e Encoding, n int) int {
	var size int
	switch e {
	case Hex:
		size = n / 2
	case Crockford:
		size = n * 5 / 8
	default:
		size = n * 3 / 4
	}
	if e.chars(size) != n {
		return 0
	}
	return size
}

// appendBytes appends b in an encoding that shows bytes.
func (e Encoding) appendBytes(dst, b []byte) []byte {
	switch e {
	case Hex:
		return hex.AppendEncode(dst, b)
	case Base64URL:
		return base64.RawURLEncoding.AppendEncode(dst, b)
	case Base64:
		return base64.StdEncoding.AppendEncode(dst, b)
	case Base58:
		return appendBase58(dst, b)
	}
	return appendCrockford(dst, b)
}

// holds reports whether s, n bytes in an encoding that shows bytes, is written as appendBytes writes it: right
// alphabet, right padding, and no bits set beyond the last byte.
func (e Encoding) holds(s string, n int) bool {
	body := s
	if e == Base64 {
		body = strings.TrimRight(s, "=")
		if len(s) != e.chars(n) || len(body) != base64.RawStdEncoding.EncodedLen(n) {
			return false
		}
	}
	if !e.only(body) {
		return false
	}
	bits := 6
	switch e {
	case Hex:
		return true
	case Crockford:
		bits = 5
	}
	spare := len(body)*bits - 8*n
	last := strings.IndexByte(encodings[e].alphabet, body[len(body)-1])
	return last&(1<<spare-1) == 0
}

// only reports whether every byte of s belongs to the alphabet.
func (e Encoding) only(s string) bool {
	all := uint16(0xffff)
	for i := range len(s) {
		all &= members[s[i]]
	}
	return all&(1<<e) != 0
}

// appendCrockford appends b as a bit stream in groups of five, zero padded at the end
// (https://www.crockford.com/base32.html).
func appendCrockford(dst, b []byte) []byte {
	var acc uint32
	var bits uint
	for _, c := range b {
		acc = acc<<8 | uint32(c)
		for bits += 8; bits >= 5; {
			bits -= 5
			dst = append(dst, alphabetCrockford[acc>>bits&31])
		}
	}
	if bits > 0 {
		dst = append(dst, alphabetCrockford[acc<<(5-bits)&31])
	}
	return dst
}

// strictCrockford returns c as Crockford's base32 is written: upper case, I and L as 1, O as 0. What cannot be read
// fails the alphabet still.
func strictCrockford(c byte) byte {
	if 'a' <= c && c <= 'z' {
		c -= 'a' - 'A'
	}
	switch c {
	case 'I', 'L':
		return '1'
	case 'O':
		return '0'
	}
	return c
}
