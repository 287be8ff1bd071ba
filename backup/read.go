// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"maps"
	"unicode/utf8"

	"github.com/keywright/keywright"
)

// A Reader reads an archive value by value, in memory of the size of its longest line. It is strict: what is not exactly as
// it is written is an error that wraps ErrArchive. Only io.EOF says that the archive was whole.
type Reader struct {
	Summary // counts and chain so far; at the end, of all
	raw     *bufio.Reader
	packed  *gzip.Reader
	in      *bufio.Reader
	sum     hash.Hash
	lines   int
	place   int
	chain   chain
	ended   error // io.EOF, or what went wrong
	long    []byte
}

// NewReader reads the begin of an archive.
func NewReader(r io.Reader) (*Reader, error) {
	raw := bufio.NewReaderSize(r, 64<<10)
	packed, err := gzip.NewReader(raw)
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, damaged("it is no backup of Keywright, or it is empty")
	}
	if err != nil {
		return nil, err
	}
	packed.Multistream(false)
	b := &Reader{raw: raw, packed: packed, in: bufio.NewReaderSize(packed, 64<<10), sum: sha256.New(), Summary: Summary{Counts: map[string]int{}}}
	name, value, err := b.line()
	if err != nil {
		return nil, err
	}
	var version struct{ Version int }
	if name != headerName || json.Unmarshal(value, &version) != nil || version.Version < 1 {
		return nil, damaged("it is no backup of Keywright")
	}
	if version.Version > Version {
		return nil, ErrNewer
	}
	b.sum.Write(b.long)
	if err := b.strict(value, &b.Header); err != nil {
		return nil, err
	}
	return b, nil
}

// Next returns the next value: a pointer, as authority.Archiver describes. After the last it returns io.EOF, if the archive
// is whole and so is its audit chain.
func (r *Reader) Next() (any, error) {
	if r.ended != nil {
		return nil, r.ended
	}
	v, err := r.next()
	r.ended = err
	return v, err
}

func (r *Reader) next() (any, error) {
	name, text, err := r.line()
	if err != nil {
		return nil, err
	}
	if name == endName {
		return nil, r.finish(text)
	}
	r.sum.Write(r.long)
	place := -1
	for i := range kinds {
		if kinds[i].name == name {
			place = i
		}
	}
	switch {
	case place < 0:
		return nil, damaged("line %d is of a kind that is not known", r.lines)
	case place < r.place:
		return nil, damaged("line %d is not in its place", r.lines)
	}
	r.place = place
	v := kinds[place].new()
	if err := r.strict(text, v); err != nil {
		return nil, err
	}
	r.Counts[name]++
	if err := r.chain.note(v); err != nil {
		return v, damaged("its audit chain is broken: %v", err)
	}
	r.Sequence, r.Hash = r.chain.sequence, r.chain.hash
	return v, nil
}

// finish compares what the last line says, and looks that nothing comes behind it.
func (r *Reader) finish(text []byte) error {
	var e end
	if err := r.strict(text, &e); err != nil {
		return err
	}
	switch {
	case e.SHA256 != keywright.Hash(r.sum.Sum(nil)):
		return damaged("it was changed after it was written")
	case !maps.Equal(e.Counts, r.Counts):
		return damaged("it does not hold as many values as it says")
	case e.Sequence != r.Sequence || e.Hash != r.Hash:
		return damaged("its audit chain does not end where it says")
	}
	if _, err := r.in.ReadByte(); !errors.Is(err, io.EOF) {
		return r.behind(err)
	}
	if _, err := r.raw.ReadByte(); !errors.Is(err, io.EOF) {
		return r.behind(err)
	}
	return io.EOF
}

func (r *Reader) behind(err error) error {
	if err != nil {
		return unreadable(err)
	}
	return damaged("something stands behind its end")
}

// line reads a line and returns the name of its one field and its value, which is valid until the next.
func (r *Reader) line() (name string, value []byte, err error) {
	r.lines++
	r.long = r.long[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		r.long = append(r.long, part...)
		if len(r.long) > MaxLine {
			return "", nil, damaged("line %d is longer than %d bytes", r.lines, MaxLine)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return "", nil, unreadable(err)
		}
		break
	}
	text, ok := bytes.CutPrefix(r.long, []byte(`{"`))
	head, rest, colon := bytes.Cut(text, []byte(`":`))
	value, end := bytes.CutSuffix(rest, []byte("}\n"))
	if !ok || !colon || !end || len(value) == 0 || value[0] != '{' || !utf8.Valid(value) {
		return "", nil, damaged("line %d is not written as it should be", r.lines)
	}
	return string(head), value, nil
}

// strict reads a value that has no field that is not known.
func (r *Reader) strict(text []byte, into any) error {
	if decode(text, into) != nil {
		return damaged("line %d is not written as it should be", r.lines)
	}
	return nil
}

// unreadable says what an error of the stream means.
func unreadable(err error) error {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return damaged("it was cut off: the end is missing")
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return damaged("it was changed after it was written")
	}
	if isCorrupt(err) {
		return damaged("it was changed after it was written")
	}
	return err
}
