// SPDX-License-Identifier: Apache-2.0

package sweep

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// An object of git, and what it is called.
type object struct{ id, name string }

const (
	// chunk is how many objects one git process reads.
	chunk = 2048
	// maxLocated is for how many objects with keys the first commit is looked for.
	maxLocated = 100
)

// History scans every blob, and the message of every commit, that git rev-list finds with the arguments: --all, or A..B.
// Each object is scanned once, however many commits have it.
func (s *Sweep) History(ctx context.Context, repository string, revisions ...string) error {
	located := map[string]string{} // object: first commit
	var held []Finding
	inner := s.Found
	s.Found = func(f Finding) { held = append(held, f) }
	defer func() { s.Found = inner }()

	objects := make(chan []object, 2)
	var readers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		readers.Go(func() {
			w := s.worker()
			for list := range objects {
				w.objects(ctx, repository, list)
			}
		})
	}
	commits := append([]string{"rev-list"}, revisions...)
	blobs := append([]string{"rev-list", "--objects", "--filter=object:type=blob", "--filter-provided-objects"}, revisions...)
	err := list(ctx, repository, objects, append(commits, "--"))
	if blobsErr := list(ctx, repository, objects, append(blobs, "--")); err == nil {
		err = blobsErr
	}
	close(objects)
	readers.Wait()
	if err != nil {
		s.problem(repository, "git cannot list the history: %v", err)
	}
	for _, f := range held {
		if _, known := located[f.Object]; !known && len(located) < maxLocated && f.Object != f.Commit {
			located[f.Object] = firstCommit(ctx, repository, f.Object, revisions)
		}
		if f.Commit == "" {
			f.Commit = located[f.Object]
		}
		inner(f)
	}
	return ctx.Err()
}

// git is a command that asks no one, takes no lock, fetches nothing and runs no program of the repository.
func git(ctx context.Context, repository string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", repository, "-c", "core.fsmonitor=false", "--no-pager"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "LC_ALL=C")
	return cmd
}

// list sends the objects that rev-list names, in chunks.
func list(ctx context.Context, repository string, objects chan<- []object, args []string) error {
	cmd := git(ctx, repository, args...)
	stderr := &tail{}
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	var next []object
	for lines.Scan() {
		id, name, _ := strings.Cut(lines.Text(), " ")
		if next = append(next, object{id, name}); len(next) == chunk {
			objects <- next
			next = nil
		}
	}
	if len(next) > 0 {
		objects <- next
	}
	_, _ = io.Copy(io.Discard, out)
	return stderr.explain(cmd.Wait())
}

// objects scans a chunk. Git ends at an object that is corrupt: that one is named, and another process reads on.
func (w *worker) objects(ctx context.Context, repository string, todo []object) {
	for len(todo) > 0 && ctx.Err() == nil {
		done, err := w.batch(ctx, repository, todo)
		if err != nil && ctx.Err() == nil && done < len(todo) {
			w.problem(todo[done].at(repository), "cannot be read: %v", err)
			done++
		}
		todo = todo[done:]
	}
}

// at is what an object is called where something is wrong with it.
func (o object) at(repository string) string {
	if o.name == "" {
		return repository + ": object " + o.id
	}
	return o.name
}

// batch scans objects by one process, and returns how many it did.
func (w *worker) batch(ctx context.Context, repository string, todo []object) (done int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var ids bytes.Buffer
	for _, o := range todo {
		ids.WriteString(o.id + "\n")
	}
	cmd := git(ctx, repository, "cat-file", "--batch", "--buffer")
	stderr := &tail{}
	cmd.Stdin, cmd.Stderr = &ids, stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	out := bufio.NewReaderSize(pipe, 256<<10)
	for ; done < len(todo); done++ {
		if err = w.object(ctx, out, todo[done]); err != nil {
			break
		}
	}
	if err != nil {
		cancel()
	}
	waited := stderr.explain(cmd.Wait())
	if err != nil && waited != nil && len(stderr.text) > 0 {
		err = waited
	}
	return done, err
}

// object scans the next object that cat-file writes.
func (w *worker) object(ctx context.Context, out *bufio.Reader, o object) error {
	header, err := out.ReadString('\n')
	if err != nil {
		return err
	}
	fields := strings.Fields(header)
	if len(fields) != 3 {
		w.problem(o.at("git"), "cannot be read: the repository lacks object %s, or it is corrupt", o.id)
		return nil
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return fmt.Errorf("git answered in a form that is not known")
	}
	body := &io.LimitedReader{R: out, N: size}
	at := Finding{Path: o.name, Object: o.id}
	if fields[1] == "commit" {
		at.Path, at.Commit = "commit message", o.id
	}
	if err := w.blob(ctx, at, body); err != nil {
		return err
	}
	if body.N > 0 {
		return io.ErrUnexpectedEOF
	}
	_, err = out.Discard(1)
	return err
}

// blob scans an object, and opens it if it is an archive.
func (w *worker) blob(ctx context.Context, at Finding, body *io.LimitedReader) error {
	inside := *w
	tagged := &Sweep{Scanner: w.Scanner, MaxBytes: w.MaxBytes, Problem: func(p Problem) { w.problem(p.Path, "%s", p.Problem) }}
	tagged.Found = func(f Finding) {
		f.Object, f.Commit = at.Object, at.Commit
		w.lock.Lock()
		defer w.lock.Unlock()
		w.Found(f)
	}
	inside.Sweep = tagged
	inside.input(ctx, at.Path, body, nil, &budget{left: min(w.maxBytes(), freeSize+maxRatio*body.N)}, 0)
	n, bytes := tagged.Scanned()
	w.lock.Lock()
	if w.inputs, w.bytes = w.inputs+n, w.bytes+bytes; w.Progress != nil {
		w.Progress(w.inputs)
	}
	w.lock.Unlock()
	_, err := io.Copy(io.Discard, body)
	return err
}

// firstCommit returns the oldest commit that has an object, as far as git can tell.
func firstCommit(ctx context.Context, repository, id string, revisions []string) string {
	args := append([]string{"log", "--reverse", "--format=%H", "--no-ext-diff", "--no-textconv", "-m", "--root", "--find-object=" + id}, revisions...)
	out, err := git(ctx, repository, append(args, "--")...).Output()
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return first
}

// Staged scans what git commit would add: the files in the index that differ from the last commit.
func (s *Sweep) Staged(ctx context.Context, repository string) error {
	cmd := git(ctx, repository, "diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules", "--diff-filter=d")
	stderr := &tail{}
	cmd.Stderr = stderr
	out, err := cmd.Output()
	if err != nil {
		s.problem(repository, "git cannot list what is staged: %v", stderr.explain(err))
		return ctx.Err()
	}
	var todo []object
	fields := strings.Split(string(out), "\x00")
	for i := 0; i+1 < len(fields); i += 2 { // :100644 100644 OLD NEW M, then the path
		about := strings.Fields(fields[i])
		if len(about) == 5 && about[1] != "160000" && about[1] != "120000" {
			todo = append(todo, object{about[3], fields[i+1]})
		}
	}
	s.worker().objects(ctx, repository, todo)
	return ctx.Err()
}

// tail keeps the begin of what git says.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p[:min(len(p), 1<<10-min(len(t.text), 1<<10))]...)
	return len(p), nil
}

// explain adds what git said to how it ended.
func (t *tail) explain(err error) error {
	said, _, _ := strings.Cut(strings.TrimSpace(string(t.text)), "\n")
	switch {
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("there is no git on this machine")
	case said == "":
		return err
	}
	return errors.New(said)
}
