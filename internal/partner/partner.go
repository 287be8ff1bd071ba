// SPDX-License-Identifier: Apache-2.0

// Package partner reads what code platforms send to those whose keys they found: a list of keys, signed over the raw body with
// a key that the platform publishes.
//
//	keys, err := partner.NewKeys(partner.Options{URL: partner.GitHubKeys})
//	err = keys.Verify(ctx, identifier, signature, body)
//	list, err := partner.Parse(body)
//
// A *Refusal says that the report is not the platform's or cannot be read. ErrAway says that its public keys could not be
// had: nothing is known of the report then, and the platform should send it again.
//
// Sources: GitHub, secret scanning partner program; GitLab, automatic response to leaked secrets.
package partner

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"
)

// GitHubKeys is where GitHub publishes the keys that sign its reports.
const GitHubKeys = "https://api.github.com/meta/public_keys/secret_scanning"

// ErrAway says that the public keys of the platform could not be had.
var ErrAway = errors.New("the public keys of the platform could not be had")

// A Refusal says why a report is not taken. It never holds anything of the report.
type Refusal struct {
	Field   string // the header, or empty for the body
	Problem string
	Hint    string
}

func (r *Refusal) Error() string {
	if r.Field != "" {
		return r.Field + " " + r.Problem
	}
	return r.Problem
}

const (
	maxIdentifier = 256
	maxSignature  = 512
)

// The fields of a refusal.
const (
	FieldIdentifier = "identifier"
	FieldSignature  = "signature"
)

// Verify checks a signature over a raw body: base64 of an ASN.1 DER ECDSA signature over its SHA-256, by the P-256 key of that
// identifier. The error is a *Refusal, or wraps ErrAway.
func (k *Keys) Verify(ctx context.Context, identifier, signature string, body []byte) error {
	key, der, err := k.Prepare(ctx, identifier, signature)
	if err != nil {
		return err
	}
	return Check(key, der, body)
}

// Prepare does of Verify what needs no body, so that none is read of whoever has no known key.
func (k *Keys) Prepare(ctx context.Context, identifier, signature string) (*ecdsa.PublicKey, []byte, error) {
	if identifier == "" || len(identifier) > maxIdentifier {
		return nil, nil, &Refusal{FieldIdentifier, "is missing", "the platform sends it with every report"}
	}
	if signature == "" || len(signature) > maxSignature {
		return nil, nil, &Refusal{FieldSignature, "is missing", "the platform sends it with every report"}
	}
	der, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return nil, nil, &Refusal{FieldSignature, "is not base64", "the platform sends base64 of a DER signature"}
	}
	key, err := k.find(ctx, identifier)
	return key, der, err
}

// Check checks a signature that Prepare has read.
func Check(key *ecdsa.PublicKey, der, body []byte) error {
	sum := sha256.Sum256(body)
	if !ecdsa.VerifyASN1(key, sum[:], der) {
		return &Refusal{FieldSignature, "is not one over this body by the key that is named", "send the body as it was signed, byte for byte"}
	}
	return nil
}

// A Found is one key that a platform found.
type Found struct {
	Token  string
	Type   string // what the platform takes it for, which may be wrong
	URL    string
	Source string
}

// Limits of a body.
const (
	MaxBody  = 4 << 20
	MaxFound = 20_000
)

// Parse reads the body of a report: an array of objects with token, type, url (or location) and source. What is more is left
// out. The error is a *Refusal.
func Parse(body []byte) ([]Found, error) {
	var list []struct {
		Token    string `json:"token"`
		Type     string `json:"type"`
		URL      string `json:"url"`
		Location string `json:"location"`
		Source   string `json:"source"`
	}
	if json.Unmarshal(body, &list) != nil {
		return nil, &Refusal{"", "the body is not a list of found keys", `send [{"token": "…", "type": "…", "url": "…"}]`}
	}
	if len(list) > MaxFound {
		return nil, &Refusal{"", "the body has more than 20,000 keys", "send them in several reports"}
	}
	found := make([]Found, len(list))
	for i, one := range list {
		found[i] = Found{Token: one.Token, Type: one.Type, URL: one.URL, Source: one.Source}
		if found[i].URL == "" {
			found[i].URL = one.Location
		}
	}
	return found, nil
}

// keysLife is how long published keys are believed without asking again; staleLife, how long while asking fails.
const (
	keysLife  = 24 * time.Hour
	staleLife = 7 * 24 * time.Hour
	missPause = time.Minute // between two looks for an identifier that is not known, or after a failure
)
