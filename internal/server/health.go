// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

const (
	readyFor  = time.Second // an answer of the store is good for so long: probes must not become a load
	readyTime = 2 * time.Second
)

type readiness struct {
	mu    sync.Mutex
	asked time.Time
	err   error
}

// live says that the process answers.
func (s *Server) live(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, api.MediaJSON, map[string]bool{"live": true})
}

// isReady says whether requests should be sent here: the store answers and is not frozen, and the server is not about to stop.
func (s *Server) isReady(w http.ResponseWriter, r *http.Request) {
	if err := s.Ready(r.Context()); err != nil {
		writeProblem(w, s.problemOf(callOf(r.Context()), err))
		return
	}
	writeJSON(w, http.StatusOK, api.MediaJSON, map[string]bool{"ready": true})
}

func (s *Server) storeAnswers(ctx context.Context) error {
	s.ready.mu.Lock()
	defer s.ready.mu.Unlock()
	if time.Since(s.ready.asked) < readyFor {
		return s.ready.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTime)
	defer cancel()
	_, _, s.ready.err = s.authority.List(ctx, authority.Operator("probe", authority.Origin{}), authority.ListRequest{Limit: 1})
	s.ready.asked = time.Now()
	return s.ready.err
}

// signpost tells who found this address where to go.
func (s *Server) signpost(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, api.MediaJSON, map[string]string{
		"name": "keywright", "version": s.options.Version, "docs": api.PathDocs, "openapi": api.PathOpenAPI, "ready": api.PathReady,
	})
}
