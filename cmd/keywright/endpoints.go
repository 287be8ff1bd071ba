// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// endpointFlags are those that say what a webhook or an export is.
type endpointFlags struct {
	showFlags
	name, kind, receiver, receiverFile string
	authorizationFile, secretTo        string
	verbs, keyspaces, clear            []string
	fromStart, force                   bool
}

func (f *endpointFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.receiver, "receiver", "", "send to `URL`")
	flags.StringVar(&f.receiverFile, "receiver-file", "", "send to the URL in `FILE`: for one that holds a token")
	flags.StringVar(&f.name, "name", "", "call it `NAME`")
	flags.StringSliceVar(&f.verbs, "verb", nil, "send only events of the kind `PATTERN`, such as key.* or key.revoke (repeat)")
	flags.StringSliceVar(&f.keyspaces, "keyspace", nil, "send only events in the keyspace `NAME` (repeat)")
	flags.StringVar(&f.authorizationFile, "authorization-file", "", "send the header Authorization with what is in `FILE`, such as Bearer and a token; of the kind http")
	flags.StringVar(&f.secretTo, "secret-to", "", "write a new secret to `FILE` of mode 0600, not to standard output")
	flags.BoolVar(&f.force, "force", false, "replace that file if it exists")
}

// receiver is the URL that was given, if one was.
func (s *session) receiver(f *endpointFlags) (string, error) {
	if f.receiverFile == "" {
		return f.receiver, nil
	}
	if f.receiver != "" {
		return "", misused("both --receiver and --receiver-file", "give one of them")
	}
	text, err := s.readKeyText(f.receiverFile)
	return strings.TrimSpace(text), err
}

func (s *session) authorization(f *endpointFlags) (api.Key, error) {
	if f.authorizationFile == "" {
		return api.Key{}, nil
	}
	text, err := s.readKeyText(f.authorizationFile)
	return api.NewKey(keywright.NewSecret(strings.TrimRight(text, "\r\n"))), err
}

func (s *session) endpointCreateCommand() *cobra.Command {
	var f endpointFlags
	cmd := &cobra.Command{
		Use: "create", Short: "Make a webhook, or an export of events",
		Long: `Make a webhook, or an export of events. The secret that signs what is sent goes to standard output, alone, or to
--secret-to, and nothing shows it again. Who may do this can have events sent anywhere.

The kinds: a webhook gets each event by itself (https://…). The others export the audit chain in its order, many events
at once: http posts lines of JSON (https://…), syslog sends RFC 5424 over TLS (tls://host:port), file appends lines of
JSON to a file in the server's folder for exports (file:name).`,
		Example: `  keywright webhook create --receiver https://hooks.example.com/keys --verb 'key.*'
  keywright webhook create --kind syslog --receiver tls://logs.example.com:6514 --from-start
  keywright webhook create --kind http --receiver https://siem.example.com/in`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.createEndpoint(cmd.Context(), &f) },
	}
	choice(cmd, &f.kind, "kind", "webhook", "make one of the `KIND`: webhook, http, syslog or file", "webhook", "http", "syslog", "file")
	f.add(cmd)
	cmd.Flags().BoolVar(&f.fromStart, "from-start", false, "send the chain from its beginning, not from now on")
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (s *session) createEndpoint(ctx context.Context, f *endpointFlags) error {
	address, err := s.receiver(f)
	if err != nil {
		return err
	}
	if address == "" {
		return misused("nothing says where to send", "give --receiver or --receiver-file")
	}
	header, err := s.authorization(f)
	if err != nil {
		return err
	}
	return s.showNewSecret(f, func(c *client.Client) (api.WebhookResponse, error) {
		return c.CreateWebhook(ctx, api.WebhookRequest{
			Name: f.name, Kind: f.kind, URL: address, Verbs: f.verbs, Keyspaces: f.keyspaces, Header: header, FromStart: f.fromStart,
		})
	})
}

