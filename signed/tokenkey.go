// SPDX-License-Identifier: Apache-2.0

package signed

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/keywright/keywright"
)

// An Algorithm signs tokens. There are two, and each key is of one: a token's header chooses nothing.
type Algorithm string

const (
	EdDSA Algorithm = "EdDSA" // Ed25519 (RFC 8037), the better choice
	ES256 Algorithm = "ES256" // ECDSA with P-256 and SHA-256 (RFC 7518, 3.4), where EdDSA is not understood
)

const pemType = "PRIVATE KEY"

var (
	errAlgorithm  = fmt.Errorf("%w: the algorithm is not EdDSA or ES256", ErrUnusable)
	errPEM        = fmt.Errorf("%w: the signing key is not one PEM block", ErrUnusable)
	errPEMType    = fmt.Errorf("%w: the signing key is not PKCS#8 without a password: its PEM block is not PRIVATE KEY", ErrUnusable)
	errPKCS8      = fmt.Errorf("%w: the signing key is not PKCS#8", ErrUnusable)
	errKeyKind    = fmt.Errorf("%w: the signing key is not of Ed25519 or P-256", ErrUnusable)
	errNoTokenKey = fmt.Errorf("%w: no signing key", ErrUnusable)
)

// A TokenKey is a private key that signs tokens. The zero value is no key. It prints as [secret].
type TokenKey struct {
	private   crypto.Signer // ed25519.PrivateKey or *ecdsa.PrivateKey
	algorithm Algorithm
	id        string
}

// NewTokenKey makes a key of 32 bytes of randomness. Errors wrap ErrUnusable, or are those of random.
func NewTokenKey(algorithm Algorithm, random io.Reader) (TokenKey, error) {
	if algorithm != EdDSA && algorithm != ES256 {
		return TokenKey{}, errAlgorithm
	}
	for {
		var seed [32]byte
		if _, err := io.ReadFull(random, seed[:]); err != nil {
			return TokenKey{}, fmt.Errorf("reading randomness: %w", err)
		}
		if algorithm == EdDSA {
			return newTokenKey(ed25519.NewKeyFromSeed(seed[:]))
		}
		// One in 2^32 is not below the order of the group: the next is taken (FIPS 186-5, A.2.2).
		if private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:]); err == nil {
			return newTokenKey(private)
		}
	}
}

// ParseTokenKey reads a private key of Ed25519 or P-256 from PEM: one block PRIVATE KEY, which is PKCS#8 (RFC 5958),
// without a password. Errors wrap ErrUnusable.
func ParseTokenKey(text keywright.Secret) (TokenKey, error) {
	block, rest := pem.Decode([]byte(text.Reveal()))
	switch {
	case block == nil || strings.TrimSpace(string(rest)) != "":
		return TokenKey{}, errPEM
	case block.Type != pemType:
		return TokenKey{}, errPEMType
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return TokenKey{}, errPKCS8 // what the library says may repeat what it read
	}
	return newTokenKey(private)
}

func newTokenKey(private any) (TokenKey, error) {
	var k TokenKey
	switch p := private.(type) {
	case ed25519.PrivateKey:
		k = TokenKey{private: p, algorithm: EdDSA}
	case *ecdsa.PrivateKey:
		if p.Curve != elliptic.P256() {
			return TokenKey{}, errKeyKind
		}
		k = TokenKey{private: p, algorithm: ES256}
	default:
		return TokenKey{}, errKeyKind
	}
	print, err := (&jose.JSONWebKey{Key: k.private.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		return TokenKey{}, errKeyKind
	}
	k.id = base64.RawURLEncoding.EncodeToString(print)
	return k, nil
}

// ID returns the kid: the SHA-256 thumbprint of the public key in base64url, 43 characters (RFC 7638).
func (k TokenKey) ID() string { return k.id }

// Algorithm returns what the key signs with.
func (k TokenKey) Algorithm() Algorithm { return k.algorithm }

// PEM returns the private key as ParseTokenKey reads it.
func (k TokenKey) PEM() (keywright.Secret, error) {
	if k.private == nil {
		return keywright.Secret{}, errNoTokenKey
	}
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return keywright.Secret{}, errKeyKind
	}
	return keywright.NewSecret(string(pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}))), nil
}

// Format writes [secret] for every verb and flag.
func (k TokenKey) Format(f fmt.State, verb rune) { keywright.Secret{}.Format(f, verb) }

// MarshalText returns [secret].
func (k TokenKey) MarshalText() ([]byte, error) { return keywright.Secret{}.MarshalText() }

// public returns the public half as a JWK.
func (k TokenKey) public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.private.Public(), KeyID: k.id, Algorithm: string(k.algorithm), Use: "sig"}
}
