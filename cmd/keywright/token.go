// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/signed"
)

func (s *session) tokenCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Make and check tokens that live for minutes",
		Long: `Make and check tokens: JWTs that live for minutes, name the key that they were exchanged for, and are verified
with a public key, without asking anybody.`,
		Example: `  keywright token key --to signing.pem
  keywright token jwks --key-file signing.pem > jwks.json
  keywright token make --key-file signing.pem --issuer https://keys.example.com --audience default \
    --key-id key_0DFUqXqVeEpK4nSQhDZ0mR --scope invoices:read > token.txt
  keywright token check --jwks jwks.json --issuer https://keys.example.com --audience default < token.txt`,
	}
	subcommandsOnly(cmd)
	cmd.AddCommand(s.tokenKeyCommand(), s.tokenJWKSCommand(), s.tokenMakeCommand(), s.tokenCheckCommand())
	return cmd
}

func (s *session) tokenKeyCommand() *cobra.Command {
	var to, algorithm string
	var force bool
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Make a signing key for tokens",
		Long: `Make a signing key for tokens: PKCS#8 in PEM, in a file of mode 0600. Its kid goes to standard error.

To rotate, add the new key to those of token jwks first, sign with it when verifiers have read them again, and take
the old one out when its last token has expired.`,
		Example: `  keywright token key --to signing.pem
  keywright token key --to signing.pem --algorithm ES256`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return s.tokenKey(to, signed.Algorithm(algorithm), force) },
	}
	flags := cmd.Flags()
	flags.StringVar(&to, "to", "", "write the key to `FILE`")
	choice(cmd, &algorithm, "algorithm", string(signed.EdDSA), "make a key of `NAME`: EdDSA, or ES256 where that is not understood", string(signed.EdDSA), string(signed.ES256))
	flags.BoolVar(&force, "force", false, "replace a file that exists")
	return cmd
}

func (s *session) tokenKey(to string, algorithm signed.Algorithm, force bool) error {
	if to == "" {
		return misused("no file was named", "give one with --to: the signing key is not shown")
	}
	key, err := signed.NewTokenKey(algorithm, randomness)
	if err != nil {
		return unknowable("no key was made", "the system's source of randomness failed", err)
	}
	text, err := key.PEM()
	if err != nil {
		return err
	}
	if err := writeSecretFile(to, []byte(text.Reveal()), force); err != nil {
		return err
	}
	s.say("%s · kid %s · written to %s", key.Algorithm(), key.ID(), to)
	return nil
}

// tokenKeys reads signing keys from PEM.
func (s *session) tokenKeys(files []string) ([]signed.TokenKey, error) {
	var keys []signed.TokenKey
	for _, file := range files {
		text, err := s.readKeyText(file)
		if err != nil {
			return nil, err
		}
		key, err := signed.ParseTokenKey(keywright.NewSecret(text))
		if err != nil {
			return nil, misused("a signing key cannot be used: "+reason(err), "keywright token key makes one")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, misused("no signing key was given", "name its file with --key-file; keywright token key makes one")
	}
	return keys, nil
}

func (s *session) tokenJWKSCommand() *cobra.Command {
	var files []string
	cmd := &cobra.Command{
		Use:   "jwks",
		Short: "Print the public keys that verify tokens",
		Long:  "Print the public keys that verify tokens as a JWK set (RFC 7517): publish it, it holds no secret.",
		Example: `  keywright token jwks --key-file signing.pem > jwks.json
  keywright token jwks --key-file new.pem --key-file old.pem > jwks.json`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			keys, err := s.tokenKeys(files)
			if err != nil {
				return err
			}
			set, err := signed.NewKeySet(keys...)
			if err != nil {
				return misused("there is no key set: "+reason(err), "name each signing key once")
			}
			return s.printJSON(set)
		},
	}
	cmd.Flags().StringArrayVar(&files, "key-file", nil, "read a signing key from `FILE`, can be given again")
	return cmd
}

type tokenMakeFlags struct {
	keyFile, issuer, audience, keyID string
	scopes                           []string
	life                             time.Duration
	at                               time.Time
}

func addParties(flags *pflag.FlagSet, issuer, audience *string) {
	flags.StringVar(issuer, "issuer", "", "who makes the token: `URL` or name (iss)")
	flags.StringVar(audience, "audience", "", "the keyspace in which it is valid: `NAME` (aud)")
}

func (s *session) tokenMakeCommand() *cobra.Command {
	var f tokenMakeFlags
	cmd := &cobra.Command{
		Use:   "make",
		Short: "Make a token",
		Long:  "Make a token for a key. It goes to standard output; its own id and its end go to standard error.",
		Example: `  keywright token make --key-file signing.pem --issuer https://keys.example.com --audience default \
    --key-id key_0DFUqXqVeEpK4nSQhDZ0mR --scope invoices:read`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return s.tokenMake(f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.keyFile, "key-file", "", "read the signing key from `FILE`")
	addParties(flags, &f.issuer, &f.audience)
	flags.StringVar(&f.keyID, "key-id", "", "the key that the token stands for: `ID` (sub)")
	flags.StringArrayVar(&f.scopes, "scope", nil, "give the token `SCOPE`, can be given again")
	addDuration(flags, &f.life, "life", signed.DefaultLife, "let it live for `DURATION`")
	addTime(flags, &f.at, "at", "make it as of `TIME` instead of now")
	return cmd
}

func (s *session) tokenMake(f tokenMakeFlags) error {
	var files []string
	if f.keyFile != "" {
		files = append(files, f.keyFile)
	}
	keys, err := s.tokenKeys(files)
	if err != nil {
		return err
	}
	now := s.asOf(f.at)
	signer := signed.TokenSigner{Issuer: f.issuer, Keys: keys, Life: f.life}
	text, err := signer.Sign(signed.Token{Audience: f.audience, KeyID: f.keyID, Scopes: f.scopes}, now, randomness)
	if err != nil {
		return signedFailure("no token was made", err, "")
	}
	if _, err := fmt.Fprintln(s.stdout, text.Reveal()); err != nil {
		return err
	}
	s.say("kid %s · valid until %s", keys[0].ID(), now.Truncate(time.Second).Add(f.life).Format(time.RFC3339))
	return nil
}

// printJSON writes a value for programs and people.
func (s *session) printJSON(v any) error {
	e := json.NewEncoder(s.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
