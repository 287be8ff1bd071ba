// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/signed"
)

const (
	payloadHint = `for example {"user_id": "user_123", "permissions": ["read"]}; created_at and key_id may stand there too`
	secretHint  = "name a file that holds a signing secret and nothing else with --secret-file"
)

type signFlags struct {
	secretFiles []string
	user        string
	permissions []string
	at          time.Time
}

func secretFileFlag(flags *pflag.FlagSet, files *[]string, usage string) {
	flags.StringArrayVar(files, "secret-file", nil, usage)
}

func (s *session) signCommand() *cobra.Command {
	var f signFlags
	cmd := &cobra.Command{
		Use:   "sign",
		Short: "Make a signed key, which carries its own claims",
		Long: `Make a signed key, which carries its own claims: user, permissions, time and a key id.

The key goes to standard output, its key id to standard error. Without --user the claims are read as JSON from
standard input. Anybody who sees the key can read it, and it cannot be revoked by itself: where you can choose,
use keywright token.`,
		Example: `  keywright sign --secret-file secret --user user_123 --permission read --permission write
  keywright sign --secret-file new --secret-file old --user user_123
  echo '{"user_id": "user_123", "permissions": ["read"]}' | keywright sign --secret-file secret`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.sign(f) },
	}
	flags := cmd.Flags()
	secretFileFlag(flags, &f.secretFiles, "sign with the secret in `FILE`, can be given again: the first one signs")
	flags.StringVar(&f.user, "user", "", "make a key of the user `ID`")
	flags.StringArrayVar(&f.permissions, "permission", nil, "give the key the `PERMISSION`, can be given again")
	addTime(flags, &f.at, "at", "make the key as of `TIME` instead of now")
	return cmd
}

func (s *session) sign(f signFlags) error {
	claims, err := s.claims(f)
	if err != nil {
		return err
	}
	signer, err := s.signer(f.secretFiles)
	if err != nil {
		return err
	}
	now := s.asOf(f.at)
	if claims.CreatedAt.IsZero() {
		claims.CreatedAt = now
	}
	key, id, err := signer.Sign(claims, now, randomness)
	if err != nil {
		return signedFailure("no key was made", err, "")
	}
	if _, err := fmt.Fprintln(s.stdout, key.Reveal()); err != nil {
		return err
	}
	s.say("key id %s · valid until %s", strings.Trim(strconv.QuoteToGraphic(id), `"`), signer.Expires(claims).Format(time.RFC3339))
	s.warn("anybody who sees this key can read its user and permissions, and only a list of key ids can revoke it")
	return nil
}

// claims are those of the flags, or those on standard input.
func (s *session) claims(f signFlags) (signed.Claims, error) {
	switch {
	case f.user != "":
		return signed.Claims{User: f.user, Permissions: f.permissions}, nil
	case len(f.permissions) > 0:
		return signed.Claims{}, misused("--permission stands without --user", "give both, or neither and the claims on standard input")
	case isTerminal(s.stdin):
		return signed.Claims{}, misused("no user was given", "give --user, or the claims as JSON on standard input")
	}
	text, err := io.ReadAll(io.LimitReader(s.stdin, maxKeyInput+1))
	switch {
	case err != nil:
		return signed.Claims{}, unknowable("the claims could not be read", payloadHint, err)
	case len(text) > maxKeyInput:
		return signed.Claims{}, misused("what was given is far longer than claims", payloadHint)
	case strings.TrimSpace(string(text)) == "":
		return signed.Claims{}, misused("no user was given", "give --user, or the claims as JSON on standard input")
	}
	claims, err := signed.ParseClaims(text)
	if err != nil {
		return signed.Claims{}, misused("the claims cannot be read: "+reason(err), payloadHint)
	}
	return claims, nil
}

// signer reads the signing secrets, and says which are easy to guess.
func (s *session) signer(files []string) (signed.Signer, error) {
	var signer signed.Signer
	for _, file := range files {
		text, err := s.readKeyText(file)
		text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
		switch {
		case err != nil:
			return signed.Signer{}, err
		case strings.ContainsAny(text, "\r\n"):
			return signed.Signer{}, misused("a secret file holds more than one line", secretHint)
		case text != "" && len(text) < signed.RecommendedSecretBytes:
			s.warn("a signing secret is shorter than %d bytes: whoever has a key can guess it without asking", signed.RecommendedSecretBytes)
		}
		signer.Secrets = append(signer.Secrets, keywright.NewSecret(text))
	}
	if len(files) == 0 {
		return signed.Signer{}, misused("no signing secret was given", secretHint)
	}
	return signer, nil
}
