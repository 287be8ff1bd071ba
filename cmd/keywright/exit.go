// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// A failure ends a command. Neither text may hold what can be a key.
type failure struct {
	code    int
	problem string // empty: all has been said
	hint    string // what to do
	cause   error
}

func (f *failure) Error() string {
	if f.cause == nil {
		return f.problem
	}
	if f.problem == "" {
		return f.cause.Error()
	}
	return f.problem + ": " + f.cause.Error()
}

func (f *failure) Unwrap() error { return f.cause }

func refused(problem, hint string) error {
	return &failure{code: api.ExitRefused, problem: problem, hint: hint}
}

func misused(problem, hint string) error {
	return &failure{code: api.ExitUsage, problem: problem, hint: hint}
}

func unknowable(problem, hint string, cause error) error {
	return &failure{code: api.ExitNoAnswer, problem: problem, hint: hint, cause: cause}
}

// ended ends a command that has said everything with a code.
func ended(code int) error {
	if code == api.ExitDone {
		return nil
	}
	return &failure{code: code}
}

// report says why a command failed, and returns the exit code.
func (s *session) report(err error) int {
	if err == nil {
		return api.ExitDone
	}
	f := asFailure(err)
	colour := s.colours(s.stderr)
	if text := f.Error(); text != "" {
		_, _ = fmt.Fprintln(s.stderr, colour.bad("error:")+" "+text)
	}
	if f.hint != "" {
		_, _ = fmt.Fprintln(s.stderr, colour.dim("hint:")+"  "+f.hint)
	}
	return f.code
}

// asFailure says what an error means for who called.
func asFailure(err error) *failure {
	var f *failure
	var format *keywright.FormatError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &format):
		return formatFailure(format)
	case errors.Is(err, context.Canceled):
		return &failure{code: api.ExitNoAnswer, problem: "interrupted"}
	}
	return &failure{code: api.ExitNoAnswer, cause: err}
}
