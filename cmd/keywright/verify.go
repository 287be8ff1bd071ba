// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

type verifyFlags struct {
	serverFlags
	keyFile, keyspace, env string
	scopes                 []string
	scopeExpr              string
	clientIP               string
	method, path, origin   string
	cost                   *int64
	take, include, tags    []string
	explain, dryRun        bool
	output                 string
}

func (s *session) verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Judge a key",
		Long: `Judge a key: whether the server accepts it, and what it may do.

The exit code is 0 where the key is valid, 1 where it is refused, and 3 where no judgement could be made.
What the key demands and is not told here is forbidden: give --client-ip where it is bound to a network. It counts and
spends as any verification does, unless it is a --dry-run.`,
		Example: `  keywright verify                         (paste; no echo)
  keywright verify --key-file key.txt --scope invoices:read --env live
  printf %s "$ACME_API_KEY" | keywright verify --keyspace acme --explain
  keywright verify --key-file key.txt --cost 5 --take exports --include limits
  keywright verify --output json < key.txt`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.verify(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	addKeyspaceFlag(flags, &f.keyspace)
	flags.StringVar(&f.env, "env", "", "for the environment `LABEL` that is served")
	flags.StringSliceVar(&f.scopes, "scope", nil, "need `SCOPE` (repeat: all of them)")
	flags.StringVar(&f.scopeExpr, "scope-expr", "", "need what `EXPRESSION` says: scopes with AND, OR and parentheses")
	flags.StringVar(&f.clientIP, "client-ip", "", "as if the request came from `ADDRESS`")
	flags.StringVar(&f.method, "method", "", "as if the request had the `METHOD`")
	flags.StringVar(&f.path, "path", "", "as if the request asked for `PATH`")
	flags.StringVar(&f.origin, "origin", "", "as if a page of the web `ORIGIN` sent the request")
	flags.Var(wholeNumber{&f.cost}, "cost", "take `N` units from limits and credits (default 1)")
	flags.StringArrayVar(&f.take, "take", nil, "take from the limit `NAME[=COST]` too, which is not taken from at every verification (repeat)")
	flags.StringSliceVar(&f.include, "include", nil, "show `WHAT` too: limits, for all of them, or metadata (repeat)")
	_ = cmd.RegisterFlagCompletionFunc("include", cobra.FixedCompletions([]string{"limits", "metadata"}, cobra.ShellCompDirectiveNoFileComp))
	flags.StringArrayVar(&f.tags, "tag", nil, "let the server's log call it `TAG`, such as route=invoices; never a secret (repeat)")
	flags.BoolVar(&f.explain, "explain", false, "show every check, not only the first that failed")
	flags.BoolVar(&f.dryRun, "dry-run", false, "leave no trace: nothing is counted or spent")
	keyFileFlag(flags, &f.keyFile)
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (s *session) verify(ctx context.Context, f *verifyFlags) error {
	ask := keywright.Ask{
		Keyspace: f.keyspace, Environment: f.env, Scopes: f.scopes, ScopeExpr: f.scopeExpr,
		Method: f.method, Path: f.path, Origin: f.origin, Include: append([]string{"name"}, f.include...), Tags: f.tags, Explain: f.explain, DryRun: f.dryRun,
	}
	var err error
	if ask.Limits, err = parseTake(f.take); err != nil {
		return err
	}
	if f.cost != nil {
		if ask.Cost = *f.cost; ask.Cost < 1 {
			return misused("--cost is less than 1", "leave it out for 1; --dry-run takes nothing")
		}
	}
	if f.clientIP != "" {
		address, err := netip.ParseAddr(f.clientIP)
		if err != nil {
			return misused("--client-ip is not an address", "for example 192.0.2.7")
		}
		ask.ClientIP = address
	}
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	if ask.Key, err = s.readKey(ctx, f.keyFile); err != nil {
		return err
	}
	v, err := c.Verify(ctx, ask)
	if err != nil {
		return unjudged(err)
	}
	if err := s.showVerdict(f, &v); err != nil {
		return err
	}
	if v.Valid() {
		return nil
	}
	return ended(api.ExitRefused)
}

func (s *session) showVerdict(f *verifyFlags, v *keywright.Verdict) error {
	if f.output == asJSON {
		return s.writeJSON(api.VerifyResponseOf(*v, time.Now()))
	}
	colour := s.colours(s.stdout)
	paint := colour.bad
	if v.Valid() {
		paint = colour.good
	}
	if _, err := fmt.Fprintln(s.stdout, paint(string(v.Code))+verdictText(v)); err != nil {
		return err
	}
	if err := spentTexts(v).write(s.stdout, "  ", colour); err != nil || v.Detail == nil {
		return err
	}
	if slices.Contains(f.include, "metadata") && len(v.Metadata) > 0 {
		if _, err := fmt.Fprintf(s.stdout, "  %s  %s\n", colour.dim("metadata"), printable(string(v.Metadata))); err != nil {
			return err
		}
	}
	for _, check := range v.Checks {
		line := colour.good("ok  ")
		if !check.OK {
			line = colour.bad("fail")
		}
		if _, err := fmt.Fprintf(s.stdout, "  %s  %s\n", line, printable(checkText(check))); err != nil {
			return err
		}
	}
	return nil
}

// verdictText is what follows the code: the name, or else the id, and what the key may do or lacks.
func verdictText(v *keywright.Verdict) string {
	var parts []string
	switch {
	case v.Detail != nil && v.Name != "":
		parts = append(parts, v.Name)
	case !v.KeyID.IsZero():
		parts = append(parts, v.KeyID.String())
	}
	switch {
	case len(v.Missing) > 0:
		parts = append(parts, "lacks "+strings.Join(v.Missing, " "))
	case v.Code == keywright.Expired && !v.ExpiresAt.IsZero():
		parts = append(parts, "since "+timeText(v.ExpiresAt))
	case v.Valid() && len(v.Scopes) > 0:
		parts = append(parts, strings.Join(v.Scopes, " "))
	}
	text := ""
	for _, part := range parts {
		text += " · " + printable(part)
	}
	return text
}

// checkText says which check it was, by the code that a failure of it has.
func checkText(c keywright.Check) string {
	text := map[keywright.Code]string{
		keywright.Malformed: "format and checksum", keywright.NotFound: "known in this keyspace", keywright.Revoked: "not revoked",
		keywright.Disabled: "not disabled", keywright.Expired: "not expired", keywright.NotYetValid: "begun",
		keywright.Forbidden: "environment, network, origin, method, path", keywright.InsufficientScope: "scopes",
		keywright.RateLimited: "limits", keywright.CreditsExhausted: "credits",
	}[c.Code]
	if text == "" {
		text = string(c.Code)
	}
	if !c.OK {
		text += " (" + string(c.Code) + ")"
	}
	if c.Reason != "" {
		text += ": " + c.Reason
	}
	return text
}
