// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver, registered as "sqlite"
)

const (
	readers = 4

	busyWait = 10_000 // milliseconds that a connection waits for a lock

	// The log grows to this many pages (64 MiB) before it is folded into the database file, so that a page that many
	// changes touch is written there once: hashes are random, and a large import touches every page of their index.
	checkpointPages = 16384
	journalBytes    = checkpointPages * 4096

	// KiB of pages that a connection may hold. No memory map: through one, an error of the disk would be a signal
	// that ends the process.
	writerCache = 64 << 10
	readerCache = 16 << 10
)

func writerDSN(path string) string {
	return fileDSN(path,
		"journal_mode(wal)", "synchronous(full)", "fullfsync(1)", "checkpoint_fullfsync(1)",
		fmt.Sprintf("wal_autocheckpoint(%d)", checkpointPages), fmt.Sprintf("journal_size_limit(%d)", journalBytes),
		fmt.Sprintf("cache_size(-%d)", writerCache), secureDelete) + "&_txlock=immediate"
}

func readerDSN(path string) string {
	return fileDSN(path, "query_only(1)", fmt.Sprintf("cache_size(-%d)", readerCache))
}

func memoryDSN() string { return dsn("file::memory:") + "&_txlock=immediate" }

// fileDSN escapes the path: a folder may have a ? or a % in its name.
func fileDSN(path string, pragmas ...string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/ on Windows
	}
	return dsn("file://"+(&url.URL{Path: path}).EscapedPath(), pragmas...)
}

// dsn writes pragmas in the form that this driver reads; it passes over other drivers' parameters in silence.
func dsn(file string, pragmas ...string) string {
	common := []string{fmt.Sprintf("busy_timeout(%d)", busyWait), "foreign_keys(1)", "temp_store(memory)", "trusted_schema(0)"}
	q := url.Values{"_pragma": append(common, pragmas...)}
	return file + "?" + q.Encode() + "&_dqs=0"
}

// connect opens a pool that keeps its connections: a database in memory would be gone with its only one.
func connect(dsn string, connections int) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// checkDurable asks whether the settings took effect on which every acknowledgement rests.
func checkDurable(ctx context.Context, db *sql.DB) error {
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1"} {
		var got string
		if err := db.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(&got); err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("%s is %s where %s is needed: the file system may not be able to do it, use a local disk", pragma, got, want)
		}
	}
	return nil
}

// checkWritable writes nothing, but in earnest. Where a file cannot be written to, SQLite opens it for reading, without a
// word, and begins any transaction.
func checkWritable(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, "DELETE FROM answers WHERE false")
	return asReadOnly(err)
}

// prepare compiles a statement. Behind the semicolon must come nothing, or the driver takes it for a script and
// compiles it anew each time.
func prepare(ctx context.Context, db *sql.DB, text string) (*sql.Stmt, error) {
	return db.PrepareContext(ctx, strings.TrimRight(text, "; \r\n"))
}
