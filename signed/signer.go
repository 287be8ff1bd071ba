// SPDX-License-Identifier: Apache-2.0

package signed

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/keywright/keywright"
)

// A Signer signs and verifies keys that carry their own claims. A key is
//
//	base64url without padding of (JSON + HMAC-SHA256(secret, JSON))
//
// where the last 32 bytes are the code and the JSON is as Python's json.dumps(sort_keys=True) writes it (RFC 4648, 5;
// RFC 2104):
//
//	{"created_at": "2026-01-15T12:00:00.123456", "key_id": "0123456789abcdef", "permissions": ["read"], "user_id": "user_123"}
//
// Anybody can read it; nobody without a secret can make or change it.
type Signer struct {
	Secrets []keywright.Secret // the newest first: that one signs, all verify; the bytes of the text are the secret
	MaxAge  time.Duration      // 0: DefaultMaxAge
	Leeway  time.Duration      // how far created_at may lie in the future; 0: DefaultLeeway, below 0: not at all
}

// Sign makes a key, and returns its key_id too: write it down, it is what a list of revoked keys needs. Where c has no
// KeyID it gets 8 random bytes in hex, and where it has no CreatedAt it gets now.
//
// Errors wrap ErrUnusable: the secrets or the claims do not make a key that would verify. A failing source of
// randomness is returned as it is.
func (s Signer) Sign(c Claims, now time.Time, random io.Reader) (key keywright.Secret, keyID string, err error) {
	if err := checkSecrets(s.Secrets, errNoSecret); err != nil {
		return keywright.Secret{}, "", err
	}
	if c.CreatedAt.IsZero() {
		c.CreatedAt = now
	}
	c.CreatedAt = c.CreatedAt.Truncate(time.Microsecond)
	if c.KeyID == "" {
		var id [8]byte
		if _, err := io.ReadFull(random, id[:]); err != nil {
			return keywright.Secret{}, "", fmt.Errorf("reading randomness: %w", err)
		}
		c.KeyID = hex.EncodeToString(id[:])
	}
	payload, err := c.JSON()
	if err != nil {
		return keywright.Secret{}, "", err
	}
	if err := s.inTime(c.CreatedAt, now); err != nil {
		return keywright.Secret{}, "", fmt.Errorf("%w: such a key would be refused: %s", ErrUnusable, err.Error())
	}
	text := base64.RawURLEncoding.EncodeToString(code(payload, s.Secrets[0], payload))
	if len(text) > MaxBytes {
		return keywright.Secret{}, "", errLargeMade
	}
	return keywright.NewSecret(text), c.KeyID, nil
}

// Verify returns the claims of a key as of now. The code is compared before anything is parsed.
//
// Errors wrap ErrMalformed, ErrSignature, ErrExpired or ErrNotYet: refuse the key; or ErrUnusable: the secrets of s are
// no secrets. Whether a key was revoked only a list of key ids can tell.
func (s Signer) Verify(key keywright.Secret, now time.Time) (Claims, error) {
	if err := checkSecrets(s.Secrets, errNoSecret); err != nil {
		return Claims{}, err
	}
	data, err := decode(key.Reveal())
	if err != nil {
		return Claims{}, err
	}
	if len(data) <= sha256.Size {
		return Claims{}, errTooShort
	}
	payload, given := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
	if !s.signed(payload, given) {
		return Claims{}, errSigned
	}
	c, found, err := parsePayload(string(payload))
	switch {
	case err != nil:
		return Claims{}, err
	case found != allClaims:
		return Claims{}, errMissing
	}
	if err := s.inTime(c.CreatedAt, now); err != nil {
		return Claims{}, err
	}
	return c, nil
}

// Expires returns the last moment at which a key with these claims is valid.
func (s Signer) Expires(c Claims) time.Time { return c.CreatedAt.Add(s.maxAge()) }

func (s Signer) maxAge() time.Duration {
	if s.MaxAge > 0 {
		return s.MaxAge
	}
	return DefaultMaxAge
}

// signed reports whether one of the secrets made the code. Which one it was is no secret.
func (s Signer) signed(payload, given []byte) bool {
	for _, secret := range s.Secrets {
		if hmac.Equal(given, code(nil, secret, payload)) {
			return true
		}
	}
	return false
}

// inTime judges a key's age in whole microseconds, as the format has them.
func (s Signer) inTime(created, now time.Time) error {
	now = now.Truncate(time.Microsecond)
	switch {
	case created.Sub(now) > leeway(s.Leeway):
		return errFuture
	case now.Sub(created) > s.maxAge():
		return errAge
	}
	return nil
}
