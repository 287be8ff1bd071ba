// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/keywright/keywright"
)

// A shared secret has MinSecretBytes to MaxSecretBytes bytes; what NewSecret makes has DefaultSecretBytes unless it is
// told otherwise.
const (
	MinSecretBytes     = 24
	MaxSecretBytes     = 64
	DefaultSecretBytes = 32
)

// A kind is what a key is for.
type kind uint8

const (
	shared  kind = iota + 1 // whsec_: signs and verifies v1
	private                 // whsk_: seed and public key, signs and verifies v1a
	public                  // whpk_: verifies v1a
)

var kinds = [...]struct {
	prefix, version string
	least, most     int // bytes
}{
	shared:  {"whsec_", "v1", MinSecretBytes, MaxSecretBytes},
	private: {"whsk_", "v1a", ed25519.PrivateKeySize, ed25519.PrivateKeySize},
	public:  {"whpk_", "v1a", ed25519.PublicKeySize, ed25519.PublicKeySize},
}

func (k kind) prefix() string  { return kinds[k].prefix }
func (k kind) version() string { return kinds[k].version }

// A Key signs or verifies: a shared secret, a private key or a public key. The zero value does neither. It prints as
// its prefix and [secret].
type Key struct {
	kind  kind
	bytes keywright.Secret
}

// NewSecret makes a shared secret of n bytes, 24 to 64, from the operating system's randomness: whsec_ and base64. Zero
// is DefaultSecretBytes.
func NewSecret(n int) (keywright.Secret, error) {
	if n == 0 {
		n = DefaultSecretBytes
	}
	if n < MinSecretBytes || n > MaxSecretBytes {
		return keywright.Secret{}, ErrSecretSize
	}
	f, err := keywright.Preset("webhook-secret")
	if err != nil {
		return keywright.Secret{}, err
	}
	f.Secret.Bytes = n
	k, err := keywright.Generate(f)
	if err != nil {
		return keywright.Secret{}, err
	}
	return k.Full(), nil
}

// NewKeyPair makes a private key, whsk_ and base64 of seed and public key, and the public key for receivers, whpk_ and
// base64 (RFC 8032, section 5.1.5).
func NewKeyPair() (secret keywright.Secret, publicKey string, err error) {
	half, whole, err := ed25519.GenerateKey(nil)
	if err != nil {
		return keywright.Secret{}, "", fmt.Errorf("no randomness, so no key was made: %w", err)
	}
	return keywright.NewSecret(encode(private, whole)), encode(public, half), nil
}

func encode(k kind, b []byte) string { return k.prefix() + base64.StdEncoding.EncodeToString(b) }

// ParseKey reads whsec_, whsk_ or whpk_ and base64. Without a prefix it is a shared secret, as the reference libraries
// read it. White space is not part of a secret: cut the newline at the end of a file before.
//
// The errors are [ErrNoSecret], [ErrSecretText], [ErrSecretSize] and [ErrKeyPair].
func ParseKey(s keywright.Secret) (Key, error) {
	text, of := s.Reveal(), shared
	for k := shared; k <= public; k++ {
		if rest, ok := strings.CutPrefix(text, k.prefix()); ok {
			text, of = rest, k
			break
		}
	}
	if text == "" {
		return Key{}, ErrNoSecret
	}
	if strings.ContainsAny(text, "\r\n") { // which the decoder would pass over
		return Key{}, ErrSecretText
	}
	if len(text) > base64.StdEncoding.EncodedLen(MaxSecretBytes) {
		return Key{}, ErrSecretSize
	}
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	defer clear(b)
	switch {
	case err != nil:
		return Key{}, ErrSecretText
	case len(b) < kinds[of].least || len(b) > kinds[of].most:
		return Key{}, ErrSecretSize
	case of == private && !bytes.Equal(ed25519.NewKeyFromSeed(b[:ed25519.SeedSize]), b):
		return Key{}, ErrKeyPair
	}
	return Key{of, keywright.NewSecret(string(b))}, nil
}

// PublicKey returns the public key as receivers get it, whpk_ and base64. A shared secret has none: "".
func (k Key) PublicKey() string {
	if k.kind != private && k.kind != public {
		return ""
	}
	return encode(public, k.publicKey())
}

// publicKey is the whole of a public key, and the end of a private one.
func (k Key) publicKey() ed25519.PublicKey {
	b := []byte(k.bytes.Reveal())
	return ed25519.PublicKey(b[len(b)-ed25519.PublicKeySize:])
}

// sign returns a signature in base64.
func (k Key) sign(content []byte) (string, error) {
	switch k.kind {
	case shared:
		return base64.StdEncoding.EncodeToString(mac(k.bytes, content)), nil
	case private:
		return base64.StdEncoding.EncodeToString(ed25519.Sign(ed25519.PrivateKey(k.bytes.Reveal()), content)), nil
	case public:
		return "", ErrPublicKey
	}
	return "", ErrNoSecret
}

// verifies reports whether one of some signatures of the key's version is of the content. Those with a shared secret
// are compared in constant time.
func (k Key) verifies(signatures []string, content []byte) bool {
	var want []byte
	if k.kind == shared {
		want = base64.StdEncoding.AppendEncode(nil, mac(k.bytes, content))
	}
	for _, s := range signatures {
		if k.kind == shared {
			if subtle.ConstantTimeCompare([]byte(s), want) == 1 {
				return true
			}
			continue
		}
		if len(s) != base64.StdEncoding.EncodedLen(ed25519.SignatureSize) { // so that no line break fits in
			continue
		}
		b, err := base64.StdEncoding.Strict().DecodeString(s)
		if err == nil && len(b) == ed25519.SignatureSize && ed25519.Verify(k.publicKey(), content, b) {
			return true
		}
	}
	return false
}

func mac(key keywright.Secret, content []byte) []byte {
	h := hmac.New(sha256.New, []byte(key.Reveal()))
	h.Write(content)
	return h.Sum(nil)
}

// Format writes the prefix and [secret] for every verb and flag.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// String returns the prefix and [secret].
func (k Key) String() string { return k.kind.prefix() + k.bytes.String() }

// MarshalText returns what String does, so that no encoder shows more.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
