// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

func (s *session) keyspacesCreateCommand() *cobra.Command {
	var f keyspaceFlags
	cmd := &cobra.Command{
		Use: "create [NAME]", Short: "Make a keyspace",
		Long: `Make a keyspace. Without more its keys begin with its name, in the default format, and it has the environments
live and test; the first format and the first environment are its default.`,
		Example: `  keywright keyspaces create acme
  keywright keyspaces create --name partners --preset seam --prefix myapp --env none
  keywright keyspaces create billing --env live,test,staging --max-life 365d --require-owner
  keywright keyspaces create invoices --role reader=invoices:read --key-limit requests=100/1m,burst=20
  keywright keyspaces create --file acme.json`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return s.createKeyspace(cmd, &f, args) },
	}
	cmd.Flags().StringVar(&f.name, "name", "", "call it `NAME`: lower-case letters, digits and -")
	addKeyspaceFlags(cmd, &f)
	return cmd
}

func (s *session) createKeyspace(cmd *cobra.Command, f *keyspaceFlags, args []string) error {
	q, err := f.createRequest(s.stdin, args)
	if err != nil {
		return err
	}
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	k, err := c.CreateKeyspace(cmd.Context(), q)
	if err != nil {
		return fromServer(err)
	}
	if err := s.showKeyspace(&k, f.output); err != nil {
		return err
	}
	s.say("next: keywright issue --keyspace %s", k.Name)
	return nil
}

func (f *keyspaceFlags) createRequest(stdin io.Reader, args []string) (q api.KeyspaceRequest, err error) {
	if len(args) > 1 || len(args) == 1 && f.name != "" {
		return q, misused("more than one name was given", "a keyspace has one name")
	}
	if len(args) == 1 {
		f.name = args[0]
	}
	if f.file != "" {
		if f.formatGiven() || f.policyGiven() || f.changed("env") {
			return q, misused("--file stands beside flags that describe the keyspace", "write them into the file")
		}
		if err := readJSON(f.file, stdin, &q); err != nil {
			return q, err
		}
		if f.name != "" {
			q.Name = f.name
		}
		return q, nil
	}
	if f.name == "" {
		return q, misused("the keyspace has no name", "for example: keywright keyspaces create acme")
	}
	q.Name = f.name
	if f.changed("env") {
		q.Environments = f.environmentList()
	}
	if f.formatGiven() || f.changed("env") {
		format, err := f.oneFormat(q.Name)
		if err != nil {
			return q, err
		}
		q.Formats = []api.Format{format}
	}
	if f.policyGiven() {
		policy, err := f.policy(stdin, api.Policy{})
		if err != nil {
			return q, err
		}
		q.Policy = &policy
	}
	return q, nil
}

func (s *session) keyspacesUpdateCommand() *cobra.Command {
	var f keyspaceFlags
	cmd := &cobra.Command{
		Use: "update NAME", Short: "Change environments and policy, or add a format",
		Long: `Change environments and policy, or add a format. Environments are replaced whole. Of the policy each flag changes its own
part, --clear takes a part away, and --policy replaces the whole.

Formats are added and never changed: keys once issued verify for ever.`,
		Example: `  keywright keyspaces update acme --env live,test,staging
  keywright keyspaces update acme --format-name publishable --preset publishable-key
  keywright keyspaces update acme --max-life 90d --role reader=invoices:read,users:read
  keywright keyspaces update acme --key-limit requests=100/1m --rotate-every 90d --rotate-grace 24h
  keywright keyspaces update acme --routes routes.json
  keywright keyspaces update acme --clear rotate-every,key-limit`,
		Args: oneArgument("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error { return s.updateKeyspace(cmd, &f, args[0]) },
	}
	addKeyspaceFlags(cmd, &f)
	addClearFlag(cmd, &f.clearPolicy, policyNames)
	return cmd
}

func (s *session) updateKeyspace(cmd *cobra.Command, f *keyspaceFlags, name string) error {
	p, err := f.patch(s.stdin, name)
	if err != nil {
		return err
	}
	if p == (api.KeyspacePatch{}) && !f.policyGiven() {
		return misused("nothing to change was named", cmd.CommandPath()+" --help shows what can be changed")
	}
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	if f.policyGiven() {
		if p.Policy, err = s.changedPolicy(cmd.Context(), c, f, name); err != nil {
			return err
		}
	}
	k, err := c.UpdateKeyspace(cmd.Context(), name, p)
	if err != nil {
		return fromServer(err)
	}
	return s.showKeyspace(&k, f.output)
}

// changedPolicy returns the policy of a keyspace as the flags change it.
func (s *session) changedPolicy(ctx context.Context, c *client.Client, f *keyspaceFlags, name string) (*api.Policy, error) {
	var is api.Keyspace
	if f.policyFile == "" {
		var err error
		if is, err = c.Keyspace(ctx, name); err != nil {
			return nil, fromServer(err)
		}
	}
	policy, err := f.policy(s.stdin, is.Policy)
	return &policy, err
}

func (f *keyspaceFlags) patch(stdin io.Reader, name string) (p api.KeyspacePatch, err error) {
	if f.file != "" {
		return p, readJSON(f.file, stdin, &p)
	}
	set(&p.Environments, f.changed("env"), f.environmentList())
	if f.formatGiven() {
		if f.formatName == "" {
			return p, misused("the format to add has no name", "give it one with --format-name, such as publishable")
		}
		format, err := f.oneFormat(name)
		if err != nil {
			return p, err
		}
		p.Formats = &[]api.Format{format}
	}
	return p, nil
}
