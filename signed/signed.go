// SPDX-License-Identifier: Apache-2.0

// Package signed makes and verifies keys that need no store: signed keys, which carry their own claims, keys derived
// from a master, and tokens.
//
// Begin with a token. It is a JWT that a public key verifies anywhere, it lives for minutes, and it names the key that
// it was exchanged for, so revoking that key ends it soon:
//
//	signer := signed.TokenSigner{Issuer: "https://keys.example.com", Keys: []signed.TokenKey{key}}
//	text, err := signer.Sign(signed.Token{Audience: "default", KeyID: id, Scopes: []string{"invoices:read"}}, now, rand.Reader)
//
//	verifier := signed.TokenVerifier{Issuer: "https://keys.example.com", Audience: "default", Keys: keySet}
//	token, err := verifier.Verify(text, now)
//
// Signer and Derive are there for keys that exist. They are byte for byte what well-known programs in Python make, and
// they keep the weaknesses that lie in the format: a signed key cannot be revoked by itself, everybody who sees it can
// read it, and whoever can verify one can make one; a derived key needs its master in readable form wherever it is
// checked.
//
// What is read is read strictly: of all texts that decode to the same bytes one is accepted, so a list of revoked keys
// cannot be passed by with another spelling. Errors name the reason and never repeat what was given. The package has no
// clock and no source of randomness: both are arguments.
package signed

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// What an error of this package wraps: exactly one of these.
var (
	ErrMalformed = errors.New("malformed")              // not written as such a key is
	ErrSignature = errors.New("wrong signature")        // signed by nobody who is known here
	ErrExpired   = errors.New("expired")                // was valid once
	ErrNotYet    = errors.New("not valid yet")          // lies in the future, by more than clocks differ
	ErrClaims    = errors.New("not meant for this use") // of another issuer or audience, or of too long a life
	ErrUnusable  = errors.New("unusable")               // a secret, key or claim of the caller's; no verdict on a key
)

const (
	// MaxBytes is how long a key or token may be: what a server commonly takes as one header.
	MaxBytes = 8 << 10
	// DefaultMaxAge is how long a signed key is valid: 365 days, to the microsecond.
	DefaultMaxAge = 365 * 24 * time.Hour
	// DefaultLeeway is how far clocks may differ.
	DefaultLeeway = time.Minute
	// RecommendedSecretBytes is how long a secret of HMAC-SHA256 should be (RFC 2104, 3). Whoever holds a signed key can
	// try shorter ones without asking anybody.
	RecommendedSecretBytes = sha256.Size
)

var (
	errTooLong   = fmt.Errorf("%w: longer than %d bytes", ErrMalformed, MaxBytes)
	errTooShort  = fmt.Errorf("%w: too short to hold a signature", ErrMalformed)
	errBase64    = fmt.Errorf("%w: not base64url without padding, or not written in the one way that it can be", ErrMalformed)
	errSpelling  = fmt.Errorf("%w: base64url with line breaks", ErrMalformed)
	errSigned    = fmt.Errorf("%w: made with none of the signing secrets, or changed", ErrSignature)
	errAge       = fmt.Errorf("%w: created_at is longer ago than keys are valid", ErrExpired)
	errFuture    = fmt.Errorf("%w: created_at lies in the future", ErrNotYet)
	errNoSecret  = fmt.Errorf("%w: no signing secret", ErrUnusable)
	errSecret    = fmt.Errorf("%w: a secret is empty", ErrUnusable)
	errSecretNUL = fmt.Errorf("%w: a secret ends in a zero byte, and HMAC takes it for the same secret without", ErrUnusable)
	errLargeMade = fmt.Errorf("%w: the claims make a key longer than %d bytes", ErrUnusable, MaxBytes)
)

func leeway(d time.Duration) time.Duration {
	if d == 0 {
		return DefaultLeeway
	}
	return max(d, 0)
}

// code appends HMAC-SHA256 of message to b.
func code(b []byte, secret keywright.Secret, message []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	_, _ = mac.Write(message) // never fails
	return mac.Sum(b)
}

// checkSecrets refuses what HMAC would take without a word.
func checkSecrets(secrets []keywright.Secret, none error) error {
	if len(secrets) == 0 {
		return none
	}
	for _, s := range secrets {
		text := s.Reveal()
		switch {
		case text == "":
			return errSecret
		case text[len(text)-1] == 0:
			return errSecretNUL
		}
	}
	return nil
}

// strict refuses bits in the last character that belong to no byte.
var strict = base64.RawURLEncoding.Strict()

// decode returns the bytes of base64url. Of all spellings one is accepted. Go's decoder skips line breaks even
// when it is strict.
func decode(text string) ([]byte, error) {
	if len(text) > MaxBytes {
		return nil, errTooLong
	}
	var room [512]byte // keys are short: no copy of the text for them
	data, err := strict.AppendDecode(make([]byte, 0, strict.DecodedLen(len(text))), append(room[:0], text...))
	switch {
	case err != nil:
		return nil, errBase64
	case strings.IndexByte(text, '\n') >= 0 || strings.IndexByte(text, '\r') >= 0:
		return nil, errSpelling
	}
	return data, nil
}
