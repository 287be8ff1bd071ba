// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/signed"
)

// randomness is what keys and tokens are made of.
var randomness = rand.Reader

type tokenCheckFlags struct {
	jwks, issuer, audience, tokenFile string
	life                              time.Duration
	at                                time.Time
	exchanged                         bool
}

func (s *session) tokenCheckCommand() *cobra.Command {
	var f tokenCheckFlags
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check a token and print what it says",
		Long: `Check a token and print what it says as JSON: exit code 0 if it is valid, 1 if it is not, with the reason.

Whether the key that it stands for was revoked since, the token cannot know.`,
		Example: `  keywright token check --jwks jwks.json --issuer https://keys.example.com --audience acme < token.txt
  keywright token check --exchanged --jwks jwks.json --issuer keywright --audience acme < token.txt`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.tokenCheck(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.jwks, "jwks", "", "read the public keys from `FILE`")
	addParties(flags, &f.issuer, &f.audience)
	addDuration(flags, &f.life, "life", signed.DefaultLife, "refuse tokens that live longer than `DURATION`")
	flags.BoolVar(&f.exchanged, "exchanged", false, "it is one that a server gave for a key: at+jwt")
	addTime(flags, &f.at, "at", "judge as of `TIME` instead of now")
	flags.StringVar(&f.tokenFile, "token-file", "", "read the token from `FILE`")
	return cmd
}

// A tokenShown is a token as programs see it.
type tokenShown struct {
	KeyID     string     `json:"key_id"`
	Scopes    []string   `json:"scopes"`
	Audience  string     `json:"audience"`
	Issuer    string     `json:"issuer"`
	ID        string     `json:"id"`
	IssuedAt  time.Time  `json:"issued_at"`
	NotBefore *time.Time `json:"not_before,omitempty"`
	ExpiresAt time.Time  `json:"expires_at"`
}

func (s *session) tokenCheck(ctx context.Context, f tokenCheckFlags) error {
	if f.jwks == "" {
		return misused("no public keys were given", "name their file with --jwks; keywright token jwks prints them")
	}
	text, err := s.readKeyText(f.jwks)
	if err != nil {
		return err
	}
	keys, err := signed.ParseKeySet([]byte(text))
	if err != nil {
		return misused("the public keys cannot be used: "+reason(err), "keywright token jwks prints a key set")
	}
	token, err := s.readKey(ctx, f.tokenFile)
	if err != nil {
		return err
	}
	v := signed.TokenVerifier{Issuer: f.issuer, Audience: f.audience, Keys: keys, MaxLife: f.life}
	if f.exchanged {
		v.Type = signed.AccessToken
	}
	t, err := v.Verify(token, s.asOf(f.at))
	if err != nil {
		return signedFailure("the token is refused", err, "exchange the key for another token")
	}
	shown := tokenShown{
		KeyID: t.KeyID, Scopes: t.Scopes, Audience: t.Audience, Issuer: t.Issuer, ID: t.ID, IssuedAt: t.IssuedAt, ExpiresAt: t.Expires,
	}
	if shown.Scopes == nil {
		shown.Scopes = []string{}
	}
	if !t.NotBefore.IsZero() {
		shown.NotBefore = &t.NotBefore
	}
	return s.printJSON(shown)
}
