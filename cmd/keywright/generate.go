// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright"
)

type generateFlags struct {
	formatFlags
	count        int
	table        bool
	to, hashesTo string
	force        bool
	output       string

	made      keywright.Format
	firstHash keywright.Hash
}

func (s *session) generateCommand() *cobra.Command {
	var f generateFlags
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Make keys without a server",
		Long: `Make keys without a server.

The keys go to standard output, alone. Nothing is stored and nothing can show them again: keep each in a
vault, and give the server that checks it the storage hash alone.`,
		Example: `  keywright generate --prefix acme
  keywright generate --preset secret-key --env test
  keywright generate --prefix acme --count 50 --table
  keywright generate --prefix acme --count 50 --to keys.csv --hashes-to hashes.csv
  keywright generate --preset public-id --prefix st --env none --encoding crockford
  keywright generate --shape secret-only --encoding hex --bytes 16`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.generate(cmd.Context(), &f) },
	}
	addFormatFlags(cmd, &f.formatFlags)
	flags := cmd.Flags()
	addEnvFlag(flags, &f.formatFlags)
	flags.IntVar(&f.count, "count", 1, "make `N` keys")
	flags.BoolVar(&f.table, "table", false, "show the ledger: key, public id, secret length, entropy, checksum, storage hash")
	flags.StringVar(&f.to, "to", "", "write the keys to `FILE` of mode 0600: .env, .json, .jsonl or .csv")
	flags.StringVar(&f.hashesTo, "hashes-to", "", "write storage hashes and public ids, but no keys, to `FILE`: .json, .jsonl or .csv")
	flags.BoolVar(&f.force, "force", false, "replace files that exist")
	outputFlag(cmd, &f.output)
	return cmd
}

func (s *session) generate(ctx context.Context, f *generateFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	format, err := f.formatFlags.format()
	if err != nil {
		return err
	}
	f.made = format
	generator, err := keywright.NewGenerator(format, nil)
	if err != nil {
		return misused("keys of this format are not made", "opaque keys are registered by their hash; choose another --preset")
	}
	for _, w := range format.Warnings() {
		s.warn("%s", w)
	}
	if err := s.generateAll(ctx, f, generator); err != nil {
		return err
	}
	s.say("%s", f.summary())
	return nil
}

func (f *generateFlags) check() error {
	switch {
	case f.count < 1:
		return misused("--count is not a number of keys", "give 1 or more")
	case f.table && f.output != asText:
		return misused("--table stands beside --output "+f.output, "give one of them")
	case f.table && f.to != "":
		return misused("--table stands beside --to", "the ledger shows the keys that --to keeps away: give one of them")
	case f.to != "" && f.output != asText:
		return misused("--to stands beside --output", "the ending of the file says its form: .env, .json, .jsonl or .csv")
	case f.to != "" && f.to == f.hashesTo:
		return misused("--to and --hashes-to name the same file", "keep keys and hashes apart")
	}
	return nil
}

// generateAll makes the keys and writes each to every place it goes to, one by one: a million need no memory.
func (s *session) generateAll(ctx context.Context, f *generateFlags, generator *keywright.Generator) error {
	sinks, err := s.keySinks(f)
	if err != nil {
		return err
	}
	defer func() {
		for _, sink := range sinks {
			sink.discard()
		}
	}()
	progress := s.newProgress(f.count)
	defer progress.end()
	for i := range f.count {
		if i&0xfff == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			progress.at(i)
		}
		key, err := generator.Next("")
		if err != nil {
			return unknowable("no key was made", "the system's source of randomness failed", err)
		}
		if i == 0 {
			f.firstHash = key.Hash()
		}
		for _, sink := range sinks {
			if err := sink.write(key); err != nil {
				return err
			}
		}
	}
	for _, sink := range sinks {
		if err := sink.end(); err != nil {
			return err
		}
	}
	return nil
}

// summary is the line for people: how hard the keys are to guess, and where they went.
func (f *generateFlags) summary() string {
	parts := []string{bitsText(f.made.Entropy())}
	if f.count == 1 {
		parts = append(parts, "storage hash "+f.firstHash.String())
	} else {
		parts = []string{
			grouped(f.count) + " keys", bitsText(f.made.Entropy()) + " each",
			"P(duplicate in the batch) " + keywright.CollisionText(keywright.Collision(f.count, f.made.Entropy())),
		}
	}
	if f.to != "" {
		parts = append(parts, "written to "+f.to)
	}
	if f.hashesTo != "" {
		parts = append(parts, "hashes in "+f.hashesTo)
	}
	if f.to == "" {
		parts = append(parts, "shown once")
	}
	return strings.Join(parts, " · ")
}

// bitsText writes entropy for people, never more than there is.
func bitsText(bits float64) string { return fmt.Sprintf("%d bits", int(bits)) }

// grouped writes a number with a comma between thousands.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
