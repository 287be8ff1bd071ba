// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/keywright/keywright"
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
	var keys []keywright.Secret
	for _, key := range q.Keys {
		keys = append(keys, key.Secret)
	}
	switch {
	case !q.Key.IsZero() && len(keys) > 0:
		return invalid("keys", "stands beside key", "give one of them")
	case !q.Key.IsZero():
		keys = append(keys, q.Key.Secret)
	case len(keys) == 0:
		return invalid("key", "is missing", "give the key that is to end, or several in keys")
	}
	begun := time.Now()
	if err := s.authority.RevokeSelves(r.Context(), keys, authority.Origin{Address: c.address, Request: c.id}); err != nil {
		return s.problemOf(c, err)
	}
	rest(r.Context(), untilStep(time.Since(begun)))
	return nil
}

// answerStep is what the time of an answer is rounded up to: to write that a key ended takes longer than to find none.
const answerStep = 100 * time.Millisecond

// untilStep returns how long to wait until the next step after a time.
func untilStep(took time.Duration) time.Duration { return answerStep - took%answerStep }

// rest waits, or until the client has gone.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// readAll reads a body, which is limited already.
func readAll(r *http.Request) ([]byte, *api.Problem) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, unreadable(err)
	}
	return b, nil
}
