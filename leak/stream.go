// SPDX-License-Identifier: Apache-2.0

package leak

import (
	"bytes"
	"errors"
	"io"
)

const (
	blockSize = 1 << 20
	// overlap is how much of a block is read again with the next: more than any key takes, however it is encoded.
	overlap = 16 << 10
	// before is how much of the text before a place is kept: labels, and what stands before a key.
	before = 4 << 10
)

// A Reader looks for keys in one stream after the other, with one buffer. It is for one goroutine.
type Reader struct {
	s     *Scanner
	block []byte
}

// NewReader makes a Reader.
func (s *Scanner) NewReader() *Reader { return &Reader{s: s} }

// Stream hands the keys of a stream to found, in their order, and returns how many bytes it read. The error is the
// reader's. Keys that were found before it have been handed over.
func (s *Scanner) Stream(r io.Reader, found func(Finding)) (int64, error) {
	return s.NewReader().Stream(r, found)
}

// Find returns the keys of a text.
func (s *Scanner) Find(text []byte) []Finding {
	var all []Finding
	at := place{line: 1}
	for _, f := range s.findings(text, 0, 0, int64(len(text))) {
		all = append(all, at.put(f, text, 0))
	}
	return all
}

// Stream is Scanner.Stream.
func (r *Reader) Stream(in io.Reader, found func(Finding)) (int64, error) {
	if r.block == nil {
		r.block = make([]byte, blockSize)
	}
	held := 0            // bytes in the block
	base := int64(0)     // where the block begins in the stream
	from := int64(0)     // keys that begin before it have been handed over
	at := place{line: 1} // how far lines were counted
	for {
		n, err := fill(in, r.block[held:])
		held += n
		text, limit := r.block[:held], base+int64(held)
		if err == nil {
			limit -= overlap
		}
		for _, f := range r.s.findings(text, base, from, limit) {
			found(at.put(f, text, base))
			from = f.Offset + int64(f.Length)
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return base + int64(held), err
		}
		from = max(from, limit)
		next := limit - before
		at.goTo(next, text, base)
		held = copy(r.block, text[next-base:])
		base = next
	}
}

// fill reads until room is full. At the end of the stream the error is io.EOF.
func fill(r io.Reader, room []byte) (n int, err error) {
	for idle := 0; n < len(room) && err == nil; {
		var m int
		m, err = r.Read(room[n:])
		if n += m; m > 0 {
			idle = 0
		} else if idle++; idle > 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, err
}

// findings are the keys of a block that begin from one place on and before another.
func (s *Scanner) findings(text []byte, base, from, limit int64) []Finding {
	spans := s.find(text, 0)
	if len(spans) == 0 {
		return nil
	}
	all := make([]Finding, 0, len(spans))
	for _, s := range spans {
		f := s.finding
		f.Offset, f.Length = base+int64(s.from), s.to-s.from
		if f.Offset >= from && f.Offset < limit {
			all = append(all, f)
		}
	}
	return settle(all)
}

// A place is how far lines were counted.
type place struct {
	offset int64 // counted up to here
	line   int
	begin  int64 // of the line
}

// goTo counts lines up to a place in a block.
func (p *place) goTo(to int64, text []byte, base int64) {
	if to <= p.offset {
		return
	}
	passed := text[p.offset-base : to-base]
	if n := bytes.Count(passed, []byte{'\n'}); n > 0 {
		p.line += n
		p.begin = p.offset + int64(bytes.LastIndexByte(passed, '\n')) + 1
	}
	p.offset = to
}

// put says in which line a finding is.
func (p *place) put(f Finding, text []byte, base int64) Finding {
	p.goTo(f.Offset, text, base)
	f.Line, f.Column = p.line, int(f.Offset-p.begin)+1
	return f
}
