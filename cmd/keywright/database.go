// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/keywright/keywright/store/postgres"
)

// databaseVariable holds the URL of a database, with its password. A flag can only name a file: others on the machine
// can see arguments.
const databaseVariable = "KEYWRIGHT_DATABASE_URL"

func addDatabaseFlag(flags *pflag.FlagSet, file *string) {
	flags.StringVar(file, "database-url-file", "", "keep the store in the PostgreSQL database whose URL is in `FILE`, or in "+databaseVariable)
}

// databaseURL returns the URL that was given, or nothing: the store is then in a folder.
func (s *session) databaseURL(file string) (string, error) {
	if file == "" {
		return strings.TrimSpace(s.env[databaseVariable]), nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", misused("the --database-url-file cannot be read: "+plainPathError(err), "name a file that holds the URL and nothing else")
	}
	url := strings.TrimSpace(string(text))
	if url == "" {
		return "", misused(file+" is empty", "write the URL into it: postgres://user:password@host:5432/database")
	}
	return url, nil
}

// openDatabase opens the store in a database and says what to do where it cannot.
func openDatabase(ctx context.Context, url string, o postgres.Options, log *slog.Logger) (*postgres.Store, error) {
	o.Lost = func(err error) {
		log.Error("the store cannot be used, and nothing is judged", "error", err)
	}
	store, err := postgres.Open(ctx, url, o)
	if err == nil {
		return store, nil
	}
	return nil, databaseFailure(err)
}

func databaseFailure(err error) error {
	var inUse *postgres.InUseError
	var newer *postgres.NewerError
	switch {
	case ctxEnded(err):
		return err
	case errors.As(err, &inUse):
		return unknowable(databaseInUse(inUse), "this needs the store for itself: stop every server that has it open, or name another database", nil)
	case errors.As(err, &newer):
		return unknowable("a newer version wrote the store in "+newer.Where, "it was not touched: upgrade keywright", newer)
	case errors.Is(err, postgres.ErrURL):
		return misused(err.Error(), "the URL comes from --database-url-file or "+databaseVariable)
	}
	return unknowable(err.Error(), "the URL comes from --database-url-file or "+databaseVariable, nil)
}

// databaseInUse says who has a store open.
func databaseInUse(e *postgres.InUseError) string {
	if e.Holder == "" {
		return "the store in " + e.Where + " is in use by another process"
	}
	return "the store in " + e.Where + " is in use by " + e.Holder + " (since " + timeText(e.Since) + ")"
}

// database looks whether the store in a database can be opened.
func (d *doctor) database(ctx context.Context, url string) {
	store, err := postgres.Open(ctx, url, postgres.Options{Holder: "keywright doctor", Existing: true})
	var inUse *postgres.InUseError
	switch {
	case errors.Is(err, postgres.ErrNoStore):
		d.ok("store", "none yet: keywright serve makes it in the database")
	case errors.As(err, &inUse):
		d.ok("store", "%s", databaseInUse(inUse))
	case err != nil:
		d.failed("store", databaseFailure(err))
	default:
		if err := store.Close(); err != nil {
			d.fail("store", "look at the server", "it was not closed in good order: %s", err)
			return
		}
		d.ok("store", "it can be opened in the database; no server uses it")
	}
}
