// SPDX-License-Identifier: Apache-2.0

package api

// A Problem says why a request was refused, and what would do (RFC 9457). It never repeats what was sent.
type Problem struct {
	Type      string `json:"type" doc:"Where the code is explained, relative to this server." example:"/docs#invalid_input"`
	Title     string `json:"title" doc:"The code in words." example:"The request cannot be done as it is"`
	Status    int    `json:"status" doc:"The HTTP status." example:"400"`
	Detail    string `json:"detail,omitempty" doc:"What is wrong with this request." example:"environment is not one of the keyspace"`
	Code      Code   `json:"code" doc:"Stable, for programs." example:"invalid_input"`
	Hint      string `json:"hint,omitempty" doc:"What would do." example:"use one of live, test"`
	Field     string `json:"field,omitempty" doc:"The field or header that it is about." example:"environment"`
	RequestID string `json:"request_id,omitempty" doc:"The id of the request: quote it when you ask about it."`

	Limits []LimitState `json:"limits,omitempty" nullable:"false" doc:"With too_many_requests: the limit that is reached."`
	Checks []ReadyCheck `json:"checks,omitempty" nullable:"false" doc:"Of /readyz: what was looked at."`
}

// NewProblem returns a problem of a code. Detail and hint are for people; field may be empty.
func NewProblem(c Code, field, detail, hint string) *Problem {
	return &Problem{
		Type: PathDocs + "#" + string(c), Title: c.Title(), Status: c.Status(), Code: c,
		Detail: detail, Hint: hint, Field: field,
	}
}

// Error returns detail and hint.
func (p *Problem) Error() string {
	s := p.Detail
	if s == "" {
		s = p.Title
	}
	if p.Hint != "" {
		s += ": " + p.Hint
	}
	return s
}
