// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

type importFlags struct {
	serverFlags
	keyspace  string
	input     string
	mapping   []string
	constants []string
	delimiter string
	dryRun    bool
	report    string
	force     bool
	output    string
}

func (s *session) importCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Import keys from elsewhere, by their hashes",
		Long: `Import keys from elsewhere by their hashes, so that nobody has to change a key. The file is a table (CSV) whose
first row names its columns, or has one JSON object a line; - is standard input.

Columns are fields of a record: name, owner, scopes, created_at … and hash, or key for keys that were kept as they
are; --map names the field of a column that is called otherwise, and --set gives a field to all lines.

What is there already is skipped, so an import that broke off is done again. A line that cannot be done is refused
with its reason, and the others go on.`,
		Example: `  keywright import keys.csv --keyspace acme --map key_sha256=hash --set scopes=invoices:read --dry-run
  keywright import keys.ndjson --keyspace acme --report refused.ndjson
  zcat keys.csv.gz | keywright import - --input csv --delimiter ';' --set hash_encoding=base64`,
		Args: oneArgument("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return s.importKeys(cmd.Context(), &f, args[0]) },
	}
	flags := cmd.Flags()
	addKeyspaceFlag(flags, &f.keyspace)
	choice(cmd, &f.input, "input", "", "read `FORM`: csv or ndjson (default: by the ending of the file)", asCSV, "ndjson")
	flags.StringArrayVar(&f.mapping, "map", nil, "take `COLUMN=FIELD`: the field of a column; COLUMN= leaves it out (repeat)")
	flags.StringArrayVar(&f.constants, "set", nil, "give all lines `FIELD=VALUE`, such as algorithm=bcrypt (repeat)")
	flags.StringVar(&f.delimiter, "delimiter", ",", "cells of the table are separated by `CHARACTER`; tab for a tab")
	flags.BoolVar(&f.dryRun, "dry-run", false, "only tell what would become of each line")
	flags.StringVar(&f.report, "report", "", "write the lines that were refused, with their reasons, to `FILE`")
	flags.BoolVar(&f.force, "force", false, "replace a report that exists")
	outputOneFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (s *session) importKeys(ctx context.Context, f *importFlags, path string) error {
	mapped, err := f.read(path)
	if err != nil {
		return err
	}
	from := s.stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return misused("cannot read "+path+": "+plainPathError(err), "name a file that you can read, or - for standard input")
		}
		defer file.Close()
		from = file
	}
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	report, err := newImportReport(f)
	if err != nil {
		return err
	}
	defer report.discard()
	body, err := mapped.body(from)
	if err != nil {
		return err
	}
	return s.sendImport(ctx, c, f, body, report)
}

// read decides how the lines are read.
func (f *importFlags) read(path string) (*importMapping, error) {
	m := &importMapping{form: f.input, columns: map[string]string{}}
	if m.form == "" {
		switch filepath.Ext(path) {
		case ".csv", ".tsv":
			m.form = asCSV
		case ".ndjson", ".jsonl", ".json":
			m.form = "ndjson"
		default:
			return nil, misused("nothing says what the file holds", "--input csv or --input ndjson says it")
		}
	}
	switch {
	case f.delimiter == "tab" || filepath.Ext(path) == ".tsv" && f.delimiter == ",":
		m.comma = '\t'
	case len([]rune(f.delimiter)) == 1 && !strings.ContainsAny(f.delimiter, "\"\r\n"):
		m.comma = []rune(f.delimiter)[0]
	default:
		return nil, misused("--delimiter is not one character", "use , or ; or tab")
	}
	for _, pair := range f.mapping {
		column, field, ok := strings.Cut(pair, "=")
		if !ok || column == "" {
			return nil, misused("--map is not COLUMN=FIELD", "for example --map key_sha256=hash")
		}
		m.columns[column] = field
	}
	var probe api.ImportLine
	for _, pair := range f.constants {
		field, value, ok := strings.Cut(pair, "=")
		if !ok || field == "key" || field == "secrets" {
			return nil, misused("--set is not FIELD=VALUE, or gives all lines one key", "for example --set hash_encoding=base64")
		}
		if err := probe.Set(field, value); err != nil {
			what := "--set: "
			if slices.Contains(api.ImportFields(), field) { // any other text may be a key
				what = "--set " + field + ": "
			}
			return nil, misused(what+detailText(err), "fields are "+strings.Join(api.ImportFields(), ", "))
		}
		m.constants = append(m.constants, [2]string{field, value})
	}
	return m, nil
}

// detailText is what a *api.Problem says is wrong.
func detailText(err error) string {
	if p, ok := err.(*api.Problem); ok {
		return p.Detail
	}
	return err.Error()
}

// sendImport sends the lines and tells what became of them.
func (s *session) sendImport(ctx context.Context, c *client.Client, f *importFlags, body io.Reader, report *importReport) error {
	bar := s.newCount()
	defer bar.end()
	mapped, _ := body.(*mappedBody)
	end, err := c.Import(ctx, client.ImportQuery{Keyspace: f.keyspace, DryRun: f.dryRun}, body, func(a api.ImportAnswer) error {
		if a.Progress != nil {
			bar.at(a.Progress.Lines)
		}
		if a.ImportOutcome == nil {
			return nil
		}
		bar.end()
		if mapped != nil {
			if p := mapped.problem(a.Line); p != nil {
				a.Problem = p
			}
		}
		return report.add(s, a.ImportOutcome)
	})
	bar.end()
	if mapped != nil && mapped.failure() != nil {
		return mapped.failure()
	}
	if reportErr := report.end(s); err == nil {
		err = reportErr
	}
	if err != nil {
		return fromServer(err)
	}
	if f.output == asJSON {
		if err := s.writeJSON(end); err != nil {
			return err
		}
	} else if err := s.showImport(f, &end); err != nil {
		return err
	}
	if end.Refused > 0 {
		return ended(api.ExitRefused)
	}
	return nil
}

func (s *session) showImport(f *importFlags, end *api.ImportEnd) error {
	text := "accepted: "
	if f.dryRun {
		text = "would be accepted: "
	}
	text += grouped(end.Accepted) + " · already there: " + grouped(end.Skipped) + " · refused: " + grouped(end.Refused)
	if _, err := io.WriteString(s.stdout, text+"\n"); err != nil {
		return err
	}
	switch {
	case f.dryRun:
		s.say("nothing was stored: leave out --dry-run to do it")
	case end.Refused > 0:
		s.say("next: mend those lines and import the file again; what is there already is skipped")
	}
	return nil
}
