// SPDX-License-Identifier: Apache-2.0

package webhook

import "errors"

// What is wrong with a secret.
var (
	// ErrNoSecret: no secret, or an empty one. A signature with an empty secret is one that anybody can make.
	ErrNoSecret = errors.New("no secret was given, or an empty one")
	// ErrSecretText: not base64 (RFC 4648 section 4, with padding), perhaps after whsec_, whsk_ or whpk_.
	ErrSecretText = errors.New("the secret is not base64 with padding after whsec_, whsk_ or whpk_")
	// ErrSecretSize: whsec_ has 24 to 64 bytes, whsk_ has 64, whpk_ has 32.
	ErrSecretSize = errors.New("the secret has the wrong length: whsec_ has 24 to 64 bytes, whsk_ has 64, whpk_ has 32")
	// ErrKeyPair: the halves of a private key, seed and public key, are not of each other.
	ErrKeyPair = errors.New("the private key is damaged: its two halves do not belong together")
	// ErrPublicKey: a public key was to sign.
	ErrPublicKey = errors.New("a public key verifies and cannot sign")
)

// What is wrong with a message.
var (
	ErrMissingID        = errors.New("the header webhook-id is missing")
	ErrMissingTimestamp = errors.New("the header webhook-timestamp is missing")
	ErrMissingSignature = errors.New("the header of signatures is missing")
	ErrRepeatedHeader   = errors.New("a header is there more than once")
	// ErrHeaderSize: an id beyond MaxID bytes, or signatures beyond MaxSignatures.
	ErrHeaderSize = errors.New("a header is too long")
	// ErrID: an id with a full stop, which would make what is signed ambiguous, or with more than visible ASCII.
	ErrID = errors.New("the id is not visible ASCII without a full stop")
	// ErrTimestamp: other than digits, a zero before them, or more than twelve.
	ErrTimestamp = errors.New("the timestamp is not seconds since 1970 in digits alone")
	// ErrTooOld: a message that was kept back, or sent again by somebody who recorded it; or a clock that is wrong.
	ErrTooOld = errors.New("the timestamp is too old")
	// ErrTooNew: a clock that is wrong.
	ErrTooNew = errors.New("the timestamp is too new")
	// ErrVersion: every signature is of a version that the secrets at hand do not make.
	ErrVersion = errors.New("no signature is of a version that the secrets make")
	// ErrNoMatch: another secret, another message, or a body that is not as it came.
	ErrNoMatch = errors.New("no signature matches")
	// ErrStripeHeader: not t=…,v1=… with one t.
	ErrStripeHeader = errors.New("the header of signatures is not t=…,v1=… with one t")
)
