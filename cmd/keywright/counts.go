// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

type countsFlags struct {
	serverFlags
	query        client.UsageQuery
	since, until moment
	output       string
}

// moment is a flag that takes a time, or how long ago it was.
type moment struct {
	at  time.Time
	ago time.Duration
}

func (m *moment) Type() string { return "time" }

func (m *moment) String() string {
	if m.at.IsZero() && m.ago == 0 {
		return ""
	}
	if m.at.IsZero() {
		return api.Duration(m.ago).String()
	}
	return m.at.Format(time.RFC3339)
}

func (m *moment) Set(s string) error {
	if (timeValue{&m.at}).Set(s) == nil || (durationValue{&m.ago}).Set(s) == nil {
		return nil
	}
	return valueError("is neither a duration such as 24h or 30d, nor a time such as 2030-01-31 or 2030-01-31T12:00:00Z")
}

// time returns the moment that is meant.
func (m *moment) time(now time.Time) time.Time {
	if m.ago > 0 {
		return now.Add(-m.ago)
	}
	return m.at
}

func (s *session) usageCommand() *cobra.Command {
	var f countsFlags
	cmd := &cobra.Command{
		Use:   "usage [KEY_ID]",
		Short: "Count the verifications of a key or of a keyspace",
		Long: `Count the verifications of one key, or of all keys of a keyspace, by hour and code. Hours are those of UTC; counts of the
last seconds may be missing, and counts are kept for 400 days.`,
		Example: `  keywright usage
  keywright usage key_0DFUqXqVeEpK4nSQhDZ0mR --since 7d
  keywright usage --keyspace acme --since 2030-01-01 --until 2030-02-01 --output csv`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return s.usage(cmd, &f, args) },
	}
	flags := cmd.Flags()
	addKeyspaceFlag(flags, &f.query.Keyspace)
	flags.Var(&f.since, "since", "count from `TIME` on: 24h ago (the default), 30d, or 2030-01-31")
	flags.Var(&f.until, "until", "count until `TIME` (default now)")
	outputFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

var usageColumns = []column[api.UsageHour]{
	{"hour", func(u api.UsageHour) string { return timeText(u.Hour) }},
	{"code", func(u api.UsageHour) string { return string(u.Code) }},
	{"count", func(u api.UsageHour) string { return strconv.FormatInt(u.Count, 10) }},
	{"cost", func(u api.UsageHour) string { return strconv.FormatInt(u.Cost, 10) }},
}

func (s *session) usage(cmd *cobra.Command, f *countsFlags, args []string) (err error) {
	if len(args) > 1 {
		return misused(cmd.CommandPath()+" takes one KEY_ID at most", cmd.CommandPath()+" --help shows how it is used")
	}
	if len(args) == 1 {
		if f.query.Key, err = keyID(args[0]); err != nil {
			return err
		}
		f.query.Keyspace = "" // that of the key
	}
	f.query.Since, f.query.Until = f.since.time(s.now()), f.until.time(s.now())
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	report, err := c.Usage(cmd.Context(), f.query)
	if err != nil {
		return fromServer(err)
	}
	return s.showUsage(&report, f.output)
}

func (s *session) showUsage(u *api.UsageReport, form string) error {
	if form == asJSON {
		return s.writeJSON(u)
	}
	t := table{titles: []string{"HOUR", "CODE", "COUNT", "COST"}, shrink: make([]bool, 4)}
	rows := newRows(s.stdout, form, usageColumns)
	for _, h := range u.Hours {
		if form == asText {
			t.rows = append(t.rows, []string{h.Hour.UTC().Format("2006-01-02 15:04Z"), string(h.Code), grouped(int(h.Count)), counted(h.Cost)})
		} else if err := rows.add(h); err != nil {
			return err
		}
	}
	if err := s.finishList(&t, rows.end, form, len(u.Hours), false, "verifications since "+timeText(u.Since)); err != nil || form != asText {
		return err
	}
	if len(u.Hours) == 0 {
		return nil
	}
	text := ""
	for _, code := range slices.Sorted(maps.Keys(u.Totals)) {
		if text != "" {
			text += " · "
		}
		text += grouped(int(u.Totals[keywright.Code(code)])) + " " + string(code)
	}
	s.say("in all: %s", text)
	return nil
}
