// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"strings"
	"time"
)

// A Verifier verifies messages. While a secret is rotated it has the new one and the old.
type Verifier struct {
	Keys      []Key
	Tolerance time.Duration // how far a timestamp may be from now; 0: DefaultTolerance
}

// Verify returns nil where a signature is of this message with one of the keys, and the timestamp is near now. The body
// is the bytes that came. Signatures of versions that the keys do not make are passed over.
//
// The errors are [ErrNoSecret], [ErrMissingID], [ErrMissingTimestamp], [ErrMissingSignature], [ErrHeaderSize], [ErrID],
// [ErrTimestamp], [ErrTooOld], [ErrTooNew], [ErrVersion] and [ErrNoMatch]. Answer all of them with 400 or 401, the
// reason for your log alone.
func (v Verifier) Verify(h Headers, body []byte, now time.Time) error {
	if len(v.Keys) == 0 {
		return ErrNoSecret
	}
	switch {
	case h.ID == "":
		return ErrMissingID
	case h.Timestamp == "":
		return ErrMissingTimestamp
	case h.Signature == "":
		return ErrMissingSignature
	case len(h.Signature) > MaxSignatures:
		return ErrHeaderSize
	}
	if err := checkID(h.ID); err != nil {
		return err
	}
	sent, err := parseTimestamp(h.Timestamp)
	if err != nil {
		return err
	}
	if err := fresh(sent, now, v.Tolerance); err != nil {
		return err
	}
	return v.match(h, h.content(body))
}

// match looks for a signature that is of the content.
func (v Verifier) match(h Headers, content []byte) error {
	byVersion := map[string][]string{}
	for one := range strings.SplitSeq(h.Signature, " ") {
		if version, signature, ok := strings.Cut(one, ","); ok {
			byVersion[version] = append(byVersion[version], signature)
		}
	}
	err := ErrVersion
	for _, k := range v.Keys {
		if k.kind == 0 {
			return ErrNoSecret
		}
		signatures := byVersion[k.kind.version()]
		if len(signatures) == 0 {
			continue
		}
		if k.verifies(signatures, content) {
			return nil
		}
		err = ErrNoMatch
	}
	return err
}
