// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

type leakReportFlags struct {
	serverFlags
	where, source string
	found         time.Time
	keyFile       string
	output        string
}

func (s *session) leaksReportCommand() *cobra.Command {
	var f leakReportFlags
	cmd := &cobra.Command{
		Use:   "report [-]",
		Short: "Report keys that were seen where they must not be",
		Long: `Report keys that were seen where they must not be: one a line, on standard input or in a file; at a terminal one key
is asked for without echo.

Each secret key that the server issued ends as the policy of its keyspace says: at once, where it says nothing. This
cannot be undone. Nothing is kept of a key that the server did not issue. No key is shown: the lines of the output are
those of the input, by their numbers.`,
		Example: `  keywright leaks report                   (paste; no echo)
  keywright leaks report --where https://git.example.com/app.py --found-at 2030-01-31 < key.txt
  keywright leaks report --source wiki --output jsonl - < keys.txt`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] == "-" {
				return nil
			}
			return noArguments(cmd, args)
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return s.leaksReport(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.where, "where", "", "they were seen at the address `URL`, which must not hold a key")
	flags.StringVar(&f.source, "source", "command line", "they were seen in a place of the kind `TEXT`, such as wiki or ticket")
	addTime(flags, &f.found, "found-at", "they were seen at `TIME` (default now)")
	flags.StringVar(&f.keyFile, "key-file", "", "read the keys from `FILE`")
	outputFlag(cmd, &f.output)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

// A reportedRow is what became of one line, as programs see it.
type reportedRow struct {
	Line int `json:"line"`
	api.LeakResult
}

var reportedColumns = []column[reportedRow]{
	{"line", func(r reportedRow) string { return strconv.Itoa(r.Line) }},
	{"label", func(r reportedRow) string { return r.Label }},
	{"leak_id", func(r reportedRow) string { return r.LeakID }},
	{"key_id", func(r reportedRow) string { return idText(r.KeyID) }},
	{"state", func(r reportedRow) string { return r.State }},
	{"action", func(r reportedRow) string { return r.Action }},
	{"revoke_at", func(r reportedRow) string { return timeText(r.RevokeAt) }},
}

// A leakReport sends keys in requests of as many as the server takes.
type leakReport struct {
	s     *session
	c     *client.Client
	f     *leakReportFlags
	rows  *rows[reportedRow]
	table table
	known int // of the keys, the server issued
	leaks []api.LeakedKey
	lines []int
}

func (s *session) leaksReport(ctx context.Context, f *leakReportFlags) error {
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	r := leakReport{s: s, c: c, f: f, rows: newRows(s.stdout, f.output, reportedColumns)}
	r.table = table{titles: []string{"LINE", "KEY", "STATE", "DONE", "LEAK"}, shrink: make([]bool, 5)}
	if _, ok := terminal(s.stdin); ok && f.keyFile == "" {
		key, err := s.readKey(ctx, "")
		if err != nil {
			return err
		}
		r.add(1, key)
	} else if err := s.leakLines(f.keyFile, func(line int, key keywright.Secret) error { return r.take(ctx, line, key) }); err != nil {
		return err
	}
	if err := r.send(ctx); err != nil {
		return err
	}
	return r.end()
}

// leakLines reads keys, one a line. Empty lines are passed over.
func (s *session) leakLines(file string, each func(line int, key keywright.Secret) error) error {
	from, closeFile, err := s.keyLines(file)
	if err != nil {
		return err
	}
	defer closeFile()
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 0, 4096), keywright.MaxKeyBytes+2)
	n, keys := 0, 0
	for lines.Scan() {
		n++
		text := bytes.TrimSpace(lines.Bytes())
		if len(text) == 0 {
			continue
		}
		if !utf8.Valid(text) || len(text) > keywright.MaxKeyBytes {
			return misused(fmt.Sprintf("line %d is no key", n), "give one key a line; keys before this line may have been reported")
		}
		keys++
		if err := each(n, keywright.NewSecret(string(text))); err != nil {
			return err
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return misused(fmt.Sprintf("line %d is longer than any key", n+1), "give one key a line; keys before this line may have been reported")
	case err != nil:
		return unknowable("the keys could not be read", keyInputHint, err)
	case keys == 0:
		return misused("no key was given", "give keys on standard input, at the prompt, or with --key-file, one a line")
	}
	return nil
}

func (r *leakReport) add(line int, key keywright.Secret) {
	r.leaks = append(r.leaks, api.LeakedKey{Key: api.Key{Secret: key}, URL: r.f.where, Source: r.f.source, FoundAt: r.f.found})
	r.lines = append(r.lines, line)
}

// take adds a key, and sends what has come together.
func (r *leakReport) take(ctx context.Context, line int, key keywright.Secret) error {
	r.add(line, key)
	if len(r.leaks) < leaksAtOnce {
		return nil
	}
	return r.send(ctx)
}

// leaksAtOnce keeps a request below the size that a server takes, however long its keys and addresses are.
const leaksAtOnce = 200

func (r *leakReport) send(ctx context.Context) error {
	if len(r.leaks) == 0 {
		return nil
	}
	results, err := r.c.ReportLeaks(ctx, r.leaks)
	if err != nil {
		return fromServer(err)
	}
	for i, result := range results {
		row := reportedRow{Line: r.lines[i], LeakResult: result}
		if result.LeakID != "" {
			r.known++
		}
		if r.f.output == asText {
			done := result.Action
			if !result.RevokeAt.IsZero() {
				done = "revoked at " + timeText(result.RevokeAt)
			}
			r.table.rows = append(r.table.rows, []string{strconv.Itoa(row.Line), dash(idText(result.KeyID)), result.State, done, dash(result.LeakID)})
		} else if err := r.rows.add(row); err != nil {
			return err
		}
	}
	r.leaks, r.lines = nil, nil
	return nil
}

func (r *leakReport) end() error {
	if r.f.output != asText {
		return r.rows.end()
	}
	total := len(r.table.rows)
	r.table.dropEmpty()
	if err := r.table.write(r.s.stdout, r.s.width(r.s.stdout), r.s.colours(r.s.stdout)); err != nil {
		return err
	}
	r.s.say("%d of %d keys were issued by this server", r.known, total)
	return nil
}

// keyLines opens a file of keys, or standard input.
func (s *session) keyLines(file string) (io.Reader, func(), error) {
	if file == "" {
		return s.stdin, func() {}, nil
	}
	f, err := openKeyFile(file)
	if err != nil {
		return nil, nil, err
	}
	return f, func() { _ = f.Close() }, nil
}
