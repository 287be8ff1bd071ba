// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// parentID reads the id of --parent, and does not repeat what may be a key instead.
func parentID(text string) (keywright.KeyID, error) {
	id, err := keywright.ParseKeyID(text)
	if err != nil {
		return id, misused("--parent is not a key id", "ids begin with key_ and have 22 letters or digits behind it; keywright list shows them")
	}
	return id, nil
}

type childFlags struct {
	issueFlags
	parentFile string
}

func (s *session) childCommand() *cobra.Command {
	var f childFlags
	cmd := &cobra.Command{
		Use:   "child KEY_ID",
		Short: "Issue a child of the key that you hold",
		Long: `Issue a child of a key: a key that can never do more than its parent, and ends with it. This is what a program or an
agent gets that needs a key for one task: few scopes, a short life.

It needs no service key but the parent key itself, with the scope keywright:children, which no wildcard grants. The
parent key is read from standard input, from a prompt without echo, or from --key-file. Its id, KEY_ID, was shown when
it was issued. With a service key use keywright issue --parent.`,
		Example: `  keywright child key_0DFUqXqVeEpK4nSQhDZ0mR --name agent --scope invoices:read --expires-in 1h
  keywright child key_0DFUqXqVeEpK4nSQhDZ0mR --key-file parent.key --expires-in 15m --to agent.env
  printf %s "$ACME_API_KEY" | keywright child key_0DFUqXqVeEpK4nSQhDZ0mR --url https://keys.example.com`,
		Args: oneArgument("KEY_ID"),
		RunE: func(cmd *cobra.Command, args []string) error { return s.child(cmd.Context(), &f, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "", "in the format `NAME` (default: the first of the keyspace)")
	f.termsFlags.add(flags)
	for _, name := range []string{"owner", "bind-keyspace"} { // of the parent, and of service keys
		_ = flags.MarkHidden(name)
	}
	flags.StringVar(&f.hash, "hash", "", "register the key with the storage `HASH`: hex, base64 or base58")
	flags.StringVar(&f.publicID, "public-id", "", "with --hash: the public `ID` of that key")
	flags.StringVar(&f.idempotencyKey, "idempotency-key", "", "do it once, however often it is asked with `TEXT` within 24 hours")
	flags.StringVar(&f.to, "to", "", "write the key to `FILE` of mode 0600: .env, .json, .jsonl or .csv")
	flags.BoolVar(&f.force, "force", false, "replace a file that exists")
	outputFlag(cmd, &f.output)
	keyFileFlag(flags, &f.parentFile)
	flags.StringVar(&f.profile, "profile", "", "ask the server of the profile `NAME` (default local)")
	flags.StringVar(&f.url, "url", "", "ask the server at `URL`")
	return cmd
}

func (s *session) child(ctx context.Context, f *childFlags, argument string) error {
	id, err := keyID(argument)
	if err != nil {
		return err
	}
	q, err := f.request()
	if err != nil {
		return err
	}
	c, err := s.connectAsHolder(ctx, f)
	if err != nil {
		return err
	}
	sink, err := s.issuedSink(keptIn{f.to, f.force, f.output, f.count, issuedColumns})
	if err != nil {
		return err
	}
	defer sink.discard()
	return s.issueTo(&f.issueFlags, sink, func() (api.IssueResponse, error) {
		r, err := c.IssueChild(ctx, id, q, f.idempotencyKey)
		var p *api.Problem
		if errors.As(err, &p) && p.Code == api.Unauthenticated { // what it says is about service keys
			err = refused("the key is not valid, or is not the one of this id", "give the key of this KEY_ID; it needs the scope keywright:children")
		}
		return r, err
	})
}

// connectAsHolder returns a client that shows the parent key in place of a service key.
func (s *session) connectAsHolder(ctx context.Context, f *childFlags) (*client.Client, error) {
	to, err := s.address(&f.serverFlags)
	if err != nil {
		return nil, err
	}
	if to.key, err = s.readKey(ctx, f.parentFile); err != nil {
		return nil, err
	}
	return s.connectTo(to)
}
