// SPDX-License-Identifier: Apache-2.0

package server

import "context"

// What other doors of one process share with this one.

// Ready reports why no requests should be sent here, as GET /readyz does: the first of its
// checks that fails. Nil: they may be sent.
func (s *Server) Ready(ctx context.Context) error {
	for _, check := range s.checks(ctx) {
		if check.err != nil {
			return check.err
		}
	}
	return nil
}

// RequestID returns the id of a request: that which its header X-Request-Id gives, where it is sane, or a new one.
func (s *Server) RequestID(given []string) string { return s.ids.of(given) }
