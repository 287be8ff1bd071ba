// SPDX-License-Identifier: Apache-2.0

// Package keywright says what an API key is: how it is written, made, parsed, checked and hashed, and in which words
// a program asks about one.
//
// Start with Generate:
//
//	f, err := keywright.Preset("keywright")
//	f.Prefix = "acme"
//	key, err := keywright.Generate(f)
//	show(key.Reveal())  // once, to whom it belongs
//	store(key.Hash())   // the only thing to keep
//
// A key is printed as [secret] wherever it appears; Reveal is the one way out. To verify keys, use package authority
// in the same program or package client against a server: both are a Verifier.
//
// Never store the key itself, never log it, never put it into a URL, and never parse one by splitting at separators:
// a secret may hold them.
//
// The package has no clock, file, socket or goroutine. Keys once made verify for ever: the presets do not change.
package keywright

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrMalformed is the error that every *ParseError wraps.
var ErrMalformed = errors.New("malformed key")

// A ParseError says where a key differs from its format. It never holds a character of the key.
type ParseError struct {
	Segment string // the segment that is wrong: prefix, environment, public id, secret, checksum or key
	Problem string
}

func (e *ParseError) Error() string { return e.Segment + " " + e.Problem }

// Unwrap returns ErrMalformed.
func (e *ParseError) Unwrap() error { return ErrMalformed }

// Declared once: refusing a malformed key costs no memory.
var (
	errEmpty       = &ParseError{"key", "is empty"}
	errTooLong     = &ParseError{"key", "is longer than 1024 bytes"}
	errLength      = &ParseError{"key", "has not the length that its format has"}
	errPrefix      = &ParseError{"prefix", "is not the one of this format"}
	errEnvironment = &ParseError{"environment", "is not made of letters and digits"}
	errID          = &ParseError{"public id", "holds what its alphabet has not"}
	errSecret      = &ParseError{"secret", "holds what its alphabet has not"}
	errTail        = &ParseError{"secret", "ends as no whole number of bytes does: its last character was changed"}
	errIDBytes     = &ParseError{"public id", "is not base58 of as many bytes as its format has"}
	errBytes       = &ParseError{"secret", "is not base58 of as many bytes as its format has"}
	errSeparator   = &ParseError{"key", "has no separator where its format has one"}
	errText        = &ParseError{"key", "is not printable text"}
	errOpaque      = &ParseError{"key", "is shorter than 16 bytes"}
)

// span is a segment's place in the key.
type span struct{ from, to uint16 }

func (s span) of(text string) string { return text[s.from:s.to] }

// A Key is a whole key with its segments named. It prints as [secret].
type Key struct {
	format               *Format
	text                 Secret
	prefix, environment  span
	id, secret, checksum span
	result               ChecksumResult
}

// Prefix returns the label at the front.
func (k Key) Prefix() string { return k.prefix.of(k.text.Reveal()) }

// Environment returns the second label, or nothing.
func (k Key) Environment() string { return k.environment.of(k.text.Reveal()) }

// PublicID returns the segment that may be logged and that finds the key, or nothing.
func (k Key) PublicID() string { return k.id.of(k.text.Reveal()) }

// Secret returns the segment that resists guessing.
func (k Key) Secret() Secret { return NewSecret(k.secret.of(k.text.Reveal())) }

// Format returns the format the key was made or parsed with.
func (k Key) Format() Format {
	if k.format == nil {
		return Format{}
	}
	return *k.format
}

// Checksum tells whether the key was typed right: ok, wrong, or none where the format has no checksum.
func (k Key) Checksum() ChecksumResult { return k.result }

// Full returns the whole key.
func (k Key) Full() Secret { return k.text }

// Reveal returns the text of the whole key.
func (k Key) Reveal() string { return k.text.Reveal() }

// Hash returns the storage hash: of the whole key, or of what else the format says. No key has no hash.
func (k Key) Hash() Hash {
	switch {
	case k.format == nil:
		return Hash{}
	case k.format.Hash == CoverSecret:
		return HashText(k.secret.of(k.text.Reveal()))
	case k.format.Hash == CoverBytes:
		var room [maxSecretBytes]byte
		b := room[:k.format.Secret.Bytes]
		base58Decode(b, k.secret.of(k.text.Reveal()))
		return sha256.Sum256(b)
	}
	return HashText(k.text.Reveal())
}

