// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

const (
	readyFor  = time.Second // an answer of the store is good for so long: probes must not become a load
	readyTime = 2 * time.Second
)

// readiness remembers what the store answered.
type readiness struct {
	mu    sync.Mutex
	asked time.Time
	err   error
	head  atomic.Uint64 // the sequence of the last event, as of then
}

// A check is one of the things without which requests should not be sent here.
type check struct {
	name string
	err  error
	note string // for people, where all is well
}

// live says that the process answers.
func (s *Server) live(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, api.MediaJSON, map[string]bool{"live": true})
}

// isReady says whether requests should be sent here, and what each check found.
func (s *Server) isReady(w http.ResponseWriter, r *http.Request) {
	c := callOf(r.Context())
	answer := api.Ready{Ready: true}
	var failed error
	for _, check := range s.checks(r.Context()) {
		told := api.ReadyCheck{Name: check.name, OK: check.err == nil, Reason: check.note}
		if check.err != nil {
			told.Reason = s.problemOf(c, check.err).Detail
			if failed == nil {
				failed = check.err
			}
		}
		answer.Checks = append(answer.Checks, told)
	}
	if failed != nil {
		p := s.problemOf(c, failed)
		p.Checks = answer.Checks
		writeProblem(w, p)
		return
	}
	writeJSON(w, http.StatusOK, api.MediaJSON, answer)
}

var (
	errStopping = &authority.Error{Kind: authority.Unavailable, Problem: "the server is about to stop", Hint: "use another node"}
	errCold     = &authority.Error{
		Kind: authority.Unavailable, Problem: "the table does not hold every key, and the others cannot be asked for", Hint: "look at the store",
	}
)

// checks looks at everything that a verification needs. The store is asked at most once a second, the rest is looked at
// each time.
func (s *Server) checks(ctx context.Context) []check {
	draining, store, table := check{name: "draining"}, check{name: "store"}, check{name: "table"}
	if s.draining.Load() {
		draining.err = errStopping
	}
	store.err = s.storeAnswers(ctx)
	if !s.authority.Stats().Complete {
		table.note = "not complete: a key that is not in it is looked up in the store"
		if store.err != nil {
			table.err = errCold
		}
	}
	list := []check{draining, {name: "frozen", err: s.authority.Frozen()}, {name: "lease", err: s.authority.Lease()}, store, table}
	if limiter := s.authority.LimiterStats(); limiter.Shared {
		list = append(list, check{name: "limiter", note: limiterNote(limiter)})
	}
	return list
}

// limiterNote tells how the limiter stands that nodes share. Without it a node is still of use: for keys without limits, and by
// its share.
func limiterNote(s authority.LimiterStats) string {
	if !s.Away {
		return ""
	}
	return "it does not answer: keys with limits pass by a share of this node, or get no judgement, as their keyspaces say"
}

func (s *Server) storeAnswers(ctx context.Context) error {
	s.ready.mu.Lock()
	defer s.ready.mu.Unlock()
	if time.Since(s.ready.asked) < readyFor {
		return s.ready.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTime)
	defer cancel()
	head, err := s.authority.Head(ctx)
	if err == nil {
		s.ready.head.Store(head)
	}
	s.ready.err, s.ready.asked = err, time.Now()
	return err
}

// signpost tells who found this address where to go.
func (s *Server) signpost(w http.ResponseWriter, _ *http.Request) {
	places := map[string]string{
		"name": "keywright", "version": s.options.Version, "docs": api.PathDocs, "openapi": api.PathOpenAPI, "ready": api.PathReady,
	}
	if s.options.Pages != nil {
		places["console"], places["generator"] = "/console/", "/generate/"
	}
	writeJSON(w, http.StatusOK, api.MediaJSON, places)
}
