// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"context"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

// addReading offers the tools that judge and look.
func (s *toolset) addReading() {
	add(s, tool{
		name: "verify_key", title: "Verify a key", authority: true,
		description: "Ask the authority what may be done with a key. A refused key is no error: valid is false and code says why. " +
			"It takes from the limits and credits of the key as any use does, unless dry_run is true. Needs the scope keys:verify.",
	}, verifyKey)
	add(s, tool{
		name: "list_keys", title: "List keys", authority: true, reads: true,
		description: "List the records of keys, newest first: never keys or hashes. Needs the scope keys:read.",
	}, listKeys)
	add(s, tool{
		name: "get_key", title: "Show a key's record", authority: true, reads: true,
		description: "Show what the authority knows of one key: state, scopes, limits, times, last use. Never the key or its hash. Needs the scope keys:read.",
	}, getKey)
	add(s, tool{
		name: "list_keyspaces", title: "List keyspaces", authority: true, reads: true,
		description: "List the keyspaces, the APIs that keys are for: their formats, environments and policy. Needs the scope keyspaces:read.",
	}, listKeyspaces)
}

type verifyIn struct {
	source
	asked
}

// asked is what is asked of the key. One struct deeper, so that the key of source stands before its own.
type asked struct{ api.VerifyRequest }

func verifyKey(ctx context.Context, c *call, in *verifyIn) (*api.VerifyResponse, error) {
	key, err := in.read()
	if err != nil {
		return nil, err
	}
	ask := in.Ask()
	ask.Key = key
	v, err := c.client.Verify(ctx, ask)
	if err != nil {
		return nil, err
	}
	out := api.VerifyResponseOf(v, time.Now())
	return &out, nil
}

type listIn struct {
	Keyspace      string          `json:"keyspace,omitempty" doc:"default, where it is left out." example:"acme"`
	Owner         string          `json:"owner,omitempty" example:"team_7"`
	State         string          `json:"state,omitempty" enum:"active,pending,expired,disabled,revoked"`
	PublicID      string          `json:"public_id,omitempty" doc:"The public segment of a key: finds its record."`
	Text          string          `json:"q,omitempty" doc:"Text in name or owner."`
	Parent        keywright.KeyID `json:"parent,omitzero" doc:"The children of this key."`
	RotationDue   bool            `json:"rotation_due,omitempty" doc:"Keys whose rotation is due, or about to be."`
	ExpiresBefore time.Time       `json:"expires_before,omitzero" doc:"Keys that end before this."`
	Limit         int             `json:"limit,omitempty" minimum:"1" maximum:"100" doc:"Of a page; absent: 20."`
	Cursor        string          `json:"cursor,omitempty" doc:"next_cursor of the page before."`
}

// listPages is how many pages of the server one answer goes through at most.
const listPages = 10

func listKeys(ctx context.Context, c *call, in *listIn) (*api.KeyList, error) {
	if in.Limit < 0 || in.Limit > 100 {
		return nil, invalid("limit", "is out of range", "use 1 to 100")
	}
	if in.Limit == 0 {
		in.Limit = 20
	}
	q := client.KeyQuery{
		Keyspace: in.Keyspace, Owner: in.Owner, State: in.State, PublicID: in.PublicID, Text: in.Text, Parent: in.Parent,
		Due: in.RotationDue, ExpiresBefore: in.ExpiresBefore, Limit: in.Limit, Cursor: in.Cursor,
	}
	l, err := c.client.List(ctx, q)
	// A page may be short, or empty, although there are more.
	for range listPages - 1 {
		if err != nil || l.NextCursor == "" || len(l.Keys) >= in.Limit {
			break
		}
		q.Cursor, q.Limit = l.NextCursor, in.Limit-len(l.Keys)
		var next api.KeyList
		next, err = c.client.List(ctx, q)
		l.Keys, l.NextCursor = append(l.Keys, next.Keys...), next.NextCursor
	}
	return &l, err
}

type idIn struct {
	ID keywright.KeyID `json:"id" doc:"The key id." example:"key_0DFUqXqVeEpK4nSQhDZ0mR"`
}

func getKey(ctx context.Context, c *call, in *idIn) (*api.Record, error) {
	if err := needID(in.ID); err != nil {
		return nil, err
	}
	r, err := c.client.Get(ctx, in.ID)
	return &r, err
}

type nothing struct{}

func listKeyspaces(ctx context.Context, c *call, _ *nothing) (*api.KeyspaceList, error) {
	l, err := c.client.Keyspaces(ctx)
	return &api.KeyspaceList{Keyspaces: l}, err
}
