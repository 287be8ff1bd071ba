// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"
)

type endGraceFlags struct {
	showFlags
	force bool
}

func (s *session) endGraceCommand() *cobra.Command {
	var f endGraceFlags
	cmd := &cobra.Command{
		Use:   "end-grace KEY_ID",
		Short: "End the old secrets of a key",
		Long: `End every secret of a key but the current one, before the grace of its rotation is over. A verification that begins
after this has returned does not answer VALID for them, on any node.

It is refused where an old secret was used within the last hour: somebody still uses it. --force ends it all the same.`,
		Example: `  keywright end-grace key_0DFUqXqVeEpK4nSQhDZ0mR
  keywright end-grace key_0DFUqXqVeEpK4nSQhDZ0mR --force`,
		Args: oneArgument("KEY_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, id, err := s.connectFor(args[0], &f.serverFlags)
			if err != nil {
				return err
			}
			r, err := c.EndGrace(cmd.Context(), id, f.force)
			if err != nil {
				return fromServer(err)
			}
			return s.done(f.output, r, "ended · no node answers VALID for the old secret from now on")
		},
	}
	cmd.Flags().BoolVar(&f.force, "force", false, "end it also where it was used within the last hour")
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}