// MAC returns HMAC-SHA256 of what Hash covers: a storage hash with a pepper, a secret that is kept elsewhere than the
// hashes. No key has no MAC.
func (k Key) MAC(pepper []byte) Hash {
	if k.format == nil {
		return Hash{}
	}
	covered := []byte(k.text.Reveal())
	switch k.format.Hash {
	case CoverSecret:
		covered = covered[k.secret.from:k.secret.to]
	case CoverBytes:
		b := make([]byte, k.format.Secret.Bytes)
		base58Decode(b, k.secret.of(k.text.Reveal()))
		covered = b
	}
	m := hmac.New(sha256.New, pepper)
	m.Write(covered)
	return Hash(m.Sum(nil))
}

// Masked returns the public segments, and stars for the rest.
func (k Key) Masked() string {
	text := k.text.Reveal()
	return text[:k.secret.from] + "***"
}

// String returns [secret].
func (k Key) String() string { return masked }

// GoString returns [secret].
func (k Key) GoString() string { return masked }

// MarshalText returns [secret].
func (k Key) MarshalText() ([]byte, error) { return []byte(masked), nil }

// Parse reads a key that is written as f says. It reads by the lengths of the segments from both ends, so that a
// secret may hold separators. A wrong checksum is no error: look at Checksum. Segments in Crockford's base32 are read
// leniently and kept as they are written strictly; every other key is kept byte for byte.
//
// The error is a *ParseError. The result keeps a pointer to f.
func (f *Format) Parse(s Secret) (Key, error) {
	text := s.Reveal()
	switch {
	case text == "":
		return Key{}, errEmpty
	case len(text) > MaxKeyBytes:
		return Key{}, errTooLong
	case f.Secret.Encoding == Opaque:
		return f.parseOpaque(s, text)
	case f.bySeparators():
		return f.parseBySeparators(s, text)
	}
	k := Key{format: f, text: s}
	if err := k.place(text); err != nil {
		return Key{}, err
	}
	if lenient := k.lenient(); !lenient.strict(text) {
		text = lenient.canonical(text)
		k.text = NewSecret(text)
	}
	switch {
	case !f.ID.None() && !f.ID.fits(k.id.of(text)):
		return Key{}, errID
	case !f.Secret.fits(k.secret.of(text)):
		if f.Secret.Encoding.only(strings.TrimRight(k.secret.of(text), "=")) {
			return Key{}, errTail
		}
		return Key{}, errSecret
	}
	k.result = k.check(text)
	return k, nil
}

// place finds the segments: labels from the left, all others from the right.
func (k *Key) place(text string) error {
	f := k.format
	left, right := 0, len(text)
	if f.Prefix != "" {
		if len(text) <= len(f.Prefix) || text[:len(f.Prefix)] != f.Prefix || text[len(f.Prefix)] != f.Separator[0] {
			return errPrefix
		}
		k.prefix = span{0, uint16(len(f.Prefix))}
		left = len(f.Prefix) + 1
	}
	if right-left < f.bodySize() {
		return errLength
	}
	if n := f.Checksum.size(); n > 0 {
		k.checksum = span{uint16(right - n), uint16(right)}
		if right -= n; f.Checksum == Crockford4 {
			if text[right] != f.Separator[0] {
				return errSeparator
			}
			k.checksum.from++
		}
	}
	k.secret = span{uint16(right - f.Secret.size()), uint16(right)}
	right = int(k.secret.from)
	if !f.ID.None() {
		if text[right-1] != f.Separator[0] {
			return errSeparator
		}
		right--
		k.id = span{uint16(right - f.ID.size()), uint16(right)}
		right = int(k.id.from)
	}
	return k.placeEnvironment(text, left, right)
}

// placeEnvironment takes what is left between the labels and the rest.
func (k *Key) placeEnvironment(text string, left, right int) error {
	if k.format.Environment == "" {
		if left != right {
			return errLength
		}
		return nil
	}
	label := right - left - 1
	switch {
	case label < 1 || label > maxLabel:
		return errLength
	case text[right-1] != k.format.Separator[0]:
		return errSeparator
	case !alphanumeric(text[left : right-1]):
		return errEnvironment
	}
	k.environment = span{uint16(left), uint16(right - 1)}
	return nil
}

// segments are places in a key that are written in Crockford's base32.
type segments [3]span

// lenient returns the segments that are read leniently.
func (k *Key) lenient() (s segments) {
	if k.format.ID.Encoding == Crockford {
		s[0] = k.id
	}
	if k.format.Secret.Encoding == Crockford {
		s[1] = k.secret
	}
	if k.format.Checksum == Crockford4 {
		s[2] = k.checksum
	}
	return s
}

// strict reports whether the segments are written as they should.
func (s segments) strict(text string) bool {
	return Crockford.only(s[0].of(text)) && Crockford.only(s[1].of(text)) && Crockford.only(s[2].of(text))
}

