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

const ownersTag = "Owners"

// registerOwners registers the routes of what the keys of an owner share.
func (s *Server) registerOwners() {
	register(s, huma.Operation{
		OperationID: "list-owners", Method: http.MethodGet, Path: api.PathOwners, Tags: []string{ownersTag},
		Summary: "List the owners that have limits or credits, by id",
	}, s.listOwners)
	register(s, huma.Operation{
		OperationID: "get-owner", Method: http.MethodGet, Path: api.PathOwner, Tags: []string{ownersTag}, Summary: "Show an owner",
	}, s.getOwner)
	register(s, huma.Operation{
		OperationID: "put-owner", Method: http.MethodPut, Path: api.PathOwner, Tags: []string{ownersTag}, Summary: "Set limits and credits that the keys of an owner share",
		Description: "A field that is absent stays as it is; null or an empty value clears it. What is set holds for every verification that begins after the answer.",
	}, s.putOwner)
	register(s, huma.Operation{
		OperationID: "delete-owner", Method: http.MethodDelete, Path: api.PathOwner, Tags: []string{ownersTag}, Summary: "End the limits and credits that the keys of an owner share",
		Description: "Its keys stay. Its ledger stays too, in case it comes back.",
	}, s.deleteOwner)
	register(s, huma.Operation{
		OperationID: "get-owner-credits", Method: http.MethodGet, Path: api.PathOwnerCredits, Tags: []string{ownersTag}, Summary: "Show what is left of the credits of an owner",
	}, s.getOwnerCredits)
	register(s, huma.Operation{
		OperationID: "change-owner-credits", Method: http.MethodPost, Path: api.PathOwnerCredits, Tags: []string{ownersTag}, Summary: "Set the credits of an owner, add to them or take from them",
		Description: "Exactly one of set, add and take. A repeat is done again.",
	}, s.changeOwnerCredits)
	register(s, huma.Operation{
		OperationID: "list-owner-ledger", Method: http.MethodGet, Path: api.PathOwnerLedger, Tags: []string{ownersTag}, Summary: "List what changed the credits of an owner, newest first",
	}, s.listOwnerLedger)
}

// ByOwner is a request about one owner.
type ByOwner struct {
	ID       string `path:"id" doc:"The id that keys name as their owner." example:"team_7"`
	Keyspace string `query:"keyspace" doc:"default, where it is left out and the service key is not bound to another."`
}

type listOwnersIn struct {
	Keyspace string `query:"keyspace" doc:"default, where it is left out and the service key is not bound to another."`
	Paged
}

func (s *Server) listOwners(ctx context.Context, c *call, in *listOwnersIn) (api.OwnerList, int, error) {
	// An id may be any text, and some of that gets lost in an address.
	after, err := base64.RawURLEncoding.DecodeString(in.Cursor)
	if err != nil {
		return api.OwnerList{}, 0, errCursor()
	}
	owners, more, err := s.authority.Owners(ctx, c.caller, in.Keyspace, string(after), in.Limit)
	out := api.OwnerList{Owners: []api.Owner{}}
	if err != nil {
		return out, 0, err
	}
	for i := range owners {
		o, err := s.owner(ctx, &owners[i])
		if err != nil {
			return out, 0, err
		}
		out.Owners = append(out.Owners, o)
	}
	if more {
		out.NextCursor = base64.RawURLEncoding.EncodeToString([]byte(owners[len(owners)-1].ID))
	}
	return out, http.StatusOK, nil
}

// owner returns an owner for the wire, with what is left of its credits.
func (s *Server) owner(ctx context.Context, o *authority.Owner) (api.Owner, error) {
	w := api.Owner{
		Keyspace: o.Keyspace, ID: o.ID, Limits: limitsOut(o.Limits), CreatedAt: o.Created, UpdatedAt: o.Updated, Version: o.Version,
	}
	if o.Credits == nil {
		return w, nil
	}
	balance, err := s.authority.OwnerCredits(ctx, reader, o.Keyspace, o.ID)
	credits := creditsOut(o.Credits, &balance)
	w.Credits = &credits
	return w, err
}

func (s *Server) getOwner(ctx context.Context, c *call, in *ByOwner) (api.Owner, int, error) {
	o, err := s.authority.Owner(ctx, c.caller, in.Keyspace, in.ID)
	if err != nil {
		return api.Owner{}, 0, err
	}
	w, err := s.owner(ctx, &o)
	return w, http.StatusOK, err
}

type putOwnerIn struct {
	ByOwner
	Body body[api.OwnerRequest]
}

func (s *Server) putOwner(ctx context.Context, c *call, in *putOwnerIn) (api.Owner, int, error) {
	p := &in.Body.value
	q := authority.OwnerRequest{Keyspace: in.Keyspace, ID: in.ID, Credits: creditsUpdate(p.Credits)}
	if p.Limits != nil {
		limits := limitsIn(*p.Limits)
		q.Limits = &limits
	}
	o, err := s.authority.PutOwner(ctx, c.caller, q)
	if err != nil {
		return api.Owner{}, 0, err
	}
	w, err := s.owner(ctx, &o)
	return w, http.StatusOK, err
}

func (s *Server) deleteOwner(ctx context.Context, c *call, in *ByOwner) (api.Removed, int, error) {
	err := s.authority.DeleteOwner(ctx, c.caller, in.Keyspace, in.ID)
	return api.Removed{Removed: true}, http.StatusOK, err
}

func (s *Server) getOwnerCredits(ctx context.Context, c *call, in *ByOwner) (api.Credits, int, error) {
	balance, err := s.authority.OwnerCredits(ctx, c.caller, in.Keyspace, in.ID)
	return s.ownerCredits(ctx, &balance, err)
}

type changeOwnerCreditsIn struct {
	ByOwner
	IdempotencyKey string `header:"Idempotency-Key" doc:"Makes a repeat within 24 hours change nothing and return what is left."`
	Body           body[api.CreditsChange]
}

func (s *Server) changeOwnerCredits(ctx context.Context, c *call, in *changeOwnerCreditsIn) (api.Credits, int, error) {
	balance, err := s.authority.ChangeOwnerCredits(ctx, c.caller, in.Keyspace, in.ID, creditsChange(in.Body.value, in.IdempotencyKey))
	return s.ownerCredits(ctx, &balance, err)
}

func (s *Server) ownerCredits(ctx context.Context, balance *authority.Balance, err error) (api.Credits, int, error) {
	if err != nil {
		return api.Credits{}, 0, err
	}
	o, err := s.authority.Owner(ctx, reader, balance.Keyspace, balance.Owner)
	return creditsOut(o.Credits, balance), http.StatusOK, err
}

type listOwnerLedgerIn struct {
	ByOwner
	Paged
}

func (s *Server) listOwnerLedger(ctx context.Context, c *call, in *listOwnerLedgerIn) (api.LedgerList, int, error) {
	below, err := in.below()
	if err != nil {
		return api.LedgerList{}, 0, err
	}
	entries, more, err := s.authority.OwnerLedger(ctx, c.caller, in.Keyspace, in.ID, below, in.Limit)
	return ledgerList(entries, more), http.StatusOK, err
}
