// SPDX-License-Identifier: Apache-2.0

package server

import (
	"io"
	"net/http"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// revokeSelf ends the key that is presented. The answer is the same whatever the key: who holds one learns nothing, and
// who holds none neither.
func (s *Server) revokeSelf(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	if p := s.tryRevokeSelf(r, c); p != nil {
		p.RequestID = c.id
		writeProblem(w, p)
		return
	}
	writeJSON(w, http.StatusAccepted, api.MediaJSON, api.Accepted{Accepted: true})
}

func (s *Server) tryRevokeSelf(r *http.Request, c *call) *api.Problem {
	if limit, ok := s.revoking.allow(c.address); !ok {
		return tooMany(limit)
	}
	b, p := readAll(r)
	if p != nil {
		return p
	}
	var q api.RevokeSelfRequest
	if p := decode(b, &q); p != nil {
		return p
	}
	if q.Key.IsZero() {
		return invalid("key", "is missing", "give the key that is to end")
	}
	if err := s.authority.RevokeSelf(r.Context(), q.Key.Secret, authority.Origin{Address: c.address, Request: c.id}); err != nil {
		return s.problemOf(c, err)
	}
	return nil
}

// readAll reads a body, which is limited already.
func readAll(r *http.Request) ([]byte, *api.Problem) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, unreadable(err)
	}
	return b, nil
}
