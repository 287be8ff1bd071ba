// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// graceFlags say how long the secret before lives on.
type graceFlags struct {
	grace, idle, atMost time.Duration
}

func (g *graceFlags) add(flags *pflag.FlagSet) {
	addDuration(flags, &g.grace, "grace", 0, "let the old secret live on for `TIME`, such as 24h; 0 ends it now (default: as the keyspace says, or 24h)")
	addDuration(flags, &g.idle, "idle", 0, "end it once it was not used for `TIME`, such as 24h")
	addDuration(flags, &g.atMost, "at-most", 0, "with --idle: end it after `TIME` in any case (default 30d)")
}

// request returns the grace that was named, or nil.
func (g *graceFlags) request(named func(string) bool) (*api.Grace, error) {
	switch {
	case named("grace") && (named("idle") || named("at-most")):
		return nil, misused("--grace stands beside --idle or --at-most", "give a time, or --idle with --at-most")
	case named("at-most") && !named("idle"):
		return nil, misused("--at-most stands without --idle", "give --grace for a time alone")
	case named("idle") && g.idle == 0, named("at-most") && g.atMost == 0:
		return nil, misused("--idle or --at-most is 0", "--grace 0 ends the old secret now")
	case named("grace"):
		return &api.Grace{AtMost: api.Duration(g.grace)}, nil
	case named("idle"):
		return &api.Grace{Idle: api.Duration(g.idle), AtMost: api.Duration(g.atMost)}, nil
	}
	return nil, nil
}

type rotateFlags struct {
	serverFlags
	graceFlags
	filterFlags
	force          bool
	hash, publicID string
	idempotencyKey string
	to             string
	replace        bool
	output         string
}

