// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

const defaultKeyspace = "default"

func addKeyspaceFlag(flags *pflag.FlagSet, keyspace *string) {
	flags.StringVar(keyspace, "keyspace", defaultKeyspace, "in the keyspace `NAME`")
}

// termsFlags say what a key is for and where it may be used: those that issue and update share.
type termsFlags struct {
	name, owner   string
	scopes, roles []string
	spendFlags
	expiresIn                       time.Duration
	expiresAt, notBefore            time.Time
	networks                        networkList
	origins, methods, paths, spaces []string
	metadata                        string
}

func (t *termsFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&t.name, "name", "", "call the key `TEXT`, for people")
	flags.StringVar(&t.owner, "owner", "", "give the key to `ID`: the user or organization, as you name it")
	flags.StringSliceVar(&t.scopes, "scope", nil, "grant `SCOPE`, such as invoices:read or documents.* (repeat)")
	flags.StringSliceVar(&t.roles, "role", nil, "grant the scopes of `ROLE`, which the keyspace defines (repeat)")
	t.spendFlags.add(flags)
	addDuration(flags, &t.expiresIn, "expires-in", 0, "end the key after `TIME`, such as 24h or 30d")
	addTime(flags, &t.expiresAt, "expires-at", "end the key at `TIME`, such as 2030-01-31 or 2030-01-31T12:00:00Z")
	addTime(flags, &t.notBefore, "not-before", "let the key begin at `TIME`")
	flags.Var(&t.networks, "allow-network", "let it be used from `CIDR` alone (repeat)")
	flags.StringSliceVar(&t.origins, "allow-origin", nil, "let it be used by pages of the web `ORIGIN` alone (repeat)")
	flags.StringSliceVar(&t.methods, "allow-method", nil, "let it be used for `METHOD` alone (repeat)")
	flags.StringArrayVar(&t.paths, "allow-path", nil, "let it be used below `PATH` alone (repeat)")
	flags.StringSliceVar(&t.spaces, "bind-keyspace", nil, "of a service key: let it act on the keyspace `NAME` alone (repeat)")
	flags.StringVar(&t.metadata, "metadata", "", "keep `JSON`, an object, with the key")
}

// metadataJSON returns the metadata as it is sent. What it holds is the user's, so errors do not repeat it.
func (t *termsFlags) metadataJSON() (json.RawMessage, error) {
	if t.metadata == "" {
		return nil, nil
	}
	var b bytes.Buffer
	if json.Compact(&b, []byte(t.metadata)) != nil || b.Len() == 0 || b.Bytes()[0] != '{' {
		return nil, misused("--metadata is not a JSON object", `for example {"team":"billing"}`)
	}
	return b.Bytes(), nil
}

type issueFlags struct {
	serverFlags
	termsFlags
	keyspace, env, format string
	parent                string
	hash, publicID        string
	idempotencyKey        string
	bindOwner             string
	decoy                 string
	count                 int
	to                    string
	force                 bool
	output                string
}

func (s *session) issueCommand() *cobra.Command {
	var f issueFlags
	cmd := &cobra.Command{
		Use:   "issue",
		Short: "Issue a key",
		Long: `Issue a key: the server keeps its hash, and the key is shown once.

With --hash it registers a key that was made elsewhere, so that the server never sees its secret. Service keys,
which guard the server itself, are issued in the keyspace keywright.

With --parent it issues a child: a key that can never do more than its parent, and ends with it. Keyspace, environment
and owner are the parent's. Who holds the parent key, and no service key, uses keywright child.`,
		Example: `  keywright issue --name ci --scope invoices:read
  keywright issue --keyspace acme --env test --owner team_7 --scope 'documents.*' --expires-in 30d
  keywright issue --name trial --limit requests=100/1m,burst=20 --credits 1000 --refill 500/24h
  keywright issue --name fleet --count 50 --to keys.csv
  keywright issue --name partner --hash "$(keywright hash < key.txt)" --public-id 7Yk2mQ9xR4tB
  keywright issue --keyspace keywright --name gateway --scope keys:verify --bind-keyspace acme
  keywright issue --parent key_0DFUqXqVeEpK4nSQhDZ0mR --name agent --scope invoices:read --expires-in 1h`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.parent != "" && !cmd.Flags().Changed("keyspace") {
				f.keyspace = "" // that of the parent
			}
			return s.issue(cmd.Context(), &f)
		},
	}
	flags := cmd.Flags()
	addKeyspaceFlag(flags, &f.keyspace)
	flags.StringVar(&f.env, "env", "", "for the environment `LABEL` (default: the first of the keyspace)")
	flags.StringVar(&f.format, "format", "", "in the format `NAME` (default: the first of the keyspace)")
	flags.StringVar(&f.parent, "parent", "", "as a child of the key `KEY_ID`")
	f.termsFlags.add(flags)
	flags.StringVar(&f.bindOwner, "bind-owner", "", "of a service key: let it act on keys of the owner `ID` alone")
	flags.StringVar(&f.hash, "hash", "", "register the key with the storage `HASH`: hex, base64 or base58")
	flags.StringVar(&f.publicID, "public-id", "", "with --hash: the public `ID` of that key")
	flags.StringVar(&f.decoy, "decoy", "", "make a key that looks real and opens nothing, to be planted at `PLACE`: any use of it is an event that names the place")
	flags.StringVar(&f.idempotencyKey, "idempotency-key", "", "do it once, however often it is asked with `TEXT` within 24 hours")
	flags.IntVar(&f.count, "count", 0, "issue `N` keys")
	flags.StringVar(&f.to, "to", "", "write the key to `FILE` of mode 0600: .env, .json, .jsonl or .csv")
	flags.BoolVar(&f.force, "force", false, "replace a file that exists")
	outputFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (f *issueFlags) request() (api.IssueRequest, error) {
	q := api.IssueRequest{
		Keyspace: f.keyspace, Format: f.format, Environment: f.env, Name: f.name, Owner: f.owner, Scopes: f.scopes,
		Roles: f.roles, Limits: f.limits, AllowedNetworks: f.networks, AllowedOrigins: f.origins, AllowedMethods: f.methods, AllowedPaths: f.paths,
		Keyspaces: f.spaces, BoundOwner: f.bindOwner, NotBefore: f.notBefore, ExpiresAt: f.expiresAt,
		ExpiresIn: api.Duration(f.expiresIn), PublicID: f.publicID,
	}
	if f.decoy != "" {
		q.Decoy = &api.Decoy{Planted: f.decoy}
	}
	var err error
	if q.Metadata, err = f.metadataJSON(); err != nil {
		return q, err
	}
	if q.Credits, err = f.creditsRequest(); err != nil {
		return q, err
	}
	if q.Hash, err = hashArgument(f.hash); err != nil {
		return q, err
	}
	switch {
	case f.count < 0:
		return q, misused("--count is not a number of keys", "give 1 or more")
	case f.count > 0 && f.parent != "":
		return q, misused("--count stands beside --parent", "issue children one by one")
	case f.count > 0 && f.hash != "":
		return q, misused("--count stands beside --hash", "a hash is of one key")
	case f.count > 0 && f.idempotencyKey != "":
		return q, misused("--count stands beside --idempotency-key", "issue one by one where repeats must be known")
	case f.to != "" && f.output != asText:
		return q, misused("--to stands beside --output", "the ending of the file says its form: .env, .json, .jsonl or .csv")
	case f.to != "" && f.hash != "":
		return q, misused("--to stands beside --hash", "a registered key is not known to the server: there is nothing to write")
	}
	return q, nil
}

