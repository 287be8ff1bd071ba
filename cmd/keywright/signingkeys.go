// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
)

func (s *session) signingKeysCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "signing-keys", Short: "Look after the keys that sign tokens",
		Long: `Look after the keys that sign tokens, which keys are exchanged for. They are kept sealed with the root key of the server,
and rotate on their own: see serve --signing-key-life.`,
		Example: `  keywright signing-keys list
  keywright signing-keys rotate`,
	}
	subcommandsOnly(cmd)
	cmd.AddCommand(s.signingKeysListCommand(), s.signingKeysPublicCommand(), s.signingKeysRotateCommand())
	return cmd
}

func (s *session) signingKeysListCommand() *cobra.Command {
	var f serverFlags
	var output string
	cmd := &cobra.Command{
		Use: "list", Short: "List the keys that sign tokens", Example: "  keywright signing-keys list", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.connect(&f)
			if err != nil {
				return err
			}
			list, err := c.SigningKeys(cmd.Context())
			if err != nil {
				return fromServer(err)
			}
			return s.showSigningKeys(list, output)
		},
	}
	outputOneFlag(cmd, &output)
	addServerFlags(cmd, &f)
	return cmd
}

func (s *session) signingKeysPublicCommand() *cobra.Command {
	var f serverFlags
	cmd := &cobra.Command{
		Use: "jwks", Short: "Print their public halves", Long: "Print the public halves of the keys that sign tokens as a JWK set: what the server serves at /.well-known/jwks.json.",
		Example: "  keywright signing-keys jwks > jwks.json", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.connect(&f)
			if err != nil {
				return err
			}
			set, err := c.KeySet(cmd.Context())
			switch {
			case err != nil:
				return fromServer(err)
			case len(set.IDs()) == 0:
				return refused("there are no keys that sign tokens", "let keys be exchanged: keywright keyspaces update NAME --exchange-life 5m")
			}
			return s.printJSON(set)
		},
	}
	addServerFlags(cmd, &f)
	return cmd
}

func (s *session) signingKeysRotateCommand() *cobra.Command {
	var f serverFlags
	var output string
	var revokeOld bool
	cmd := &cobra.Command{
		Use: "rotate", Short: "Make new keys that sign tokens",
		Long: `Make a new key for each algorithm in use. It is published for 65 minutes before it signs, so that everybody who verifies
tokens knows it by then, and the one before it stays published until its last token has ended.

With --revoke-old the keys that are there are forgotten at once and the new ones sign from now on: every token ends. This
is for the day on which a signing key or the root key was stolen, or the root key was lost.`,
		Example: `  keywright signing-keys rotate
  keywright signing-keys rotate --revoke-old`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.connect(&f)
			if err != nil {
				return err
			}
			list, err := c.RotateSigningKeys(cmd.Context(), revokeOld)
			if err != nil {
				return fromServer(err)
			}
			return s.showSigningKeys(list, output)
		},
	}
	cmd.Flags().BoolVar(&revokeOld, "revoke-old", false, "forget the old keys at once, which ends every token")
	outputOneFlag(cmd, &output)
	addServerFlags(cmd, &f)
	return cmd
}

func (s *session) showSigningKeys(list []api.SigningKey, output string) error {
	if output == asJSON {
		return s.writeJSON(list)
	}
	for _, k := range list {
		line := []string{k.ID, k.State}
		if k.Algorithm != "" {
			line = append(line, k.Algorithm)
		}
		if !k.SignsFrom.IsZero() {
			line = append(line, "signs from "+timeText(k.SignsFrom))
		}
		if !k.GoneAt.IsZero() {
			line = append(line, "gone at "+timeText(k.GoneAt))
		}
		if _, err := io.WriteString(s.stdout, strings.Join(line, " · ")+"\n"); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		s.say("no keys: no keyspace lets its keys be exchanged")
	}
	return nil
}
