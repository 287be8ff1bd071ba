// SPDX-License-Identifier: Apache-2.0

package sweep

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/gitignore"
)

// walk lists the regular files below a folder. Symbolic links are not followed, so no loop is possible.
func (s *Sweep) walk(ctx context.Context, root string, files chan<- string) {
	w := walk{Sweep: s, ctx: ctx, files: files}
	var patterns []gitignore.Pattern
	var within []string
	if !s.NoIgnore {
		within, patterns = above(root)
	}
	w.folder(root, within, patterns)
}

type walk struct {
	*Sweep
	ctx   context.Context
	files chan<- string
}

// folder lists one folder. within is its path below the root of the repository, as patterns see it.
func (w *walk) folder(path string, within []string, patterns []gitignore.Pattern) {
	entries, err := os.ReadDir(path)
	if err != nil {
		w.failed(path, err) // and go on with those that were read
	}
	if !w.NoIgnore {
		for _, e := range entries {
			if e.Name() == ".gitignore" && e.Type().IsRegular() {
				patterns = append(patterns[:len(patterns):len(patterns)], readPatterns(filepath.Join(path, e.Name()), within)...)
			}
		}
	}
	matcher := gitignore.NewMatcher(patterns)
	for _, e := range entries {
		if w.ctx.Err() != nil {
			return
		}
		if !e.IsDir() && !e.Type().IsRegular() {
			continue
		}
		at := append(within[:len(within):len(within)], e.Name())
		if !w.NoIgnore && (e.Name() == ".git" || len(patterns) > 0 && matcher.Match(at, e.IsDir())) {
			continue
		}
		if name := filepath.Join(path, e.Name()); e.IsDir() {
			w.folder(name, at, patterns)
		} else {
			w.files <- name
		}
	}
}

// maxIgnore is how much of a .gitignore is read.
const maxIgnore = 1 << 20

// readPatterns reads a file of patterns. One that cannot be read ignores nothing.
func readPatterns(path string, within []string) (patterns []gitignore.Pattern) {
	if info, err := os.Stat(path); err != nil || info.Size() > maxIgnore {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "#") {
			patterns = append(patterns, gitignore.ParsePattern(line, within))
		}
	}
	return patterns
}

// above returns the patterns of the repository that a folder lies in, from its root down to the folder's parent, and
// where the folder lies in it.
func above(folder string) (within []string, patterns []gitignore.Pattern) {
	path, err := filepath.Abs(folder)
	if err != nil {
		return nil, nil
	}
	root := path
	for {
		if _, err := os.Lstat(filepath.Join(root, ".git")); err == nil {
			break
		}
		parent := filepath.Dir(root)
		if parent == root {
			return nil, nil
		}
		root = parent
	}
	patterns = readPatterns(filepath.Join(root, ".git", "info", "exclude"), nil)
	below, err := filepath.Rel(root, path)
	if err != nil || below == "." {
		return nil, patterns
	}
	at := root
	for name := range strings.SplitSeq(filepath.ToSlash(below), "/") {
		patterns = append(patterns, readPatterns(filepath.Join(at, ".gitignore"), within)...)
		within, at = append(within, name), filepath.Join(at, name)
	}
	return within, patterns
}
