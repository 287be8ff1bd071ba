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

const keysTag = "Keys"

// registerKeys registers the routes of records.
func (s *Server) registerKeys() {
	register(s, huma.Operation{
		OperationID: "issue-key", Method: http.MethodPost, Path: api.PathKeys, Tags: []string{keysTag}, DefaultStatus: http.StatusCreated,
		Summary: "Issue a key, or register one by its hash",
		Description: "The key is shown once. A stream of requests, one a line (" + api.MediaLines + "), is answered by a line for each, in order: " +
			"a line that cannot be done gets its problem, and the stream goes on.",
		Middlewares: huma.Middlewares{s.divertStream},
	}, s.issue)
	register(s, huma.Operation{
		OperationID: "list-keys", Method: http.MethodGet, Path: api.PathKeys, Tags: []string{keysTag},
		Summary:     "List records",
		Description: "A page may hold fewer records than asked for, and even none, although there is a next_cursor: where a filter matches few of many, only so many are looked at for one page. Go on until there is none.",
	}, s.listKeys)
	register(s, huma.Operation{
		OperationID: "get-key", Method: http.MethodGet, Path: api.PathKey, Tags: []string{keysTag}, Summary: "Show a record",
	}, s.getKey)
	register(s, huma.Operation{
		OperationID: "update-key", Method: http.MethodPatch, Path: api.PathKey, Tags: []string{keysTag}, Summary: "Change a record",
		Description: "A field that is absent stays as it is; null or an empty value clears it. What is taken away is gone for every verification that begins after the answer.",
	}, s.updateKey)
	register(s, huma.Operation{
		OperationID: "disable-key", Method: http.MethodPost, Path: api.PathDisable, Tags: []string{keysTag}, Summary: "End a key until it is enabled again",
	}, s.disableKey)
	register(s, huma.Operation{
		OperationID: "enable-key", Method: http.MethodPost, Path: api.PathEnable, Tags: []string{keysTag}, Summary: "Undo a disable",
	}, s.enableKey)
	register(s, huma.Operation{
		OperationID: "revoke-key", Method: http.MethodPost, Path: api.PathRevoke, Tags: []string{keysTag}, Summary: "End a key for good",
		Description: "A verification that begins after the answer does not say VALID.",
	}, s.revokeKey)
	register(s, huma.Operation{
		OperationID: "delete-key", Method: http.MethodDelete, Path: api.PathKey, Tags: []string{keysTag}, Summary: "The same as revoke, without a reason",
	}, s.deleteKey)
}

// ByID is a request about one record. Its name is upper case because huma does not fill in embedded fields otherwise.
type ByID struct {
	ID string `path:"id" doc:"A key id." example:"key_0DFUqXqVeEpK4nSQhDZ0mR"`
}

func (b ByID) parse() (keywright.KeyID, error) {
	id, err := keywright.ParseKeyID(b.ID)
	if err != nil {
		return id, invalid("id", "is not a key id", "key ids are key_ and 22 letters or digits; a key itself has no place in an address")
	}
	return id, nil
}

type listKeysIn struct {
	Keyspace      string    `query:"keyspace" doc:"default, where it is left out and the service key is not bound to another."`
	Owner         string    `query:"owner"`
	State         string    `query:"state" enum:"active,pending,expired,disabled,revoked"`
	PublicID      string    `query:"public_id"`
	Text          string    `query:"q" doc:"In name or owner."`
	Parent        string    `query:"parent" doc:"The children of this key, in its keyspace." example:"key_0DFUqXqVeEpK4nSQhDZ0mR"`
	Due           bool      `query:"due" doc:"Keys whose rotation is due, or about to be."`
	ExpiresBefore time.Time `query:"expires_before" doc:"Keys that have an end, and it is before this."`
	Sort          string    `query:"sort" enum:"newest,oldest,expires" doc:"newest, where it is left out. expires: the soonest end first, and then, newest first, those that have none."`
	Cursor        string    `query:"cursor" doc:"The next_cursor of the page before, in the same order."`
	Limit         int       `query:"limit" minimum:"1" maximum:"1000" doc:"50, where it is left out."`
}

