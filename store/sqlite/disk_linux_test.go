// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/keywright/keywright/authority"
)

// mount mounts a file system in memory, or returns false where that is not allowed.
func mount(t *testing.T, dir, options string, flags uintptr) bool {
	t.Helper()
	err := syscall.Mount("tmpfs", dir, "tmpfs", flags, options)
	if errors.Is(err, syscall.EPERM) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return true
}

// TestFullDisk fills a small disk in changes of different sizes, so that it gets full at different places, and frees
// some of it again.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	mounted := mount(t, dir, "size=2m", 0)
	ballast := filepath.Join(dir, "ballast")
	if mounted {
		if err := os.WriteFile(ballast, make([]byte, 256<<10), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !mounted { // a small database instead of a small disk
		execute(t, s, "PRAGMA max_page_count = 400")
	}
	acknowledged, failed := 0, 0
	for n := 1; failed < 40; n = 1 + (n+6)%50 {
		if err := s.Apply(t.Context(), issue(n)); err == nil {
			acknowledged += n
		} else if failed++; !errors.Is(err, authority.ErrFull) {
			t.Fatalf("a full disk is not told as one: %v", err)
		}
		if acknowledged > 100_000 {
			t.Fatal("the disk does not get full")
		}
	}
	if events := wholeChain(t, s); events != acknowledged {
		t.Fatalf("%d events on a full disk, %d were acknowledged", events, acknowledged)
	}
	if mounted {
		err = os.Remove(ballast)
	} else {
		execute(t, s, "PRAGMA max_page_count = 100000")
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(t.Context(), issue(20)); err != nil {
		t.Fatalf("there is space again, and still: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Logf("close on a full disk: %v", err)
	}
	s, err = Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if events := wholeChain(t, s); events != acknowledged+20 {
		t.Fatalf("%d events after a restart, %d were acknowledged", events, acknowledged+20)
	}
}

func TestReadOnlyDisk(t *testing.T) {
	dir := t.TempDir()
	if !mount(t, dir, "size=64k", syscall.MS_RDONLY) {
		dir = "/proc/self" // where root can make no file either
	}
	_, err := Open(t.Context(), dir, Options{})
	if err == nil || !strings.Contains(err.Error(), "can be written to") {
		t.Fatalf("got error %v", err)
	}
	t.Log(err)
}