// canonical returns text with the segments as they are written strictly.
func (s segments) canonical(text string) string {
	b := []byte(text)
	for _, span := range s {
		for i := span.from; i < span.to; i++ {
			b[i] = strictCrockford(b[i])
		}
	}
	return string(b)
}

// check compares the checksum that a key carries with the one it should.
func (k *Key) check(text string) ChecksumResult {
	var room [6]byte
	sum := room[:0]
	switch k.format.Checksum {
	case CRC32:
		sum = appendCRC32(sum, []byte(text[k.bodyStart():k.secret.to]))
	case Crockford4:
		sum = appendCrockford4(sum, HashText(text[:k.secret.to]))
	default:
		return ChecksumNone
	}
	if string(sum) == k.checksum.of(text) {
		return ChecksumOK
	}
	return ChecksumWrong
}

// bodyStart is where the labels end.
func (k *Key) bodyStart() int {
	if k.format.ID.None() {
		return int(k.secret.from)
	}
	return int(k.id.from)
}

// parseBySeparators reads prefix, public id and secret from the right, whatever their lengths where the format is lenient:
// ports of it wrote other ones, and in other alphabets.
func (f *Format) parseBySeparators(s Secret, text string) (Key, error) {
	last := strings.LastIndexByte(text, f.Separator[0])
	if last < 0 {
		return Key{}, errSeparator
	}
	middle := strings.LastIndexByte(text[:last], f.Separator[0])
	switch {
	case middle < 0:
		return Key{}, errSeparator
	case text[:middle] != f.Prefix:
		return Key{}, errPrefix
	case last-middle < 2 || !alphanumeric(text[middle+1:last]):
		return Key{}, errID
	case last == len(text)-1 || !alphanumeric(text[last+1:]):
		return Key{}, errSecret
	case f.Hash == CoverBytes && !f.ID.fits(text[middle+1:last]):
		return Key{}, errIDBytes
	case f.Hash == CoverBytes && !f.Secret.fits(text[last+1:]):
		return Key{}, errBytes
	}
	return Key{
		format: f, text: s, prefix: span{0, uint16(middle)},
		id: span{uint16(middle + 1), uint16(last)}, secret: span{uint16(last + 1), uint16(len(text))},
	}, nil
}

// parseOpaque takes any text of 16 to 1,024 bytes that a header can carry.
func (f *Format) parseOpaque(s Secret, text string) (Key, error) {
	if len(text) < 16 {
		return Key{}, errOpaque
	}
	for i := range len(text) {
		if text[i] < 0x20 || text[i] == 0x7f {
			return Key{}, errText
		}
	}
	if !utf8.ValidString(text) {
		return Key{}, errText
	}
	return Key{format: f, text: s, secret: span{0, uint16(len(text))}}, nil
}

// Diagnose says in words why s is not a key of f, down to the position where that helps, and never repeats the key. It
// returns nothing where it is one.
func (f *Format) Diagnose(s Secret) string {
	k, err := f.Parse(s)
	switch {
	case err == errSecret && !f.bySeparators():
		return f.diagnoseSecret(s)
	case err == errLength:
		need := f.size()
		if f.Environment != "" {
			return fmt.Sprintf("%v: %d characters and an environment, not %d", err, need, len(s.Reveal()))
		}
		return fmt.Sprintf("%v: %d characters, not %d", err, need, len(s.Reveal()))
	case err != nil:
		return err.Error()
	case k.result == ChecksumWrong:
		return "checksum is wrong: a character was mistyped or cut off"
	}
	return ""
}

// diagnoseSecret finds the first character of a secret that its alphabet has not.
func (f *Format) diagnoseSecret(s Secret) string {
	k := Key{format: f}
	if err := k.place(s.Reveal()); err != nil {
		return err.Error()
	}
	secret := k.secret.of(k.lenient().canonical(s.Reveal()))
	for i := range len(secret) {
		if !f.Secret.Encoding.only(secret[i : i+1]) {
			return fmt.Sprintf("character %d of the secret is not in the alphabet of %s (%s)", i+1, f.Secret.Encoding, encodings[f.Secret.Encoding].alphabet)
		}
	}
	return errSecret.Error()
}

// PublicID returns the public id of a key that is known to be written as f says, without reading the rest of it. The
// result is empty where f has none or is read by separators, or where text cannot be such a key.
func (f *Format) PublicID(text string) string {
	to := len(text) - f.Checksum.size() - f.Secret.size() - 1
	from := to - f.ID.size()
	if f.ID.None() || f.bySeparators() || from < 0 {
		return ""
	}
	return text[from:to]
}
