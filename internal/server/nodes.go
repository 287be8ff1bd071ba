// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright/api"
)

func (s *Server) registerNodes() {
	register(s, huma.Operation{
		OperationID: "list-nodes", Method: http.MethodGet, Path: api.PathNodes, Tags: []string{storeTag}, Summary: "List the nodes that serve this store",
	}, s.listNodes)
}

func (s *Server) listNodes(ctx context.Context, c *call, _ *struct{}) (api.NodeList, int, error) {
	nodes, err := s.authority.Nodes(ctx, c.caller)
	if err != nil {
		return api.NodeList{}, 0, err
	}
	out := api.NodeList{Nodes: []api.Node{}, Sequence: nodes.Sequence}
	if nodes.Lease > 0 {
		out.Lease = nodes.Lease.String()
	}
	for i := range nodes.Nodes {
		n := &nodes.Nodes[i]
		out.Nodes = append(out.Nodes, api.Node{
			ID: n.ID, Name: n.Name, Version: n.Version, Address: n.Address, StartedAt: n.Started, SeenAt: n.Seen, LeaseUntil: n.Until,
			State: string(n.State), Sequence: n.Confirmed, Lag: n.Lag, This: n.This,
		})
	}
	return out, http.StatusOK, nil
}
