// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"errors"
	"io"
	"os"
)

// A disk is what the database lies on: the operating system's, or in tests one that fails.
type disk interface {
	// VFS is by which name SQLite reaches the disk; empty is its own way on this system.
	VFS() string

	// What follows is what the store does to files past SQLite, each as the function of that name in package os.

	Open(path string) (io.ReadCloser, error)
	Create(path string) error // an empty file with mode 0600, where there is none
	Remove(path string) error
	Rename(from, to string) error
	SyncFolder(path string)
	// Rewrite writes a file over itself and waits until it is on the disk.
	Rewrite(path string) error
}

// systemDisk is the operating system's.
type systemDisk struct{}

func (systemDisk) VFS() string { return "" }

func (systemDisk) Open(path string) (io.ReadCloser, error) { return os.Open(path) }

func (systemDisk) Create(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // SQLite would take 0644
	if err != nil {
		return err
	}
	return f.Close()
}

func (systemDisk) Remove(path string) error { return os.Remove(path) }

func (systemDisk) Rename(from, to string) error { return os.Rename(from, to) }

func (systemDisk) SyncFolder(path string) { syncFolder(path) }

func (systemDisk) Rewrite(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err = overwrite(f); err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// overwrite writes what it reads to the place where it was.
func overwrite(f *os.File) error {
	part := make([]byte, 1<<20)
	for at := int64(0); ; {
		n, err := f.ReadAt(part, at)
		if _, err := f.WriteAt(part[:n], at); err != nil {
			return err
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		at += int64(n)
	}
}

// on adds to a DSN the way to a disk.
func on(d disk, dsn string) string {
	if vfs := d.VFS(); vfs != "" {
		return dsn + "&vfs=" + vfs
	}
	return dsn
}
