// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/backup"
	"github.com/keywright/keywright/client"
)

type backupFlags struct {
	serverFlags
	to    string
	force bool
}

func (s *session) backupCommand() *cobra.Command {
	var f backupFlags
	cmd := &cobra.Command{
		Use: "backup", Short: "Copy the whole store of a running server into a file",
		Long: `Copy the whole store into a file, as it is at one moment, while the server goes on. The copy is checked as it
arrives: the file gets its name only when it is whole.

A backup holds hashes of keys, never keys. The root key is not in it: keep a copy of that elsewhere. What is revoked
after the backup is in the revocation log of the server (keywright serve --revocation-log), which a restore needs.`,
		Example: `  keywright backup --to keywright-2030-01-31.backup
  keywright backup --to - | age -r age1… > keywright.backup.age`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.backup(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.to, "to", "", "write to `FILE` of mode 0600, or - for standard output")
	flags.BoolVar(&f.force, "force", false, "replace a file that exists")
	addServerFlags(cmd, &f.serverFlags)
	return cmd
}

func (s *session) backup(ctx context.Context, f *backupFlags) error {
	if f.to == "" {
		return misused("nothing says where the backup goes", "--to takes a file")
	}
	if f.to == "-" && isTerminal(s.stdout) {
		return misused("a backup is not for a terminal", "name a file, or send it on to another program")
	}
	c, err := s.connect(&f.serverFlags)
	if err != nil {
		return err
	}
	if f.to == "-" {
		summary, err := s.copyBackup(ctx, c, s.stdout)
		if err != nil {
			return err
		}
		s.say("%s", contents(&summary))
		return nil
	}
	file, err := newSecretFile(f.to, f.force)
	if err != nil {
		return err
	}
	defer file.discard()
	summary, err := s.copyBackup(ctx, c, file)
	if err != nil {
		return err
	}
	if err := file.done(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.stdout, "%s · %s\n", f.to, contents(&summary))
	return err
}

// copyBackup copies a backup and reads it on its way: what arrived in full may still not be whole.
func (s *session) copyBackup(ctx context.Context, c *client.Client, to io.Writer) (backup.Summary, error) {
	bar := s.newCount()
	defer bar.end()
	read, write := io.Pipe()
	var summary backup.Summary
	checked := make(chan error, 1)
	go func() {
		var err error
		summary, err = readAll(read, bar)
		_ = read.CloseWithError(err) // nil: what comes behind the end is an error of the reader already
		checked <- err
	}()
	err := c.Backup(ctx, io.MultiWriter(to, write))
	_ = write.CloseWithError(eofOr(err))
	broken := <-checked
	switch {
	case errors.Is(broken, backup.ErrArchive) && (err == nil || errors.Is(err, backup.ErrArchive)):
		return summary, unknowable("the server sent a backup that is not whole", "look at its log; audit verify says whether its audit chain is broken", broken)
	case err != nil:
		return summary, fromServer(err)
	}
	return summary, broken
}

func eofOr(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

// readAll reads an archive to its end and says how far it is.
func readAll(from io.Reader, bar *progress) (backup.Summary, error) {
	r, err := backup.NewReader(from)
	if err != nil {
		return backup.Summary{}, err
	}
	for n := 1; ; n++ {
		if _, err := r.Next(); err == io.EOF {
			return r.Summary, nil
		} else if err != nil {
			return backup.Summary{}, err
		}
		bar.at(n)
	}
}

// contents says what a backup holds.
func contents(b *backup.Summary) string {
	parts := []string{
		"keys: " + grouped(b.Counts["record"]), "keyspaces: " + grouped(b.Counts["keyspace"]), "events: " + grouped(b.Counts["event"]),
	}
	for _, more := range []struct{ kind, name string }{{"owner", "owners"}, {"balance", "balances"}, {"entry", "ledger lines"}} {
		if n := b.Counts[more.kind]; n > 0 {
			parts = append(parts, more.name+": "+grouped(n))
		}
	}
	return strings.Join(append(parts, "of "+timeText(b.Created)), " · ")
}
