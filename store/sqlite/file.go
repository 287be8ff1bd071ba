// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// applicationID marks the header of our files: KWRT.
const applicationID = 0x4b575254

// ErrNotOurs says that the file is no Keywright database. It was not touched.
var ErrNotOurs = errors.New("not a Keywright database")

// A NewerError says that a newer version of the program wrote the file. It was not touched.
type NewerError struct {
	Path  string
	Found int // the version of its schema
	Known int // the newest that this program knows
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("%s has schema version %d and this program knows versions up to %d: upgrade keywright", e.Path, e.Found, e.Known)
}

// prepareFile makes an empty database of ours if there is none, and otherwise looks whether it is one.
func prepareFile(ctx context.Context, d disk, path string) error {
	err := inspect(d, path)
	if errors.Is(err, fs.ErrNotExist) {
		return create(ctx, d, path)
	}
	if err == nil {
		err = settle(d, path)
	}
	return err
}

// settle puts on the disk what the last process to have the store open may have left in the memory of the system alone:
// changes in the log that were not acknowledged, because that process was killed, or because a sync failed, after which
// the system may take for written what is not. SQLite will read them from the log and take them for committed, so that
// we act on them and write behind them; a loss of power must not take them away again.
func settle(d disk, path string) error {
	err := d.Rewrite(path + "-wal")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot open the store: %w", err)
	}
	d.SyncFolder(filepath.Dir(path))
	return nil
}

// inspect reads the header by hand (sqlite.org/fileformat2.html, 1.3): SQLite itself might write to a file in order to
// look into it.
func inspect(d disk, path string) error {
	f, err := d.Open(path)
	if err != nil {
		return fmt.Errorf("cannot open the store: %w", err)
	}
	defer f.Close()
	var header [100]byte
	if _, err := io.ReadFull(f, header[:]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s: %w: move it away, or use another folder", path, ErrNotOurs)
	} else if err != nil {
		return fmt.Errorf("cannot read the store: %w", err)
	}
	version, application := binary.BigEndian.Uint32(header[60:]), binary.BigEndian.Uint32(header[68:])
	switch {
	case string(header[:16]) != "SQLite format 3\x00" || application != applicationID:
		return fmt.Errorf("%s: %w: move it away, or use another folder", path, ErrNotOurs)
	case version > schemaVersion:
		return &NewerError{path, int(version), schemaVersion}
	}
	return nil
}

// create makes the file under another name first, so that it is never seen without its mark.
func create(ctx context.Context, d disk, path string) error {
	draft := path + ".new"
	for _, leftover := range []string{draft, draft + "-journal"} {
		if err := d.Remove(leftover); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot make the store: %w", err)
		}
	}
	err := d.Create(draft)
	if err == nil {
		err = mark(ctx, d, draft)
	}
	if err == nil {
		err = d.Rename(draft, path)
	}
	if err != nil {
		return fmt.Errorf("cannot make the store: %w", err)
	}
	d.SyncFolder(filepath.Dir(path))
	return nil
}

func mark(ctx context.Context, d disk, path string) error {
	db, err := connect(on(d, fileDSN(path, "synchronous(full)")), 1)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID))
	return errors.Join(err, db.Close())
}

// makeFolder makes a folder that only its owner may enter. Those above it are written out too, or a loss of power
// could take away a folder in which something has been acknowledged.
func makeFolder(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil // if it is no folder, the lock will say so
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot make the folder of the store: %w", err)
	}
	for up := filepath.Dir(dir); up != filepath.Dir(up); up = filepath.Dir(up) {
		syncFolder(up)
	}
	return nil
}

// syncFolder writes out the entries of a folder, where the system has such a thing; where it has not, there is nothing
// to be done about it.
func syncFolder(dir string) {
	if f, err := os.Open(dir); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}
