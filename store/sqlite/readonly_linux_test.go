// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestStoreOnADiskThatBecameReadOnly makes a store, has the disk be read-only, as a system does after an error of it,
// and makes it writable again.
func TestStoreOnADiskThatBecameReadOnly(t *testing.T) {
	dir := t.TempDir()
	mounted := mount(t, dir, "size=2m", 0)
	s := open(t, dir)
	if err := s.Apply(t.Context(), issue(3)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	lock := filepath.Join(dir, lockName)
	if mounted {
		remount(t, dir, syscall.MS_RDONLY)
	} else if err := os.Chmod(lock, 0o400); err != nil {
		t.Fatal(err)
	} else if os.Geteuid() == 0 {
		t.Skip("root may not mount here, and no mode keeps root from writing")
	}
	_, err := Open(t.Context(), dir, Options{})
	if err == nil || !strings.Contains(err.Error(), "can be written to") || mounted && !errors.Is(err, syscall.EROFS) {
		t.Errorf("error %v", err)
	}
	t.Log(err)
	if mounted {
		remount(t, dir, 0)
	} else if err := os.Chmod(lock, 0o600); err != nil {
		t.Fatal(err)
	}
	if events := wholeChain(t, open(t, dir)); events != 3 {
		t.Errorf("%d events are there again, want 3", events)
	}
}

func remount(t *testing.T, dir string, flags uintptr) {
	t.Helper()
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|flags, ""); err != nil {
		t.Fatal(err)
	}
}

// TestReadOnlyFile has a folder that can be written to, and in it a database that cannot, as a restored backup may be.
func TestReadOnlyFile(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, databaseName)
	if err := syscall.Mount(path, path, "", syscall.MS_BIND, ""); err == nil {
		t.Cleanup(func() {
			if err := syscall.Unmount(path, 0); err != nil {
				t.Error(err)
			}
		})
		if err := syscall.Mount("", path, "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, ""); err != nil {
			t.Fatal(err)
		}
	} else if os.Geteuid() == 0 {
		t.Skip("root may not mount here, and no mode keeps root from writing")
	} else if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), dir, Options{})
	if err == nil {
		t.Fatalf("it opens, and then: %v", errors.Join(s.Apply(t.Context(), issue(1)), s.Close()))
	}
	if !strings.Contains(err.Error(), "cannot be written to") {
		t.Errorf("error %v", err)
	}
	t.Log(err)
}
