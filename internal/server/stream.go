// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
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
	in      *bufio.Reader
	long    []byte // a line that does not fit in's buffer
	line    int
	err     error // why the stream ended before its end
}

func (s *Server) newLineReader(w http.ResponseWriter, r *http.Request) *lineReader {
	control := http.NewResponseController(w)
	if r.ProtoMajor == 1 {
		// Answers are written while the body is read. When net/http lets a handler do so it no longer looks whether the
		// body was read to its end, and would take the rest of one that was not for the next request.
		_ = control.EnableFullDuplex()
		w.Header().Set("Connection", "close")
	}
	return &lineReader{control: control, timeout: s.options.ReadTimeout, in: bufio.NewReaderSize(r.Body, 64<<10)}
}

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
	_ = l.control.SetReadDeadline(time.Now().Add(l.timeout))
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
	out     *bufio.Writer
}

func (s *Server) newTimedWriter(w http.ResponseWriter) *timedWriter {
	w.Header().Set("Content-Type", api.MediaLines)
	t := &timedWriter{control: http.NewResponseController(w), timeout: s.options.WriteTimeout}
	t.out = bufio.NewWriterSize(w, 32<<10)
	return t
}

// Write gathers.
func (t *timedWriter) Write(b []byte) (int, error) {
	if len(b) > t.out.Available() {
		_ = t.control.SetWriteDeadline(time.Now().Add(t.timeout))
	}
	return t.out.Write(b)
}

// flush sends what was gathered. An error means that the client is gone, and comes again with every write.
func (t *timedWriter) flush() error {
	_ = t.control.SetWriteDeadline(time.Now().Add(t.timeout))
	if err := t.out.Flush(); err != nil {
		return err
	}
	return t.control.Flush()
}
