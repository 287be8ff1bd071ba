// SPDX-License-Identifier: Apache-2.0

package sweep

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
)

const (
	headSize    = 512
	maxDepth    = 6        // archives and compressions within each other
	maxEntries  = 1 << 20  // of one archive
	maxInMemory = 64 << 20 // a zip within another archive
	freeSize    = 64 << 20 // what an archive may always unpack to
	maxRatio    = 200      // what else it may, for each byte of it
)

// budget is what is left for an archive to unpack to, all within it included.
type budget struct{ left int64 }

// spent counts what comes out of a decompressor.
type spent struct {
	r io.Reader
	b *budget
}

var errBomb = errors.New("unpacks to far more than it is long: the rest was not scanned")

func (s spent) Read(p []byte) (int, error) {
	if s.b.left <= 0 {
		return 0, errBomb
	}
	n, err := s.r.Read(p[:min(int64(len(p)), s.b.left)])
	s.b.left -= int64(n)
	return n, err
}

// input scans what a name stands for: an archive by what is in it, all else as it is. file is given where the input is
// one; b where it is within an archive, or is a stream.
func (w *worker) input(ctx context.Context, name string, r io.Reader, file *os.File, b *budget, depth int) {
	n, err := io.ReadFull(r, w.head[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		w.ended(name, err)
		return
	}
	kind := kindOf(w.head[:n])
	if kind != "" && b == nil {
		b = &budget{left: w.maxBytes()}
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			b.left = min(b.left, freeSize+maxRatio*info.Size())
		}
	}
	head := append([]byte(nil), w.head[:n]...)
	whole := io.MultiReader(bytes.NewReader(head), r)
	if kind != "" && depth >= maxDepth {
		w.problem(name, "is an archive within %d others: it was not opened", maxDepth)
		kind = ""
	}
	switch kind {
	case "":
		err = w.stream(ctx, Finding{Path: name}, whole)
	case "tar":
		err = w.tar(ctx, name, whole, b, depth)
	case "zip":
		err = w.zip(ctx, name, whole, file, b, depth)
	default:
		err = w.compressed(ctx, name, kind, whole, b, depth)
	}
	w.ended(name, err)
}

// ended names what ended a scan before its end.
func (w *worker) ended(name string, err error) {
	switch {
	case err == nil || errors.Is(err, context.Canceled):
	case errors.Is(err, errBomb) || errors.Is(err, errTooLong):
		w.problem(name, "%v", err)
	default:
		w.failed(name, err)
	}
}

// kindOf tells archives and compressed files by how they begin.
func kindOf(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return "zip"
	case bytes.HasPrefix(head, []byte("\x1f\x8b\x08")):
		return "gzip"
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return "zstd"
	case len(head) > 10 && bytes.HasPrefix(head, []byte("BZh")) && string(head[4:10]) == "\x31\x41\x59\x26\x53\x59":
		return "bzip2"
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return "tar"
	}
	return ""
}

// compressed scans what a stream unpacks to.
func (w *worker) compressed(ctx context.Context, name, kind string, r io.Reader, b *budget, depth int) error {
	var plain io.Reader
	var err error
	switch kind {
	case "gzip":
		plain, err = gzip.NewReader(r)
	case "bzip2":
		plain = bzip2.NewReader(r)
	case "zstd":
		var d *zstd.Decoder
		if d, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(128<<20)); err == nil {
			defer d.Close()
			plain = d
		}
	}
	if err != nil {
		return broken(kind, err)
	}
	w.input(ctx, name, broke{kind, spent{plain, b}}, nil, b, depth+1)
	return nil
}

// broke says of what kind the archive is that is broken.
type broke struct {
	kind string
	r    io.Reader
}

func (b broke) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = broken(b.kind, err)
	}
	return n, err
}

// brokenError is what a decompressor says of its input.
type brokenError struct {
	kind string
	err  error
}

func (e *brokenError) Error() string { return "the " + e.kind + " is broken: " + e.err.Error() }
func (e *brokenError) Unwrap() error { return e.err }

func broken(kind string, err error) error {
	var already *brokenError
	if errors.As(err, &already) || errors.Is(err, errBomb) || errors.Is(err, context.Canceled) {
		return err
	}
	return &brokenError{kind, err}
}

func (w *worker) tar(ctx context.Context, name string, r io.Reader, b *budget, depth int) error {
	t := tar.NewReader(r)
	for range maxEntries {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return ctx.Err()
		}
		if err != nil {
			return broken("tar", err)
		}
		if h.Typeflag == tar.TypeReg {
			w.input(ctx, entryName(name, h.Name), broke{"tar", t}, nil, b, depth+1)
		}
	}
	w.problem(name, "has more than %d entries: the rest was not scanned", maxEntries)
	return nil
}

// zip scans a zip. It is read from its end: one that is no file is read into memory first.
func (w *worker) zip(ctx context.Context, name string, r io.Reader, file *os.File, b *budget, depth int) error {
	var at io.ReaderAt = file
	var size int64
	if info, err := statRegular(file); err == nil {
		size = info.Size()
	} else {
		text, err := io.ReadAll(io.LimitReader(r, maxInMemory+1))
		if err != nil {
			return err
		}
		if len(text) > maxInMemory {
			w.problem(name, "is a zip of more than %d MiB within another archive or a stream: it was not opened", maxInMemory>>20)
			return w.stream(ctx, Finding{Path: name}, io.MultiReader(bytes.NewReader(text), r))
		}
		at, size, r = bytes.NewReader(text), int64(len(text)), bytes.NewReader(text)
	}
	z, err := zip.NewReader(at, size)
	if err != nil {
		w.ended(name, broken("zip", err))
		return w.stream(ctx, Finding{Path: name}, r) // what is there may hold keys
	}
	for i, f := range z.File {
		if ctx.Err() != nil || i >= maxEntries {
			w.problem(name, "has more than %d entries: the rest was not scanned", maxEntries)
			break
		}
		if !f.Mode().IsRegular() {
			continue
		}
		inside := entryName(name, f.Name)
		entry, err := f.Open()
		if err != nil {
			w.ended(inside, broken("zip", err))
			continue
		}
		w.input(ctx, inside, broke{"zip", spent{entry, b}}, nil, b, depth+1)
		entry.Close()
		if b.left <= 0 {
			return errBomb
		}
	}
	return ctx.Err()
}

var errNoFile = errors.New("no regular file")

func statRegular(file *os.File) (os.FileInfo, error) {
	if file == nil {
		return nil, errNoFile
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNoFile
	}
	return info, err
}

// entryName is how an entry of an archive is called. Its own name is another's text: it is cut, and kept on one line.
func entryName(archive, entry string) string {
	if len(entry) > 512 {
		entry = entry[:512] + "…"
	}
	return archive + "!" + strings.TrimPrefix(filepath.ToSlash(entry), "/")
}
