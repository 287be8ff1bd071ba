// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// keyID reads the id of a record, and does not repeat what may be a key instead.
func keyID(text string) (keywright.KeyID, error) {
	id, err := keywright.ParseKeyID(text)
	if err != nil {
		return id, misused("the argument is not a key id", "ids begin with key_ and have 22 letters or digits behind it; keywright list shows them")
	}
	return id, nil
}

type updateFlags struct {
	serverFlags
	termsFlags
	clear  []string
	output string
}

// clearable are the fields that --clear takes, by the names of their flags.
var clearable = []string{
	"name", "owner", "scope", "role", "limit", "credits", "refill", "expires-at", "not-before", "allow-network", "allow-origin", "allow-method", "allow-path", "bind-keyspace", "metadata",
}

func (s *session) updateCommand() *cobra.Command {
	var f updateFlags
	cmd := &cobra.Command{
		Use:   "update KEY_ID",
		Short: "Change a key",
		Long: `Change what a key may do. What is not named stays as it is; lists are replaced whole.

What the change takes away is gone for every verification that begins after it.`,
		Example: `  keywright update key_0DFUqXqVeEpK4nSQhDZ0mR --scope invoices:read --scope users:read
  keywright update key_0DFUqXqVeEpK4nSQhDZ0mR --expires-in 24h
  keywright update key_0DFUqXqVeEpK4nSQhDZ0mR --limit requests=500/1m --credits 1000
  keywright update key_0DFUqXqVeEpK4nSQhDZ0mR --clear allow-network`,
		Args: oneArgument("KEY_ID"),
		RunE: func(cmd *cobra.Command, args []string) error { return s.update(cmd, &f, args[0]) },
	}
	flags := cmd.Flags()
	f.termsFlags.add(flags)
	addClearFlag(cmd, &f.clear, clearable)
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (s *session) update(cmd *cobra.Command, f *updateFlags, argument string) error {
	id, err := keyID(argument)
	if err != nil {
		return err
	}
	patch, err := f.patch(cmd.Flags().Changed, s.now())
	if err != nil {
		return err
	}
	if patch == (api.KeyPatch{}) {
		return misused("nothing to change was named", cmd.CommandPath()+" --help shows what can be changed")
	}
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	r, err := c.Update(cmd.Context(), id, patch)
	if err != nil {
		return fromServer(err)
	}
	return s.showRecord(&r, f.output)
}

// patch holds what was named.
func (f *updateFlags) patch(named func(string) bool, now time.Time) (p api.KeyPatch, err error) {
	cleared, err := clearedOf(f.clear, clearable, named)
	if err != nil {
		return p, err
	}
	if named("expires-in") && (named("expires-at") || cleared["expires-at"]) {
		return p, misused("--expires-in stands beside another end of the key", "give one of them")
	}
	change := func(name string) bool { return named(name) || cleared[name] }
	set(&p.Name, change("name"), f.name)
	set(&p.Owner, change("owner"), f.owner)
	set(&p.Scopes, change("scope"), orEmpty(f.scopes))
	set(&p.Roles, change("role"), orEmpty(f.roles))
	set(&p.Limits, change("limit"), orEmpty(f.limits))
	if p.Credits, err = f.creditsPatch(cleared); err != nil {
		return p, err
	}
	set(&p.AllowedNetworks, change("allow-network"), orEmpty([]netip.Prefix(f.networks)))
	set(&p.AllowedOrigins, change("allow-origin"), orEmpty(f.origins))
	set(&p.AllowedMethods, change("allow-method"), orEmpty(f.methods))
	set(&p.AllowedPaths, change("allow-path"), orEmpty(f.paths))
	set(&p.Keyspaces, change("bind-keyspace"), orEmpty(f.spaces))
	set(&p.NotBefore, change("not-before"), api.Time{Time: f.notBefore})
	set(&p.ExpiresAt, change("expires-at"), api.Time{Time: f.expiresAt})
	set(&p.ExpiresAt, named("expires-in"), api.Time{Time: now.Add(f.expiresIn)})
	metadata, err := f.metadataJSON()
	if metadata == nil {
		metadata = json.RawMessage("null")
	}
	set(&p.Metadata, change("metadata"), metadata)
	return p, err
}

func set[T any](to **T, given bool, value T) {
	if given {
		*to = &value
	}
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
