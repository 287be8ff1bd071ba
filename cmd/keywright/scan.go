// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/internal/sweep"
	"github.com/keywright/keywright/leak"
)

// Forms of output of scan alone.
const (
	asSARIF  = "sarif"
	asGitHub = "github"
)

type scanFlags struct {
	formatFlags
	serverFlags
	only, noIgnore  bool
	history, staged bool
	revisions       string
	maxSize         int
	baseline        string
	writeBaseline   bool
	revoke, yes     bool
	output          string
}

func (s *session) scanCommand() *cobra.Command {
	var f scanFlags
	cmd := &cobra.Command{
		Use:   "scan [PATH…]",
		Short: "Find keys in files, folders and git history",
		Long: `Find keys in files, folders, archives and git history, before others do. A key is told by its prefix, its shape and its
checksum; it is found in UTF-16, base64 and URL encoding too. No key is ever shown whole.

It looks for keys of the format that --preset and --prefix describe, of the keyspaces of the server that --url or
--profile names, and of GitHub, Stripe and the other issuers that keywright inspect knows. Publishable keys are no leaks.
The server is asked about keys of its own formats alone, and leaves no trace of that. Without one nothing leaves this machine.

The exit code is 0 where no key was found, 1 where one was, and 3 where none was found and not all could be scanned.`,
		Example: `  keywright scan
  keywright scan --prefix acme src config.tar.gz
  git diff | keywright scan -
  keywright scan --staged --baseline .keywright-baseline.json
  keywright scan --history --profile production --revoke`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return s.scan(cmd.Context(), &f, args) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.history, "history", false, "scan all commits of the git repository at PATH: what was taken out is there still")
	flags.StringVar(&f.revisions, "range", "", "scan the commits of `A..B` alone")
	flags.BoolVar(&f.staged, "staged", false, "scan what git commit would add")
	flags.BoolVar(&f.noIgnore, "no-ignore", false, "scan also what .gitignore names, and .git")
	flags.IntVar(&f.maxSize, "max-size", sweep.DefaultMaxBytes>>20, "read at most `MIB` of one file, stream or archive as it unpacks")
	flags.StringVar(&f.baseline, "baseline", "", "leave out the keys that `FILE` knows")
	flags.BoolVar(&f.writeBaseline, "write-baseline", false, "write what was found to the --baseline file: it reveals no key")
	flags.BoolVar(&f.revoke, "revoke", false, "revoke the keys that the server calls active, after a question")
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	flags.BoolVar(&f.only, "only", false, "look for no keys but those of --preset, --prefix and the server")
	addFormatFlags(cmd, &f.formatFlags)
	choice(cmd, &f.output, "output", asText, "write `FORM`: text, json, sarif (2.1.0) or github (annotations)", asText, asJSON, asSARIF, asGitHub)
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

// check refuses flags that do not go together.
func (f *scanFlags) check(paths []string) error {
	modes := 0
	for _, set := range []bool{f.history, f.revisions != "", f.staged} {
		if set {
			modes++
		}
	}
	switch {
	case modes > 1:
		return misused("--history, --range and --staged stand beside each other", "give one of them")
	case modes == 1 && len(paths) > 1:
		return misused("history has one PATH: the folder of a git repository", "scan one repository after the other")
	case modes == 1 && slices.Contains(paths, "-"):
		return misused("standard input has no history", "name the folder of a git repository")
	case strings.HasPrefix(f.revisions, "-") || f.revisions != "" && strings.ContainsAny(f.revisions, " \n\x00"):
		return misused("--range is no range of commits", "for example origin/main..HEAD")
	case f.maxSize < 1:
		return misused("--max-size is less than 1", "1024 are 1 GiB")
	case f.writeBaseline && f.baseline == "":
		return misused("--write-baseline needs the file's name", "name it with --baseline")
	case f.yes && !f.revoke:
		return misused("--yes answers the question of --revoke, which is not given", "leave it out")
	}
	return nil
}

// own returns the format that the flags describe, if they describe one.
func (f *scanFlags) own() ([]leak.Format, error) {
	described := slices.ContainsFunc([]string{"preset", "prefix", "encoding", "bytes", "length", "id-bytes", "separator", "no-checksum", "shape"}, f.changed)
	if !described {
		return nil, nil
	}
	format, err := f.format()
	if err != nil {
		return nil, err
	}
	if err := leak.Findable(format); err != nil {
		return nil, err
	}
	if format.Publishable {
		return nil, misused("--preset "+f.preset+" is of keys that may be seen by anyone", "there is nothing to find: choose another preset")
	}
	return []leak.Format{{Format: format}}, nil
}

// A scan is the state of one.
type scan struct {
	*session
	flags    *scanFlags
	found    []scanned
	problems []sweep.Problem
	known    int // left out: of the baseline
	inputs   int
	bytes    int64
}

// A scanned is a key that was found, and what the server says of it.
type scanned struct {
	sweep.Finding
	Fingerprint string          `json:"fingerprint"`
	State       string          `json:"state,omitempty"` // active, revoked, disabled, expired, pending or unknown; empty: not asked
	Keyspace    string          `json:"keyspace,omitempty"`
	KeyID       keywright.KeyID `json:"key_id,omitzero"`
	previous    bool            // not the newest secret of its record
}

func (s *session) scan(ctx context.Context, f *scanFlags, paths []string) error {
	if err := f.check(paths); err != nil {
		return err
	}
	known, err := readBaseline(f)
	if err != nil {
		return err
	}
	formats, err := f.own()
	if err != nil {
		return err
	}
	server, theirs, err := s.scanServer(ctx, f)
	if err != nil {
		return err
	}
	if formats = append(formats, theirs...); f.only && len(formats) == 0 {
		return misused("--only leaves nothing to look for", "describe a format with --prefix, or name a server with --url or --profile")
	}
	scanner, err := leak.New(leak.Options{Formats: formats, Known: !f.only})
	if err != nil {
		return err
	}
	run := &scan{session: s, flags: f}
	if err := run.sweep(ctx, scanner, paths); err != nil {
		return err
	}
	run.sort()
	if f.writeBaseline {
		return run.saveBaseline()
	}
	run.leaveOut(known)
	if server != nil {
		run.judge(ctx, server)
	}
	if err := run.report(); err != nil {
		return err
	}
	if f.revoke {
		if err := run.revoke(ctx, server); err != nil {
			return err
		}
	}
	return ended(run.exit())
}

// sweep scans what the flags and paths name.
func (r *scan) sweep(ctx context.Context, scanner *leak.Scanner, paths []string) error {
	count := r.newCount()
	defer count.end()
	s := &sweep.Sweep{
		Scanner: scanner, NoIgnore: r.flags.noIgnore, MaxBytes: int64(r.flags.maxSize) << 20, Progress: count.at,
		Found: func(f sweep.Finding) { r.found = append(r.found, scanned{Finding: f, Fingerprint: f.Fingerprint()}) },
		Problem: func(p sweep.Problem) {
			r.problems = append(r.problems, p)
			r.warn("%s %s", printable(p.Path), printable(p.Problem))
		},
	}
	defer func() { r.inputs, r.bytes = s.Scanned() }()
	if len(paths) == 0 {
		paths = []string{"."}
	}
	switch f := r.flags; {
	case f.history:
		return s.History(ctx, paths[0], "--all")
	case f.revisions != "":
		return s.History(ctx, paths[0], f.revisions)
	case f.staged:
		return s.Staged(ctx, paths[0])
	}
	files := slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return path == "-" })
	if len(files) < len(paths) {
		if err := s.Reader(ctx, "(standard input)", r.stdin); err != nil {
			return err
		}
	}
	return s.Paths(ctx, files)
}

func (r *scan) exit() int {
	switch {
	case len(r.found) > 0:
		return api.ExitRefused
	case len(r.problems) > 0:
		return api.ExitNoAnswer
	}
	return api.ExitDone
}
