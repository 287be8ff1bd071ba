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
		Description: "With order=asc, a cursor and wait, the answer waits until there is an event behind the cursor, and next_cursor is always there: ask again with it, and nothing is missed. " +
			"The sequence of the newest event is the cursor behind which new ones come.",
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
	Wait     string    `query:"wait" doc:"For an event behind the cursor, 60s at most; with order=asc." example:"30s"`
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
	if in.Wait != "" {
		return s.waitEvents(ctx, c, q, in.Wait)
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

// waitEvents answers when something has happened, or nothing for long enough.
func (s *Server) waitEvents(ctx context.Context, c *call, q authority.EventQuery, text string) (api.EventList, int, error) {
	out := api.EventList{Events: []api.Event{}}
	wait, err := parseWait(text)
	if err != nil {
		return out, 0, err
	}
	if !s.waiting.take() {
		return out, 0, errNoSeat()
	}
	defer s.waiting.leave()
	ctx, stop := s.untilStopping(ctx)
	defer stop()
	events, after, err := s.authority.WaitEvents(ctx, c.caller, q, wait)
	if err != nil {
		return out, 0, err
	}
	for i := range events {
		out.Events = append(out.Events, event(&events[i]))
	}
	if after > 0 {
		out.NextCursor = strconv.FormatUint(after, 10)
	}
	return out, http.StatusOK, nil
}
