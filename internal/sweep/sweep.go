// SPDX-License-Identifier: Apache-2.0

// Package sweep gives what files, folders, archives and git repositories hold to a scanner of package leak.
//
// What cannot be read is named as a Problem, and the rest is scanned. Memory is bounded: streams go through blocks, and
// what an archive unpacks to is counted.
package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"sync"

	"github.com/keywright/keywright/leak"
)

// DefaultMaxBytes bounds what is read of one file or stream, and what an archive may unpack to.
const DefaultMaxBytes = 16 << 30

// A Finding is a key, and where it was found. A path within an archive follows a !.
type Finding struct {
	Path   string `json:"path"`
	Commit string `json:"commit,omitempty"` // the first that has it, where history was scanned
	Object string `json:"object,omitempty"` // of git
	leak.Finding
}

// A Problem says what could not be scanned, and why.
type Problem struct {
	Path    string `json:"path"`
	Problem string `json:"problem"`
}

// A Sweep scans. Found, Problem and Progress are called by one goroutine at a time.
type Sweep struct {
	Scanner  *leak.Scanner
	NoIgnore bool  // also what .gitignore names, and .git
	MaxBytes int64 // 0: DefaultMaxBytes
	Found    func(Finding)
	Problem  func(Problem)
	Progress func(inputs int)

	lock   sync.Mutex
	inputs int
	bytes  int64
}

// Scanned returns how many files, streams or objects were scanned, and how many bytes.
func (s *Sweep) Scanned() (inputs int, bytes int64) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.inputs, s.bytes
}

func (s *Sweep) maxBytes() int64 {
	if s.MaxBytes > 0 {
		return s.MaxBytes
	}
	return DefaultMaxBytes
}

// problem names what could not be scanned.
func (s *Sweep) problem(path, format string, args ...any) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.Problem(Problem{s.name(path), fmt.Sprintf(format, args...)})
}

// name is a path as it may be shown: a file can be named by a key.
func (s *Sweep) name(path string) string {
	found := s.Scanner.Find([]byte(path))
	for _, f := range slices.Backward(found) {
		path = path[:f.Offset] + f.Masked + path[int(f.Offset)+f.Length:]
	}
	return path
}

// failed names a file that could not be read.
func (s *Sweep) failed(path string, err error) {
	var p *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.problem(path, "is not there")
	case errors.Is(err, fs.ErrPermission):
		s.problem(path, "may not be read")
	case errors.As(err, &p):
		s.problem(path, "cannot be read: %v", p.Err)
	default:
		s.problem(path, "cannot be read: %v", err)
	}
}

// A worker scans one input after the other. It is one goroutine's.
type worker struct {
	*Sweep
	reader *leak.Reader
	head   [headSize]byte
}

func (s *Sweep) worker() *worker { return &worker{Sweep: s, reader: s.Scanner.NewReader()} }

// stream scans a stream to its end. Beyond the bound it stops, and says so.
func (w *worker) stream(ctx context.Context, at Finding, r io.Reader) error {
	limited := &bounded{ctx: ctx, r: r, left: w.maxBytes()}
	n, err := w.reader.Stream(limited, func(f leak.Finding) {
		w.lock.Lock()
		defer w.lock.Unlock()
		found := at
		found.Path, found.Finding = w.name(at.Path), f
		w.Found(found)
	})
	w.lock.Lock()
	w.inputs, w.bytes = w.inputs+1, w.bytes+n
	if w.Progress != nil {
		w.Progress(w.inputs)
	}
	w.lock.Unlock()
	return err
}

// errTooLong ends what is longer than its bound.
var errTooLong = errors.New("is longer than may be scanned: the rest was not")

// bounded reads so much and no more, and ends with its context.
type bounded struct {
	ctx  context.Context
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if b.left <= 0 {
		var one [1]byte
		if n, err := b.r.Read(one[:]); n == 0 {
			return 0, err
		}
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// Reader scans a stream, and opens it if it is an archive.
func (s *Sweep) Reader(ctx context.Context, name string, r io.Reader) error {
	w := s.worker()
	w.input(ctx, name, r, nil, &budget{left: s.maxBytes()}, 0)
	return ctx.Err()
}

// Paths scans files and folders. A path that is a symbolic link is followed; within folders none is.
func (s *Sweep) Paths(ctx context.Context, paths []string) error {
	files := make(chan string, 1024)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			w := s.worker()
			for path := range files {
				if ctx.Err() == nil {
					w.file(ctx, path)
				}
			}
		})
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			s.failed(path, err)
		case info.IsDir():
			s.walk(ctx, path, files)
		default:
			files <- path
		}
	}
	close(files)
	workers.Wait()
	return ctx.Err()
}

// file scans one file.
func (w *worker) file(ctx context.Context, path string) {
	f, err := os.Open(path)
	if err != nil {
		w.failed(path, err)
		return
	}
	defer f.Close()
	w.input(ctx, path, f, f, nil, 0)
}
