// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	// MaxKeyBytes is the length beyond which nothing is read as a key.
	MaxKeyBytes = 1024
	// MinSecretBits is what a secret needs. The preset unambiguous may go below it, as its original does, with a warning.
	MinSecretBits = 128

	maxLabel       = 32
	maxSecretBytes = 64
	separators     = "_-.:~"
)

// A Part says how a segment is written and how large it is: in bytes of entropy or in characters, one of the two.
type Part struct {
	Encoding Encoding `json:"encoding,omitempty"`
	Bytes    int      `json:"bytes,omitempty"`
	Chars    int      `json:"chars,omitempty"`
}

// None reports whether the format has no such segment.
func (p Part) None() bool { return p.Encoding == 0 }

// Bits is the entropy of the segment.
func (p Part) Bits() float64 {
	switch {
	case p.None() || p.Encoding == Opaque:
		return 0
	case p.Bytes > 0:
		return float64(8 * p.Bytes)
	}
	return float64(p.Chars) * p.Encoding.bitsPerChar()
}

// size is the length of the segment in characters; bytes in base58 have at most as many.
func (p Part) size() int {
	if p.Bytes > 0 {
		return p.Encoding.chars(p.Bytes)
	}
	return p.Chars
}

// fits reports whether s is written as p says.
func (p Part) fits(s string) bool {
	switch {
	case p.Encoding.showsBytes():
		return p.Encoding.holds(s, p.Bytes)
	case p.Bytes > 0:
		var room [maxSecretBytes]byte
		return base58Decode(room[:p.Bytes], s)
	}
	return p.Encoding.only(s)
}

// normalize turns the given size into the one the encoding is made by.
func (p Part) normalize(field string, hash Cover) (Part, error) {
	switch {
	case p.Encoding > Opaque:
		return p, fieldErr(field, "has no known encoding", "use base62, base58, base55, base64url, base64, hex or crockford")
	case p.None():
		return Part{}, nil
	case p.Encoding == Opaque:
		return Part{Encoding: Opaque}, nil
	case p.Bytes < 0 || p.Chars < 0 || p.Bytes > 0 && p.Chars > 0 || p.Bytes == 0 && p.Chars == 0:
		return p, fieldErr(field, "needs one size, in bytes or in chars", "for example {\"encoding\":\"base62\",\"chars\":43}")
	case p.Bytes > MaxKeyBytes || p.Chars > MaxKeyBytes:
		return p, fieldErr(field, "is too long", "a whole key has at most 1024 characters")
	case p.Encoding == Base58 && p.Bytes > 0 && hash == CoverBytes:
	case !p.Encoding.showsBytes() && p.Bytes > 0:
		return Part{Encoding: p.Encoding, Chars: p.Encoding.chars(p.Bytes)}, nil
	case p.Encoding.showsBytes() && p.Chars > 0:
		if n := bytesIn(p.Encoding, p.Chars); n > 0 {
			return Part{Encoding: p.Encoding, Bytes: n}, nil
		}
		n := 1
		for p.Encoding.chars(n) < p.Chars {
			n++
		}
		return p, fieldErr(field, fmt.Sprintf("cannot show whole bytes in %d characters of %s", p.Chars, p.Encoding),
			fmt.Sprintf("%d characters would do", p.Encoding.chars(n)))
	}
	return p, nil
}

// Cover says what the storage hash of a format covers.
type Cover uint8

const (
	CoverFull   Cover = iota // SHA-256 of the whole key
	CoverSecret              // SHA-256 of the secret segment; public segments are compared with the record
	CoverBytes               // SHA-256 of the bytes that the secret segment shows in base58; otherwise as CoverSecret
)

var coverNames = [...]string{"full", "secret", "bytes"}

// String returns "full", "secret" or "bytes".
func (c Cover) String() string { return coverNames[min(int(c), len(coverNames)-1)] }

// MarshalText writes the name.
func (c Cover) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the name.
func (c *Cover) UnmarshalText(b []byte) error {
	i := slices.Index(coverNames[:], string(b))
	if i < 0 {
		return errors.New("unknown hash cover: use full, secret or bytes")
	}
	*c = Cover(i)
	return nil
}

