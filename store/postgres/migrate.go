// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// schemaVersion is the number of the last migration.
const schemaVersion = 4

//go:embed migrations/*.sql
var migrations embed.FS

// A NewerError says that a newer version of the program wrote the store. It was not touched.
type NewerError struct {
	Where string
	Found int // the version of its schema
	Known int // the newest that this program knows
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("%s has schema version %d and this program knows versions up to %d: upgrade keywright", e.Where, e.Found, e.Known)
}

// migrate brings the schema up to date. Of several nodes that start at once, one does it and the others wait.
func migrate(ctx context.Context, conn *pgx.Conn, schema, where string) (err error) {
	if done, err := upToDate(ctx, conn, where); done || err != nil {
		return err
	}
	key := lockKey("migration", schema)
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", key); err != nil {
		return err
	}
	defer func() {
		_, unlock := conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", key)
		err = errors.Join(err, unlock)
	}()
	if done, err := upToDate(ctx, conn, where); done || err != nil {
		return err
	}
	if err := makeSchema(ctx, conn, schema); err != nil {
		return err
	}
	return applyMigrations(ctx, conn.Config())
}

// checkThere refuses a database without a store.
func checkThere(ctx context.Context, conn *pgx.Conn) error {
	there, err := hasStore(ctx, conn)
	if err == nil && !there {
		err = ErrNoStore
	}
	return err
}

func hasStore(ctx context.Context, conn *pgx.Conn) (there bool, err error) {
	err = conn.QueryRow(ctx, "SELECT to_regclass('goose_db_version') IS NOT NULL").Scan(&there)
	return there, err
}

// upToDate compares the version of the schema with ours. A schema that is not there has none.
func upToDate(ctx context.Context, conn *pgx.Conn, where string) (bool, error) {
	if there, err := hasStore(ctx, conn); err != nil || !there {
		return false, err
	}
	version := 0
	err := conn.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&version)
	if err == nil && version > schemaVersion {
		err = &NewerError{where, version, schemaVersion}
	}
	return version == schemaVersion, err
}

// makeSchema makes the schema if it is not there; IF NOT EXISTS would need the right to make it in any case.
func makeSchema(ctx context.Context, conn *pgx.Conn, schema string) error {
	var there bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", schema).Scan(&there)
	if err != nil || there {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE SCHEMA "+pgx.Identifier{schema}.Sanitize())
	return err
}

func applyMigrations(ctx context.Context, config *pgx.ConnConfig) (err error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config)
	defer func() { err = errors.Join(err, db.Close()) }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("cannot bring the schema to version %d: %w", schemaVersion, err)
	}
	return nil
}
