// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/backup"
)

type restoreFlags struct {
	data, database, from string
	logs                 []string
	accept               bool
}

func (s *session) restoreCommand() *cobra.Command {
	var f restoreFlags
	cmd := &cobra.Command{
		Use: "restore", Short: "Load a backup into an empty store",
		Long: `Load a backup into an empty store: all of it or nothing. The server must not run. The backup, and its audit chain,
must be whole.

A backup does not know what was revoked after it. The revocation log of the server does: what it says was taken away
from a key is taken away from the restored one. Without it the store is frozen: a server over it answers every request
with 503, until the log is merged, or the loss is accepted with --accept-loss. Both can be done later, without --from.
A store that came back by other means, such as a copy of its file, has no such mark: merge the log before a server starts.

The root key is not in a backup: put a copy of root.key into the folder of the store, or where --root-key-file of the
server says.`,
		Example: `  keywright restore --from keywright.backup --revocation-log revocations.jsonl --data /var/lib/keywright
  keywright restore --from keywright.backup --database-url-file url.txt
  keywright restore --accept-loss --data /var/lib/keywright`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.restore(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	addDataFlag(flags, &f.data)
	addDatabaseFlag(flags, &f.database)
	flags.StringVar(&f.from, "from", "", "load the backup in `FILE`, or from standard input where it is -")
	flags.StringSliceVar(&f.logs, "revocation-log", nil, "merge the revocation log in `FILE` (repeat: one for each server there was)")
	flags.BoolVar(&f.accept, "accept-loss", false, "let keys work again that may have been revoked since the backup")
	return cmd
}

func (s *session) restore(ctx context.Context, f *restoreFlags) error {
	switch {
	case f.from == "" && len(f.logs) == 0 && !f.accept:
		return misused("nothing says what is restored", "--from takes a backup")
	case len(f.logs) > 0 && f.accept:
		return misused("the loss is accepted where there is no revocation log", "give --revocation-log or --accept-loss")
	}
	if _, err := countLogs(f.logs); err != nil { // before anything is written
		return err
	}
	place, err := s.storePlace(f.data, f.database)
	if err != nil {
		return err
	}
	if _, err := os.Stat(databaseIn(place.dir)); f.from == "" && place.url == "" && errors.Is(err, fs.ErrNotExist) {
		return misused("there is no store in "+place.dir, "name the folder of the server with --data, or a backup with --from")
	}
	from, err := s.openBackup(f.from)
	if err != nil {
		return err
	}
	defer from.Close()
	log := slog.New(slog.NewTextHandler(s.stderr, nil))
	store, err := openPlace(ctx, place, "keywright restore", log, f.from == "")
	if err != nil {
		return err
	}
	defer closeStore(store, log)
	var lines []string
	if f.from != "" {
		if lines, err = s.load(ctx, store, from, place); err != nil {
			return err
		}
	}
	return s.thaw(ctx, store, place, f, lines)
}

// openBackup opens a backup, or nothing where none is named.
func (s *session) openBackup(path string) (io.ReadCloser, error) {
	if path == "" || path == "-" {
		return io.NopCloser(s.stdin), nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, misused("the backup cannot be read: "+plainPathError(err), "name a file that keywright backup wrote")
	}
	return file, nil
}

// load loads a backup and returns what the event of the restore says of it.
func (s *session) load(ctx context.Context, store authority.Store, from io.Reader, place storePlace) ([]string, error) {
	archiver, ok := store.(authority.Archiver)
	if !ok {
		return nil, unknowable("a backup cannot be loaded into this kind of store", "restore it with its own means", nil)
	}
	bar := s.newCount()
	summary, err := backup.Restore(ctx, counting{archiver, bar}, from, s.now())
	bar.end()
	var archive *backup.ArchiveError
	switch {
	case errors.Is(err, authority.ErrNotEmpty):
		if place.url != "" {
			return nil, misused("the store in the database is not empty", "it was not touched: name an empty database with --database-url-file")
		}
		return nil, misused("the store in "+place.dir+" is not empty", "it was not touched: name an empty folder with --data")
	case errors.Is(err, backup.ErrNewer):
		return nil, unknowable("a newer version wrote the backup", "nothing was restored: upgrade keywright", nil)
	case errors.As(err, &archive):
		return nil, unknowable("", "nothing was restored: use another backup", archive)
	case err != nil:
		return nil, unknowable("nothing was restored", "look at the disk, or at the database", err)
	}
	if _, err := fmt.Fprintln(s.stdout, "restored · "+contents(&summary)); err != nil {
		return nil, err
	}
	return []string{"backup of " + timeText(summary.Created), fmt.Sprintf("through event %d", summary.Sequence)}, nil
}

// counting shows how far a load is.
type counting struct {
	authority.Archiver
	bar *progress
}

func (c counting) Load(ctx context.Context, next func() (any, error)) error {
	n := 0
	return c.Archiver.Load(ctx, func() (any, error) {
		n++
		c.bar.at(n)
		return next()
	})
}

// thaw ends the freeze of a restored store, by revocation logs or by saying that the loss is accepted.
func (s *session) thaw(ctx context.Context, store authority.Store, place storePlace, f *restoreFlags, lines []string) error {
	if moving, err := authority.InMigration(ctx, store); err == nil && moving {
		return unknowable("a migration into this store has not ended, and nobody has seen yet that it is whole", "run keywright migrate again", nil)
	}
	a, err := authority.Open(ctx, authority.Options{Store: store, Clock: s.now, Random: rand.Reader})
	if err != nil {
		return unknowable("the store cannot be read", "keywright doctor looks at it", err)
	}
	defer a.Close()
	restorer := authority.Operator("restore", authority.Origin{})
	switch {
	case len(f.logs) == 0 && !f.accept:
		s.say("frozen: a server over it answers 503, as what was revoked since the backup is not known")
		s.say("next: keywright restore --revocation-log FILE, or keywright restore --accept-loss, with the same %s", place.word())
		return nil
	case f.accept && a.Frozen() == nil:
		return refused("the store is not frozen", "nothing needs to be done")
	case f.accept:
		lines = append(lines, "loss accepted")
	default:
		m, err := a.MergeRevocations(ctx, restorer, readLogs(f.logs))
		if err != nil {
			return unknowable("the revocation log was not merged to its end, and the store stays frozen", "repeat it without --from", err)
		}
		text := fmt.Sprintf("merged · entries: %s · keys revoked: %s, disabled: %s, with a secret ended: %s",
			grouped(m.Entries), grouped(m.Revoked), grouped(m.Disabled), grouped(m.Ended))
		if m.Roles > 0 {
			text += " · roles narrowed: " + grouped(m.Roles)
		}
		if _, err := fmt.Fprintln(s.stdout, text); err != nil {
			return err
		}
		lines = append(lines, fmt.Sprintf("revocation log: entries %d, revoked %d, disabled %d, ended %d, roles %d", m.Entries, m.Revoked, m.Disabled, m.Ended, m.Roles))
	}
	if a.Frozen() == nil { // it came back by other means than a backup
		return nil
	}
	if err := a.Thaw(ctx, restorer, lines); err != nil {
		return unknowable("the store stays frozen", "repeat it without --from", err)
	}
	beside := "beside the store"
	if place.url != "" {
		beside = "where the server looks for it"
	}
	s.say("keys are judged again · root.key is not in a backup: put a copy of it %s", beside)
	return nil
}

// countLogs reads all logs to their ends.
func countLogs(paths []string) (n int, err error) {
	for _, err := range readLogs(paths) {
		if err != nil {
			return n, unknowable("the revocation log cannot be used: "+plainPathError(err), "nothing was restored", nil)
		}
		n++
	}
	return n, nil
}

// readLogs reads logs one after the other.
func readLogs(paths []string) iter.Seq2[authority.Revocation, error] {
	return func(yield func(authority.Revocation, error) bool) {
		for _, path := range paths {
			file, err := os.Open(path)
			if err != nil {
				yield(authority.Revocation{}, err)
				return
			}
			for entry, err := range backup.ReadLog(file) {
				if !yield(entry, err) || err != nil {
					_ = file.Close()
					return
				}
			}
			_ = file.Close()
		}
	}
}
