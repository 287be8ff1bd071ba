// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// problem is a problem document as huma writes it.
type problem struct{ api.Problem }

// GetStatus is the HTTP status.
func (p *problem) GetStatus() int { return p.Status }

// ContentType is that of problem documents.
func (p *problem) ContentType(string) string { return api.MediaProblem }

// GetHeaders returns what goes with the code.
func (p *problem) GetHeaders() http.Header {
	h := http.Header{}
	setProblemHeaders(h, &p.Problem)
	return h
}

func setProblemHeaders(h http.Header, p *api.Problem) {
	switch p.Code {
	case api.Unauthenticated, api.SessionEnded:
		h.Set("Www-Authenticate", "Bearer")
	case api.Unavailable:
		h.Set(api.HeaderRetryAfter, "1")
	case api.TooManyRequests:
		if len(p.Limits) == 0 {
			return // nobody knows when it helps to come again
		}
		limit := p.Limits[0].State()
		api.SetLimits(h, &keywright.Verdict{Code: keywright.RateLimited, Limit: limit})
	}
}

var kinds = map[authority.ErrorKind]api.Code{
	authority.Invalid:      api.InvalidInput,
	authority.Unidentified: api.Unauthenticated,
	authority.Denied:       api.AccessDenied,
	authority.Unknown:      api.NotFound,
	authority.Conflicting:  api.Conflict,
	authority.Unavailable:  api.Unavailable,
	authority.Exhausted:    api.TooManyRequests,
	authority.Over:         api.SessionEnded,
}

// problemOf turns an error into what the client is told. What went wrong inside is kept for the log.
func (s *Server) problemOf(c *call, err error) *api.Problem {
	var p *api.Problem
	var own *authority.Error
	var format *keywright.FormatError
	switch {
	case errors.As(err, &p):
	case errors.As(err, &own):
		p = fromAuthority(own)
	case errors.As(err, &format):
		p = invalid(format.Field, format.Problem, format.Hint)
	default:
		p = errInternal()
	}
	switch {
	case p.Status >= http.StatusInternalServerError:
		c.fault = err
	case p.Code == api.AccessDenied: // every refusal passes here, those of a line of a stream too
		s.authority.Refused(c.caller)
	}
	p.RequestID = c.id
	return p
}

func fromAuthority(e *authority.Error) *api.Problem {
	code, ok := kinds[e.Kind]
	if !ok {
		code = api.Internal
	}
	if code == api.Unauthenticated {
		return api.NewProblem(code, "Authorization", "the service key is missing or not valid", "send one header Authorization: Bearer with a service key")
	}
	p := api.NewProblem(code, e.Field, e.Problem, e.Hint)
	if e.Limit != nil {
		p.Limits = []api.LimitState{api.LimitStateOf(e.Limit, time.Now())}
	}
	if e.Field != "" {
		p.Detail = e.Field + " " + e.Problem
	}
	return p
}

// invalid returns a problem of a field of the request.
func invalid(field, what, hint string) *api.Problem {
	p := api.NewProblem(api.InvalidInput, field, what, hint)
	if field != "" {
		p.Detail = field + " " + what
	}
	return p
}

func errInternal() *api.Problem {
	return api.NewProblem(api.Internal, "", "something went wrong that should not", "quote the request id when you report it")
}

func errTooLarge() *api.Problem {
	return api.NewProblem(api.TooLarge, "", "the body is larger than the limit", "send less at once")
}

// unreadable says why a body could not be read.
func unreadable(err error) *api.Problem {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return errTooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return api.NewProblem(api.TooSlow, "", "the body did not arrive in time", "send it again")
	}
	return invalid("", "the body did not arrive whole", "send it again")
}

// writeProblem answers with a problem.
func writeProblem(w http.ResponseWriter, p *api.Problem) {
	setProblemHeaders(w.Header(), p)
	writeJSON(w, p.Status, api.MediaProblem, p)
}

// writeJSON answers with a document. Cache-Control is set for every response.
func writeJSON(w http.ResponseWriter, status int, media string, v any) {
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	_ = newEncoder(w).Encode(v) // a client that went away is no fault
}

// newEncoder writes JSON as it is, and not as it would stand in HTML.
func newEncoder(w interface{ Write([]byte) (int, error) }) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}
