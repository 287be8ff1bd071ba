// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// stateCommand makes disable and enable.
func (s *session) stateCommand(use, short, long, done string, act func(*client.Client, context.Context, keywright.KeyID) (api.Record, error)) *cobra.Command {
	var f showFlags
	cmd := &cobra.Command{
		Use: use + " KEY_ID", Short: short, Long: long,
		Example: "  keywright " + use + " key_0DFUqXqVeEpK4nSQhDZ0mR",
		Args:    oneArgument("KEY_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, id, err := s.connectFor(args[0], &f.serverFlags)
			if err != nil {
				return err
			}
			r, err := act(c, cmd.Context(), id)
			if err != nil {
				return fromServer(err)
			}
			return s.done(f.output, r, done)
		},
	}
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

// done shows what became of a key: the answer of the server for programs, one line for people.
func (s *session) done(form string, answer any, text string) error {
	if form == asJSON {
		return s.writeJSON(answer)
	}
	_, err := fmt.Fprintln(s.stdout, text)
	return err
}

func (s *session) disableCommand() *cobra.Command {
	return s.stateCommand("disable", "End a key until it is enabled", "End a key until it is enabled again.",
		"disabled · no node answers VALID from now on", (*client.Client).Disable)
}

func (s *session) enableCommand() *cobra.Command {
	return s.stateCommand("enable", "Undo disable", "Let a key be used again that was disabled. What was revoked stays so.",
		"enabled", (*client.Client).Enable)
}

type revokeFlags struct {
	serverFlags
	reason, output string
}

func (s *session) revokeCommand() *cobra.Command {
	var f revokeFlags
	cmd := &cobra.Command{
		Use:   "revoke KEY_ID",
		Short: "End a key for good",
		Long: `End a key for good. A verification that begins after this has returned does not answer VALID, on any node.

It cannot be undone; keywright disable can.`,
		Example: `  keywright revoke key_0DFUqXqVeEpK4nSQhDZ0mR
  keywright revoke key_0DFUqXqVeEpK4nSQhDZ0mR --reason "leaked in a public repository"`,
		Args: oneArgument("KEY_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, id, err := s.connectFor(args[0], &f.serverFlags)
			if err != nil {
				return err
			}
			r, err := c.Revoke(cmd.Context(), id, f.reason)
			if err != nil {
				return fromServer(err)
			}
			return s.done(f.output, r, receiptText(&r))
		},
	}
	cmd.Flags().StringVar(&f.reason, "reason", "", "keep `TEXT` with the key: why it was ended")
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

// receiptText says when the key ended; of one that ended earlier, on another day perhaps, with the day.
func receiptText(r *api.Receipt) string {
	const earlier = time.Minute
	if r.EffectiveAt.Sub(r.RevokedAt) > earlier {
		return "revoked before, at " + timeText(r.RevokedAt) + " · no node answers VALID"
	}
	return "revoked " + r.RevokedAt.UTC().Format("15:04:05Z") + " · no node answers VALID from now on"
}
