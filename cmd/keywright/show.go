// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
)

type showFlags struct {
	serverFlags
	output string
}

func (s *session) showCommand() *cobra.Command {
	var f showFlags
	cmd := &cobra.Command{
		Use:     "show KEY_ID",
		Short:   "Show what is known of a key",
		Long:    "Show what is known of a key. The key itself cannot be shown: the server does not have it.",
		Example: "  keywright show key_0DFUqXqVeEpK4nSQhDZ0mR\n  keywright show key_0DFUqXqVeEpK4nSQhDZ0mR --output json",
		Args:    oneArgument("KEY_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, id, err := s.connectFor(args[0], &f.serverFlags)
			if err != nil {
				return err
			}
			r, err := c.Get(cmd.Context(), id)
			if err != nil {
				return fromServer(err)
			}
			return s.showRecord(&r, f.output)
		},
	}
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (s *session) showRecord(r *api.Record, form string) error {
	if form == asJSON {
		return s.writeJSON(r)
	}
	colour := s.colours(s.stdout)
	if _, err := fmt.Fprintf(s.stdout, "%s  %s\n", colour.heading(r.ID.String()), r.State); err != nil {
		return err
	}
	return recordDetails(r).write(s.stdout, "  ", colour)
}

func recordDetails(r *api.Record) details {
	var d details
	list := func(name string, values []string) { d.add(name, strings.Join(values, " ")) }
	d.add("name", r.Name)
	d.add("owner", r.Owner)
	d.add("parent", idText(r.Parent))
	d.add("key", r.Display)
	d.add("keyspace", r.Keyspace)
	d.add("environment", r.Environment)
	d.add("format", r.Format)
	list("scopes", r.Scopes)
	list("roles", r.Roles)
	d.addLimits("limit", r.Limits)
	if r.Credits != nil {
		d.add("credits", creditsText(r.Credits))
	}
	var networks []string
	for _, n := range r.AllowedNetworks {
		networks = append(networks, n.String())
	}
	list("networks", networks)
	list("origins", r.AllowedOrigins)
	list("methods", r.AllowedMethods)
	list("paths", r.AllowedPaths)
	list("bound to", r.Keyspaces)
	d.add("bound owner", r.BoundOwner)
	d.add("metadata", string(r.Metadata))
	d.add("not before", timeText(r.NotBefore))
	d.add("expires", soonText(timeText(r.ExpiresAt), r.ExpiresSoon, "(soon)"))
	d.add("rotate by", soonText(timeText(r.RotateBy), r.RotationDue, "(due)"))
	d.addSecrets(r)
	d.add("revoked", timeText(r.RevokedAt))
	d.add("reason", r.RevokeReason)
	d.add("created", timeText(r.CreatedAt))
	d.add("updated", timeText(r.UpdatedAt))
	return d
}
