// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

const creditsTag = "Credits"

// registerCredits registers the routes of the balances of keys.
func (s *Server) registerCredits() {
	register(s, huma.Operation{
		OperationID: "get-credits", Method: http.MethodGet, Path: api.PathCredits, Tags: []string{creditsTag}, Summary: "Show what is left of the credits of a key",
	}, s.getCredits)
	register(s, huma.Operation{
		OperationID: "change-credits", Method: http.MethodPost, Path: api.PathCredits, Tags: []string{creditsTag}, Summary: "Set the credits of a key, add to them or take from them",
		Description: "Exactly one of set, add and take. A repeat is done again, unless it has the Idempotency-Key of the first.",
	}, s.changeCredits)
	register(s, huma.Operation{
		OperationID: "list-ledger", Method: http.MethodGet, Path: api.PathLedger, Tags: []string{creditsTag}, Summary: "List what changed the credits of a key, newest first",
	}, s.listLedger)
}

func (s *Server) getCredits(ctx context.Context, c *call, in *ByID) (api.Credits, int, error) {
	return s.onCredits(ctx, in, func(id keywright.KeyID) (authority.Balance, error) { return s.authority.Credits(ctx, c.caller, id) })
}

type changeCreditsIn struct {
	ByID
	IdempotencyKey string `header:"Idempotency-Key" doc:"Makes a repeat within 24 hours change nothing and return what is left."`
	Body           body[api.CreditsChange]
}

func (s *Server) changeCredits(ctx context.Context, c *call, in *changeCreditsIn) (api.Credits, int, error) {
	return s.onCredits(ctx, &in.ByID, func(id keywright.KeyID) (authority.Balance, error) {
		return s.authority.ChangeCredits(ctx, c.caller, id, creditsChange(in.Body.value, in.IdempotencyKey))
	})
}

func creditsChange(q api.CreditsChange, idempotencyKey string) authority.CreditsChange {
	return authority.CreditsChange{Set: q.Set, Add: q.Add, Take: q.Take, IdempotencyKey: idempotencyKey}
}

// onCredits does something to a balance and shows it with its terms.
func (s *Server) onCredits(ctx context.Context, in *ByID, do func(keywright.KeyID) (authority.Balance, error)) (api.Credits, int, error) {
	id, err := in.parse()
	if err != nil {
		return api.Credits{}, 0, err
	}
	balance, err := do(id)
	if err != nil {
		return api.Credits{}, 0, err
	}
	r, err := s.authority.Get(ctx, reader, id)
	return creditsOut(r.Credits, &balance), http.StatusOK, err
}

// creditsOut returns a balance with its terms for the wire.
func creditsOut(terms *authority.Credits, balance *authority.Balance) api.Credits {
	c := api.Credits{Remaining: balance.Remaining, NextRefillAt: balance.Next}
	if terms != nil {
		c.Refill = refillOut(terms.Refill)
	}
	return c
}

// Paged is a request for a page.
type Paged struct {
	Cursor string `query:"cursor" doc:"The next_cursor of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" doc:"50, where it is left out."`
}

// below reads the cursor of a list that goes from high numbers to low ones.
func (p *Paged) below() (uint64, error) {
	if p.Cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(p.Cursor, 10, 63)
	if err != nil || n == 0 {
		return 0, errCursor()
	}
	return n, nil
}

func errCursor() error {
	return invalid("cursor", "is not one that was given", "use next_cursor of the page before")
}

type listLedgerIn struct {
	ByID
	Paged
}

func (s *Server) listLedger(ctx context.Context, c *call, in *listLedgerIn) (api.LedgerList, int, error) {
	id, err := in.parse()
	if err != nil {
		return api.LedgerList{}, 0, err
	}
	below, err := in.below()
	if err != nil {
		return api.LedgerList{}, 0, err
	}
	entries, more, err := s.authority.Ledger(ctx, c.caller, id, below, in.Limit)
	return ledgerList(entries, more), http.StatusOK, err
}

func ledgerList(entries []authority.Entry, more bool) api.LedgerList {
	out := api.LedgerList{Entries: []api.LedgerEntry{}}
	for _, e := range entries {
		out.Entries = append(out.Entries, api.LedgerEntry{
			Sequence: e.Sequence, Time: e.Time, Kind: string(e.Kind), KeyID: e.Key, Amount: e.Amount, Count: e.Count, Remaining: e.Remaining,
		})
	}
	if more {
		out.NextCursor = strconv.FormatUint(entries[len(entries)-1].Sequence, 10)
	}
	return out
}
