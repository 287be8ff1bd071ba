// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
)

// ownerClearable are the fields that --clear takes.
var ownerClearable = []string{"limit", "credits", "refill"}

func (s *session) ownersSetCommand() *cobra.Command {
	var f ownerFlags
	cmd := &cobra.Command{
		Use: "set OWNER", Short: "Give the keys of an owner limits and credits that they share",
		Long: `Give the keys of an owner limits and credits that they share. What is not named stays as it is; limits are replaced whole.
Without limits of its own an owner has those that the keyspace gives to owners.`,
		Example: `  keywright owners set team_7 --credits 10000 --refill '10000/day 1,reset'
  keywright owners set team_7 --limit requests=1000/1m --limit exports=5/24h,named
  keywright owners set team_7 --clear credits`,
		Args: oneArgument("OWNER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			q, err := f.request(cmd.Flags().Changed)
			if err != nil {
				return err
			}
			if q == (api.OwnerRequest{}) {
				return misused("nothing to set was named", cmd.CommandPath()+" --help shows what can be set")
			}
			c, err := s.connect(&f.serverFlags)
			if err != nil {
				return err
			}
			return s.showOwner(&f)(c.PutOwner(cmd.Context(), f.keyspace, args[0], q))
		},
	}
	addKeyspaceFlag(cmd.Flags(), &f.keyspace)
	f.spendFlags.add(cmd.Flags())
	addClearFlag(cmd, &f.clear, ownerClearable)
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (f *ownerFlags) request(named func(string) bool) (q api.OwnerRequest, err error) {
	cleared, err := clearedOf(f.clear, ownerClearable, named)
	if err != nil {
		return q, err
	}
	set(&q.Limits, named("limit") || cleared["limit"], orEmpty(f.limits))
	q.Credits, err = f.creditsPatch(cleared)
	return q, err
}

func (s *session) ownersRemoveCommand() *cobra.Command {
	var f ownerFlags
	cmd := &cobra.Command{
		Use: "remove OWNER", Short: "End the limits and credits that the keys of an owner share",
		Long:    "End the limits and credits that the keys of an owner share. Its keys stay, and what it spent stays in the ledger.",
		Example: "  keywright owners remove team_7",
		Args:    oneArgument("OWNER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.connect(&f.serverFlags)
			if err != nil {
				return err
			}
			if err := c.DeleteOwner(cmd.Context(), f.keyspace, args[0]); err != nil {
				return fromServer(err)
			}
			s.say("removed: its keys share no limits and credits of their own any more")
			return nil
		},
	}
	addKeyspaceFlag(cmd.Flags(), &f.keyspace)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (s *session) ownersCreditsCommand() *cobra.Command {
	var f changeFlags
	cmd := &cobra.Command{
		Use: "credits OWNER", Short: "Show or change the credits of an owner",
		Example: `  keywright owners credits team_7
  keywright owners credits team_7 --add 5000
  keywright owners credits team_7 --ledger`,
		Args: oneArgument("OWNER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			changes, err := f.changes()
			if err != nil {
				return err
			}
			c, err := s.connect(&f.serverFlags)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			switch {
			case f.ledger:
				return s.showLedger(&f, func(cursor string, limit int) (api.LedgerList, error) {
					return c.OwnerLedger(ctx, f.keyspace, args[0], cursor, limit)
				})
			case changes:
				return s.showCredits(&f)(c.ChangeOwnerCredits(ctx, f.keyspace, args[0], f.change, f.once))
			}
			return s.showCredits(&f)(c.OwnerCredits(ctx, f.keyspace, args[0]))
		},
	}
	addKeyspaceFlag(cmd.Flags(), &f.keyspace)
	f.add(cmd)
	return cmd
}
