// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

const keyspacesTag = "Keyspaces"

// registerKeyspaces registers the routes of keyspaces.
func (s *Server) registerKeyspaces() {
	register(s, huma.Operation{
		OperationID: "list-keyspaces", Method: http.MethodGet, Path: api.PathKeyspaces, Tags: []string{keyspacesTag}, Summary: "List the keyspaces",
	}, s.listKeyspaces)
	register(s, huma.Operation{
		OperationID: "create-keyspace", Method: http.MethodPost, Path: api.PathKeyspaces, Tags: []string{keyspacesTag}, Summary: "Make a keyspace",
		DefaultStatus: http.StatusCreated,
	}, s.createKeyspace)
	register(s, huma.Operation{
		OperationID: "get-keyspace", Method: http.MethodGet, Path: api.PathKeyspace, Tags: []string{keyspacesTag}, Summary: "Show a keyspace",
	}, s.getKeyspace)
	register(s, huma.Operation{
		OperationID: "update-keyspace", Method: http.MethodPatch, Path: api.PathKeyspace, Tags: []string{keyspacesTag}, Summary: "Change a keyspace",
		Description: "Formats are added, never changed or taken away: keys once issued must verify for ever.",
	}, s.updateKeyspace)
}

func (s *Server) listKeyspaces(_ context.Context, c *call, _ *struct{}) (api.KeyspaceList, int, error) {
	spaces, err := s.authority.Keyspaces(c.caller)
	out := api.KeyspaceList{Keyspaces: []api.Keyspace{}}
	for _, k := range spaces {
		out.Keyspaces = append(out.Keyspaces, keyspace(k))
	}
	return out, http.StatusOK, err
}

// ByName is a request about one keyspace.
type ByName struct {
	Name string `path:"name" doc:"The name of a keyspace." example:"acme"`
}

func (s *Server) getKeyspace(_ context.Context, c *call, in *ByName) (api.Keyspace, int, error) {
	k, err := s.authority.Keyspace(c.caller, in.Name)
	return keyspace(k), http.StatusOK, err
}

type createKeyspaceIn struct {
	Body body[api.KeyspaceRequest]
}

func (s *Server) createKeyspace(ctx context.Context, c *call, in *createKeyspaceIn) (api.Keyspace, int, error) {
	q := &in.Body.value
	added, err := formats(q.Formats)
	if err != nil {
		return api.Keyspace{}, 0, err
	}
	k, err := s.authority.CreateKeyspace(ctx, c.caller, authority.KeyspaceRequest{
		Name: q.Name, Formats: added, Environments: q.Environments, Policy: policyIn(q.Policy),
	})
	return keyspace(k), http.StatusCreated, err
}

type updateKeyspaceIn struct {
	ByName
	Body body[api.KeyspacePatch]
}

func (s *Server) updateKeyspace(ctx context.Context, c *call, in *updateKeyspaceIn) (api.Keyspace, int, error) {
	p := &in.Body.value
	q := authority.KeyspaceRequest{Name: in.Name, Policy: policyIn(p.Policy)}
	var err error
	if p.Formats != nil {
		if q.Formats, err = formats(*p.Formats); err != nil {
			return api.Keyspace{}, 0, err
		}
	}
	if p.Environments != nil {
		q.Environments = append([]string{}, *p.Environments...)
	}
	k, err := s.authority.UpdateKeyspace(ctx, c.caller, q)
	return keyspace(k), http.StatusOK, err
}
