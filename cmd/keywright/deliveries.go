// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

var deliveryColumns = []column[api.Delivery]{
	{"sequence", func(d api.Delivery) string { return strconv.FormatUint(d.Sequence, 10) }},
	{"verb", func(d api.Delivery) string { return d.Verb }},
	{"target", func(d api.Delivery) string { return d.Target }},
	{"state", func(d api.Delivery) string { return d.State }},
	{"attempts", func(d api.Delivery) string { return strconv.Itoa(d.Attempts) }},
	{"next_at", func(d api.Delivery) string { return timeText(d.NextAt) }},
	{"problem", func(d api.Delivery) string { return d.Problem }},
	{"id", func(d api.Delivery) string { return d.ID }},
}

type deliveriesFlags struct {
	showFlags
	state string
	limit int
}

func (s *session) deliveriesCommand() *cobra.Command {
	var f deliveriesFlags
	cmd := &cobra.Command{
		Use: "deliveries ID", Short: "List what a webhook did not take",
		Long: `List what a webhook did not take at the first attempt, oldest event first. It is tried again for a day, and is then
dead: kept for 30 days, until it is replayed or dropped.`,
		Example: "  keywright webhook deliveries " + someEndpoint + "\n  keywright webhook deliveries " + someEndpoint + " --state dead --limit 0 --output jsonl",
		Args:    oneArgument("ID"),
		RunE:    func(cmd *cobra.Command, args []string) error { return s.deliveries(cmd.Context(), &f, args[0]) },
	}
	choice(cmd, &f.state, "state", "", "only those in `STATE`: pending or dead", "pending", "dead")
	cmd.Flags().IntVar(&f.limit, "limit", defaultRows, "show at most `N` deliveries; 0 shows all")
	outputFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (s *session) deliveries(ctx context.Context, f *deliveriesFlags, id string) error {
	if f.limit < 0 {
		return misused("--limit is negative", "give a number of deliveries, or 0 for all")
	}
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	var list []api.Delivery
	cursor := ""
	for {
		page, err := c.Deliveries(ctx, id, f.state, cursor, pageFor(f.limit))
		if err != nil {
			return fromServer(err)
		}
		list = append(list, page.Deliveries...)
		if cursor = page.NextCursor; cursor == "" || f.limit > 0 && len(list) >= f.limit {
			break
		}
	}
	more := cursor != ""
	if f.limit > 0 && len(list) > f.limit {
		list, more = list[:f.limit], true
	}
	t := table{titles: []string{"#", "VERB", "TARGET", "STATE", "ATTEMPTS", "NEXT", "PROBLEM", "ID"}, shrink: []bool{false, false, true, false, false, false, true, true}}
	return writeRows(s, &t, deliveryColumns, list, f.output, more, "deliveries")
}

// sequenceFlags take sequences of events.
type sequenceFlags struct {
	sequences []uint
	dead      bool
}

func (f *sequenceFlags) add(cmd *cobra.Command) {
	cmd.Flags().UintSliceVar(&f.sequences, "sequence", nil, "the delivery of the event `N` (repeat)")
	cmd.Flags().BoolVar(&f.dead, "dead", false, "all deliveries that were given up")
}

func (f *sequenceFlags) list() (list []uint64) {
	for _, n := range f.sequences {
		list = append(list, uint64(n))
	}
	return list
}

func (s *session) replayCommand() *cobra.Command {
	var f sequenceFlags
	var after uint64
	var cmd *cobra.Command
	cmd, _ = endpointCommand(s, "replay", "Send events again",
		`Send events again, under the same ids. With --after it is the chain behind an event, also what was taken before: for
whoever lost what an export had given.`,
		func(ctx context.Context, c *client.Client, id string) (api.DeliveryCount, error) {
			q := api.ReplayRequest{Sequences: f.list(), Dead: f.dead}
			if cmd.Flags().Changed("after") {
				q.After = &after
			}
			return c.Replay(ctx, id, q)
		},
		func(n *api.DeliveryCount, form string) error {
			return s.done(form, n, "sending again: "+grouped(n.Count))
		})
	cmd.Example = "  keywright webhook replay " + someEndpoint + " --dead\n  keywright webhook replay " + someEndpoint + " --after 120000"
	f.add(cmd)
	cmd.Flags().Uint64Var(&after, "after", 0, "all events behind the event `N`; 0 is all there are")
	return cmd
}

func (s *session) dropCommand() *cobra.Command {
	var f sequenceFlags
	cmd, _ := endpointCommand(s, "drop", "Forget what a webhook did not take", "Forget what a webhook did not take.",
		func(ctx context.Context, c *client.Client, id string) (api.DeliveryCount, error) {
			return c.DropDeliveries(ctx, id, api.DropRequest{Sequences: f.list(), Dead: f.dead})
		},
		func(n *api.DeliveryCount, form string) error { return s.done(form, n, "dropped "+grouped(n.Count)) })
	cmd.Example = "  keywright webhook drop " + someEndpoint + " --sequence 4711\n  keywright webhook drop " + someEndpoint + " --dead"
	f.add(cmd)
	return cmd
}
