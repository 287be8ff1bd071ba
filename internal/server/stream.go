// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/keywright/keywright/api"
)

const maxLine = 1 << 20

// A line of a stream.
type line struct {
	number  int
	text    []byte // valid until the next line is read
	problem *api.Problem
}

// lineReader reads a body line by line. Each line has its own time to arrive, so a stream may be of any length and a
// client that stalls is let go.
type lineReader struct {
	control *http.ResponseController
	timeout time.Duration
	body    *arriving
	in      *bufio.Reader
	long    []byte // a line that does not fit in's buffer
	line    int
	err     error // why the stream ended before its end
}

// arriving is a body that knows whether all of it has arrived.
type arriving struct {
	body  io.Reader
	left  int64 // bytes; negative: nobody knows
	reads int   // how often something may have arrived
}

// Read reads. After the end the body itself is not asked again: it may be closed once an answer was sent.
func (a *arriving) Read(p []byte) (int, error) {
	if a.left == 0 {
		return 0, io.EOF
	}
	a.reads++
	n, err := a.body.Read(p)
	if a.left > 0 {
		a.left -= int64(n)
	}
	if err == io.EOF {
		a.left = 0
	}
	return n, err
}

// newLineReader returns a reader of a body that is read while answers are written.
func (s *Server) newLineReader(w http.ResponseWriter, r *http.Request) *lineReader {
	l := s.newLines(w, r)
	l.interleave(w, r)
	return l
}

// newLines returns a reader of a body. Unless all of it has arrived, interleave goes before the first answer.
func (s *Server) newLines(w http.ResponseWriter, r *http.Request) *lineReader {
	size := int64(64 << 10)
	if r.ContentLength > 0 {
		size = min(size, max(r.ContentLength, 4<<10))
	}
	body := &arriving{body: r.Body, left: r.ContentLength}
	return &lineReader{
		control: http.NewResponseController(w), timeout: s.options.ReadTimeout, body: body, in: bufio.NewReaderSize(body, int(size)),
	}
}

// interleave lets answers be written while the body is read.
func (l *lineReader) interleave(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor != 1 {
		return
	}
	// When net/http lets a handler do so it no longer looks whether the body was read to its end, and would take the rest
	// of one that was not for the next request.
	_ = l.control.EnableFullDuplex()
	w.Header().Set("Connection", "close")
}

// whole reports whether all of the body has arrived.
func (l *lineReader) whole() bool { return l.body.left == 0 }

// next returns the next line that is not empty, and false at the end.
func (l *lineReader) next() (line, bool) {
	for l.err == nil {
		text, long, err := l.read()
		l.line++
		if err != nil && err != io.EOF {
			l.err = unreadable(err)
			return line{}, false
		}
		text = bytes.TrimSpace(text)
		switch {
		case long:
			return line{number: l.line, problem: api.NewProblem(api.TooLarge, "", "the line is longer than 1 MiB", "send less on one line")}, true
		case len(text) > 0:
			return line{number: l.line, text: text}, true
		case err == io.EOF:
			return line{}, false
		}
	}
	return line{}, false
}

// buffered reports whether more has arrived: an answer need not be sent on its own then.
func (l *lineReader) buffered() bool { return l.in.Buffered() > 0 }

// read returns a line, or that it was too long and was skipped.
func (l *lineReader) read() (text []byte, long bool, err error) {
	if there, _ := l.in.Peek(l.in.Buffered()); bytes.IndexByte(there, '\n') < 0 && (l.body == nil || !l.whole()) {
		_ = l.control.SetReadDeadline(time.Now().Add(l.timeout))
	}
	l.long = l.long[:0]
	for {
		part, err := l.in.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			if len(l.long) > 0 {
				part = append(l.long, part...)
				l.long = part
			}
			return part, long || len(part) > maxLine, err
		}
		if l.long = append(l.long, part...); len(l.long) > maxLine {
			long, l.long = true, l.long[:0]
		}
	}
}

// timedWriter writes a response of any length. Each write has its own time.
type timedWriter struct {
	control *http.ResponseController
	timeout time.Duration
	to      http.ResponseWriter
	out     *bufio.Writer
	first   func() // called before anything is sent; nil: something was, or there is nothing to do
	sent    bool
}

func (s *Server) newTimedWriter(w http.ResponseWriter) *timedWriter {
	w.Header().Set("Content-Type", api.MediaLines)
	t := &timedWriter{control: http.NewResponseController(w), timeout: s.options.WriteTimeout, to: w}
	t.out = bufio.NewWriterSize((*timedSender)(t), 32<<10)
	return t
}

// timedSender sends what a timedWriter gathered.
type timedSender timedWriter

func (t *timedSender) Write(b []byte) (int, error) {
	if !t.sent && t.first != nil {
		t.first()
	}
	t.sent = true
	_ = t.control.SetWriteDeadline(time.Now().Add(t.timeout))
	return t.to.Write(b)
}

// Write gathers.
func (t *timedWriter) Write(b []byte) (int, error) { return t.out.Write(b) }

// flush sends what was gathered. An error means that the client is gone, and comes again with every write.
func (t *timedWriter) flush() error {
	if err := t.out.Flush(); err != nil {
		return err
	}
	return t.control.Flush()
}

// end sends the last of it: where that is all, with its length.
func (t *timedWriter) end() {
	if !t.sent {
		t.to.Header().Set("Content-Length", strconv.Itoa(t.out.Buffered()))
	}
	_ = t.out.Flush()
}