func (s *session) rotateCommand() *cobra.Command {
	var f rotateFlags
	cmd := &cobra.Command{
		Use:   "rotate [KEY_ID]",
		Short: "Give a key, or many, a new secret",
		Long: `Give a key a new secret, which is shown once. Its id, scopes, limits, credits and history stay.

The old secret lives on for the grace, so that nothing breaks that still uses it: for a time, or, with --idle, for as
long as it is used. With --grace 0 it ends now: a verification that begins after this has returned does not answer VALID
for it, on any node.

A second rotation within a grace is refused unless --force says so; then both old secrets live on until their ends, and
with --grace 0 none does.

` + filterHelp + ` The new keys are written as JSON, one a line, with --output csv as CSV, or with --to to a file.`,
		Example: `  keywright rotate key_0DFUqXqVeEpK4nSQhDZ0mR
  keywright rotate key_0DFUqXqVeEpK4nSQhDZ0mR --idle 24h --at-most 30d --to ci.env
  keywright rotate key_0DFUqXqVeEpK4nSQhDZ0mR --grace 0
  keywright rotate key_0DFUqXqVeEpK4nSQhDZ0mR --hash "$(keywright hash < key.txt)" --public-id 7Yk2mQ9x
  keywright rotate --filter due --dry-run
  keywright rotate --filter due --keyspace acme --to acme.csv`,
		Args: keyOrFilter,
		RunE: func(cmd *cobra.Command, args []string) error { return s.rotate(cmd, &f, args) },
	}
	flags := cmd.Flags()
	f.graceFlags.add(flags)
	flags.BoolVar(&f.force, "force", false, "rotate also while the grace of an earlier rotation runs")
	f.filterFlags.add(cmd)
	flags.StringVar(&f.hash, "hash", "", "register the new key with the storage `HASH`: hex, base64 or base58")
	flags.StringVar(&f.publicID, "public-id", "", "with --hash: the public `ID` of that key")
	flags.StringVar(&f.idempotencyKey, "idempotency-key", "", "do it once, however often it is asked with `TEXT` within 24 hours")
	flags.StringVar(&f.to, "to", "", "write the key to `FILE` of mode 0600: .env, .json, .jsonl or .csv")
	flags.BoolVar(&f.replace, "replace", false, "with --to: replace a file that exists")
	outputFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (f *rotateFlags) request(named func(string) bool) (q api.RotateRequest, err error) {
	q = api.RotateRequest{Force: f.force, PublicID: f.publicID}
	if q.Grace, err = f.graceFlags.request(named); err != nil {
		return q, err
	}
	if q.Hash, err = hashArgument(f.hash); err != nil {
		return q, err
	}
	switch {
	case f.to != "" && f.output != asText:
		return q, misused("--to stands beside --output", "the ending of the file says its form: .env, .json, .jsonl or .csv")
	case f.to != "" && f.hash != "":
		return q, misused("--to stands beside --hash", "a registered key is not known to the server: there is nothing to write")
	}
	return q, nil
}

func (s *session) rotate(cmd *cobra.Command, f *rotateFlags, args []string) error {
	q, err := f.request(cmd.Flags().Changed)
	if err != nil {
		return err
	}
	filter, err := f.filter(args)
	switch {
	case err != nil:
		return err
	case filter == nil:
		id, err := keyID(args[0])
		if err != nil {
			return err
		}
		return s.rotateOne(cmd.Context(), f, id, q)
	case f.hash != "" || f.publicID != "" || f.idempotencyKey != "":
		return misused("--hash, --public-id or --idempotency-key stands beside --filter", "they are for one key")
	}
	return s.bulk(cmd.Context(), &f.serverFlags, &f.filterFlags, bulkAct{
		request: api.BulkRequest{Filter: *filter, Verb: api.BulkRotate, Rotate: &api.BulkRotation{Grace: q.Grace, Force: q.Force}},
		past:    "rotated", after: graceText(q.Grace), output: f.output, to: f.to, replace: f.replace,
	})
}

// graceText says what becomes of the old secrets of many keys.
func graceText(g *api.Grace) string {
	if g != nil && *g == (api.Grace{}) {
		return "no node answers VALID for the old secrets from now on"
	}
	return "the old secrets live on for their grace"
}

func (s *session) rotateOne(ctx context.Context, f *rotateFlags, id keywright.KeyID, q api.RotateRequest) error {
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	sink, err := s.issuedSink(keptIn{to: f.to, replace: f.replace, output: f.output, columns: rotatedColumns})
	if err != nil {
		return err
	}
	defer sink.discard()
	r, err := c.Rotate(ctx, id, q, f.idempotencyKey)
	if err != nil {
		return fromServer(err)
	}
	for _, w := range r.Warnings {
		s.warn("%s", printable(w))
	}
	if f.to == "" || !r.Key.IsZero() { // a file is for a key
		if err := sink.write(issuedRow{r.Key, r.Record, r.PreviousEndsAt, r.PreviousIdle, r.Repeated}); err != nil {
			return err
		}
		if err := sink.end(); err != nil {
			return err
		}
	}
	s.say("%s · %s", rotatedText(f, &r), s.previousText(&r))
	if s.graceRuns(&r) {
		s.say("next: keywright end-grace %s, once nothing uses the old secret", r.Record.ID)
	}
	return nil
}

// rotatedText says where the new key is.
func rotatedText(f *rotateFlags, r *api.RotateResponse) string {
	switch {
	case r.Repeated:
		return "rotated before; the key can no longer be shown"
	case r.Key.IsZero():
		return "registered"
	case f.to != "":
		return "written to " + f.to
	}
	return "shown once"
}

func (s *session) graceRuns(r *api.RotateResponse) bool {
	return r.PreviousEndsAt.After(s.now()) || r.PreviousEndsAt.IsZero() && len(r.Record.Secrets) > 1
}

// previousText says when the old secret ends.
func (s *session) previousText(r *api.RotateResponse) string {
	switch {
	case !s.graceRuns(r):
		return "no node answers VALID for the old secret from now on"
	case r.PreviousIdle > 0:
		return "the old secret ends when it was not used for " + r.PreviousIdle.String() + ", at the latest " + s.dayText(r.PreviousEndsAt)
	}
	return "the old secret ends " + s.dayText(r.PreviousEndsAt)
}
