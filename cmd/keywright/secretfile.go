// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A secretFile is a file that only its owner can read. It is seen whole or not at all: it is written under another
// name and gets its own when it is done.
type secretFile struct {
	*os.File
	path  string
	force bool
}

// newSecretFile begins a file of mode 0600. One that exists is not replaced unless force says so.
func newSecretFile(path string, force bool) (*secretFile, error) {
	if !force {
		if _, err := os.Lstat(path); err == nil {
			return nil, fileExists(path)
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return nil, unknowable("cannot write to the folder of "+path+": "+plainPathError(err), "name a file in a folder that you can write to", nil)
	}
	return &secretFile{f, path, force}, nil
}

func fileExists(path string) error {
	return misused(path+" exists, and it may hold keys", "name another file, or give --force to replace it")
}

// done gives the file its name.
func (f *secretFile) done() error {
	err := f.Sync()
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = f.rename()
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

func (f *secretFile) rename() error {
	if f.force {
		return f.failed(os.Rename(f.Name(), f.path))
	}
	err := os.Link(f.Name(), f.path) // fails where the name is taken; a rename would not
	if errors.Is(err, fs.ErrExist) {
		return fileExists(f.path)
	}
	if err != nil { // no links on this file system: take the name first
		claim, err := os.OpenFile(f.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, fs.ErrExist) {
			return fileExists(f.path)
		}
		if err == nil {
			err = claim.Close()
		}
		if err == nil {
			err = os.Rename(f.Name(), f.path)
		}
		return f.failed(err)
	}
	return f.failed(os.Remove(f.Name()))
}

func (f *secretFile) failed(err error) error {
	if err != nil {
		return fmt.Errorf("cannot write %s: %s", f.path, plainPathError(err))
	}
	return nil
}

// discard takes away what was begun. After done it does nothing.
func (f *secretFile) discard() {
	if f.Close() == nil {
		_ = os.Remove(f.Name())
	}
}

// writeSecretFile writes a whole file of mode 0600.
func writeSecretFile(path string, text []byte, force bool) error {
	f, err := newSecretFile(path, force)
	if err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		f.discard()
		return f.failed(err)
	}
	return f.done()
}