func (in *listKeysIn) request() (q authority.ListRequest, err error) {
	q = authority.ListRequest{
		Keyspace: in.Keyspace, Owner: in.Owner, State: authority.State(in.State), PublicID: in.PublicID, Text: in.Text,
		Due: in.Due, ExpiresBefore: in.ExpiresBefore, Limit: in.Limit, Sort: sorts[in.Sort], Cursor: in.Cursor,
	}
	if in.Parent != "" {
		if q.Parent, err = keywright.ParseKeyID(in.Parent); err != nil {
			return q, invalid("parent", "is not a key id", "key ids are key_ and 22 letters or digits")
		}
	}
	return q, nil
}

var sorts = map[string]authority.Sort{"oldest": authority.Oldest, "expires": authority.Ending}

func (s *Server) listKeys(ctx context.Context, c *call, in *listKeysIn) (api.KeyList, int, error) {
	q, err := in.request()
	if err != nil {
		return api.KeyList{}, 0, err
	}
	records, next, err := s.authority.List(ctx, c.caller, q)
	out := api.KeyList{Keys: []api.Record{}}
	if err != nil {
		return out, 0, err
	}
	for i := range records {
		w, err := s.whole(ctx, &records[i])
		if err != nil {
			return out, 0, err
		}
		out.Keys = append(out.Keys, w)
	}
	out.NextCursor = next
	return out, http.StatusOK, nil
}

func (s *Server) getKey(ctx context.Context, c *call, in *ByID) (api.Record, int, error) {
	return s.onRecord(ctx, in, func(id keywright.KeyID) (authority.Record, error) { return s.authority.Get(ctx, c.caller, id) })
}

type updateKeyIn struct {
	ByID
	Body body[api.KeyPatch]
}

func (s *Server) updateKey(ctx context.Context, c *call, in *updateKeyIn) (api.Record, int, error) {
	return s.onRecord(ctx, &in.ByID, func(id keywright.KeyID) (authority.Record, error) {
		return s.authority.Update(ctx, c.caller, id, update(&in.Body.value))
	})
}

func (s *Server) disableKey(ctx context.Context, c *call, in *ByID) (api.Record, int, error) {
	return s.onRecord(ctx, in, func(id keywright.KeyID) (authority.Record, error) { return s.authority.Disable(ctx, c.caller, id) })
}

func (s *Server) enableKey(ctx context.Context, c *call, in *ByID) (api.Record, int, error) {
	return s.onRecord(ctx, in, func(id keywright.KeyID) (authority.Record, error) { return s.authority.Enable(ctx, c.caller, id) })
}

// onRecord does something to a record and shows it.
func (s *Server) onRecord(ctx context.Context, in *ByID, do func(keywright.KeyID) (authority.Record, error)) (api.Record, int, error) {
	id, err := in.parse()
	if err != nil {
		return api.Record{}, 0, err
	}
	r, err := do(id)
	if err != nil {
		return api.Record{}, 0, err
	}
	w, err := s.whole(ctx, &r)
	return w, http.StatusOK, err
}

type revokeKeyIn struct {
	ByID
	Body *body[api.RevokeRequest]
}

func (s *Server) revokeKey(ctx context.Context, c *call, in *revokeKeyIn) (api.Receipt, int, error) {
	var reason string
	if in.Body != nil {
		reason = in.Body.value.Reason
	}
	return s.revokeFor(ctx, c, &in.ByID, reason)
}

func (s *Server) deleteKey(ctx context.Context, c *call, in *ByID) (api.Receipt, int, error) {
	return s.revokeFor(ctx, c, in, "")
}

func (s *Server) revokeFor(ctx context.Context, c *call, in *ByID, reason string) (api.Receipt, int, error) {
	id, err := in.parse()
	if err != nil {
		return api.Receipt{}, 0, err
	}
	r, err := s.authority.Revoke(ctx, c.caller, id, reason)
	return receipt(r), http.StatusOK, err
}
