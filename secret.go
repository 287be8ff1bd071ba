// SPDX-License-Identifier: Apache-2.0

package keywright

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// masked is what a Secret shows of itself.
const masked = "[secret]"

// A Secret is text that must not be printed: a key, or the part of a key that resists guessing. It prints as
// [secret] under every verb and in every encoder, also inside other values; only Reveal gives the text back, so a
// search for Reveal finds every place where a secret leaves the program.
//
// It holds a pointer because fmt may not call methods on unexported fields: there it prints an address, never the text.
type Secret struct{ text *string }

// NewSecret wraps s.
func NewSecret(s string) Secret { return Secret{&s} }

// Reveal returns the text. Everything that calls it lets a secret leave.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether s holds no text.
func (s Secret) IsZero() bool { return s.text == nil || *s.text == "" }

// Equal compares two secrets in a time that depends on their lengths alone.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// Format writes [secret] for every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, masked) }

// String returns [secret].
func (s Secret) String() string { return masked }

// GoString returns [secret].
func (s Secret) GoString() string { return masked }

// MarshalText returns [secret], so JSON, XML, YAML and log handlers show nothing else.
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// UnmarshalText keeps a copy of b, so a secret can be read from JSON or a configuration file.
func (s *Secret) UnmarshalText(b []byte) error {
	*s = NewSecret(string(b))
	return nil
}

// A Hash is a SHA-256 digest of a key or of its secret segment: the only form in which a key is stored. From 112 bits
// of entropy a plain hash suffices (OWASP ASVS 5.0, 6.5.2; NIST SP 800-63B-4).
type Hash [32]byte

var (
	errHash    = errors.New("not a SHA-256 hash: expected 64 hex digits, 44 or 43 characters of base64, or base58")
	errUnclear = errors.New("a hash that can be read as base64 and as base58: say which, or give 64 hex digits")
)

// HashText returns the SHA-256 digest of s.
func HashText(s string) Hash {
	var short [256]byte // keys are short: no allocation for them
	if len(s) <= len(short) {
		n := copy(short[:], s)
		return sha256.Sum256(short[:n])
	}
	return sha256.Sum256([]byte(s))
}

// ParseHash reads a digest in hex, base64 (with or without padding, either alphabet) or base58. One in seventy of those
// in base64 without padding is a digest in base58 too: rather than guess, that is an error. The error does not repeat s,
// which may be a key that was pasted by mistake.
func ParseHash(s string) (h Hash, err error) {
	err = errHash
	for _, e := range [...]Encoding{Hex, Base64, Base64URL, Base58} {
		read, failed := ParseHashAs(e, s)
		switch {
		case failed != nil:
		case err == nil && read != h:
			return Hash{}, errUnclear
		default:
			h, err = read, nil
		}
	}
	return h, err
}

// ParseHashAs reads a digest that is written in hex, base64, base64url or base58.
func ParseHashAs(e Encoding, s string) (Hash, error) {
	var b []byte
	var err error
	switch {
	case e == Hex && len(s) == 64:
		b, err = hex.DecodeString(s)
	case e == Base64 && len(s) == 44:
		b, err = base64.StdEncoding.Strict().DecodeString(s)
	case e == Base64 && len(s) == 43:
		b, err = base64.RawStdEncoding.Strict().DecodeString(s)
	case e == Base64URL && len(s) == 44:
		b, err = base64.URLEncoding.Strict().DecodeString(s)
	case e == Base64URL && len(s) == 43:
		b, err = base64.RawURLEncoding.Strict().DecodeString(s)
	case e == Base58:
		var h Hash
		if base58Decode(h[:], s) {
			return h, nil
		}
	}
	if err != nil || len(b) != len(Hash{}) {
		return Hash{}, errHash
	}
	return Hash(b), nil
}

// String returns the digest as 64 lower-case hex digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Base58 returns the digest in base58, as some issuers store it.
func (h Hash) Base58() string { return string(appendBase58(nil, h[:])) }

// Equal compares in constant time.
func (h Hash) Equal(other Hash) bool { return subtle.ConstantTimeCompare(h[:], other[:]) == 1 }

// IsZero reports whether h is the zero value, which is no digest.
func (h Hash) IsZero() bool { return h == Hash{} }

// MarshalText writes hex.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what ParseHash reads.
func (h *Hash) UnmarshalText(b []byte) (err error) {
	*h, err = ParseHash(string(b))
	return err
}
