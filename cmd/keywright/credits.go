// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
)

// changeFlags change a balance, or show its ledger.
type changeFlags struct {
	serverFlags
	change   api.CreditsChange
	ledger   bool
	limit    int
	keyspace string // of an owner
	once     string // an idempotency key
	output   string
}

func (f *changeFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Var(wholeNumber{&f.change.Set}, "set", "let `N` credits be left")
	flags.Var(wholeNumber{&f.change.Add}, "add", "add `N` credits")
	flags.Var(wholeNumber{&f.change.Take}, "take", "take `N` credits away")
	flags.StringVar(&f.once, "idempotency-key", "", "do it once, however often it is asked with `TEXT` within 24 hours")
	flags.BoolVar(&f.ledger, "ledger", false, "show what changed the credits, newest first")
	flags.IntVar(&f.limit, "limit", defaultRows, "with --ledger: show at most `N` lines; 0 shows all")
	outputFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
}

// changes reports whether something is to be changed.
func (f *changeFlags) changes() (bool, error) {
	n := 0
	for _, v := range []*int64{f.change.Set, f.change.Add, f.change.Take} {
		if v != nil {
			n++
		}
	}
	switch {
	case n > 1:
		return false, misused("more than one of --set, --add and --take was given", "give one of them")
	case n == 0 && f.once != "":
		return false, misused("--idempotency-key stands without a change", "give it beside --set, --add or --take")
	case n > 0 && f.ledger:
		return false, misused("--ledger stands beside a change", "change the credits first, then look")
	case f.limit < 0:
		return false, misused("--limit is negative", "give a number of lines, or 0 for all")
	case !f.ledger && (f.output == asCSV || f.output == asJSONL):
		return false, misused("--output "+f.output+" is for the ledger", "use text or json, or give --ledger")
	}
	return n > 0, nil
}

func (s *session) creditsCommand() *cobra.Command {
	var f changeFlags
	cmd := &cobra.Command{
		Use:   "credits KEY_ID",
		Short: "Show or change the credits of a key",
		Long: `Show what is left of the credits of a key, set them, add to them or take from them.

A key gets credits by issue --credits or update --credits. Each change is in the ledger.`,
		Example: `  keywright credits key_0DFUqXqVeEpK4nSQhDZ0mR
  keywright credits key_0DFUqXqVeEpK4nSQhDZ0mR --add 1000
  keywright credits key_0DFUqXqVeEpK4nSQhDZ0mR --ledger --output csv`,
		Args: oneArgument("KEY_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			changes, err := f.changes()
			if err != nil {
				return err
			}
			c, id, err := s.connectFor(args[0], &f.serverFlags)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			switch {
			case f.ledger:
				return s.showLedger(&f, func(cursor string, limit int) (api.LedgerList, error) { return c.Ledger(ctx, id, cursor, limit) })
			case changes:
				return s.showCredits(&f)(c.ChangeCredits(ctx, id, f.change, f.once))
			}
			return s.showCredits(&f)(c.Credits(ctx, id))
		},
	}
	f.add(cmd)
	return cmd
}

func (s *session) showCredits(f *changeFlags) func(api.Credits, error) error {
	return func(c api.Credits, err error) error {
		if err != nil {
			return fromServer(err)
		}
		if f.output == asJSON {
			return s.writeJSON(c)
		}
		_, err = fmt.Fprintln(s.stdout, creditsText(&c))
		return err
	}
}

// creditsText tells what is left and when more comes.
func creditsText(c *api.Credits) string {
	text := fmt.Sprintf("%s left", grouped(int(c.Remaining)))
	if c.Refill != nil {
		text += " · refill " + refillText(c.Refill)
	}
	if !c.NextRefillAt.IsZero() {
		text += " · next " + timeText(c.NextRefillAt)
	}
	return text
}

var balanceColumns = []column[api.LedgerEntry]{
	{"sequence", func(e api.LedgerEntry) string { return strconv.FormatUint(e.Sequence, 10) }},
	{"time", func(e api.LedgerEntry) string { return timeText(e.Time) }},
	{"kind", func(e api.LedgerEntry) string { return e.Kind }},
	{"key_id", func(e api.LedgerEntry) string { return idText(e.KeyID) }},
	{"amount", func(e api.LedgerEntry) string { return strconv.FormatInt(e.Amount, 10) }},
	{"count", func(e api.LedgerEntry) string { return strconv.FormatInt(e.Count, 10) }},
	{"remaining", func(e api.LedgerEntry) string { return strconv.FormatInt(e.Remaining, 10) }},
}

// showLedger shows lines of a ledger, page by page.
func (s *session) showLedger(f *changeFlags, page func(cursor string, limit int) (api.LedgerList, error)) error {
	t := table{titles: []string{"TIME", "KIND", "AMOUNT", "LEFT", "COUNT", "KEY ID"}, shrink: make([]bool, 6)}
	rows := newRows(s.stdout, f.output, balanceColumns)
	shown, more, cursor := 0, false, ""
	for {
		list, err := page(cursor, pageFor(f.limit))
		if err != nil {
			return fromServer(err)
		}
		for i := range list.Entries {
			e := &list.Entries[i]
			if more = f.limit > 0 && shown == f.limit; more {
				break
			}
			shown++
			if f.output == asText {
				t.rows = append(t.rows, []string{timeText(e.Time), e.Kind, fmt.Sprintf("%+d", e.Amount), strconv.FormatInt(e.Remaining, 10), counted(e.Count), dash(idText(e.KeyID))})
			} else if err := rows.add(*e); err != nil {
				return err
			}
		}
		if cursor = list.NextCursor; cursor == "" || more {
			return s.finishList(&t, rows.end, f.output, shown, more, "lines")
		}
	}
}

func counted(n int64) string {
	if n == 0 {
		return "-"
	}
	return strconv.FormatInt(n, 10)
}
