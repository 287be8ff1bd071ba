// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

type leakShowFlags struct {
	serverFlags
	output string
}

func (s *session) leaksShowCommand() *cobra.Command {
	var f leakShowFlags
	cmd := &cobra.Command{
		Use: "show LEAK_ID", Short: "Show a leak from exposure to end",
		Long: `Show a leak from exposure to end: where the key was seen, how it was used since, what hung on it, what was done and
how long that took.`,
		Example: "  keywright leaks show leak_4TqPzR1mX8bK2nWcVhYd0A\n  keywright leaks show leak_4TqPzR1mX8bK2nWcVhYd0A --output json",
		Args:    oneArgument("LEAK_ID"),
		RunE:    func(cmd *cobra.Command, args []string) error { return s.leaksShow(cmd.Context(), args[0], &f) },
	}
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (s *session) leaksShow(ctx context.Context, id string, f *leakShowFlags) error {
	if !strings.HasPrefix(id, "leak_") {
		return misused("the argument is not the id of a leak", "ids begin with leak_; keywright leaks list shows them")
	}
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	l, err := c.Leak(ctx, id)
	if err != nil {
		return fromServer(err)
	}
	if f.output == asJSON {
		return s.writeJSON(l)
	}
	colour := s.colours(s.stdout)
	if _, err := fmt.Fprintf(s.stdout, "%s  %s\n", colour.heading(l.ID), leakState(&l.Leak)); err != nil {
		return err
	}
	if err := leakDetails(&l).write(s.stdout, "  ", colour); err != nil {
		return err
	}
	for _, part := range []struct {
		title string
		lines details
	}{
		{"from exposure to end", leakSteps(&l)},
		{"uses since it was seen, by code", leakCodes(&l.Uses)},
		{"by network" + partly(&l.Uses), leakNetworks(&l.Uses)},
		{"by path" + partly(&l.Uses), leakPaths(&l.Uses)},
		{"keys that were made from it", leakChildren(l.Children)},
	} {
		if len(part.lines) == 0 {
			continue
		}
		if _, err := fmt.Fprintf(s.stdout, "\n%s\n", colour.heading(part.title)); err != nil {
			return err
		}
		if err := part.lines.write(s.stdout, "  ", colour); err != nil {
			return err
		}
	}
	return nil
}

// partly says that networks and paths are not all there were.
func partly(u *api.LeakUses) string {
	if u.Complete {
		return ""
	}
	return " (from the report on, the most used)"
}

func leakDetails(l *api.LeakReport) details {
	var d details
	d.add("key", strings.TrimSpace(l.KeyID.String()+"  "+l.Record.Name))
	d.add("shown as", l.Record.Display)
	d.add("keyspace", l.Keyspace)
	d.add("owner", l.Owner)
	d.add("format", l.Kind)
	if l.Publishable {
		d.add("publishable", "it may be seen by anyone: no report ends it")
	}
	if l.Decoy != nil {
		d.add("decoy", "it opens nothing; planted: "+l.Decoy.Planted)
	}
	d.add("done", leakAction(&l.Leak))
	d.add("took", tookText(&l.Leak))
	if l.Receipt != nil {
		d.add("receipt", receiptText(l.Receipt))
	}
	return d
}

// leakSteps tells a leak in the order of time.
func leakSteps(l *api.LeakReport) details {
	type step struct {
		at   time.Time
		text string
	}
	steps := []step{{l.Record.CreatedAt, "the key was issued"}}
	for i := range l.Sightings {
		seen := &l.Sightings[i]
		where := strings.TrimSpace(seen.Source + " " + seen.URL)
		if !seen.FoundAt.IsZero() && !seen.FoundAt.Equal(seen.ReportedAt) {
			steps = append(steps, step{seen.FoundAt, "seen: " + where})
		}
		steps = append(steps, step{seen.ReportedAt, "reported by " + cmp.Or(seen.Reporter, "somebody") + ": " + where})
	}
	if l.Action == "scheduled" && l.EndedAt.IsZero() {
		steps = append(steps, step{l.RevokeAt, "it will be revoked"})
	}
	if !l.EndedAt.IsZero() {
		steps = append(steps, step{l.EndedAt, "the leaked secret ended"})
	}
	if !l.TokensUntil.IsZero() {
		steps = append(steps, step{l.TokensUntil, "the last token that it may have been exchanged for ends"})
	}
	slices.SortStableFunc(steps, func(a, b step) int { return a.at.Compare(b.at) })
	var d details
	for _, s := range steps {
		d.add(timeText(s.at), s.text)
	}
	return d
}

func leakCodes(u *api.LeakUses) details {
	counts := map[keywright.Code]int64{}
	for _, h := range u.Hours {
		counts[h.Code] += h.Count
	}
	var d details
	for _, code := range slices.Sorted(maps.Keys(counts)) {
		d.add(string(code), strconv.FormatInt(counts[code], 10))
	}
	return d
}

func leakNetworks(u *api.LeakUses) details {
	var d details
	for _, n := range u.Networks {
		d.add(n.Network.String(), fmt.Sprintf("%d, last %s", n.Count, timeText(n.LastAt)))
	}
	return d
}

func leakPaths(u *api.LeakUses) details {
	var d details
	for _, p := range u.Paths {
		d.add(printable(p.Path), strconv.FormatInt(p.Count, 10))
	}
	return d
}

func leakChildren(children []api.LeakChild) details {
	var d details
	for _, c := range children {
		d.add(c.KeyID.String(), strings.TrimSpace(c.State+" "+c.Name))
	}
	return d
}
