// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"fmt"

	"github.com/keywright/keywright"
)

// ErrorKind says what an error means for who called.
type ErrorKind uint8

// The kinds.
const (
	Invalid      ErrorKind = iota + 1 // the request cannot be done as it is: the hint says what would do
	Unidentified                      // no service key, or not a valid one
	Denied                            // the caller may not do it
	Unknown                           // there is no such thing, or not for this caller
	Conflicting                       // it contradicts what is there
	Unavailable                       // no judgement could be made; try again
	Exhausted                         // a limit is reached; come again later
	Over                              // a session has ended: sign in again
)

// An Error is what every method returns that did not do what it was asked. It never holds a key.
type Error struct {
	Kind    ErrorKind
	Field   string // the field of the request that it is about, or empty
	Problem string // what is wrong
	Hint    string // what would do
	Cause   error  // what the store said, or nil

	Limit *keywright.LimitState // of kind Exhausted: the limit that is reached; nil: it is no rate limit
}

func (e *Error) Error() string {
	s := e.Problem
	if e.Field != "" {
		s = e.Field + " " + s
	}
	if e.Cause != nil {
		return s + ": " + e.Cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

func invalid(field, problem, hint string) error {
	return &Error{Kind: Invalid, Field: field, Problem: problem, Hint: hint}
}

func denied(problem, hint string) error {
	return &Error{Kind: Denied, Problem: problem, Hint: hint}
}

func unknown(what, hint string) error {
	return &Error{Kind: Unknown, Problem: "no such " + what, Hint: hint}
}

// fromStore says what an error of the store means.
func fromStore(err error) error {
	var conflict *ConflictError
	var own *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return err
	case errors.As(err, &conflict):
		return conflicting(conflict)
	case errors.Is(err, ErrFull):
		return &Error{Kind: Unavailable, Problem: "the disk of the store is full, and nothing was written", Hint: "make room where the server keeps its data, and send it again", Cause: err}
	case errors.Is(err, context.Canceled):
		return &Error{Kind: Unavailable, Problem: "the request was given up", Hint: "send it again", Cause: err}
	}
	return &Error{Kind: Unavailable, Problem: "the store did not answer", Hint: "try again; if it stays so, look at the disk and at the log of the server", Cause: err}
}

func conflicting(c *ConflictError) error {
	e := &Error{Kind: Conflicting, Cause: c, Problem: "it was changed at the same time", Hint: "read it again and repeat"}
	switch c.What {
	case "hash":
		e.Field, e.Problem, e.Hint = "hash", "is registered already", "a secret belongs to one record; make another key"
	case "public_id":
		e.Field, e.Problem, e.Hint = "public_id", "is taken in this keyspace", "make another key"
	case "keyspace":
		e.Problem, e.Hint = "the keyspace was changed at the same time", "repeat the request"
	}
	return e
}

// fromFormat turns what a format has to say into an error about a field of a request.
func fromFormat(field string, err error) error {
	var f *keywright.FormatError
	if errors.As(err, &f) {
		if field != "" {
			field += "."
		}
		return invalid(field+f.Field, f.Problem, f.Hint)
	}
	return invalid(field, err.Error(), "")
}

func tooMany(field string, most int) error {
	return invalid(field, fmt.Sprintf("has more than %d entries", most), "split it over several keys, or use a pattern")
}
