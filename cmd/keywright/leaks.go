// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

func (s *session) leaksCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "leaks",
		Short: "Leaked keys: where they were seen, what was done, how they were used since",
		Long: `Leaked keys: where they were seen, what was done, and how they were used since.

A secret key that is reported ends as the policy of its keyspace says: at once, where it says nothing. A publishable key
is meant to be seen, and is never ended by a report.`,
		Example: `  keywright leaks report < key.txt
  keywright leaks list --state open
  keywright leaks show leak_4TqPzR1mX8bK2nWcVhYd0A`,
	}
	subcommandsOnly(cmd)
	cmd.AddCommand(s.leaksListCommand(), s.leaksShowCommand(), s.leaksReportCommand())
	return cmd
}

type leaksFlags struct {
	serverFlags
	query  client.LeakQuery
	limit  int
	output string
}

func (s *session) leaksListCommand() *cobra.Command {
	var f leaksFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List leaks, newest first",
		Example: `  keywright leaks list
  keywright leaks list --state open --keyspace acme
  keywright leaks list --limit 0 --output jsonl`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.leaksList(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.query.Keyspace, "keyspace", "", "only leaks in the keyspace `NAME`")
	flags.StringVar(&f.query.Owner, "owner", "", "only leaks of keys of the owner `ID`")
	choice(cmd, &f.query.State, "state", "", "only leaks in `STATE`: open, where the secret verifies still, or ended", "open", "ended")
	flags.IntVar(&f.limit, "limit", defaultRows, "show at most `N` leaks; 0 shows all")
	outputFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

var leakColumns = []column[api.Leak]{
	{"id", func(l api.Leak) string { return l.ID }},
	{"keyspace", func(l api.Leak) string { return l.Keyspace }},
	{"key_id", func(l api.Leak) string { return l.KeyID.String() }},
	{"public_id", func(l api.Leak) string { return l.PublicID }},
	{"owner", func(l api.Leak) string { return l.Owner }},
	{"kind", func(l api.Leak) string { return l.Kind }},
	{"publishable", func(l api.Leak) string { return strconv.FormatBool(l.Publishable) }},
	{"url", func(l api.Leak) string { return firstSighting(&l).URL }},
	{"source", func(l api.Leak) string { return firstSighting(&l).Source }},
	{"reporter", func(l api.Leak) string { return firstSighting(&l).Reporter }},
	{"sightings", func(l api.Leak) string { return strconv.Itoa(l.SightingsTotal) }},
	{"first_seen_at", func(l api.Leak) string { return timeText(l.FirstSeenAt) }},
	{"reported_at", func(l api.Leak) string { return timeText(l.ReportedAt) }},
	{"action", func(l api.Leak) string { return l.Action }},
	{"revoke_at", func(l api.Leak) string { return timeText(l.RevokeAt) }},
	{"ended_at", func(l api.Leak) string { return timeText(l.EndedAt) }},
	{"took_ms", func(l api.Leak) string { return tookMilliseconds(&l) }},
}

func firstSighting(l *api.Leak) api.Sighting {
	if len(l.Sightings) == 0 {
		return api.Sighting{}
	}
	return l.Sightings[0]
}

func tookMilliseconds(l *api.Leak) string {
	if l.TookMS == nil {
		return ""
	}
	return strconv.FormatInt(*l.TookMS, 10)
}

func (s *session) leaksList(ctx context.Context, f *leaksFlags) error {
	if f.limit < 0 {
		return misused("--limit is negative", "give a number of leaks, or 0 for all")
	}
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	f.query.Limit = pageFor(f.limit)
	t := table{
		titles: []string{"LEAK", "SEEN", "PUBLIC ID", "OWNER", "STATE", "DONE", "TOOK", "WHERE"},
		shrink: []bool{false, false, false, true, false, false, false, true},
	}
	rows := newRows(s.stdout, f.output, leakColumns)
	shown := 0
	for {
		page, err := c.Leaks(ctx, f.query)
		if err != nil {
			return fromServer(err)
		}
		for i := range page.Leaks {
			if f.limit > 0 && shown == f.limit {
				return s.finishList(&t, rows.end, f.output, shown, true, "leaks")
			}
			shown++
			if f.output == asText {
				t.rows = append(t.rows, leakCells(&page.Leaks[i]))
			} else if err := rows.add(page.Leaks[i]); err != nil {
				return err
			}
		}
		if f.query.Cursor = page.NextCursor; f.query.Cursor == "" {
			return s.finishList(&t, rows.end, f.output, shown, false, "leaks")
		}
	}
}

func leakCells(l *api.Leak) []string {
	where := strings.TrimPrefix(firstSighting(l).URL, "https://")
	if more := l.SightingsTotal - 1; more > 0 {
		where = strings.TrimSpace(fmt.Sprintf("%s (and %d more)", where, more))
	}
	return []string{
		l.ID, l.FirstSeenAt.UTC().Format("2006-01-02 15:04Z"), dash(l.PublicID), dash(l.Owner), leakState(l), leakAction(l), dash(tookText(l)), dash(where),
	}
}

func leakState(l *api.Leak) string {
	if l.EndedAt.IsZero() {
		return "open"
	}
	return "ended"
}

// leakAction says what the report did.
func leakAction(l *api.Leak) string {
	switch {
	case l.Action == "scheduled" && l.EndedAt.IsZero():
		return "revoked at " + l.RevokeAt.UTC().Format("2006-01-02 15:04Z")
	case l.Publishable && l.Action == "reported":
		return "reported (publishable)"
	}
	return l.Action
}

// tookText is the time from the first report to the end.
func tookText(l *api.Leak) string {
	if l.TookMS == nil {
		return ""
	}
	took := time.Duration(*l.TookMS) * time.Millisecond
	switch {
	case took < 10*time.Second:
		return took.String()
	case took < time.Hour:
		return took.Round(time.Second).String()
	}
	return strings.TrimSuffix(took.Round(time.Minute).String(), "0s")
}