// A Format says how one kind of key is written:
//
//	[prefix sep] [environment sep] [public id sep] secret [checksum]
//
// It is a value, written the same way in Go, in JSON and on the command line. Start from a Preset, change what should
// differ, and call Normalize; the other functions expect a normalized format.
type Format struct {
	Name        string   `json:"name,omitempty"`   // how a keyspace calls it: secret, publishable, restricted …
	Preset      string   `json:"preset,omitempty"` // what it started from
	Prefix      string   `json:"prefix,omitempty"`
	Environment string   `json:"environment,omitempty"` // the label that Generate writes; empty: keys have no such segment
	Separator   string   `json:"separator,omitempty"`   // one of _ - . : ~
	ID          Part     `json:"id,omitzero"`           // the public id
	Secret      Part     `json:"secret"`
	Checksum    Checksum `json:"checksum"`
	Hash        Cover    `json:"hash"`
	// Lenient reads keys of any length from the right, by their separators, as ports of the original wrote them.
	// What is made is always strict.
	Lenient bool `json:"lenient,omitempty"`
	// Publishable keys may be seen by anyone: nobody can end one by holding it.
	Publishable bool `json:"publishable,omitempty"`
}

// A FormatError says which field of a format cannot be, why, and what would do.
type FormatError struct{ Field, Problem, Hint string }

func (e *FormatError) Error() string { return e.Field + " " + e.Problem + ": " + e.Hint }

func fieldErr(field, problem, hint string) error { return &FormatError{field, problem, hint} }

// Normalize returns f with trimmed labels and every size settled, or a *FormatError.
func (f Format) Normalize() (Format, error) {
	f.Prefix = strings.TrimSpace(f.Prefix)
	if f.Separator == "" {
		f.Separator = "_"
	}
	var err error
	if f.ID, err = f.ID.normalize("id", f.Hash); err != nil {
		return f, err
	}
	if f.Secret, err = f.Secret.normalize("secret", f.Hash); err != nil {
		return f, err
	}
	if f.Secret.Encoding == Opaque {
		return Format{Name: f.Name, Preset: f.Preset, Secret: f.Secret, Publishable: f.Publishable}, nil
	}
	if f.Environment != "" {
		if f.Environment, err = Environment(f.Environment); err != nil {
			return f, err
		}
	}
	for _, check := range []func(Format) error{checkLabels, checkSecret, checkShape} {
		if err := check(f); err != nil {
			return f, err
		}
	}
	return f, nil
}

func checkLabels(f Format) error {
	if len(f.Separator) != 1 || !strings.Contains(separators, f.Separator) {
		return fieldErr("separator", "is not one of those that keys can have", "use one of _ - . : ~")
	}
	if f.Prefix == "" {
		if p, ok := presets[f.Preset]; ok && p.Prefix != "" && f.Preset != "public-id" {
			return fieldErr("prefix", "is missing", "keys of this format begin with a label such as "+p.Prefix)
		}
		return nil
	}
	if len(f.Prefix) > maxLabel {
		return fieldErr("prefix", "is longer than 32 characters", "use a short label such as acme")
	}
	for word := range strings.SplitSeq(f.Prefix, "_") {
		if word == "" || !alphanumeric(word) {
			return fieldErr("prefix", "is not made of letters and digits", "use words of A-Z a-z 0-9 joined by _, such as acme or sk_live")
		}
	}
	return nil
}

func checkSecret(f Format) error {
	if f.Secret.None() {
		return fieldErr("secret", "is missing", "for example {\"encoding\":\"base62\",\"chars\":43}")
	}
	if f.Secret.size() > 128 || f.Secret.Bytes > maxSecretBytes {
		return fieldErr("secret", "is longer than 64 bytes or 128 characters", "32 bytes are more than enough")
	}
	if f.Preset == "unambiguous" && f.Secret.Encoding == Base55 {
		if f.Secret.Chars < 16 || f.Secret.Chars > 64 {
			return fieldErr("secret", "is not between 16 and 64 characters", "32 characters are 185 bits")
		}
		return nil
	}
	if f.Secret.Bits() < MinSecretBits {
		need := f.Secret.Encoding.chars(MinSecretBits / 8)
		return fieldErr("secret", fmt.Sprintf("has %.0f bits of entropy, less than %d", f.Secret.Bits(), MinSecretBits),
			fmt.Sprintf("%d characters of %s would do", need, f.Secret.Encoding))
	}
	return nil
}

