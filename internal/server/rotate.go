// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// registerRotation registers the routes that change the secrets of a record.
func (s *Server) registerRotation() {
	register(s, huma.Operation{
		OperationID: "rotate-key", Method: http.MethodPost, Path: api.PathRotate, Tags: []string{keysTag}, Summary: "Give a key a new secret",
		Description: "The new key is shown once. Id, scopes, limits, credits and history stay. The secret before lives on for the grace; " +
			"with a grace of 0s a verification that begins after the answer does not say VALID for it. A second rotation within a grace is refused unless it is forced.",
	}, s.rotateKey)
	register(s, huma.Operation{
		OperationID: "end-grace", Method: http.MethodPost, Path: api.PathEndGrace, Tags: []string{keysTag}, Summary: "End the old secrets of a key now",
		Description: "Refused where an old secret was used within the last hour, unless it is forced.",
	}, s.endGrace)
}

type rotateKeyIn struct {
	ByID
	IdempotencyKey string `header:"Idempotency-Key" doc:"Makes a repeat within 24 hours return the same record, without the key."`
	Body           *body[api.RotateRequest]
}

func (s *Server) rotateKey(ctx context.Context, c *call, in *rotateKeyIn) (api.RotateResponse, int, error) {
	id, err := in.parse()
	if err != nil {
		return api.RotateResponse{}, 0, err
	}
	var q api.RotateRequest
	if in.Body != nil {
		q = in.Body.value
	}
	issued, err := s.authority.Rotate(ctx, c.caller, id, authority.RotateRequest{
		Grace: grace(q.Grace), Force: q.Force, Hash: q.Hash, PublicID: q.PublicID, IdempotencyKey: in.IdempotencyKey,
	})
	if err != nil {
		return api.RotateResponse{}, 0, err
	}
	return s.rotateResponse(ctx, &issued), http.StatusOK, nil
}

func (s *Server) rotateResponse(ctx context.Context, i *authority.Issued) api.RotateResponse {
	issued := s.issueResponse(ctx, i)
	w := api.RotateResponse{Key: issued.Key, Record: issued.Record, Repeated: issued.Repeated, Warnings: issued.Warnings}
	w.PreviousEndsAt, w.PreviousIdle = previousEnd(&i.Record)
	return w
}

// previousEnd returns when the secret before the current one ends, at the latest, and after how long without use.
func previousEnd(r *authority.Record) (time.Time, api.Duration) {
	if len(r.Secrets) < 2 {
		return time.Time{}, 0
	}
	return r.Secrets[1].Expires, api.Duration(r.Secrets[1].Idle)
}

func grace(g *api.Grace) *authority.Grace {
	if g == nil {
		return nil
	}
	return &authority.Grace{AtMost: g.AtMost.Duration(), Idle: g.Idle.Duration()}
}

type endGraceIn struct {
	ByID
	Body *body[api.EndGraceRequest]
}

func (s *Server) endGrace(ctx context.Context, c *call, in *endGraceIn) (api.Record, int, error) {
	force := in.Body != nil && in.Body.value.Force
	return s.onRecord(ctx, &in.ByID, func(id keywright.KeyID) (authority.Record, error) {
		return s.authority.EndGrace(ctx, c.caller, id, force)
	})
}
