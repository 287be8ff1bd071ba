// SPDX-License-Identifier: Apache-2.0

package faultfs

import (
	"bytes"
	"io"
	"io/fs"
	"syscall"
)

// What follows is for the program itself, where it handles files past SQLite. Errors are *fs.PathError, as of package
// os.

// VFS returns Name.
func (f *FS) VFS() string { return Name }

// Open opens a file for reading. Its content is that of this moment.
func (f *FS) Open(path string) (io.ReadCloser, error) {
	var content []byte
	err := f.do(Open, path, func(name string) error {
		file, _, err := f.find(name, false)
		if err == nil {
			content = bytes.Clone(file.content)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &reader{f, path, bytes.NewReader(content)}, nil
}

// A reader reads a file past SQLite.
type reader struct {
	disk *FS
	path string
	from *bytes.Reader
}

func (r *reader) Read(into []byte) (n int, err error) {
	err = r.disk.do(Read, r.path, func(string) error { return nil })
	if err != nil {
		return 0, err
	}
	return r.from.Read(into)
}

func (r *reader) Close() error { return nil }

// Create makes an empty file where there is none.
func (f *FS) Create(path string) error {
	return f.do(Open, path, func(name string) error {
		if _, created, err := f.find(name, true); err != nil || !created {
			return fs.ErrExist
		}
		return nil
	})
}

// Remove removes a file.
func (f *FS) Remove(path string) error { return f.do(Delete, path, f.remove) }

// Rename gives a file another name in the folder, in place of what had it.
func (f *FS) Rename(from, to string) error {
	_, name := diskOf(to)
	return f.do(Rename, from, func(old string) error { return f.rename(old, name) })
}

// SyncFolder writes out which files there are.
func (f *FS) SyncFolder(folder string) {
	_ = f.do(SyncFolder, folder, func(string) error {
		f.syncEntries()
		return nil
	})
}

// Rewrite writes a file over itself and syncs it.
func (f *FS) Rewrite(path string) error {
	err := f.do(Write, path, func(name string) error {
		file, _, err := f.find(name, false)
		if err == nil {
			file.write(file.content, 0)
			f.watch()
		}
		return err
	})
	if err != nil {
		return err
	}
	return f.do(Sync, path, func(name string) error {
		f.entries[name].sync()
		return nil
	})
}

// do does one call on a file past SQLite, if it does not fail.
func (f *FS) do(o Operation, path string, act func(name string) error) error {
	_, name := diskOf(path)
	f.mu.Lock()
	defer f.mu.Unlock()
	var err error
	switch f.call(o, name) {
	case None:
		err = act(name)
	case Full:
		err = syscall.ENOSPC
	default:
		err = syscall.EIO
	}
	if err != nil {
		return &fs.PathError{Op: o.String(), Path: path, Err: err}
	}
	return nil
}
