// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

const defaultRows = 50

type listFlags struct {
	serverFlags
	query  client.KeyQuery
	parent string
	limit  int
	output string
}

func (s *session) listCommand() *cobra.Command {
	var f listFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List keys",
		Long:  "List keys, newest first or as --sort says. Keys themselves are never shown: nobody has them but who holds them.",
		Example: `  keywright list
  keywright list --keyspace acme --owner team_7 --state active
  keywright list --search ci --output csv
  keywright list --sort expires --state active
  keywright list --due --keyspace acme
  keywright list --parent key_0DFUqXqVeEpK4nSQhDZ0mR
  keywright list --limit 0 --output jsonl`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.parent != "" && !cmd.Flags().Changed("keyspace") {
				f.query.Keyspace = "" // that of the parent
			}
			return s.list(cmd.Context(), &f)
		},
	}
	flags := cmd.Flags()
	addKeyspaceFlag(flags, &f.query.Keyspace)
	flags.StringVar(&f.query.Owner, "owner", "", "only keys of the owner `ID`")
	choice(cmd, &f.query.State, "state", "", "only keys that are in `STATE`: active, pending, expired, disabled or revoked",
		"active", "pending", "expired", "disabled", "revoked")
	flags.StringVar(&f.query.PublicID, "public-id", "", "only the key with the public id `ID`")
	flags.StringVar(&f.query.Text, "search", "", "only keys with `TEXT` in their name or owner")
	flags.StringVar(&f.parent, "parent", "", "only children of the key `KEY_ID`")
	flags.BoolVar(&f.query.Due, "due", false, "only keys whose rotation is due, or about to be")
	addTime(flags, &f.query.ExpiresBefore, "expires-before", "only keys that end before `TIME`, such as 2030-01-31")
	choice(cmd, &f.query.Sort, "sort", "newest", "show keys in the `ORDER` newest, oldest or expires: the next to end first, those without an end last",
		"newest", "oldest", "expires")
	flags.IntVar(&f.limit, "limit", defaultRows, "show at most `N` keys; 0 shows all")
	outputFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

var recordColumns = []column[api.Record]{
	{"id", func(r api.Record) string { return r.ID.String() }},
	{"keyspace", func(r api.Record) string { return r.Keyspace }},
	{"format", func(r api.Record) string { return r.Format }},
	{"environment", func(r api.Record) string { return r.Environment }},
	{"name", func(r api.Record) string { return r.Name }},
	{"owner", func(r api.Record) string { return r.Owner }},
	{"state", func(r api.Record) string { return r.State }},
	{"public_id", func(r api.Record) string { return r.PublicID }},
	{"scopes", func(r api.Record) string { return strings.Join(r.Scopes, " ") }},
	{"created_at", func(r api.Record) string { return timeText(r.CreatedAt) }},
	{"expires_at", func(r api.Record) string { return timeText(r.ExpiresAt) }},
	{"revoked_at", func(r api.Record) string { return timeText(r.RevokedAt) }},
	{"last_used_at", func(r api.Record) string { return timeText(r.LastUsedAt) }},
	{"parent", func(r api.Record) string { return idText(r.Parent) }},
	{"rotate_by", func(r api.Record) string { return timeText(r.RotateBy) }},
	{"rotation_due", func(r api.Record) string { return strconv.FormatBool(r.RotationDue) }},
	{"expires_soon", func(r api.Record) string { return strconv.FormatBool(r.ExpiresSoon) }},
}

// idText writes a key id; none is empty.
func idText(id keywright.KeyID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

// soonText marks what needs somebody's attention.
func soonText(text string, soon bool, word string) string {
	if soon {
		return text + " " + word
	}
	return text
}

func (s *session) list(ctx context.Context, f *listFlags) error {
	if f.limit < 0 {
		return misused("--limit is negative", "give a number of keys, or 0 for all")
	}
	if f.parent != "" {
		var err error
		if f.query.Parent, err = parentID(f.parent); err != nil {
			return err
		}
	}
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	f.query.Limit = pageFor(f.limit)
	t := table{titles: []string{"KEY ID", "NAME", "OWNER", "ENV", "STATE", "SCOPES", "EXPIRES", "ROTATE BY"}, shrink: []bool{false, true, true, true, false, true, false, false}}
	rows := newRows(s.stdout, f.output, recordColumns)
	shown, more := 0, false
	for r, err := range c.All(ctx, f.query) {
		if err != nil {
			return fromServer(err)
		}
		if more = f.limit > 0 && shown == f.limit; more {
			break
		}
		shown++
		if f.output == asText {
			t.rows = append(t.rows, []string{
				r.ID.String(), dash(r.Name), dash(r.Owner), dash(r.Environment), r.State, dash(strings.Join(r.Scopes, " ")),
				dash(soonText(s.dayText(r.ExpiresAt), r.ExpiresSoon, "soon")), dash(soonText(s.dayText(r.RotateBy), r.RotationDue, "due")),
			})
		} else if err := rows.add(r); err != nil {
			return err
		}
	}
	return s.finishList(&t, rows.end, f.output, shown, more, "keys")
}

// pageFor is how many rows one page should have: one more than are shown, to know whether there are more.
func pageFor(limit int) int {
	if limit <= 0 || limit >= 1000 {
		return 1000
	}
	return limit + 1
}

// finishList writes a table for people, or ends rows for programs, and says what is not shown.
func (s *session) finishList(t *table, end func() error, form string, shown int, more bool, what string) error {
	switch {
	case form != asText:
		if err := end(); err != nil {
			return err
		}
	case shown == 0:
		s.say("no %s", what)
	default:
		t.dropEmpty()
		if err := t.write(s.stdout, s.width(s.stdout), s.colours(s.stdout)); err != nil {
			return err
		}
	}
	if more {
		s.say("there are more %s: --limit 0 shows all", what)
	}
	return nil
}

// dayText writes a time for people: the day alone, unless it is near.
func (s *session) dayText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	if d := t.Sub(s.now()); d > -48*time.Hour && d < 48*time.Hour {
		return t.UTC().Format("2006-01-02 15:04Z")
	}
	return t.UTC().Format(time.DateOnly)
}
