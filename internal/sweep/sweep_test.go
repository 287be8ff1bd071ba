// SPDX-License-Identifier: Apache-2.0

package sweep_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/internal/sweep"
	"github.com/keywright/keywright/leak"
)

// A run is a sweep and what it told.
type run struct {
	sweep.Sweep
	found    []string // paths
	problems []string
}

func newRun(t *testing.T) (*run, string) {
	t.Helper()
	f, err := keywright.Preset("keywright")
	if err != nil {
		t.Fatal(err)
	}
	f.Prefix = "acme"
	k, err := keywright.Generate(f)
	if err != nil {
		t.Fatal(err)
	}
	s, err := leak.New(leak.Options{Formats: []leak.Format{{Format: f}}})
	if err != nil {
		t.Fatal(err)
	}
	r := &run{}
	r.Sweep = sweep.Sweep{
		Scanner: s,
		Found: func(found sweep.Finding) {
			if found.Key.Reveal() != k.Reveal() {
				t.Errorf("another key in %s", found.Path)
			}
			r.found = append(r.found, found.Path)
		},
		Problem: func(p sweep.Problem) { r.problems = append(r.problems, p.Path+" "+p.Problem) },
	}
	return r, k.Reveal()
}

// told compares what was found and named.
func (r *run) told(t *testing.T, found, problems []string) {
	t.Helper()
	slices.Sort(r.found)
	slices.Sort(r.problems)
	if !slices.Equal(r.found, found) {
		t.Errorf("found %q, want %q", r.found, found)
	}
	if len(r.problems) != len(problems) {
		t.Fatalf("problems %q, want %q", r.problems, problems)
	}
	for i := range problems {
		if !strings.Contains(r.problems[i], problems[i]) {
			t.Errorf("problem %q, want %q", r.problems[i], problems[i])
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func gzipped(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(text)
	_ = w.Close()
	return b.Bytes()
}

func tarOf(name string, text []byte) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	_ = w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(text)), Typeflag: tar.TypeReg})
	_, _ = w.Write(text)
	_ = w.Close()
	return b.Bytes()
}

