// SPDX-License-Identifier: Apache-2.0

// Package webhook signs webhooks and verifies them, as Standard Webhooks 1.0.0 says
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
//
// A sender makes a secret with [NewSecret], gives it to the receiver once, and calls [Sign] for each message. A receiver
// reads the secret with [ParseKey] and calls [Verifier.Verify] with the three headers and the body as it came, byte for
// byte: a body that was parsed and written again does not verify.
//
//	webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek
//	webhook-timestamp: 1614265330
//	webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=
//
// What is signed is the id, the timestamp and the body with a full stop between them. v1 is HMAC-SHA256 with a secret
// that both sides hold; v1a is Ed25519 (RFC 8032), where the receiver holds the public key alone. While a secret is
// rotated a message carries a signature of each, and one that matches is enough.
//
// Stripe signs in a way of its own under the same prefix whsec_: see [StripeVerifier].
//
// A signature says who sent a message, not that it is the first time: remember the ids of the messages of the last
// [DefaultTolerance], on both sides of now, to do each once. Time is an argument throughout, and no error repeats what
// was given.
package webhook

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// The names of the three headers. HTTP does not tell upper from lower case.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)

// DefaultTolerance is how far the timestamp of a message may be from now, in the past and in the future.
const DefaultTolerance = 5 * time.Minute

const (
	// MaxID is the length of the longest id, in bytes.
	MaxID = 256
	// MaxSignatures is the length of the longest header of signatures, in bytes: more than forty of them.
	MaxSignatures = 4096

	maxTimestamp = 12 // digits: until the year 33658
)

// Headers are what a message carries beside its body.
type Headers struct {
	ID        string `json:"webhook-id"`        // stays the same when a message is sent again; no full stop in it
	Timestamp string `json:"webhook-timestamp"` // of this attempt: seconds since 1970, in digits
	Signature string `json:"webhook-signature"` // version, comma, base64; a space between signatures
}

// ReadHeaders finds the three headers in those of a request: give it an http.Header. One that is missing stays empty,
// which [Verifier.Verify] refuses; one that is there twice is an error, because two readers could take different ones.
func ReadHeaders(all map[string][]string) (Headers, error) {
	var h Headers
	for name, values := range all {
		var to *string
		switch strings.ToLower(name) {
		case HeaderID:
			to = &h.ID
		case HeaderTimestamp:
			to = &h.Timestamp
		case HeaderSignature:
			to = &h.Signature
		default:
			continue
		}
		if len(values) > 1 || *to != "" && len(values) > 0 {
			return Headers{}, ErrRepeatedHeader
		}
		for _, value := range values {
			*to = value
		}
	}
	return h, nil
}

// NewID returns an id for a new message: msg_ and 27 letters and digits, 160 bits.
func NewID() (string, error) {
	k, err := keywright.Generate(keywright.Format{Prefix: "msg", Secret: keywright.Part{Encoding: keywright.Base62, Chars: 27}})
	return k.Reveal(), err
}

// Sign returns the headers for a message with a signature of each key, in their order. While a secret is rotated, give
// the new one and the old. The time is that of this attempt, and is cut to whole seconds.
//
// The errors are [ErrNoSecret], [ErrPublicKey], [ErrID], [ErrTimestamp] and [ErrHeaderSize].
func Sign(id string, at time.Time, body []byte, keys ...Key) (Headers, error) {
	h := Headers{ID: id, Timestamp: strconv.FormatInt(at.Unix(), 10)}
	if err := checkID(id); err != nil {
		return Headers{}, err
	}
	if _, err := parseTimestamp(h.Timestamp); err != nil {
		return Headers{}, err
	}
	if len(keys) == 0 {
		return Headers{}, ErrNoSecret
	}
	content := h.content(body)
	signatures := make([]string, len(keys))
	for i, k := range keys {
		signature, err := k.sign(content)
		if err != nil {
			return Headers{}, err
		}
		signatures[i] = k.kind.version() + "," + signature
	}
	h.Signature = strings.Join(signatures, " ")
	if len(h.Signature) > MaxSignatures {
		return Headers{}, ErrHeaderSize
	}
	return h, nil
}

// content is what is signed. The headers are taken as they stand, not as they are understood.
func (h Headers) content(body []byte) []byte {
	content := make([]byte, 0, len(h.ID)+len(h.Timestamp)+len(body)+2)
	content = append(append(content, h.ID...), '.')
	content = append(append(content, h.Timestamp...), '.')
	return append(content, body...)
}

// checkID refuses what would make the content ambiguous, or could not stand in a header.
func checkID(id string) error {
	if len(id) > MaxID {
		return ErrHeaderSize
	}
	for i := range len(id) {
		if c := id[i]; c <= ' ' || c > '~' || c == '.' {
			return ErrID
		}
	}
	if id == "" {
		return ErrID
	}
	return nil
}

// parseTimestamp reads digits and nothing else, in the one way to write each number: some libraries take 01614265330 or
// 1614265330abc for a number, so that the text that is signed and the time that is meant come apart.
func parseTimestamp(s string) (time.Time, error) {
	if s == "" || len(s) > maxTimestamp || len(s) > 1 && s[0] == '0' {
		return time.Time{}, ErrTimestamp
	}
	var seconds int64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return time.Time{}, ErrTimestamp
		}
		seconds = seconds*10 + int64(s[i]-'0')
	}
	return time.Unix(seconds, 0), nil
}

// fresh reports whether a message may still, or already, be accepted. A tolerance of zero or less is the default.
func fresh(sent, now time.Time, tolerance time.Duration) error {
	if tolerance <= 0 {
		tolerance = DefaultTolerance
	}
	switch age := now.Sub(sent); { // as far as a Duration goes, beyond that its bounds
	case age > tolerance || age == math.MaxInt64:
		return ErrTooOld
	case age < -tolerance:
		return ErrTooNew
	}
	return nil
}
