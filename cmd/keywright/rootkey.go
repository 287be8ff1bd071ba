// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/backup"
)

const rootKeyName = "root.key"

// sealer returns a sealer with the root key of a server, which is made where there is none.
func (s *session) sealer(ctx context.Context, f *serveFlags, dir string, store authority.Store) (authority.Sealer, error) {
	path := f.rootKeyFile
	if path == "" {
		path = filepath.Join(dir, rootKeyName)
	}
	key, err := readRootKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := mayMakeRootKey(ctx, f, path, store); err != nil {
			return nil, err
		}
		key, err = makeRootKey(path)
	}
	if err != nil {
		return nil, err
	}
	return authority.NewSealer(key, rand.Reader)
}

// readRootKey reads a root key: 32 bytes in hex. What the file holds is not repeated.
func readRootKey(path string) ([]byte, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, unknowable("the root key cannot be read: "+plainPathError(err), "look at who owns the file", nil)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, unknowable("the root key cannot be read: "+plainPathError(err), "look at the disk", nil)
	}
	if !keptFromOthers(info) {
		return nil, misused(fmt.Sprintf("others can read the root key in %s (mode %04o)", path, info.Mode().Perm()), "chmod 600 "+path)
	}
	text, err := io.ReadAll(io.LimitReader(file, 1024))
	if err != nil {
		return nil, unknowable("the root key cannot be read: "+plainPathError(err), "look at the disk", nil)
	}
	key, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(key) != authority.RootKeyBytes {
		return nil, misused("the file "+path+" holds no root key", "it has 64 digits of hex: put back a copy of it")
	}
	return key, nil
}

// mayMakeRootKey refuses where a key was lost, or its disk is not there: what it sealed would be lost with it.
func mayMakeRootKey(ctx context.Context, f *serveFlags, path string, store authority.Store) error {
	if f.newRootKey {
		return nil
	}
	page, err := store.List(ctx, authority.Query{Of: authority.Items})
	if err != nil {
		return unknowable("the store cannot be read", "keywright doctor looks at it", err)
	}
	for i := range page.Items {
		if page.Items[i].Sealed() {
			return unknowable("there is no root key in "+path+", and the store holds what one has sealed",
				"put a copy of it back; where it is lost for good, start once with --new-root-key", nil)
		}
	}
	return nil
}

func makeRootKey(path string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, unknowable("cannot make the folder of the root key: "+plainPathError(err), "name a file for it with --root-key-file", nil)
	}
	key := make([]byte, authority.RootKeyBytes)
	_, _ = rand.Read(key) // never fails
	return key, writeSecretFile(path, []byte(hex.EncodeToString(key)+"\n"), false)
}

func openRevocationLog(path string) (*backup.Log, error) {
	l, err := backup.OpenLog(path)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, backup.ErrLogInUse):
		return nil, unknowable("another server writes to the revocation log "+path, "each server has one of its own", nil)
	}
	return nil, unknowable("the revocation log "+path+" cannot be used: "+plainPathError(err), "name a file that this user can write to, in a folder that exists", nil)
}

// warnOf logs what will not work with this root key.
func warnOf(ctx context.Context, a *authority.Authority, log *slog.Logger) {
	if all, closed, err := a.Sealed(ctx); err != nil {
		log.Warn("what is sealed in the store could not be read", "error", err)
	} else if closed > 0 {
		log.Warn("the root key is not the one that sealed what the store holds", "sealed", all, "do_not_open", closed)
	}
}

// hinted is what would do about an error.
func hinted(err error) string {
	var own *authority.Error
	if errors.As(err, &own) {
		return own.Problem + ": " + own.Hint
	}
	return err.Error()
}
