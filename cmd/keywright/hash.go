// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

type hashFlags struct{ preset, keyFile string }

func (f *hashFlags) add(cmd *cobra.Command, usage string) {
	choice(cmd, &f.preset, "preset", "", usage, keywright.Presets()...)
	keyFileFlag(cmd.Flags(), &f.keyFile)
}

func (s *session) hashCommand() *cobra.Command {
	var f hashFlags
	cmd := &cobra.Command{
		Use:   "hash",
		Short: "Print the storage hash of a key",
		Long: `Print the storage hash of a key: SHA-256 in hex, the only form in which a key should be kept.

One newline at the end is not part of the key. With --preset the hash covers what keys of that format say:
the secret alone for seam and unambiguous, its bytes for seam-v4, the whole key for all others.`,
		Example: `  keywright hash                           (paste; no echo)
  keywright hash --key-file key.txt
  printf %s "$ACME_API_KEY" | keywright hash --preset seam`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			key, err := s.readKey(cmd.Context(), f.keyFile)
			if err != nil {
				return err
			}
			hash := keywright.HashText(key.Reveal())
			if f.preset != "" {
				if hash, err = hashAs(key, f.preset); err != nil {
					return err
				}
			}
			_, err = fmt.Fprintln(s.stdout, hash)
			return err
		},
	}
	f.add(cmd, "hash as keys of the format `NAME` are hashed")
	return cmd
}

// hashAs returns the storage hash of a key of a preset.
func hashAs(key keywright.Secret, preset string) (keywright.Hash, error) {
	if preset == "opaque" {
		return keywright.HashText(key.Reveal()), nil
	}
	found, err := inspectKey(key, preset)
	if err != nil {
		return keywright.Hash{}, err
	}
	return found[0].StorageHash, nil
}

func (s *session) matchCommand() *cobra.Command {
	var f hashFlags
	cmd := &cobra.Command{
		Use:   "match HASH",
		Short: "Tell whether a key matches a storage hash",
		Long: `Tell whether a key matches a storage hash: exit code 0 if it does, 1 if it does not.

The hash is SHA-256 in hex, base64 or base58. It may cover the whole key, or the secret alone where the key is
of a format like that; --preset names the one format to try.`,
		Example: `  keywright match d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37
  keywright match --key-file key.txt DYu3G8aGTMBW1WrTw76zxQJQU4DHLw9MLyy7peG4LKkY`,
		Args: oneArgument("HASH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			want, err := keywright.ParseHash(args[0])
			if err != nil {
				return misused("the argument is not a SHA-256 hash", "give 64 hex digits, base64 or base58; "+
					"if it was a key, rotate it and clear the shell's history: the key itself goes to standard input")
			}
			return s.match(cmd.Context(), f, want)
		},
	}
	f.add(cmd, "try the format `NAME` alone")
	return cmd
}

var errNoMatch = errors.New("the key does not match the hash")

func (s *session) match(ctx context.Context, f hashFlags, want keywright.Hash) error {
	key, err := s.readKey(ctx, f.keyFile)
	if err != nil {
		return err
	}
	what, err := matching(key, f.preset, want)
	switch {
	case errors.Is(err, errNoMatch):
		s.say("no match")
		return ended(api.ExitRefused)
	case err != nil:
		return err
	}
	s.say("match · %s", what)
	return nil
}

// matching says what of the key the hash covers.
func matching(key keywright.Secret, preset string, want keywright.Hash) (string, error) {
	if preset != "" {
		got, err := hashAs(key, preset)
		if err == nil && !got.Equal(want) {
			err = errNoMatch
		}
		return "as a key of " + preset, err
	}
	if keywright.HashText(key.Reveal()).Equal(want) {
		return "the hash covers the whole key", nil
	}
	for _, c := range keywright.Inspect(key) {
		k, err := c.Format.Parse(key)
		switch {
		case err != nil:
		case c.Format.Hash == keywright.CoverBytes && c.StorageHash.Equal(want):
			return "the hash covers the bytes of the secret", nil
		case keywright.HashText(k.Secret().Reveal()).Equal(want):
			return "the hash covers the secret", nil
		}
	}
	return "", errNoMatch
}