func zipOf(t *testing.T, entries map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range entries {
		e, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = e.Write(text)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestFolders scans what is there, once, whatever links say, and leaves out what .gitignore names.
func TestFolders(t *testing.T) {
	dir := t.TempDir()
	r, key := newRun(t)
	for _, name := range []string{"a.txt", "b/c.bin", "b/build/x", "logs/y.log", "logs/keep.log", ".git/config", "b/only/z", "node/only/z"} {
		write(t, filepath.Join(dir, name), "\x00\xff "+key+"\n")
	}
	write(t, filepath.Join(dir, ".gitignore"), "*.log\n!keep.log\n# none\nbuild/\n")
	write(t, filepath.Join(dir, "b/.gitignore"), "/only\r\n")
	if err := os.Symlink(dir, filepath.Join(dir, "b/loop")); err != nil {
		t.Fatal(err)
	}
	all := func(names ...string) (paths []string) {
		for _, name := range names {
			paths = append(paths, filepath.Join(dir, name))
		}
		return paths
	}
	if err := r.Paths(t.Context(), []string{dir}); err != nil {
		t.Fatal(err)
	}
	r.told(t, all("a.txt", "b/c.bin", "logs/keep.log", "node/only/z"), nil)

	r.found = nil // a folder within a repository obeys the files above it
	if err := r.Paths(t.Context(), all("logs", "b", "absent")); err != nil {
		t.Fatal(err)
	}
	r.told(t, all("b/c.bin", "logs/keep.log"), []string{"absent is not there"})

	r, _ = newRun(t)
	r.NoIgnore = true
	n := 0
	r.Found = func(sweep.Finding) { n++ }
	if err := r.Paths(t.Context(), []string{dir}); err != nil || n != 8 {
		t.Fatalf("%d, %v", n, err)
	}
	if files, _ := r.Scanned(); files != 10 {
		t.Errorf("%d files of 10", files)
	}
}

// TestArchives opens archives within archives, and names what is broken, too deep or too large.
func TestArchives(t *testing.T) {
	r, key := newRun(t)
	dir := t.TempDir()
	text := []byte("k=" + key + "\n")
	bomb := make([]byte, 40<<20)
	deep := text
	for range 8 {
		deep = gzipped(deep)
	}
	broken := gzipped(append(append([]byte(nil), text...), bytes.Repeat([]byte("0123456789abcdef"), 1<<16)...))
	inner := zipOf(t, map[string][]byte{"x": text})
	for name, data := range map[string][]byte{
		"a.tgz": gzipped(tarOf("in/x", text)), "b.zip": zipOf(t, map[string][]byte{"x.tar": tarOf("y", gzipped(text)), "z.zip": inner}),
		"bomb.gz": gzipped(bomb), "bomb.zip": zipOf(t, map[string][]byte{"0": bomb}), "broken.gz": append(broken[:len(broken)-12], 1, 2, 3, 4),
		"cut.zip": inner[:len(inner)-30], "deep.gz": deep, "fake.zip": append([]byte("PK\x03\x04 "), text...), key + ".txt": text,
	} {
		write(t, filepath.Join(dir, name), string(data))
	}
	if err := r.Paths(t.Context(), []string{dir}); err != nil {
		t.Fatal(err)
	}
	for i := range r.found {
		r.found[i] = strings.TrimPrefix(r.found[i], dir+"/")
	}
	for i := range r.problems {
		r.problems[i] = strings.TrimPrefix(r.problems[i], dir+"/")
	}
	masked := key[:strings.LastIndex(key, "_")+1] + "***.txt"
	want := []string{masked, "a.tgz!in/x", "b.zip!x.tar!y", "b.zip!z.zip!x", "broken.gz", "fake.zip"}
	slices.Sort(want)
	r.told(t, want, []string{
		"bomb.gz unpacks to far more", "bomb.zip unpacks to far more", "bomb.zip!0 unpacks to far more", "broken.gz cannot be read: the gzip is broken",
		"cut.zip cannot be read: the zip is broken", "deep.gz is an archive within 6 others", "fake.zip cannot be read: the zip is broken",
	})
}

// TestClosed leaves archives as they are where it is told to.
func TestClosed(t *testing.T) {
	r, key := newRun(t)
	r.Closed = true
	if err := r.Reader(t.Context(), "a.tar", bytes.NewReader(tarOf("x", []byte(key)))); err != nil {
		t.Fatal(err)
	}
	if err := r.Reader(t.Context(), "a.gz", bytes.NewReader(gzipped([]byte(key)))); err != nil {
		t.Fatal(err)
	}
	r.told(t, []string{"a.tar"}, nil) // a tar holds its entries as they are
}

// TestEndless stops at the bound, says so, and keeps what it found.
func TestEndless(t *testing.T) {
	r, key := newRun(t)
	r.MaxBytes = 4 << 20
	if err := r.Reader(t.Context(), "stream", io.MultiReader(strings.NewReader(key+" "), zeros{})); err != nil {
		t.Fatal(err)
	}
	r.told(t, []string{"stream"}, []string{"stream is longer than may be scanned"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.MaxBytes = 0
	if err := r.Reader(ctx, "stream", zeros{}); err == nil {
		t.Error("it did not end with its context")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func gitIn(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// needGit skips a test where git is missing, unless KEYWRIGHT_TEST_REQUIRE is 1: then it fails.
func needGit(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("git"); err == nil {
		return
	}
	if os.Getenv("KEYWRIGHT_TEST_REQUIRE") == "1" {
		t.Fatal("git is not installed")
	}
	t.Skip("this test needs git")
}

// TestHistory finds what commits hold and held, each object once, names an object that is corrupt, and scans the rest.
func TestHistory(t *testing.T) {
	needGit(t)
	dir := t.TempDir()
	r, key := newRun(t)
	gitIn(t, dir, "init", "-q")
	for i := range 20 {
		write(t, filepath.Join(dir, fmt.Sprintf("f%02d", i)), fmt.Sprint("nothing ", i))
	}
	write(t, filepath.Join(dir, "a/key.env"), key)
	write(t, filepath.Join(dir, "copy.tgz"), string(gzipped(tarOf("x", []byte(key)))))
	gitIn(t, dir, "add", ".")
	gitIn(t, dir, "commit", "-q", "-m", "first")
	first := gitIn(t, dir, "rev-parse", "HEAD")
	gitIn(t, dir, "rm", "-q", "-r", "a", "copy.tgz")
	gitIn(t, dir, "commit", "-q", "-m", "take out "+key)
	commits := map[string]string{}
	note := r.Found
	r.Found = func(f sweep.Finding) { commits[f.Path] = f.Commit; note(f) }
	if err := r.History(t.Context(), dir, "--all"); err != nil {
		t.Fatal(err)
	}
	r.told(t, []string{"a/key.env", "commit message", "copy.tgz!x"}, nil)
	if commits["a/key.env"] != first || commits["copy.tgz!x"] != first || commits["commit message"] == first {
		t.Errorf("commits %v", commits)
	}
	r.found = nil
	if err := r.History(t.Context(), dir, "HEAD~1..HEAD"); err != nil {
		t.Fatal(err)
	}
	r.told(t, []string{"commit message"}, nil)

	r.found = nil
	id := gitIn(t, dir, "rev-parse", "HEAD:f07")
	object := filepath.Join(dir, ".git/objects", id[:2], id[2:])
	if err := os.Chmod(object, 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, object, "corrupt")
	if err := r.History(t.Context(), dir, "--all"); err != nil {
		t.Fatal(err)
	}
	r.told(t, []string{"a/key.env", "commit message", "copy.tgz!x"}, []string{"f07 cannot be read"})
}

// TestStaged scans what the index holds, not what the folder does.
func TestStaged(t *testing.T) {
	needGit(t)
	dir := t.TempDir()
	r, key := newRun(t)
	gitIn(t, dir, "init", "-q")
	write(t, filepath.Join(dir, "staged one"), key)
	gitIn(t, dir, "add", ".")
	write(t, filepath.Join(dir, "staged one"), "taken out, but not from the index")
	write(t, filepath.Join(dir, "other"), key)
	if err := r.Staged(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	r.told(t, []string{"staged one"}, nil)
}
