// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// stateFlags are those of verbs that one key or many can be given to.
type stateFlags struct {
	serverFlags
	filterFlags
	reason, output string
}

// A stateVerb is a verb that one key or many can be given to.
type stateVerb struct {
	use, short, long, examples string
	past, after                string // as a bulkAct has them
	one                        func(context.Context, *client.Client, keywright.KeyID, *stateFlags) (answer any, text string, err error)
}

// stateCommand makes disable, enable and revoke.
func (s *session) stateCommand(v stateVerb) *cobra.Command {
	var f stateFlags
	cmd := &cobra.Command{
		Use: v.use + " [KEY_ID]", Short: v.short, Long: v.long + "\n\n" + filterHelp,
		Example: v.examples,
		Args:    keyOrFilter,
		RunE:    func(cmd *cobra.Command, args []string) error { return s.setState(cmd.Context(), v, &f, args) },
	}
	if v.use == api.BulkRevoke {
		cmd.Flags().StringVar(&f.reason, "reason", "", "keep `TEXT` with the key: why it was ended")
	}
	f.filterFlags.add(cmd)
	outputFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (s *session) setState(ctx context.Context, v stateVerb, f *stateFlags, args []string) error {
	filter, err := f.filter(args)
	if err != nil {
		return err
	}
	if filter != nil {
		return s.bulk(ctx, &f.serverFlags, &f.filterFlags, bulkAct{
			request: api.BulkRequest{Filter: *filter, Verb: v.use, Reason: f.reason}, past: v.past, after: v.after, output: f.output,
		})
	}
	if f.output == asCSV {
		return misused("--output csv stands without --filter", "use --output json for one key")
	}
	c, id, err := s.connectFor(args[0], &f.serverFlags)
	if err != nil {
		return err
	}
	answer, text, err := v.one(ctx, c, id, f)
	if err != nil {
		return fromServer(err)
	}
	return s.done(f.output, answer, text)
}

// done shows what became of a key: the answer of the server for programs, one line for people.
func (s *session) done(form string, answer any, text string) error {
	switch form {
	case asJSON:
		return s.writeJSON(answer)
	case asJSONL:
		return json.NewEncoder(s.stdout).Encode(answer)
	}
	_, err := fmt.Fprintln(s.stdout, text)
	return err
}

const noValid = "no node answers VALID from now on"

func (s *session) disableCommand() *cobra.Command {
	return s.stateCommand(stateVerb{
		use: "disable", short: "End keys until they are enabled", long: "End a key, or many, until it is enabled again.",
		past: "disabled", after: noValid,
		examples: "  keywright disable key_0DFUqXqVeEpK4nSQhDZ0mR\n  keywright disable --filter owner=team_7 --dry-run",
		one: func(ctx context.Context, c *client.Client, id keywright.KeyID, _ *stateFlags) (any, string, error) {
			r, err := c.Disable(ctx, id)
			return r, "disabled · " + noValid, err
		},
	})
}

func (s *session) enableCommand() *cobra.Command {
	return s.stateCommand(stateVerb{
		use: "enable", short: "Undo disable", long: "Let a key, or many, be used again that was disabled. What was revoked stays so.",
		past:     "enabled",
		examples: "  keywright enable key_0DFUqXqVeEpK4nSQhDZ0mR\n  keywright enable --filter owner=team_7 --yes",
		one: func(ctx context.Context, c *client.Client, id keywright.KeyID, _ *stateFlags) (any, string, error) {
			r, err := c.Enable(ctx, id)
			return r, "enabled", err
		},
	})
}

func (s *session) revokeCommand() *cobra.Command {
	return s.stateCommand(stateVerb{
		use: "revoke", short: "End keys for good",
		long: `End a key, or many, for good, and its children with it. A verification that begins after this has returned does not
answer VALID, on any node.

It cannot be undone; keywright disable can.`,
		past: "revoked", after: noValid,
		examples: `  keywright revoke key_0DFUqXqVeEpK4nSQhDZ0mR
  keywright revoke key_0DFUqXqVeEpK4nSQhDZ0mR --reason "leaked in a public repository"
  keywright revoke --filter owner=team_7 --filter created-before=2026-01-31 --dry-run
  keywright revoke --filter scope=invoices:write --keyspace acme --reason "breach of 2026-11-22" --yes`,
		one: func(ctx context.Context, c *client.Client, id keywright.KeyID, f *stateFlags) (any, string, error) {
			r, err := c.Revoke(ctx, id, f.reason)
			return r, receiptText(&r), err
		},
	})
}

// receiptText says when the key ended; of one that ended earlier, on another day perhaps, with the day.
func receiptText(r *api.Receipt) string {
	const earlier = time.Minute
	if r.EffectiveAt.Sub(r.RevokedAt) > earlier {
		return "revoked before, at " + timeText(r.RevokedAt) + " · no node answers VALID"
	}
	text := "revoked " + r.RevokedAt.UTC().Format("15:04:05Z") + " · no node answers VALID from now on"
	if !r.TokensUntil.IsZero() {
		text += " · a token of it, where nobody follows revocations, until " + r.TokensUntil.UTC().Format("15:04:05Z")
	}
	return text
}
