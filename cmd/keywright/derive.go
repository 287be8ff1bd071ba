// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/signed"
)

type deriveFlags struct{ scope, keyFile, check string }

func (s *session) deriveCommand() *cobra.Command {
	var f deriveFlags
	cmd := &cobra.Command{
		Use:   "derive",
		Short: "Derive the key of a scope from a master",
		Long: `Derive the key of a scope from a master, always the same one: sk_{scope}_ and 32 hex digits.

The master is read from standard input, from a prompt without echo, or from --key-file. Wherever a derived key is
checked its master must be there in readable form, and a derived key cannot be revoked without changing the
master. With --check it checks the derived key in a file and prints its scope: exit code 0 or 1.`,
		Example: `  keywright derive --scope orders:read    (paste the master; no echo)
  keywright derive --scope orders:read --key-file master
  keywright derive --check derived.txt --key-file master`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.derive(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.scope, "scope", "", "derive the key of `SCOPE`, any text; with --check the scope that it must have")
	flags.StringVar(&f.keyFile, "key-file", "", "read the master from `FILE`")
	flags.StringVar(&f.check, "check", "", "check the derived key in `FILE`")
	return cmd
}

func (s *session) derive(ctx context.Context, f deriveFlags) error {
	if f.scope == "" && f.check == "" {
		return misused("no scope was given", "give one with --scope, for example orders:read")
	}
	master, err := s.readKey(ctx, f.keyFile)
	if err != nil {
		return err
	}
	if f.check != "" {
		return s.checkDerived(ctx, f, master)
	}
	key, err := signed.Derive(master, f.scope)
	if err != nil {
		return signedFailure("no key was derived", err, "")
	}
	if _, err := fmt.Fprintln(s.stdout, key.Reveal()); err != nil {
		return err
	}
	s.warn("whatever checks this key needs the master in readable form: keep it as you keep a signing key")
	return nil
}

func (s *session) checkDerived(ctx context.Context, f deriveFlags, master keywright.Secret) error {
	key, err := s.readKey(ctx, f.check)
	if err != nil {
		return err
	}
	scope, err := signed.CheckDerived(key, master)
	if err != nil {
		return signedFailure("the key is refused", err, "derive it again: a master has one key for each scope")
	}
	if f.scope != "" && f.scope != scope {
		return refused("the key is refused: it is of another scope", "derive the key of the scope that is needed")
	}
	_, err = fmt.Fprintln(s.stdout, scope)
	return err
}