// showNewSecret does an act that may make a secret, and shows what came of it. The file for the secret is made first, so that
// none is made that could not be kept.
func (s *session) showNewSecret(f *endpointFlags, do func(*client.Client) (api.WebhookResponse, error)) error {
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	var file *secretFile
	if f.secretTo != "" {
		if file, err = newSecretFile(f.secretTo, f.force); err != nil {
			return err
		}
		defer file.discard()
	}
	w, err := do(c)
	if err != nil {
		return fromServer(err)
	}
	if file != nil && !w.Secret.IsZero() {
		if _, err := fmt.Fprintln(file, w.Secret.Reveal()); err != nil {
			return file.failed(err)
		}
		if err := file.done(); err != nil {
			return err
		}
		w.Secret = api.Key{}
		s.say("secret written to %s", f.secretTo)
	}
	if f.output == asJSON {
		return s.writeJSON(w)
	}
	if !w.Secret.IsZero() {
		if _, err := fmt.Fprintln(s.stdout, w.Secret.Reveal()); err != nil {
			return err
		}
	}
	s.say("%s", endpointLine(&w.Webhook))
	if !w.Secret.IsZero() {
		s.say("shown once: give it to the receiver")
	}
	return nil
}

// endpointLine says in one line what a webhook is.
func endpointLine(w *api.Webhook) string {
	parts := []string{w.ID, w.Kind}
	if w.Name != "" {
		parts = append(parts, printable(w.Name))
	}
	switch {
	case w.Disabled && w.Reason != "":
		parts = append(parts, "disabled: "+w.Reason)
	case w.Disabled:
		parts = append(parts, "disabled")
	case !w.FailingSince.IsZero():
		parts = append(parts, "failing since "+timeText(w.FailingSince)+": "+w.LastProblem)
	default:
		parts = append(parts, "enabled")
	}
	return strings.Join(parts, " · ")
}

func (s *session) endpointUpdateCommand() *cobra.Command {
	var f endpointFlags
	names := []string{"name", "verb", "keyspace", "authorization"}
	cmd := &cobra.Command{
		Use: "update ID", Short: "Change a webhook or an export",
		Long: `Change a webhook or an export. What is not named stays. Another receiver gets a new secret, and the old ones end
at once.`,
		Example: `  keywright webhook update wh_0QhT5lZcVxY3bN8mKpRw2A --verb key.revoke --verb key.rotate
  keywright webhook update wh_0QhT5lZcVxY3bN8mKpRw2A --receiver https://new.example.com/keys`,
		Args: oneArgument("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cleared, err := clearedOf(f.clear, names, func(name string) bool {
				return cmd.Flags().Changed(name) || name == "authorization" && f.authorizationFile != ""
			})
			if err != nil {
				return err
			}
			p, err := s.endpointPatch(&f, cleared)
			if err != nil {
				return err
			}
			return s.showNewSecret(&f, func(c *client.Client) (api.WebhookResponse, error) { return c.UpdateWebhook(cmd.Context(), args[0], p) })
		},
	}
	f.add(cmd)
	addClearFlag(cmd, &f.clear, names)
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (s *session) endpointPatch(f *endpointFlags, cleared map[string]bool) (api.WebhookPatch, error) {
	var p api.WebhookPatch
	address, err := s.receiver(f)
	if err != nil {
		return p, err
	}
	if address != "" {
		p.URL = &address
	}
	header, err := s.authorization(f)
	if err != nil {
		return p, err
	}
	if !header.IsZero() || cleared["authorization"] {
		p.Header = &header
	}
	if f.name != "" || cleared["name"] {
		p.Name = &f.name
	}
	if len(f.verbs) > 0 || cleared["verb"] {
		p.Verbs = &f.verbs
	}
	if len(f.keyspaces) > 0 || cleared["keyspace"] {
		p.Keyspaces = &f.keyspaces
	}
	if p == (api.WebhookPatch{}) {
		return p, misused("nothing says what to change", "give --receiver, --name, --verb, --keyspace, --authorization-file or --clear")
	}
	return p, nil
}

// writeEndpoint shows a webhook with how it stands.
func (s *session) writeEndpoint(w *api.Webhook, form string) error {
	if form == asJSON {
		return s.writeJSON(w)
	}
	lines := []string{endpointLine(w), "  url        " + printable(w.URL)}
	for _, v := range w.Verbs {
		lines = append(lines, "  verb       "+v)
	}
	for _, k := range w.Keyspaces {
		lines = append(lines, "  keyspace   "+k)
	}
	for _, secret := range w.Secrets {
		line := "  secret     made " + timeText(secret.CreatedAt)
		if !secret.EndsAt.IsZero() {
			line += " · ends " + timeText(secret.EndsAt)
		}
		lines = append(lines, line)
	}
	lines = append(lines, fmt.Sprintf("  deliveries %s pending · %s dead · %s events behind", grouped(w.Pending), grouped(w.Dead), grouped(int(w.Behind))))
	_, err := io.WriteString(s.stdout, strings.Join(lines, "\n")+"\n")
	return err
}
