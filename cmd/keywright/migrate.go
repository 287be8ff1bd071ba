// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/backup"
)

type migrateFlags struct{ from, to string }

func (s *session) migrateCommand() *cobra.Command {
	var f migrateFlags
	cmd := &cobra.Command{
		Use: "migrate", Short: "Move a store into a database, or back into a folder",
		Long: `Move a whole store into an empty one: from a folder into a PostgreSQL database, or back. No server may run over either.
Keys, events, ledger, sessions and what is sealed move as they are; the source is only read.

A place is a folder, or database: the one whose URL is in KEYWRIGHT_DATABASE_URL, or database:FILE, the one whose URL is
in FILE. A URL itself is no place, for it can hold a password and others on the machine can see arguments.

What was copied is read back, counted and compared, and its audit chain is walked. Until that is done a server over the
target answers every request with 503. After an interruption run the same again: it goes on, or starts anew.

The root key is in neither store: the server needs the one it had.`,
		Example: `  keywright migrate --from /var/lib/keywright --to database:url.txt
  keywright migrate --from database --to /var/lib/keywright`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.migrate(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", "", "move the store in `PLACE`: a folder, database or database:FILE")
	flags.StringVar(&f.to, "to", "", "move it into `PLACE`, which holds nothing yet")
	return cmd
}

func (s *session) migrate(ctx context.Context, f *migrateFlags) error {
	from, err := s.migrationPlace("--from", f.from)
	if err != nil {
		return err
	}
	to, err := s.migrationPlace("--to", f.to)
	if err != nil {
		return err
	}
	if from == to {
		return misused("--from and --to are the same place", "name an empty folder or database with --to")
	}
	if _, err := os.Stat(databaseIn(from.dir)); from.url == "" && errors.Is(err, fs.ErrNotExist) {
		return misused("there is no store in "+from.dir, "name the folder of the server with --from")
	}
	log := slog.New(slog.NewTextHandler(s.stderr, nil))
	source, err := openMovable(ctx, from, log, true)
	if err != nil {
		return err
	}
	defer closeStore(source, log)
	target, err := openMovable(ctx, to, log, false)
	if err != nil {
		return err
	}
	defer closeStore(target, log)
	shown := &migrationProgress{s: s, bar: &progress{}}
	m := backup.Migration{From: source, To: target, Now: s.now(), At: shown.at}
	contents, err := m.Run(ctx)
	shown.bar.end()
	if err != nil {
		return migrationFailure(err, to)
	}
	if _, err := fmt.Fprintf(s.stdout, "moved · %s · audit chain whole through event %s\n", movedText(contents.Counts), grouped(int(contents.Sequence))); err != nil {
		return err
	}
	if to.url == "" {
		s.say("next: start the server with --data %s, and the root key that it had: copy root.key there, or name it with --root-key-file", to.dir)
	} else {
		s.say("next: start the server over the database, and with the root key that it had: --data of before, or --root-key-file")
	}
	s.say("the source is as it was: start no server over it again, as what is revoked in one is not in the other")
	return nil
}

// migrationPlace reads where a store is.
func (s *session) migrationPlace(flag, text string) (p storePlace, err error) {
	word, file, named := strings.Cut(text, ":")
	switch {
	case text == "":
		return p, misused(flag+" is missing", "it takes a folder, database or database:FILE")
	case strings.Contains(text, "://"):
		return p, misused(flag+" is a URL: others on the machine can see arguments", "write it into a file of mode 0600 and give "+flag+" database:FILE")
	case word != "database":
		p.dir, err = filepath.Abs(text)
	case named && file == "":
		return p, misused(flag+" names no file", "write database:FILE, or database for the URL in "+databaseVariable)
	default:
		p.url, err = s.databaseURL(file)
		if err == nil && p.url == "" {
			return p, misused(flag+" is database, and "+databaseVariable+" is not set", "set it, or give "+flag+" database:FILE")
		}
	}
	return p, err
}

// namesHere are what this command calls what other commands have flags for.
var namesHere = strings.NewReplacer("with --data", "with --from or --to", "--database-url-file", "database:FILE")

// openMovable opens one of the two stores.
func openMovable(ctx context.Context, p storePlace, log *slog.Logger, existing bool) (backup.Movable, error) {
	store, err := openPlace(ctx, p, "keywright migrate", log, existing)
	if err != nil {
		f := *asFailure(err)
		f.hint = namesHere.Replace(f.hint)
		return nil, &f
	}
	movable, ok := store.(backup.Movable)
	if !ok {
		closeStore(store, log)
		return nil, unknowable("this kind of store cannot be moved", "move it with its own means", nil)
	}
	return movable, nil
}

func migrationFailure(err error, to storePlace) error {
	empty := "empty the target and run it again: remove the folder " + to.dir
	where := "the store in " + to.dir
	if to.url != "" {
		empty = "empty the target and run it again: DROP SCHEMA keywright CASCADE in that database"
		where = "the store in the database"
	}
	switch {
	case errors.Is(err, authority.ErrNotEmpty):
		return misused(where+" is not empty", "it was not touched: name an empty folder or database with --to")
	case errors.Is(err, backup.ErrUnfinished):
		return refused("a migration into the source has not ended", "run that one again first")
	case errors.Is(err, backup.ErrDifferent):
		return unknowable("nothing is judged over the target", empty, err)
	case errors.Is(err, backup.ErrChain):
		return unknowable("nothing was moved that can be used", "start the server over the source and ask keywright audit verify", err)
	case ctxEnded(err):
		return &failure{code: asFailure(err).code, problem: "interrupted", hint: "run the same again: it goes on, or starts anew"}
	}
	return unknowable("the store was not moved", "look at disk and database, and run the same again: it goes on, or starts anew", err)
}

// movedText says what was moved.
func movedText(n map[string]int) string {
	parts := []string{"keys: " + grouped(n["record"]), "keyspaces: " + grouped(n["keyspace"]), "events: " + grouped(n["event"])}
	rest := 0
	for _, kind := range []string{"answer", "item", "checkpoint", "usage", "use", "meter"} {
		rest += n[kind]
	}
	for _, more := range []struct {
		name string
		n    int
	}{{"owners", n["owner"]}, {"balances", n["balance"]}, {"ledger lines", n["entry"]}, {"other values", rest}} {
		if more.n > 0 {
			parts = append(parts, more.name+": "+grouped(more.n))
		}
	}
	return strings.Join(parts, " · ")
}
