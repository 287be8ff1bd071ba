// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/keywright/keywright/store/sqlite"
)

// profile looks at the profile that commands use: it holds a service key.
func (d *doctor) profile() {
	name := d.flags.profile
	if name == "" {
		name = localProfile
	}
	path, err := d.s.profilePath(name)
	if err != nil {
		d.failed("profile", err)
		return
	}
	p, err := d.s.readProfile(name)
	switch {
	case err != nil:
		d.failed("profile", err)
	case p == nil && d.flags.profile == "":
		d.ok("profile", "none: %s does not exist", path)
	case p == nil:
		d.fail("profile", "keywright admin sign-in makes one", "%s does not exist", path)
	case d.private("profile", filepath.Dir(path)) && d.private("profile", path):
		d.ok("profile", "%s, for %s", path, p.URL)
	}
}

// private reports whether nobody else can read a file or folder; if others can, it says so.
func (d *doctor) private(check, path string) bool {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	if err != nil {
		d.fail(check, "look at who owns it", "%s", plainPathError(err))
		return false
	}
	if runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0 {
		return true
	}
	mode := "600"
	if info.IsDir() {
		mode = "700"
	}
	d.fail(check, "chmod "+mode+" "+path, "others can read %s (mode %04o)", path, info.Mode().Perm())
	return false
}

// store looks at the folder of the store, at its files, and whether it can be opened.
func (d *doctor) store(ctx context.Context) {
	url, err := d.s.databaseURL(d.flags.database)
	if err != nil {
		d.failed("store", err)
		return
	}
	if url != "" {
		d.database(ctx, url)
		return
	}
	dir, err := d.s.dataPath(d.flags.data)
	if err != nil {
		d.failed("store", err)
		return
	}
	info, err := os.Stat(databaseIn(dir))
	if errors.Is(err, fs.ErrNotExist) {
		d.noStore(dir)
		return
	}
	if err != nil {
		d.fail("store", "look at who owns the folder", "%s", plainPathError(err))
		return
	}
	private := d.private("store", dir)
	for _, path := range []string{databaseIn(dir), databaseIn(dir) + "-wal", databaseIn(dir) + "-shm", filepath.Join(dir, adminKeyName), filepath.Join(dir, rootKeyName)} {
		private = d.private("store", path) && private
	}
	if ahead := info.ModTime().Sub(d.s.now()); ahead > time.Minute {
		d.warn("clock", "compare it with another machine", "the store was written %s from now: the clock was set back, or was wrong then", ahead.Round(time.Second))
	}
	store, err := sqlite.Open(ctx, dir, sqlite.Options{Holder: "keywright doctor"})
	var inUse *sqlite.InUseError
	switch {
	case errors.As(err, &inUse) && inUse.Process != 0:
		d.ok("store", "%s, in use by process %d: %s", dir, inUse.Process, inUse.Holder)
	case errors.As(err, &inUse):
		d.ok("store", "%s, in use by another process", dir)
	case err != nil:
		d.failed("store", storeFailure(dir, err))
	default:
		if err := store.Close(); err != nil {
			d.fail("store", "look at the disk", "it was not closed in good order: %s", plainPathError(err))
		} else if private {
			d.ok("store", "%s can be opened; no server uses it", dir)
		}
	}
}

// noStore looks whether a store could be made.
func (d *doctor) noStore(dir string) {
	if d.flags.data != "" {
		d.warn("store", "name the folder of the server with --data", "there is none in %s", dir)
		return
	}
	d.ok("store", "none yet: keywright serve makes it in %s", dir)
}
