// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// endpointCommands are those of webhooks and exports that a server sends.
func (s *session) endpointCommands() []*cobra.Command {
	return []*cobra.Command{
		s.endpointCreateCommand(), s.endpointListCommand(), s.endpointShowCommand(), s.endpointUpdateCommand(), s.endpointRotateCommand(),
		s.endpointTestCommand(), s.endpointEnableCommand(), s.endpointDisableCommand(), s.endpointDeleteCommand(),
		s.deliveriesCommand(), s.replayCommand(), s.dropCommand(),
	}
}

const someEndpoint = "wh_0QhT5lZcVxY3bN8mKpRw2A"

// endpointCommand makes a command about one webhook.
func endpointCommand[T any](s *session, name, short, long string, do func(context.Context, *client.Client, string) (T, error), show func(*T, string) error) (*cobra.Command, *showFlags) {
	f := &showFlags{}
	cmd := &cobra.Command{
		Use: name + " ID", Short: short, Long: long, Example: "  keywright webhook " + name + " " + someEndpoint, Args: oneArgument("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.connect(&f.serverFlags)
			if err != nil {
				return err
			}
			done, err := do(cmd.Context(), c, args[0])
			if err != nil {
				return fromServer(err)
			}
			return show(&done, f.output)
		},
	}
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd, f
}

func (s *session) endpointShowCommand() *cobra.Command {
	cmd, _ := endpointCommand(s, "show", "Show a webhook or an export, and how it stands", "",
		func(ctx context.Context, c *client.Client, id string) (api.Webhook, error) { return c.Webhook(ctx, id) }, s.writeEndpoint)
	return cmd
}

func (s *session) endpointDisableCommand() *cobra.Command {
	cmd, _ := endpointCommand(s, "disable", "Stop sending", "Stop sending. It keeps its place in the chain, and what failed.",
		func(ctx context.Context, c *client.Client, id string) (api.Webhook, error) {
			return c.DisableWebhook(ctx, id)
		}, s.writeEndpoint)
	return cmd
}

func (s *session) endpointEnableCommand() *cobra.Command {
	var q api.WebhookEnableRequest
	cmd, _ := endpointCommand(s, "enable", "Send again", "Send again, from where it stopped or, with --skip, from now on.",
		func(ctx context.Context, c *client.Client, id string) (api.Webhook, error) {
			return c.EnableWebhook(ctx, id, q)
		}, s.writeEndpoint)
	cmd.Flags().BoolVar(&q.Skip, "skip", false, "pass over what happened while it was disabled")
	return cmd
}

func (s *session) endpointTestCommand() *cobra.Command {
	cmd, _ := endpointCommand(s, "test", "Send a message of the type ping", "Send a message of the type ping, and say whether it was taken.",
		func(ctx context.Context, c *client.Client, id string) (api.WebhookTest, error) {
			return c.TestWebhook(ctx, id)
		},
		func(t *api.WebhookTest, form string) error {
			text := "taken"
			if t.Status != 0 {
				text += " · answered " + strconv.Itoa(t.Status)
			}
			return s.done(form, t, text)
		})
	return cmd
}

func (s *session) endpointDeleteCommand() *cobra.Command {
	cmd, _ := endpointCommand(s, "delete", "Delete a webhook or an export", "Delete a webhook or an export, and forget what it was to get.",
		func(ctx context.Context, c *client.Client, id string) (struct{}, error) {
			return struct{}{}, c.DeleteWebhook(ctx, id)
		},
		func(none *struct{}, form string) error { return s.done(form, none, "deleted") })
	return cmd
}

func (s *session) endpointRotateCommand() *cobra.Command {
	var f endpointFlags
	var grace time.Duration
	cmd := &cobra.Command{
		Use: "rotate-secret ID", Short: "Make a new secret",
		Long: `Make a new secret. It goes to standard output, alone, or to --secret-to, and nothing shows it again. For the grace
messages carry a signature of each.`,
		Example: "  keywright webhook rotate-secret " + someEndpoint + " --secret-to hook.secret\n  keywright webhook rotate-secret " + someEndpoint + " --grace 0s",
		Args:    oneArgument("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			d := api.Duration(grace)
			return s.showNewSecret(&f, func(c *client.Client) (api.WebhookResponse, error) {
				return c.RotateWebhookSecret(cmd.Context(), args[0], api.WebhookSecretRequest{Grace: &d})
			})
		},
	}
	flags := cmd.Flags()
	addDuration(flags, &grace, "grace", 24*time.Hour, "sign with the old secret too for `TIME`, at most 30d")
	flags.StringVar(&f.secretTo, "secret-to", "", "write the secret to `FILE` of mode 0600, not to standard output")
	flags.BoolVar(&f.force, "force", false, "replace that file if it exists")
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

var endpointColumns = []column[api.Webhook]{
	{"id", func(w api.Webhook) string { return w.ID }},
	{"kind", func(w api.Webhook) string { return w.Kind }},
	{"name", func(w api.Webhook) string { return w.Name }},
	{"url", func(w api.Webhook) string { return w.URL }},
	{"enabled", func(w api.Webhook) string { return strconv.FormatBool(!w.Disabled) }},
	{"pending", func(w api.Webhook) string { return strconv.Itoa(w.Pending) }},
	{"dead", func(w api.Webhook) string { return strconv.Itoa(w.Dead) }},
	{"behind", func(w api.Webhook) string { return strconv.FormatUint(w.Behind, 10) }},
	{"failing_since", func(w api.Webhook) string { return timeText(w.FailingSince) }},
	{"last_problem", func(w api.Webhook) string { return w.LastProblem }},
}

func (s *session) endpointListCommand() *cobra.Command {
	var f showFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List webhooks and exports, and how they stand", Example: "  keywright webhook list", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.connect(&f.serverFlags)
			if err != nil {
				return err
			}
			list, err := c.Webhooks(cmd.Context())
			if err != nil {
				return fromServer(err)
			}
			t := table{titles: []string{"ID", "KIND", "NAME", "URL", "ENABLED", "PENDING", "DEAD", "BEHIND", "FAILING SINCE", "PROBLEM"}, shrink: []bool{false, false, true, true, false, false, false, false, false, true}}
			return writeRows(s, &t, endpointColumns, list, f.output, false, "webhooks")
		},
	}
	outputFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

// writeRows writes a list: a table for people, or one document or row for each.
func writeRows[T any](s *session, t *table, columns []column[T], list []T, form string, more bool, what string) error {
	rows := newRows(s.stdout, form, columns)
	for _, v := range list {
		if form != asText {
			if err := rows.add(v); err != nil {
				return err
			}
			continue
		}
		cells := make([]string, len(columns))
		for i, column := range columns {
			cells[i] = dash(printable(column.text(v)))
		}
		t.rows = append(t.rows, cells)
	}
	return s.finishList(t, rows.end, form, len(list), more, what)
}
