// SPDX-License-Identifier: Apache-2.0

package signed

import (
	"encoding/hex"
	"fmt"
	"unicode/utf8"

	"github.com/keywright/keywright"
)

const (
	derivedPrefix = "sk_"
	derivedDigits = 32 // of 64
)

var (
	errNoMaster      = fmt.Errorf("%w: no master", ErrUnusable)
	errNoScope       = fmt.Errorf("%w: the scope is empty", ErrUnusable)
	errScopeText     = fmt.Errorf("%w: the scope is not UTF-8", ErrUnusable)
	errScopeLong     = fmt.Errorf("%w: the scope makes a key longer than %d bytes", ErrUnusable, MaxBytes)
	errDerivedPrefix = fmt.Errorf("%w: does not begin with sk_", ErrMalformed)
	errDerivedShort  = fmt.Errorf("%w: too short for sk_, a scope, _ and 32 hex digits", ErrMalformed)
	errDerivedDigits = fmt.Errorf("%w: does not end in _ and 32 hex digits in lower case", ErrMalformed)
	errDerivedScope  = fmt.Errorf("%w: its scope is not UTF-8", ErrMalformed)
	errDerived       = fmt.Errorf("%w: derived from none of the masters for its scope, or changed", ErrSignature)
)

// Derive makes the key of a master for a scope, always the same one:
//
//	sk_{scope}_{first 32 hex digits of HMAC-SHA256(master, scope)}
//
// The scope is any text that is not empty, byte for byte: read, Read and orders:read have three different keys. The
// master is the bytes of the text.
//
// Wherever a derived key is checked the master must be there in readable form, so it cannot be kept as a hash: whoever
// reads it can make every key. A derived key has no expiry, and cannot be revoked without changing the master, which
// ends all of them.
//
// Errors wrap ErrUnusable: an empty master or scope, a scope that is not UTF-8, and a master that ends in a zero byte:
// HMAC pads with zero bytes, so it has the keys of the master without them (RFC 2104, 2).
func Derive(master keywright.Secret, scope string) (keywright.Secret, error) {
	switch {
	case scope == "":
		return keywright.Secret{}, errNoScope
	case !utf8.ValidString(scope):
		return keywright.Secret{}, errScopeText
	case len(derivedPrefix)+len(scope)+1+derivedDigits > MaxBytes:
		return keywright.Secret{}, errScopeLong
	}
	if err := checkSecrets([]keywright.Secret{master}, errNoMaster); err != nil {
		return keywright.Secret{}, err
	}
	return derive(master, scope), nil
}

func derive(master keywright.Secret, scope string) keywright.Secret {
	digits := hex.EncodeToString(code(nil, master, []byte(scope)))[:derivedDigits]
	return keywright.NewSecret(derivedPrefix + scope + "_" + digits)
}

// CheckDerived returns the scope of a key that one of the masters made, comparing in constant time.
//
// Errors wrap ErrMalformed or ErrSignature: refuse the key; or ErrUnusable: a master is none.
func CheckDerived(key keywright.Secret, masters ...keywright.Secret) (scope string, err error) {
	if err := checkSecrets(masters, errNoMaster); err != nil {
		return "", err
	}
	scope, err = DerivedScope(key)
	if err != nil {
		return "", err
	}
	for _, master := range masters {
		if derive(master, scope).Equal(key) {
			return scope, nil
		}
	}
	return "", errDerived
}

// DerivedScope returns the scope that a derived key names, and does not check the key. It reads from the right: a scope
// may hold underscores, and hex digits.
//
// Errors wrap ErrMalformed.
func DerivedScope(key keywright.Secret) (string, error) {
	text := key.Reveal()
	end := len(text) - derivedDigits - 1
	switch {
	case len(text) > MaxBytes:
		return "", errTooLong
	case len(text) < len(derivedPrefix) || text[:len(derivedPrefix)] != derivedPrefix:
		return "", errDerivedPrefix
	case end <= len(derivedPrefix):
		return "", errDerivedShort
	case text[end] != '_' || !lowerHex(text[end+1:]):
		return "", errDerivedDigits
	case !utf8.ValidString(text[:end]):
		return "", errDerivedScope
	}
	return text[len(derivedPrefix):end], nil
}

func lowerHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
