// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright/api"
)

// registerChildren registers the route that makes children of a key.
func (s *Server) registerChildren() {
	register(s, huma.Operation{
		OperationID: "issue-child", Method: http.MethodPost, Path: api.PathChildren, Tags: []string{keysTag}, DefaultStatus: http.StatusCreated,
		Summary: "Issue a child of a key",
		Description: "A child can never do more than its parent: scopes, networks, methods, paths, origins and life within the parent's, judged again at each " +
			"verification, and it ends with the parent. Keyspace, environment and owner are the parent's. What it spends is spent by the parent too. " +
			"Children of children go 4 deep.",
	}, s.issueChild)
}

type issueChildIn struct {
	ByID
	IdempotencyKey string `header:"Idempotency-Key" doc:"Makes a repeat within 24 hours return the same record, without the key."`
	Body           body[api.IssueRequest]
}

// issueChild answers as issue does.
func (s *Server) issueChild(ctx context.Context, c *call, in *issueChildIn) (api.IssueResponse, int, error) {
	id, err := in.parse()
	if err != nil {
		return api.IssueResponse{}, 0, err
	}
	q := issueRequest(&in.Body.value)
	q.IdempotencyKey = in.IdempotencyKey
	issued, err := s.authority.IssueChild(ctx, c.caller, id, q)
	if err != nil {
		return api.IssueResponse{}, 0, err
	}
	return s.issueResponse(ctx, &issued), statusOf(&issued), nil
}
