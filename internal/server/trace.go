// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"
)

// A Trace begins the span of a request. It returns a context that carries it, the id of the trace, and what ends the span,
// which is told the route ("none" where there is none), the status, and the id of the request.
type Trace func(r *http.Request) (ctx context.Context, id string, end func(route string, status int, requestID string))

// trace begins the span of a request, if there are spans.
func (s *Server) trace(r *http.Request, c *call) *http.Request {
	if s.options.Trace == nil {
		return r
	}
	var ctx context.Context
	ctx, c.trace, c.endSpan = s.options.Trace(r)
	return r.WithContext(ctx)
}

// endTrace ends the span of a request, if there is one.
func (c *call) endTrace(status int) {
	if c.endSpan != nil {
		c.endSpan(c.routeName(), status, c.id)
	}
}

// routeName is the pattern of a request, or none.
func (c *call) routeName() string {
	if c.route == "" {
		return "none"
	}
	return c.route
}
