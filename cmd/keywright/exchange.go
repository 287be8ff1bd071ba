// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
)

type exchangeFlags struct {
	serverFlags
	keyFile, keyspace, env, audience string
	scopes                           []string
	life                             time.Duration
	output                           string
}

func (s *session) exchangeCommand() *cobra.Command {
	var f exchangeFlags
	cmd := &cobra.Command{
		Use:   "exchange",
		Short: "Exchange a key that you hold for a short-lived token",
		Long: `Exchange a key for a token: a JWT that a service verifies offline, with the keys of /.well-known/jwks.json. It lives as
long as the keyspace says, and ends with its key.

It needs no service key but the key itself, which is read from standard input, from a prompt without echo, or from
--key-file. The keyspace must let its keys be exchanged: keywright keyspaces update NAME --exchange-life 5m.`,
		Example: `  keywright exchange --key-file acme.key > token.txt
  printf %s "$ACME_API_KEY" | keywright exchange --keyspace acme --scope invoices:read --life 1m
  keywright exchange --keyspace acme --audience https://api.example.com --output json < acme.key`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.exchange(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	addKeyspaceFlag(flags, &f.keyspace)
	flags.StringVar(&f.env, "env", "", "for the environment `LABEL`: a key of another is refused")
	flags.StringVar(&f.audience, "audience", "", "for the service `NAME` (default as the keyspace says)")
	flags.StringSliceVar(&f.scopes, "scope", nil, "with `SCOPE` alone (repeat; default all that the key has)")
	addDuration(flags, &f.life, "life", 0, "for `TIME`, shorter than the keyspace says")
	keyFileFlag(flags, &f.keyFile)
	outputOneFlag(cmd, &f.output)
	flags.StringVar(&f.profile, "profile", "", "ask the server of the profile `NAME` (default local)")
	flags.StringVar(&f.url, "url", "", "ask the server at `URL`")
	return cmd
}

func (s *session) exchange(ctx context.Context, f *exchangeFlags) error {
	to, err := s.address(&f.serverFlags)
	if err != nil {
		return err
	}
	key, err := s.readKey(ctx, f.keyFile)
	if err != nil {
		return err
	}
	c, err := s.connectTo(to)
	if err != nil {
		return err
	}
	r, err := c.Exchange(ctx, key, api.ExchangeRequest{
		Keyspace: f.keyspace, Environment: f.env, Audience: f.audience, Scopes: f.scopes, Life: api.Duration(f.life),
	})
	var p *api.Problem
	switch {
	case errors.As(err, &p) && p.Code == api.Unauthenticated: // what it says is about service keys
		return refused("the key is not valid in this keyspace", "name the keyspace of the key with --keyspace")
	case err != nil:
		return fromServer(err)
	case f.output == asJSON:
		return s.writeJSON(r)
	}
	if _, err := fmt.Fprintln(s.stdout, r.Token.Reveal()); err != nil {
		return err
	}
	s.say("%s · for %s · until %s · %s", r.KeyID, printable(r.Audience), timeText(r.ExpiresAt), printable(dash(strings.Join(r.Scopes, " "))))
	return nil
}