// hashArgument reads the hash of a key that was made elsewhere; empty text is none.
func hashArgument(text string) (keywright.Hash, error) {
	if text == "" {
		return keywright.Hash{}, nil
	}
	h, err := keywright.ParseHash(text)
	if err != nil {
		return h, misused("--hash is not a SHA-256 hash", "give 64 hex digits, base64 or base58, as keywright hash prints it; "+
			"if it was a key, rotate it and clear the shell's history")
	}
	return h, nil
}

func (s *session) issue(ctx context.Context, f *issueFlags) error {
	q, err := f.request()
	if err != nil {
		return err
	}
	var parent keywright.KeyID
	if f.parent != "" {
		if parent, err = parentID(f.parent); err != nil {
			return err
		}
	}
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	sink, err := s.issuedSink(keptIn{f.to, f.force, f.output, f.count, issuedColumns})
	if err != nil {
		return err
	}
	defer sink.discard()
	if f.count > 0 {
		return s.issueMany(ctx, c, f, q, sink)
	}
	if f.parent != "" {
		return s.issueTo(f, sink, func() (api.IssueResponse, error) { return c.IssueChild(ctx, parent, q, f.idempotencyKey) })
	}
	return s.issueTo(f, sink, func() (api.IssueResponse, error) { return c.Issue(ctx, q, f.idempotencyKey) })
}

// issueTo issues one key and writes it to a sink.
func (s *session) issueTo(f *issueFlags, sink issuedSink, issue func() (api.IssueResponse, error)) error {
	r, err := issue()
	if err != nil {
		return fromServer(err)
	}
	for _, w := range r.Warnings {
		s.warn("%s", printable(w))
	}
	if err := sink.write(issuedRowOf(&r)); err != nil {
		return err
	}
	if err := sink.end(); err != nil {
		return err
	}
	s.say("%s", issuedText(f, &r))
	return nil
}

// issuedText is the line for people below a new key.
func issuedText(f *issueFlags, r *api.IssueResponse) string {
	id := r.Record.ID.String()
	switch {
	case r.Repeated:
		return "issued before; the key can no longer be shown · " + id
	case r.Key.IsZero():
		return "registered · " + id
	case f.to != "":
		return "written to " + f.to + " · " + id
	}
	return "shown once · " + id
}

func (s *session) issueMany(ctx context.Context, c *client.Client, f *issueFlags, q api.IssueRequest, sink issuedSink) error {
	requests := func(yield func(api.IssueRequest) bool) {
		for range f.count {
			if !yield(q) {
				return
			}
		}
	}
	progress := s.newProgress(f.count)
	defer progress.end()
	issued := 0
	var warnings []string
	err := c.IssueMany(ctx, requests, func(line api.IssueLine) error {
		if line.Problem != nil {
			return line.Problem
		}
		if line.IssueResponse == nil {
			return unknowable("the server's answer cannot be read", "it may be of another version", nil)
		}
		issued++
		warnings = line.Warnings
		progress.at(issued)
		return sink.write(issuedRowOf(line.IssueResponse))
	})
	for _, w := range warnings {
		s.warn("%s", printable(w))
	}
	if issued > 0 { // also after an error: these exist, and nothing shows them again
		if endErr := sink.end(); err == nil {
			err = endErr
		}
	}
	if err != nil {
		if issued > 0 {
			s.say("%s of %s keys were issued", grouped(issued), grouped(f.count))
		}
		return fromServer(err)
	}
	where := "shown once"
	if f.to != "" {
		where = "written to " + f.to
	}
	s.say("%s", strings.Join([]string{grouped(issued) + " keys", where}, " · "))
	return nil
}
