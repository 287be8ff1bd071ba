// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func openSocket(t *testing.T, path string) (*door, error) {
	t.Helper()
	d, err := listenSocket(t.Context(), path, 0o660)
	if err == nil {
		t.Cleanup(func() { _ = d.Close() })
	}
	return d, err
}

// TestSocket has its mode whatever the umask, is refused while somebody listens, and is gone at the end.
func TestSocket(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "s")
	for _, mode := range []fs.FileMode{0o600, 0o660, 0o666} {
		d, err := listenSocket(t.Context(), path, mode)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != mode|fs.ModeSocket || d.url != "unix:"+path || !d.loopback || d.tls {
			t.Errorf("%v %v %+v", info.Mode(), err, d)
		}
		if _, err := openSocket(t, path); err == nil || !strings.Contains(err.Error(), "is in use") {
			t.Errorf("a second one: %v", err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := os.ReadDir(folder); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	}
}

// TestSocketReplaces only a socket at which nobody listens.
func TestSocketReplaces(t *testing.T) {
	folder := t.TempDir()
	stale := filepath.Join(folder, "stale")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	if _, err := openSocket(t, stale); err != nil {
		t.Errorf("a socket that nobody listens at: %v", err)
	}
	notes, link := filepath.Join(folder, "notes"), filepath.Join(folder, "link")
	if err := os.WriteFile(notes, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(notes, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{notes, link, folder} {
		if _, err := openSocket(t, path); err == nil || !strings.Contains(err.Error(), "no socket") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if text, err := os.ReadFile(link); err != nil || string(text) != "mine" {
		t.Errorf("a file was touched: %v", err)
	}
	for _, path := range []string{filepath.Join(folder, "missing", "s"), filepath.Join(folder, strings.Repeat("x", 120))} {
		if _, err := openSocket(t, path); err == nil || !strings.Contains(err.Error(), "cannot listen at unix:") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestSocketOfAnother is left alone at the end.
func TestSocketOfAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	d, err := openSocket(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_ = d.Close()
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("what another put there is gone: %v", err)
	}
}

func TestSocketMode(t *testing.T) {
	for _, text := range []string{"", "x", "0999", "01777", "0060", "-1", "0400"} {
		if mode, err := socketMode(text); err == nil {
			t.Errorf("%q is taken for %v", text, mode)
		}
	}
}
