// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"crypto/hmac"
	"encoding/hex"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// HeaderStripe is the name of the one header that Stripe sends.
const HeaderStripe = "stripe-signature"

// A StripeVerifier verifies messages of Stripe (https://docs.stripe.com/webhooks, stripe-go/webhook). Its secrets
// begin with whsec_ as those of Standard Webhooks do, and nothing in them tells the two apart; the rest differs:
//
//	Stripe-Signature: t=1614265330,v1=2e37df5d…,v0=…
//
// What is signed is the timestamp, a full stop and the body. The key of the HMAC-SHA256 is the text of the secret, the
// prefix included, not the bytes that it could stand for. Signatures are hex. Versions other than v1 are passed over.
type StripeVerifier struct {
	Secrets   []keywright.Secret // as Stripe shows them; while one is rotated, the new one and the old
	Tolerance time.Duration      // how far a timestamp may be from now; 0: 300 s, as Stripe's own libraries have it
}

// Verify returns nil where a signature of version v1 is of this body with one of the secrets, and the timestamp is near
// now. Stripe's libraries let timestamps of the future pass; here they are bounded as those of the past.
//
// The errors are [ErrNoSecret], [ErrMissingSignature], [ErrHeaderSize], [ErrStripeHeader], [ErrTimestamp], [ErrTooOld],
// [ErrTooNew], [ErrVersion] and [ErrNoMatch].
func (v StripeVerifier) Verify(header string, body []byte, now time.Time) error {
	if len(v.Secrets) == 0 {
		return ErrNoSecret
	}
	for _, s := range v.Secrets {
		if text := s.Reveal(); text == "" || text == shared.prefix() {
			return ErrNoSecret
		}
	}
	timestamp, signatures, err := parseStripe(header)
	if err != nil {
		return err
	}
	sent, err := parseTimestamp(timestamp)
	if err != nil {
		return err
	}
	if err := fresh(sent, now, v.Tolerance); err != nil {
		return err
	}
	if len(signatures) == 0 {
		return ErrVersion
	}
	content := append([]byte(timestamp+"."), body...)
	for _, s := range v.Secrets {
		want := mac(s, content)
		for _, signature := range signatures {
			if got, err := hex.DecodeString(signature); err == nil && hmac.Equal(got, want) {
				return nil
			}
		}
	}
	return ErrNoMatch
}

// parseStripe takes the header apart: name, equals sign and value, with commas between them.
func parseStripe(header string) (timestamp string, signatures []string, err error) {
	switch {
	case header == "":
		return "", nil, ErrMissingSignature
	case len(header) > MaxSignatures:
		return "", nil, ErrHeaderSize
	}
	times := 0
	for one := range strings.SplitSeq(header, ",") {
		name, value, ok := strings.Cut(one, "=")
		switch {
		case !ok:
			return "", nil, ErrStripeHeader
		case name == "t":
			timestamp = value
			times++
		case name == "v1":
			signatures = append(signatures, value)
		}
	}
	if times != 1 {
		return "", nil, ErrStripeHeader
	}
	return timestamp, signatures, nil
}
