// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/signed"
)

func (s *session) verifySignedCommand() *cobra.Command {
	var f signFlags
	var keyFile string
	cmd := &cobra.Command{
		Use:   "verify-signed",
		Short: "Verify a signed key and print its claims",
		Long: `Verify a signed key and print its claims as JSON: exit code 0 if it is valid, 1 if it is not, with the reason.

Whether the key was revoked it cannot know: look its key_id up. What it prints keywright sign takes: that is how
a key of an old secret is signed again with the new one.`,
		Example: `  keywright verify-signed --secret-file secret < key.txt
  keywright verify-signed --secret-file new --secret-file old --key-file key.txt
  keywright verify-signed --secret-file secret --at 2027-01-15T12:00:00Z < key.txt`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.verifySigned(cmd.Context(), f, keyFile) },
	}
	flags := cmd.Flags()
	secretFileFlag(flags, &f.secretFiles, "verify with the secret in `FILE`, can be given again")
	keyFileFlag(flags, &keyFile)
	addTime(flags, &f.at, "at", "judge as of `TIME` instead of now")
	return cmd
}

func (s *session) verifySigned(ctx context.Context, f signFlags, keyFile string) error {
	signer, err := s.signer(f.secretFiles)
	if err != nil {
		return err
	}
	key, err := s.readKey(ctx, keyFile)
	if err != nil {
		return err
	}
	claims, err := signer.Verify(key, s.asOf(f.at))
	if err != nil {
		return signedFailure("the key is refused", err, "whoever made it can make another")
	}
	text, err := claims.JSON()
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(s.stdout, string(text)); err != nil {
		return err
	}
	s.say("valid · until %s, if its key id is not revoked", signer.Expires(claims).Format(time.RFC3339))
	return nil
}

// asOf is the time that was asked for, or now.
func (s *session) asOf(at time.Time) time.Time {
	if at.IsZero() {
		return s.now().UTC()
	}
	return at
}

// signedFailure is a refusal where the key is to blame, and misuse where what verifies it is.
func signedFailure(problem string, err error, hint string) error {
	if errors.Is(err, signed.ErrUnusable) {
		return misused(problem+": "+reason(err), "keywright help shows how it is used")
	}
	for _, kind := range []error{signed.ErrMalformed, signed.ErrSignature, signed.ErrExpired, signed.ErrNotYet, signed.ErrClaims} {
		if errors.Is(err, kind) {
			return refused(problem+": "+reason(err), hint)
		}
	}
	return unknowable(problem, hint, err)
}

// reason is an error of package signed without the word for misuse, which adds nothing for people.
func reason(err error) string {
	return strings.TrimPrefix(err.Error(), signed.ErrUnusable.Error()+": ")
}