func checkShape(f Format) error {
	labels := f.Prefix != "" || f.Environment != ""
	switch {
	case f.Checksum > Crockford4:
		return fieldErr("checksum", "is not known", "use none, crc32 or crockford4")
	case f.Hash > CoverBytes:
		return fieldErr("hash", "is not known", "use full, secret or bytes")
	case f.ID.Encoding == Opaque || f.ID.Encoding == Base64 || f.ID.Encoding == Base64URL:
		return fieldErr("id", "cannot be written in this encoding", "use base62, base58, base55, hex or crockford")
	case !f.ID.None() && (f.ID.Bits() < 32 || f.ID.size() > 32):
		return fieldErr("id", "is not between 32 bits and 32 characters", "12 characters of base62 are plenty")
	case !f.ID.None() && !labels:
		return fieldErr("prefix", "is missing, and the environment too", "a key with a public id needs a prefix or an environment; or leave the id out")
	case f.Checksum != NoChecksum && !labels && f.ID.None():
		return fieldErr("checksum", "is not possible without a label or a public id", "set it to none")
	case f.Hash == CoverBytes && (f.ID.Encoding != Base58 || f.Secret.Encoding != Base58 || f.ID.Bytes == 0 || f.Secret.Bytes == 0):
		return fieldErr("hash", "can cover bytes only where id and secret are bytes in base58", "start from the preset seam-v4")
	case f.Hash == CoverBytes && (f.Environment != "" || strings.Contains(f.Prefix, f.Separator) || f.Prefix == "" || f.Checksum != NoChecksum):
		return fieldErr("hash", "can cover bytes only in keys of three parts: a prefix of one word, public id, secret", "set it to secret")
	case f.Hash != CoverSecret && f.Lenient:
		return fieldErr("hash", "must cover the secret where keys are read leniently", "set it to secret")
	case f.Lenient && (f.Environment != "" || f.ID.None() || f.Prefix == "" || f.Checksum != NoChecksum):
		return fieldErr("lenient", "needs the shape prefix, public id, secret", "only keys of that shape can be read by their separators")
	case f.Lenient && (f.Secret.Encoding == Base64 || f.Secret.Encoding == Base64URL):
		return fieldErr("lenient", "needs a secret of letters and digits", "use base58 or base62")
	}
	return nil
}

// Environment returns the label as keys carry it: letters and digits alone, and dev for development.
func Environment(label string) (string, error) {
	kept := strings.Map(func(r rune) rune {
		if r < 0x80 && members[byte(r)]&1 != 0 {
			return r
		}
		return -1
	}, label)
	if strings.EqualFold(kept, "development") {
		kept = "dev"
	}
	if kept == "" {
		return "", fieldErr("environment", "has no letter or digit left", "enter at least one letter or number, or choose none")
	}
	if len(kept) > maxLabel {
		return "", fieldErr("environment", "is longer than 32 characters", "use a short label such as live")
	}
	return kept, nil
}

// bySeparators reports whether keys are read from the right by their separators, rather than by lengths. No segment of
// such keys can hold a separator.
func (f *Format) bySeparators() bool { return f.Lenient || f.Hash == CoverBytes }

// bodySize is the length of all that follows the labels.
func (f *Format) bodySize() int {
	n := f.Secret.size() + f.Checksum.size()
	if !f.ID.None() {
		n += f.ID.size() + 1
	}
	return n
}

// size is the length of a key, without its environment.
func (f *Format) size() int {
	if f.Prefix == "" {
		return f.bodySize()
	}
	return len(f.Prefix) + 1 + f.bodySize()
}

// Entropy is the entropy in bits of one secret: nothing else of a key counts.
func (f Format) Entropy() float64 { return f.Secret.Bits() }

// Warnings says what its user should know of a format that is allowed all the same.
func (f Format) Warnings() []string {
	var w []string
	if bits := f.Entropy(); f.Secret.Encoding != Opaque && bits < MinSecretBits {
		w = append(w, fmt.Sprintf("%.1f bits of entropy are less than %d: %d characters would do",
			bits, MinSecretBits, f.Secret.Encoding.chars(MinSecretBits/8)))
	}
	return w
}

// alphanumeric reports whether s is made of ASCII letters and digits alone.
func alphanumeric(s string) bool {
	all := uint16(0xffff)
	for i := range len(s) {
		all &= members[s[i]]
	}
	return all&1 != 0
}
