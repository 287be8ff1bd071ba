// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// terminal returns the descriptor of a stream that is a terminal.
func terminal(stream any) (fd int, ok bool) {
	f, ok := stream.(*os.File)
	if !ok {
		return 0, false
	}
	fd = int(f.Fd())
	return fd, term.IsTerminal(fd)
}

func isTerminal(stream any) bool {
	_, ok := terminal(stream)
	return ok
}

// width is how many columns a stream has, or 0 where there is no bound.
func (s *session) width(w io.Writer) int {
	fd, ok := terminal(w)
	if !ok {
		return 0
	}
	if n, err := strconv.Atoi(s.env["COLUMNS"]); err == nil && n > 0 {
		return n
	}
	n, _, err := term.GetSize(fd)
	if err != nil || n <= 0 {
		return 80
	}
	return n
}

// colours tells which styles a stream can show: none where it is no terminal, or where nobody wants them
// (https://no-color.org).
func (s *session) colours(w io.Writer) palette {
	if s.env["NO_COLOR"] != "" || s.env["TERM"] == "dumb" {
		return palette{}
	}
	return palette{on: isTerminal(w)}
}

// A palette names colours by what they mean.
type palette struct{ on bool }

func (p palette) paint(code, text string) string {
	if !p.on {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p palette) heading(text string) string { return p.paint("1", text) }
func (p palette) dim(text string) string     { return p.paint("2", text) }
func (p palette) good(text string) string    { return p.paint("32", text) }
func (p palette) careful(text string) string { return p.paint("33", text) }
func (p palette) bad(text string) string     { return p.paint("31", text) }

// say writes a line for people.
func (s *session) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.stderr, format+"\n", args...)
}

// warn writes a line about something that should be known.
func (s *session) warn(format string, args ...any) {
	_, _ = fmt.Fprintf(s.stderr, s.colours(s.stderr).careful("warning:")+" "+format+"\n", args...)
}

// prompt asks for a secret without showing what is typed.
func (s *session) prompt(ctx context.Context, fd int, question string) (string, error) {
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	_, _ = fmt.Fprint(s.stderr, question)
	type answer struct {
		text []byte
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		answers <- answer{text, err}
	}()
	defer s.say("")
	select {
	case a := <-answers:
		return string(a.text), a.err
	case <-ctx.Done(): // else the terminal would stay without echo
		return "", withCause(term.Restore(fd, before), ctx.Err())
	}
}

func withCause(err, cause error) error {
	if err != nil {
		return fmt.Errorf("%w (%w)", cause, err)
	}
	return cause
}
