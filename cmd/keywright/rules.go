// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/leak/rules"
)

type rulesFlags struct {
	serverFlags
	formatFlags
	tool         string
	environments []string
	keyspaces    []string
	publishable  bool
	email        bool
	issuer       rules.Issuer
}

func (s *session) rulesCommand() *cobra.Command {
	var f rulesFlags
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Write rules with which scanners find leaked keys",
		Long: `Write rules with which scanners find leaked keys.

The rules come from the formats of keys: of those that flags describe, without a server, as generate takes
them; or of keyspaces of a server, all of them where none is named. They go to standard output, with examples
of what is found and what is not. The examples open nothing.

With --email it writes the mail with which an issuer asks GitHub to look for its keys.`,
		Example: `  keywright rules --for gitleaks --prefix acme > .gitleaks.toml
  keywright rules --for github --keyspace acme
  keywright rules --for trufflehog
  keywright rules --for github --prefix acme --email --company Acme --contact 'Ada <ada@acme.example>' \
      --endpoint https://keys.acme.example --account 'sign up at https://acme.example, plan free'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.rules(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	var tools []string
	for _, t := range rules.Tools() {
		tools = append(tools, string(t))
	}
	choice(cmd, &f.tool, "for", "", "write for the scanner `NAME`: "+strings.Join(tools, ", "), tools...)
	flags.StringSliceVar(&f.keyspaces, "keyspace", nil, "write rules for the formats of the keyspace `NAME` (repeat)")
	flags.BoolVar(&f.publishable, "publishable", false, "write rules for publishable keys too, which anyone may see")
	addFormatFlags(cmd, &f.formatFlags)
	flags.StringSliceVar(&f.environments, "env", nil, "find keys of the environment `LABEL` (repeat; none for keys without one)")
	flags.BoolVar(&f.email, "email", false, "write the mail that GitHub asks for, instead of the rules")
	flags.StringVar(&f.issuer.Company, "company", "", "in the mail, name the company `NAME`")
	flags.StringVar(&f.issuer.Contact, "contact", "", "in the mail, name who is asked: `NAME` and address")
	flags.StringVar(&f.issuer.Account, "account", "", "in the mail, say how a test account is had: `TEXT`")
	flags.StringVar(&f.issuer.Endpoint, "endpoint", "", "name `URL`, that of your server as the world sees it: where github and gitlab report, and kingfisher revokes")
	addServerFlags(cmd, &f.serverFlags)
	f.formatFlags.changed = flags.Changed
	return cmd
}

func (s *session) rules(ctx context.Context, f *rulesFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	if s.typed["endpoint"] && !slices.Contains([]rules.Tool{rules.GitHub, rules.GitLab, rules.Kingfisher}, rules.Tool(f.tool)) {
		return misused("--endpoint stands beside --for "+f.tool, "only the files for github, gitlab and kingfisher name an endpoint")
	}
	sources, err := s.ruleSources(ctx, f)
	if err != nil {
		return err
	}
	made, left, err := rules.Of(sources)
	for _, l := range left {
		s.warn("no rule for %s: %s", printable(l.Name), l.Why)
	}
	switch {
	case errors.Is(err, rules.ErrNone):
		return misused(err.Error(), "give a format a prefix that nobody else has; --publishable is for keys that anyone may see")
	case err != nil:
		return err
	}
	if !f.email {
		return rules.Write(s.stdout, rules.Tool(f.tool), made, f.issuer)
	}
	err = rules.Email(s.stdout, made, f.issuer)
	var missing *rules.IssuerError
	if errors.As(err, &missing) {
		return misused("--"+missing.Error(), "GitHub asks for --company, --contact, --endpoint and --account")
	}
	return err
}

// check looks at the flags that can be wrong before anybody is asked.
func (f *rulesFlags) check() error {
	switch {
	case f.tool == "":
		return misused("--for is missing", "name the scanner that reads the rules, such as gitleaks or github")
	case f.email && f.tool != string(rules.GitHub):
		return misused("--email stands beside --for "+f.tool, "the mail is for the partner programme of GitHub: --for github")
	case len(f.keyspaces) > 0 && f.formatGiven():
		return misused("--keyspace stands beside flags of a format", "a keyspace has its own formats: leave one of the two out")
	case f.issuer.Endpoint == "":
		return nil
	}
	u, err := url.Parse(f.issuer.Endpoint)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return misused("--endpoint is no https URL", "for example https://keys.acme.example")
	}
	if strings.Trim(u.Path, "/") == "" {
		f.issuer.Endpoint = u.JoinPath(doorOf(rules.Tool(f.tool))).String()
	}
	return nil
}

// doorOf is the route that a tool calls.
func doorOf(t rules.Tool) string {
	switch t {
	case rules.Kingfisher:
		return api.PathRevokeSelf
	case rules.GitLab:
		return "/v1/leaks/gitlab"
	}
	return "/v1/leaks/github"
}

// formatGiven reports whether a flag describes a format.
func (f *rulesFlags) formatGiven() bool {
	return slices.ContainsFunc([]string{
		"preset", "prefix", "encoding", "bytes", "length", "id-bytes", "separator", "no-checksum", "shape", "env",
	}, f.formatFlags.changed)
}

// ruleSources returns the formats that the rules are for.
func (s *session) ruleSources(ctx context.Context, f *rulesFlags) ([]rules.Source, error) {
	if f.formatGiven() {
		return s.describedSource(f)
	}
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return nil, err
	}
	var spaces []api.Keyspace
	if len(f.keyspaces) == 0 {
		if spaces, err = c.Keyspaces(ctx); err != nil {
			return nil, fromServer(err)
		}
	}
	for _, name := range f.keyspaces {
		space, err := c.Keyspace(ctx, name)
		if err != nil {
			return nil, fromServer(err)
		}
		spaces = append(spaces, space)
	}
	var sources []rules.Source
	for _, space := range spaces {
		for _, written := range space.Formats {
			format, err := written.Resolve()
			if err == nil {
				format, err = format.Normalize()
			}
			if err != nil {
				return nil, err
			}
			sources = append(sources, rules.Source{
				Keyspace: space.Name, Format: format, Environments: space.Environments, Publishable: f.publishable,
			})
		}
	}
	return sources, nil
}

// describedSource is the format that flags describe.
func (s *session) describedSource(f *rulesFlags) ([]rules.Source, error) {
	if len(f.environments) > 0 {
		f.formatFlags.env = f.environments[0]
		if len(f.environments) > 1 && slices.Contains(f.environments, noEnvironment) {
			return nil, misused("--env none stands beside other environments", "write the rules for keys without one apart")
		}
	}
	format, err := f.formatFlags.format()
	if err != nil {
		return nil, err
	}
	if !f.changed("prefix") && format.Prefix != "" {
		s.warn("%s is the prefix of the preset, which others may use: --prefix names your own", format.Prefix)
	}
	if format.Environment == "" {
		f.environments = nil
	}
	return []rules.Source{{Format: format, Environments: f.environments, Publishable: f.publishable}}, nil
}
