// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// A secretFile is a new file that only its owner can read. Its name is taken before a key is made, so that no key is made
// that cannot be kept.
type secretFile struct {
	*os.File
	path string
	kept bool
}

// newSecretFile takes the name. It never replaces a file: that may hold a key.
func newSecretFile(name string) (*secretFile, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return nil, invalid("to_file", "cannot be found from here", "give an absolute path")
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, api.NewProblem(api.Conflict, "to_file", "to_file names a file that exists, and it may hold a key", "name a new file")
	case err != nil:
		return nil, invalid("to_file", "cannot be written", "name a new file in a folder that exists and that you can write to")
	}
	return &secretFile{File: f, path: path}, nil
}

// keep writes the keys, one a line.
func (f *secretFile) keep(keys []keywright.Secret) error {
	var text strings.Builder
	for _, k := range keys {
		text.WriteString(k.Reveal() + "\n")
	}
	_, err := f.WriteString(text.String())
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = f.Close()
	}
	f.kept = err == nil
	return err
}

// discard takes the file away if it holds nothing whole.
func (f *secretFile) discard() {
	if f != nil && !f.kept {
		_ = f.Close()
		_ = os.Remove(f.path)
	}
}

const (
	maxKeyFile = 64 << 10
	maxText    = 1 << 20
)

// readFile reads what from_file names. Anything but a file, such as a pipe, could keep the agent waiting for ever.
func readFile(name string, limit int64) (string, error) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return "", invalid("from_file", "names no file that can be read", "give the path of a file, absolute or relative to the working directory of this server")
	}
	f, err := os.Open(name)
	if err != nil {
		return "", invalid("from_file", "names a file that cannot be read", "look at who may read it")
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return "", invalid("from_file", "names a file that cannot be read", "look at the disk")
	case int64(len(text)) > limit:
		return "", invalid("from_file", "names a file that is too large", "name one that holds less")
	}
	return string(text), nil
}
