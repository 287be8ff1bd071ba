// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"

	"github.com/keywright/keywright/authority"
)

// What other doors of one process share with this one.

// Ready reports why no requests should be sent here, as GET /readyz does: the store does not answer or is frozen, or the
// server is about to stop. Nil: they may be sent.
func (s *Server) Ready(ctx context.Context) error {
	if s.draining.Load() {
		return &authority.Error{Kind: authority.Unavailable, Problem: "the server is about to stop", Hint: "use another node"}
	}
	if err := s.authority.Frozen(); err != nil {
		return err
	}
	return s.storeAnswers(ctx)
}

// RequestID returns the id of a request: that which its header X-Request-Id gives, where it is sane, or a new one.
func (s *Server) RequestID(given []string) string { return s.ids.of(given) }
