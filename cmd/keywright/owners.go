// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
)

func (s *session) ownersCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "owners",
		Short: "Owners: limits and credits that the keys of one owner share",
		Long: `Owners are the users and organizations that keys belong to, by the ids that you give them. An owner need not be made
before it has keys; here it gets limits and credits that all of its keys share.`,
		Example: `  keywright owners set team_7 --credits 10000 --limit requests=1000/1m
  keywright owners show team_7
  keywright owners credits team_7 --add 5000`,
	}
	subcommandsOnly(cmd)
	cmd.AddCommand(s.ownersListCommand(), s.ownersShowCommand(), s.ownersSetCommand(), s.ownersRemoveCommand(), s.ownersCreditsCommand())
	return cmd
}

var ownerColumns = []column[api.Owner]{
	{"id", func(o api.Owner) string { return o.ID }},
	{"keyspace", func(o api.Owner) string { return o.Keyspace }},
	{"limits", func(o api.Owner) string { return limitTexts(o.Limits) }},
	{"credits", func(o api.Owner) string { return remainingText(o.Credits) }},
	{"updated_at", func(o api.Owner) string { return timeText(o.UpdatedAt) }},
}

func remainingText(c *api.Credits) string {
	if c == nil {
		return ""
	}
	return fmt.Sprint(c.Remaining)
}

type ownerFlags struct {
	serverFlags
	spendFlags
	keyspace string
	limit    int
	clear    []string
	output   string
}

func (s *session) ownersListCommand() *cobra.Command {
	var f ownerFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List the owners that have limits or credits",
		Example: "  keywright owners list\n  keywright owners list --keyspace acme --output csv",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return s.listOwners(cmd, &f) },
	}
	addKeyspaceFlag(cmd.Flags(), &f.keyspace)
	cmd.Flags().IntVar(&f.limit, "limit", defaultRows, "show at most `N` owners; 0 shows all")
	outputFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (s *session) listOwners(cmd *cobra.Command, f *ownerFlags) error {
	if f.limit < 0 {
		return misused("--limit is negative", "give a number of owners, or 0 for all")
	}
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	t := table{titles: []string{"OWNER", "CREDITS", "LIMITS"}, shrink: []bool{true, false, true}}
	rows := newRows(s.stdout, f.output, ownerColumns)
	shown, more, cursor := 0, false, ""
	for {
		list, err := c.Owners(cmd.Context(), f.keyspace, cursor, pageFor(f.limit))
		if err != nil {
			return fromServer(err)
		}
		for _, o := range list.Owners {
			if more = f.limit > 0 && shown == f.limit; more {
				break
			}
			shown++
			if f.output == asText {
				t.rows = append(t.rows, []string{o.ID, dash(remainingText(o.Credits)), dash(limitTexts(o.Limits))})
			} else if err := rows.add(o); err != nil {
				return err
			}
		}
		if cursor = list.NextCursor; cursor == "" || more {
			return s.finishList(&t, rows.end, f.output, shown, more, "owners with limits or credits")
		}
	}
}

func (s *session) ownersShowCommand() *cobra.Command {
	var f ownerFlags
	cmd := &cobra.Command{
		Use: "show OWNER", Short: "Show what the keys of an owner share",
		Example: "  keywright owners show team_7\n  keywright owners show team_7 --keyspace acme --output json",
		Args:    oneArgument("OWNER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.connect(&f.serverFlags)
			if err != nil {
				return err
			}
			return s.showOwner(&f)(c.Owner(cmd.Context(), f.keyspace, args[0]))
		},
	}
	addKeyspaceFlag(cmd.Flags(), &f.keyspace)
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (s *session) showOwner(f *ownerFlags) func(api.Owner, error) error {
	return func(o api.Owner, err error) error {
		if err != nil {
			return fromServer(err)
		}
		if f.output == asJSON {
			return s.writeJSON(o)
		}
		colour := s.colours(s.stdout)
		if _, err := fmt.Fprintln(s.stdout, colour.heading(printable(o.ID))); err != nil {
			return err
		}
		var d details
		d.add("keyspace", o.Keyspace)
		d.addLimits("limit", o.Limits)
		if o.Credits != nil {
			d.add("credits", creditsText(o.Credits))
		}
		d.add("updated", timeText(o.UpdatedAt))
		return d.write(s.stdout, "  ", colour)
	}
}

// addLimits adds a line for each limit.
func (d *details) addLimits(name string, limits []api.Limit) {
	for _, l := range limits {
		d.add(name, limitText(l))
	}
}
