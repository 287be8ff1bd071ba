// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// issueBatch is how many lines are read before they are answered.
const issueBatch = 1000

type issueIn struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"Makes a repeat within 24 hours return the same record, without the key."`
	Body           body[api.IssueRequest]
}

// issue answers 201, and 200 where the request was done before.
func (s *Server) issue(ctx context.Context, c *call, in *issueIn) (api.IssueResponse, int, error) {
	q := issueRequest(&in.Body.value)
	q.IdempotencyKey = in.IdempotencyKey
	issued, err := s.authority.Issue(ctx, c.caller, q)
	if err != nil {
		return api.IssueResponse{}, 0, err
	}
	return s.issueResponse(ctx, &issued), statusOf(&issued), nil
}

func statusOf(issued *authority.Issued) int {
	if issued.Repeated {
		return http.StatusOK
	}
	return http.StatusCreated
}

// divertStream takes requests for many keys away from huma, which reads one document.
func (s *Server) divertStream(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	if mediaType(r) != api.MediaLines {
		next(ctx)
		return
	}
	s.issueStream(w, r)
}

// issueStream issues a key for each line and answers by a line, in order.
func (s *Server) issueStream(w http.ResponseWriter, r *http.Request) {
	i := issuing{server: s, call: callOf(r.Context()), in: s.newLineReader(w, r), out: s.newLineWriter(w)}
	var err error
	for more := true; more && err == nil; {
		more = i.batch(r.Context(), &err)
		_ = i.out.flush()
	}
	if err == nil {
		return
	}
	at := i.in.line // the stream ends here: neither this line nor what follows was done
	if len(i.waiting) > 0 {
		at = i.waiting[0].Line
	}
	_ = i.out.write(api.IssueLine{Line: at, Problem: s.problemOf(i.call, err)})
	_ = i.out.flush()
}

// issuing is a stream of requests on its way.
type issuing struct {
	server  *Server
	call    *call
	in      *lineReader
	out     *lineWriter
	waiting []api.IssueLine // lines that were read and not answered: those with a problem, and those with the authority
}

// batch issues what has arrived, as far as it is not too much for one transaction, and reports whether there may be more.
func (i *issuing) batch(ctx context.Context, failed *error) (more bool) {
	requests := func(yield func(authority.IssueRequest) bool) {
		for more = true; more && len(i.waiting) < issueBatch; {
			line, ok := i.in.next()
			if !ok {
				more = false
				return
			}
			var q api.IssueRequest
			if line.problem == nil {
				line.problem = decode(line.text, &q)
			}
			i.waiting = append(i.waiting, api.IssueLine{Line: line.number, Problem: line.problem})
			if line.problem == nil && !yield(issueRequest(&q)) || !i.in.buffered() {
				return
			}
		}
	}
	err := i.server.authority.IssueMany(ctx, i.call.caller, requests, func(issued authority.Issued, err error) error {
		return i.answer(ctx, issued, err)
	})
	if err == nil {
		err = i.refuse()
	}
	if err == nil {
		err = i.in.err
	}
	*failed = err
	return more
}

// answer writes what became of a request, after the lines before it that the authority never saw.
func (i *issuing) answer(ctx context.Context, issued authority.Issued, err error) error {
	if err := i.refuse(); err != nil {
		return err
	}
	line := i.waiting[0]
	i.waiting = i.waiting[1:]
	if err != nil {
		line.Problem = i.server.problemOf(i.call, err)
	} else {
		response := i.server.issueResponse(ctx, &issued)
		line.IssueResponse = &response
	}
	return i.out.write(line)
}

// refuse answers lines that have a problem, up to the first that the authority has.
func (i *issuing) refuse() error {
	for len(i.waiting) > 0 && i.waiting[0].Problem != nil {
		if err := i.out.write(i.waiting[0]); err != nil {
			return err
		}
		i.waiting = i.waiting[1:]
	}
	return nil
}

// lineWriter writes one JSON document a line.
type lineWriter struct {
	*timedWriter
	encoder *json.Encoder
}

func (s *Server) newLineWriter(w http.ResponseWriter) *lineWriter {
	t := s.newTimedWriter(w)
	return &lineWriter{t, newEncoder(t)}
}

func (w *lineWriter) write(v any) error { return w.encoder.Encode(v) }
