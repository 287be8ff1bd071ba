// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

func (s *session) auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "The audit chain: what was done, by whom",
		Long:  "The audit chain: every act is one event, and holds the hash of the one before.",
		Example: `  keywright audit list
  keywright audit list --target key_0DFUqXqVeEpK4nSQhDZ0mR
  keywright audit checkpoint >> checkpoints.jsonl
  keywright audit verify --checkpoint-file checkpoints.jsonl`,
	}
	subcommandsOnly(cmd)
	cmd.AddCommand(s.auditListCommand(), s.auditVerifyCommand(), s.auditCheckpointCommand(), s.auditCheckpointsCommand(),
		s.auditEraseCommand(), s.auditPruneCommand())
	return cmd
}

type auditFlags struct {
	serverFlags
	query  client.EventQuery
	limit  int
	output string
}

func (s *session) auditListCommand() *cobra.Command {
	var f auditFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List events, newest first",
		Example: `  keywright audit list
  keywright audit list --verb key.revoke --since 2030-01-01
  keywright audit list --limit 0 --output jsonl`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.auditList(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.query.Target, "target", "", "only events about `ID`: a key id, or the name of a keyspace")
	flags.StringVar(&f.query.Keyspace, "keyspace", "", "only events in the keyspace `NAME`")
	flags.StringVar(&f.query.Actor, "actor", "", "only acts of `ID`: the key id of a service key, or a word such as system")
	flags.StringVar(&f.query.Verb, "verb", "", "only acts of the kind `VERB`, such as key.revoke")
	addTime(flags, &f.query.Since, "since", "only events from `TIME` on")
	addTime(flags, &f.query.Until, "until", "only events up to `TIME`")
	flags.IntVar(&f.limit, "limit", defaultRows, "show at most `N` events; 0 shows all")
	outputFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

var eventColumns = []column[api.Event]{
	{"sequence", func(e api.Event) string { return strconv.FormatUint(e.Sequence, 10) }},
	{"time", func(e api.Event) string { return timeText(e.Time) }},
	{"actor", func(e api.Event) string { return e.Actor }},
	{"verb", func(e api.Event) string { return e.Verb }},
	{"target", func(e api.Event) string { return e.Target }},
	{"keyspace", func(e api.Event) string { return e.Keyspace }},
	{"changes", func(e api.Event) string { return strings.Join(e.Changes, "; ") }},
	{"request_id", func(e api.Event) string { return e.RequestID }},
	{"hash", func(e api.Event) string { return e.Hash.String() }},
}

func (s *session) auditList(ctx context.Context, f *auditFlags) error {
	if f.limit < 0 {
		return misused("--limit is negative", "give a number of events, or 0 for all")
	}
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	f.query.Limit = pageFor(f.limit)
	t := table{titles: []string{"#", "TIME", "VERB", "TARGET", "ACTOR", "CHANGES"}, shrink: []bool{false, false, false, false, true, true}}
	narrow := s.width(s.stdout) > 0 && s.width(s.stdout) < 120
	rows := newRows(s.stdout, f.output, eventColumns)
	shown, more := 0, false
	for more = true; more; {
		page, err := c.Events(ctx, f.query)
		if err != nil {
			return fromServer(err)
		}
		for _, e := range page.Events {
			if f.limit > 0 && shown == f.limit {
				return s.finishList(&t, rows.end, f.output, shown, true, "events")
			}
			shown++
			if f.output == asText {
				t.rows = append(t.rows, eventCells(&e, narrow))
			} else if err := rows.add(e); err != nil {
				return err
			}
		}
		f.query.Cursor = page.NextCursor
		more = page.NextCursor != ""
	}
	return s.finishList(&t, rows.end, f.output, shown, false, "events")
}

// eventCells leaves out the actor where there is little room.
func eventCells(e *api.Event, narrow bool) []string {
	actor := e.Actor
	if narrow {
		actor = "-"
	}
	return []string{
		strconv.FormatUint(e.Sequence, 10), e.Time.UTC().Format("2006-01-02 15:04:05Z"), e.Verb, e.Target, actor, dash(strings.Join(e.Changes, "; ")),
	}
}
