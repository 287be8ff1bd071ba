// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// registerDeliveries registers the routes of what webhooks did not take.
func (s *Server) registerDeliveries(add func(id, method, path, summary, description string) huma.Operation) {
	register(s, add("list-deliveries", http.MethodGet, api.PathDeliveries, "List what a webhook did not take",
		"What fails is tried again for a day, and is then dead: kept for 30 days, and sent again by a replay."), s.listDeliveries)
	register(s, add("drop-deliveries", http.MethodPost, api.PathDrop, "Forget what a webhook did not take", ""), s.dropDeliveries)
	register(s, add("replay", http.MethodPost, api.PathReplay, "Send events again",
		"Under the same ids, so that a receiver that does each once does nothing twice."), s.replay)
}

type listDeliveriesIn struct {
	WebhookID
	Paged
	State string `query:"state" enum:"pending,dead" doc:"Both, where it is left out."`
}

func (s *Server) listDeliveries(_ context.Context, c *call, in *listDeliveriesIn) (api.DeliveryList, int, error) {
	out := api.DeliveryList{Deliveries: []api.Delivery{}}
	after := uint64(0)
	if in.Cursor != "" {
		var err error
		if after, err = strconv.ParseUint(in.Cursor, 10, 63); err != nil {
			return out, 0, errCursor()
		}
	}
	list, more, err := s.authority.Deliveries(c.caller, in.ID, authority.DeliveryState(in.State), after, in.Limit)
	for i := range list {
		out.Deliveries = append(out.Deliveries, delivery(&list[i]))
	}
	if more {
		out.NextCursor = strconv.FormatUint(list[len(list)-1].Sequence, 10)
	}
	return out, http.StatusOK, err
}

func delivery(d *authority.Delivery) api.Delivery {
	state := authority.DeliveryPending
	if d.Dead {
		state = authority.DeliveryDead
	}
	return api.Delivery{
		Sequence: d.Sequence, ID: d.ID, Verb: d.Verb, Target: d.Target, State: string(state), Attempts: d.Attempts,
		FirstAt: d.First, LastAt: d.Last, NextAt: d.Next, Status: d.Status, Problem: d.Problem,
	}
}

type replayIn struct {
	WebhookID
	Body body[api.ReplayRequest]
}

func (s *Server) replay(ctx context.Context, c *call, in *replayIn) (api.DeliveryCount, int, error) {
	n, err := s.authority.Replay(ctx, c.caller, in.ID, authority.ReplayRequest(in.Body.value))
	return api.DeliveryCount{Count: n}, http.StatusOK, err
}

type dropDeliveriesIn struct {
	WebhookID
	Body body[api.DropRequest]
}

func (s *Server) dropDeliveries(ctx context.Context, c *call, in *dropDeliveriesIn) (api.DeliveryCount, int, error) {
	q := &in.Body.value
	n, err := s.authority.DropDeliveries(ctx, c.caller, in.ID, q.Sequences, q.Dead)
	return api.DeliveryCount{Count: n}, http.StatusOK, err
}
