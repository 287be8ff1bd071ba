// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/signed"
)

// signedKeys verifies a signed key. The floor decodes it and computes HMAC-SHA256 of its payload, and parses nothing.
func signedKeys() error {
	const n = 300_000
	secret := []byte("a signing secret of as many bytes as it should have")
	now := time.Date(2026, 1, 15, 12, 0, 0, 123456000, time.UTC)
	signer := signed.Signer{Secrets: []keywright.Secret{keywright.NewSecret(string(secret))}}
	key, _, err := signer.Sign(signed.Claims{User: "user_123", Permissions: []string{"read", "write"}}, now, bytes.NewReader(make([]byte, 8)))
	if err != nil {
		return err
	}
	text := key.Reveal()
	ours := func(n int) {
		for range n {
			_, err := signer.Verify(key, now)
			exit(err)
		}
	}
	floor := func(n int) {
		for range n {
			data, err := base64.RawURLEncoding.DecodeString(text)
			exit(err)
			payload, given := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
			mac := hmac.New(sha256.New, secret)
			_, _ = mac.Write(payload)
			if !hmac.Equal(mac.Sum(nil), given) {
				exit(errors.New("the floor computes another code"))
			}
		}
	}
	a, b, ratio := inTurns(7, n, wall(), ours, floor)
	fmt.Printf("verifying a signed key of %d characters, claims parsed: %.0f ns (%.2f million a second)\n", len(text), a.median(), 1e3/a.median())
	fmt.Printf("floor: base64 and HMAC-SHA256 of its payload: %.0f ns\n", b.median())
	fmt.Printf("ratio to the floor: %s (aim: at most 1.5)\n", ratio)
	return nil
}
