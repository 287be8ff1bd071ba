// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/client"
)

type exportFlags struct {
	serverFlags
	query  client.ExportQuery
	to     string
	force  bool
	output string
}

func (s *session) exportCommand() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use: "export", Short: "Write records out, as an import takes them",
		Long: `Write records out, one JSON object a line or as a table. With --hashes they can be imported elsewhere and all keys
verify there; that needs the scope keys:export_hashes. Parents come before their children.

In a table, a cell that a spreadsheet would take for a formula has an apostrophe in front; an import takes it away.`,
		Example: `  keywright export --keyspace acme --hashes --to acme.ndjson
  keywright export --keyspace acme --output csv --owner team_7`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.export(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	addKeyspaceFlag(flags, &f.query.Keyspace)
	flags.StringVar(&f.query.Owner, "owner", "", "only keys of the owner `ID`")
	flags.StringVar(&f.query.Scope, "scope", "", "only keys that grant `SCOPE`")
	choice(cmd, &f.query.State, "state", "", "only keys that are `STATE`: active, pending, expired, disabled or revoked", "active", "pending", "expired", "disabled", "revoked")
	flags.StringVar(&f.query.Text, "q", "", "only keys whose name or owner holds `TEXT`")
	flags.BoolVar(&f.query.Hashes, "hashes", false, "with the hashes of the secrets")
	flags.StringVar(&f.to, "to", "", "write to `FILE` of mode 0600 (default: standard output)")
	flags.BoolVar(&f.force, "force", false, "replace a file that exists")
	choice(cmd, &f.output, "output", "", "write `FORM`: jsonl or csv (default: by the ending of the file)", asJSONL, asCSV)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (s *session) export(ctx context.Context, f *exportFlags) error {
	f.query.CSV = f.output == asCSV || f.output == "" && filepath.Ext(f.to) == ".csv"
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	if f.to == "" {
		return fromServer(c.Export(ctx, f.query, s.stdout))
	}
	file, err := newSecretFile(f.to, f.force)
	if err != nil {
		return err
	}
	defer file.discard()
	count := &lineCount{Writer: file}
	if err := c.Export(ctx, f.query, count); err != nil {
		return fromServer(err)
	}
	if err := file.done(); err != nil {
		return err
	}
	if f.query.CSV {
		s.say("written to %s", f.to)
		return nil
	}
	s.say("%s records · written to %s", grouped(count.lines), f.to)
	return nil
}

// A lineCount counts lines that pass.
type lineCount struct {
	io.Writer
	lines int
}

func (l *lineCount) Write(b []byte) (int, error) {
	l.lines += bytes.Count(b, []byte("\n"))
	return l.Writer.Write(b)
}
