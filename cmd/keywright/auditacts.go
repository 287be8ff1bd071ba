// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

func (s *session) auditCheckpointCommand() *cobra.Command {
	var f serverFlags
	var q api.CheckpointRequest
	cmd := &cobra.Command{
		Use: "checkpoint", Short: "Sign the end of the chain",
		Long: `Sign the end of the chain as it is now, and print that as one line of JSON. The store keeps it too.

Keep the line elsewhere: it shows when the chain is cut off before it, or replaced. The signature is by Ed25519 over
22 bytes "keywright checkpoint 1", the sequence and the time in milliseconds since 1970 as 8 bytes each with the high
byte first, the 32 bytes of the hash, and the 32 bytes of the signer.`,
		Example: `  keywright audit checkpoint >> checkpoints.jsonl
  keywright audit checkpoint --new-key`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.connect(&f)
			if err != nil {
				return err
			}
			p, err := c.Checkpoint(cmd.Context(), q)
			if err != nil {
				return fromServer(err)
			}
			return json.NewEncoder(s.stdout).Encode(p)
		},
	}
	cmd.Flags().BoolVar(&q.NewKey, "new-key", false, "sign with a new key: needed where the root key was lost")
	addServerFlags(cmd, &f)
	return cmd
}

var checkpointColumns = []column[api.Checkpoint]{
	{"sequence", func(p api.Checkpoint) string { return strconv.FormatUint(p.Sequence, 10) }},
	{"time", func(p api.Checkpoint) string { return timeText(p.Time) }},
	{"hash", func(p api.Checkpoint) string { return p.Hash.String() }},
	{"signer", func(p api.Checkpoint) string { return base64.StdEncoding.EncodeToString(p.Signer) }},
	{"pruned", func(p api.Checkpoint) string { return strconv.FormatBool(p.Pruned) }},
}

func (s *session) auditCheckpointsCommand() *cobra.Command {
	var f serverFlags
	var output string
	cmd := &cobra.Command{
		Use: "checkpoints", Short: "List the checkpoints of the store, oldest first",
		Example: "  keywright audit checkpoints\n  keywright audit checkpoints --output jsonl > checkpoints.jsonl",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return s.auditCheckpoints(cmd.Context(), &f, output) },
	}
	outputFlag(cmd, &output)
	addServerFlags(cmd, &f)
	return cmd
}

func (s *session) auditCheckpoints(ctx context.Context, f *serverFlags, output string) error {
	c, err := s.connect(f)
	if err != nil {
		return err
	}
	list, err := c.Checkpoints(ctx)
	if err != nil {
		return fromServer(err)
	}
	t := table{titles: []string{"SEQUENCE", "TIME", "HASH", "SIGNER", "PRUNED"}, shrink: []bool{false, false, true, true, false}}
	rows := newRows(s.stdout, output, checkpointColumns)
	for _, p := range list {
		if output != asText {
			if err := rows.add(p); err != nil {
				return err
			}
			continue
		}
		cells := make([]string, len(checkpointColumns))
		for i, column := range checkpointColumns {
			cells[i] = column.text(p)
		}
		t.rows = append(t.rows, cells)
	}
	return s.finishList(&t, rows.end, output, len(list), false, "checkpoints")
}

func (s *session) auditEraseCommand() *cobra.Command {
	var f showFlags
	var q api.EraseRequest
	cmd := &cobra.Command{
		Use: "erase", Short: "Empty personal fields of events, for good",
		Long: `Empty personal fields of events, for good: addresses, owners, names. The chain still verifies, as it holds commitments
to them; without the value these tell nothing. An event says how many were erased, and not what.

Records are not touched: keywright update changes the name and the owner of a key.`,
		Example: `  keywright audit erase --value team_7 --field owner
  keywright audit erase --before 2030-01-01`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.Value == "" && q.Before.IsZero() {
				return misused("nothing says what is erased", "give --value, --before or both")
			}
			return act(s, cmd.Context(), &f, func(ctx context.Context, c *client.Client) (api.Erased, error) { return c.Erase(ctx, q) },
				func(e api.Erased) string {
					return fmt.Sprintf("erased %s fields of %s events", grouped(e.Fields), grouped(e.Events))
				})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Value, "value", "", "only fields that hold exactly `TEXT`")
	addTime(flags, &q.Before, "before", "only of events before `TIME`")
	flags.StringSliceVar(&q.Fields, "field", nil, "only the field `NAME`: address, name or owner (repeat; default all)")
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (s *session) auditPruneCommand() *cobra.Command {
	var f showFlags
	var q api.PruneRequest
	cmd := &cobra.Command{
		Use: "prune", Short: "Delete the events up to a checkpoint, for good",
		Long: `Delete the events up to a checkpoint, for good. The chain that is left begins behind it, and still verifies.
What is deleted must verify first, and every webhook and export that is enabled must have got it.`,
		Example: `  keywright audit checkpoints
  keywright audit prune --through 120000`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.Sequence == 0 {
				return misused("nothing says up to where", "--through takes the sequence of a checkpoint: keywright audit checkpoints")
			}
			return act(s, cmd.Context(), &f, func(ctx context.Context, c *client.Client) (api.Pruned, error) { return c.Prune(ctx, q) },
				func(p api.Pruned) string {
					return fmt.Sprintf("pruned %s events, up to %d", grouped(int(p.Events)), p.Sequence)
				})
		},
	}
	cmd.Flags().BoolVar(&q.Force, "force", false, "delete also what a webhook or an export has not got yet")
	cmd.Flags().Uint64Var(&q.Sequence, "through", 0, "delete the events up to `SEQUENCE`, that of a checkpoint")
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

// act does one thing on a server and says what was done.
func act[T any](s *session, ctx context.Context, f *showFlags, do func(context.Context, *client.Client) (T, error), text func(T) string) error {
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	done, err := do(ctx, c)
	if err != nil {
		return fromServer(err)
	}
	if f.output == asJSON {
		return s.writeJSON(done)
	}
	_, err = fmt.Fprintln(s.stdout, text(done))
	return err
}
