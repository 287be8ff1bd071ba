// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"encoding/base64"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// registerPeppers registers the routes of peppers.
func (s *Server) registerPeppers() {
	register(s, huma.Operation{
		OperationID: "list-peppers", Method: http.MethodGet, Path: api.PathPeppers, Tags: []string{keyspacesTag}, Summary: "List the peppers",
	}, s.listPeppers)
	register(s, huma.Operation{
		OperationID: "create-pepper", Method: http.MethodPost, Path: api.PathPeppers, Tags: []string{keyspacesTag}, DefaultStatus: http.StatusCreated,
		Summary:     "Make a pepper, or take one from elsewhere",
		Description: "A pepper is a secret that hashes are made with (HMAC-SHA256). It is kept sealed with the root key and never shown.",
	}, s.createPepper)
	register(s, huma.Operation{
		OperationID: "remove-pepper", Method: http.MethodDelete, Path: api.PathPepper, Tags: []string{keyspacesTag}, Summary: "Remove a pepper for good",
		Description: "Refused while a policy names it or a secret is hashed with it.",
	}, s.removePepper)
}

func (s *Server) listPeppers(_ context.Context, c *call, _ *struct{}) (api.PepperList, int, error) {
	peppers, err := s.authority.Peppers(c.caller)
	out := api.PepperList{Peppers: []api.Pepper{}}
	for i := range peppers {
		out.Peppers = append(out.Peppers, pepper(&peppers[i]))
	}
	return out, http.StatusOK, err
}

func pepper(p *authority.Pepper) api.Pepper {
	return api.Pepper{Name: p.Name, CreatedAt: p.Created, Missing: p.Missing, Keyspaces: p.Keyspaces}
}

type createPepperIn struct {
	Body body[api.PepperRequest]
}

func (s *Server) createPepper(ctx context.Context, c *call, in *createPepperIn) (api.Pepper, int, error) {
	q := &in.Body.value
	if q.Bytes.IsZero() {
		p, err := s.authority.CreatePepper(ctx, c.caller, q.Name)
		return pepper(&p), http.StatusCreated, err
	}
	b, err := base64.StdEncoding.Strict().DecodeString(q.Bytes.Reveal())
	if err != nil {
		return api.Pepper{}, 0, invalid("bytes", "is not base64", "write the bytes in base64 with padding")
	}
	p, err := s.authority.ImportPepper(ctx, c.caller, q.Name, b)
	return pepper(&p), http.StatusCreated, err
}

// PepperName is a request about one pepper.
type PepperName struct {
	Name string `path:"name" doc:"The name of a pepper." example:"2030-01"`
}

func (s *Server) removePepper(ctx context.Context, c *call, in *PepperName) (api.PepperList, int, error) {
	if err := s.authority.RemovePepper(ctx, c.caller, in.Name); err != nil {
		return api.PepperList{}, 0, err
	}
	return s.listPeppers(ctx, c, nil)
}
