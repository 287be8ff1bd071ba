// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// registerAudit registers what is done to the audit chain as a whole.
func (s *Server) registerAudit() {
	register(s, huma.Operation{
		OperationID: "list-checkpoints", Method: http.MethodGet, Path: api.PathCheckpoints, Tags: []string{eventsTag}, Summary: "List the checkpoints of the audit chain",
	}, s.listCheckpoints)
	register(s, huma.Operation{
		OperationID: "make-checkpoint", Method: http.MethodPost, Path: api.PathCheckpoints, Tags: []string{eventsTag}, Summary: "Sign the end of the audit chain",
		Description: "Keep a copy elsewhere: it shows when the chain is cut off before it, or replaced.", DefaultStatus: http.StatusCreated,
	}, s.makeCheckpoint)
	register(s, huma.Operation{
		OperationID: "erase-personal-fields", Method: http.MethodPost, Path: api.PathErase, Tags: []string{eventsTag}, Summary: "Empty personal fields of events",
		Description: "For good. The chain still verifies: it holds commitments to them.",
	}, s.eraseFields)
	register(s, huma.Operation{
		OperationID: "prune-events", Method: http.MethodPost, Path: api.PathPrune, Tags: []string{eventsTag}, Summary: "Delete the events up to a checkpoint",
		Description: "For good. The chain that is left begins behind the checkpoint, and still verifies.",
	}, s.pruneEvents)
}

func (s *Server) verifyChain(ctx context.Context, c *call, _ *struct{}) (api.ChainReport, int, error) {
	return s.walkChain(ctx, c, nil)
}

type verifyChainIn struct{ Body body[api.ChainRequest] }

func (s *Server) verifyChainAgainst(ctx context.Context, c *call, in *verifyChainIn) (api.ChainReport, int, error) {
	return s.walkChain(ctx, c, in.Body.value.Checkpoints)
}

func (s *Server) walkChain(ctx context.Context, c *call, kept []api.Checkpoint) (api.ChainReport, int, error) {
	checkpoints := make([]authority.Checkpoint, len(kept))
	for i := range kept {
		checkpoints[i] = authority.Checkpoint(kept[i])
	}
	r, err := s.authority.VerifyChain(ctx, c.caller, checkpoints...)
	out := api.ChainReport{
		Whole: r.Broken == nil, From: r.From, Events: r.Events, Head: r.Head, Checkpoints: r.Checkpoints, Unproven: r.Unproven,
	}
	if r.Broken != nil {
		out.Broken = &api.ChainBreak{Sequence: r.Broken.Sequence, Problem: r.Broken.Problem}
	}
	return out, http.StatusOK, err
}

func (s *Server) listCheckpoints(ctx context.Context, c *call, _ *struct{}) (api.CheckpointList, int, error) {
	list, err := s.authority.Checkpoints(ctx, c.caller)
	out := api.CheckpointList{Checkpoints: []api.Checkpoint{}}
	for i := range list {
		out.Checkpoints = append(out.Checkpoints, api.Checkpoint(list[i]))
	}
	return out, http.StatusOK, err
}

type checkpointIn struct {
	Body *body[api.CheckpointRequest]
}

func (s *Server) makeCheckpoint(ctx context.Context, c *call, in *checkpointIn) (api.Checkpoint, int, error) {
	var q authority.CheckpointRequest
	if in.Body != nil {
		q.NewKey = in.Body.value.NewKey
	}
	p, err := s.authority.Checkpoint(ctx, c.caller, q)
	return api.Checkpoint(p), http.StatusCreated, err
}

type eraseIn struct{ Body body[api.EraseRequest] }

func (s *Server) eraseFields(ctx context.Context, c *call, in *eraseIn) (api.Erased, int, error) {
	done, err := s.authority.Erase(ctx, c.caller, authority.EraseRequest(in.Body.value))
	return api.Erased(done), http.StatusOK, err
}

type pruneIn struct{ Body body[api.PruneRequest] }

func (s *Server) pruneEvents(ctx context.Context, c *call, in *pruneIn) (api.Pruned, int, error) {
	done, err := s.authority.Prune(ctx, c.caller, authority.PruneRequest(in.Body.value))
	return api.Pruned(done), http.StatusOK, err
}
