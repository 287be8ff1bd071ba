// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// schemaVersion is the number of the last migration. Each sets user_version to its own.
const schemaVersion = 4

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date. The version may stand in the log and not yet in the header that inspect read,
// so it is looked at once more.
func migrate(ctx context.Context, db *sql.DB, where string) error {
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > schemaVersion {
		return &NewerError{where, version, schemaVersion}
	}
	if version == schemaVersion {
		return nil
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("cannot bring the schema from version %d to %d: %w", version, schemaVersion, err)
	}
	return nil
}
