// SPDX-License-Identifier: Apache-2.0

package server

import "net/http"

// mcp serves /mcp. Who calls is decided where its tools call /v1; here only how often an address may.
func (s *Server) mcp(next http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := callOf(r.Context())
		if limit, ok := s.calling.allow(c.address); !ok {
			p := tooMany(limit)
			p.RequestID = c.id
			writeProblem(w, p)
			return
		}
		next.ServeHTTP(w, r)
	}
}
