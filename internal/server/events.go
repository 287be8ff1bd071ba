// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

const (
	eventsTag  = "Audit"
	eventsPage = 50
)

// registerEvents registers the routes of the audit chain.
func (s *Server) registerEvents() {
	register(s, huma.Operation{
		OperationID: "list-events", Method: http.MethodGet, Path: api.PathEvents, Tags: []string{eventsTag}, Summary: "Read the audit chain",
	}, s.listEvents)
	register(s, huma.Operation{
		OperationID: "verify-events", Method: http.MethodGet, Path: api.PathChain, Tags: []string{eventsTag}, Summary: "Walk the audit chain",
		Description: "Checks every event from the first, or from behind the checkpoint at which it was pruned, and the checkpoints, and names the first break.",
	}, s.verifyChain)
	register(s, huma.Operation{
		OperationID: "verify-events-against", Method: http.MethodPost, Path: api.PathChain, Tags: []string{eventsTag}, Summary: "Walk the audit chain past checkpoints",
		Description: "Checkpoints that were kept elsewhere show where the chain was cut off or replaced.",
	}, s.verifyChainAgainst)
	s.registerAudit()
}

type listEventsIn struct {
	Keyspace string    `query:"keyspace"`
	Target   string    `query:"target" doc:"A key id, or the name of a keyspace."`
	Actor    string    `query:"actor"`
	Verb     string    `query:"verb" example:"key.issue"`
	Since    time.Time `query:"since"`
	Until    time.Time `query:"until"`
	Order    string    `query:"order" enum:"desc,asc" doc:"desc, newest first, where it is left out."`
	Cursor   string    `query:"cursor" doc:"The next_cursor of the page before."`
	Limit    int       `query:"limit" minimum:"1" maximum:"1000" doc:"50, where it is left out."`
}

func (s *Server) listEvents(ctx context.Context, c *call, in *listEventsIn) (api.EventList, int, error) {
	q := authority.EventQuery{
		Keyspace: in.Keyspace, Target: in.Target, Actor: in.Actor, Verb: in.Verb, Since: in.Since, Until: in.Until,
		Limit: in.Limit, Descending: in.Order != "asc",
	}
	if q.Limit == 0 {
		q.Limit = eventsPage
	}
	if in.Cursor != "" {
		sequence, err := strconv.ParseUint(in.Cursor, 10, 63)
		if err != nil || sequence == 0 {
			return api.EventList{}, 0, errCursor()
		}
		if q.Descending {
			q.Before = sequence
		} else {
			q.After = sequence
		}
	}
	events, err := s.authority.Events(ctx, c.caller, q)
	out := api.EventList{Events: []api.Event{}}
	for i := range events {
		out.Events = append(out.Events, event(&events[i]))
	}
	if n := len(events); n == q.Limit {
		out.NextCursor = strconv.FormatUint(events[n-1].Sequence, 10)
	}
	return out, http.StatusOK, err
}
