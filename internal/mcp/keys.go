// SPDX-License-Identifier: Apache-2.0

package mcp

import (
	"context"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// addKeys offers the tools that make, change and end keys.
func (s *toolset) addKeys() {
	add(s, tool{
		name: "issue_key", title: "Issue a key", authority: true,
		description: "Issue an API key that this authority verifies. Say what it may do (scopes), for whom (owner), how long (expires_in), and where it goes: to a file where your files are on this machine (to_file), else behind a link. " +
			"For work of your own use issue_child_key. With hash it registers a key that was made elsewhere. Needs the scope keys:issue.",
	}, issueKey)
	add(s, tool{
		name: "issue_child_key", title: "Issue a child of a key", authority: true,
		description: "Issue a narrow, short-lived child of a key: it can never do more than its parent and ends with it. Use it when you need a key for your own work: " +
			"the fewest scopes that do, expires_in of minutes or hours. Needs the scope keys:issue, or a connection with the parent key itself, where that has the scope keywright:children.",
	}, issueChildKey)
	add(s, tool{
		name: "rotate_key", title: "Rotate a key", authority: true, destroys: true,
		description: "Give a key a new secret. The old one lives on for the grace and then ends; the key id, scopes and limits stay. Needs the scope keys:rotate.",
	}, rotateKey)
	add(s, tool{
		name: "revoke_key", title: "Revoke a key", authority: true, destroys: true, repeats: true,
		description: "End a key for good, and every child of it. This cannot be undone. Returns the receipt: from when on no node answers VALID. Needs the scope keys:revoke.",
	}, revokeKey)
}

type issueIn struct {
	api.IssueRequest
	IdempotencyKey string `json:"idempotency_key,omitempty" doc:"Do it once, however often it is asked with this text within 24 hours. A repeat shows no key."`
	destination
}

type issuedKey struct {
	kept
	Record   api.Record `json:"record"`
	Repeated bool       `json:"repeated,omitempty" doc:"It was done before: the key can no longer be shown."`
	Warnings []string   `json:"warnings,omitempty" doc:"What the user of the format should know."`
}

func issueKey(ctx context.Context, c *call, in *issueIn) (*issuedKey, error) {
	return in.issue(c, func() (api.IssueResponse, error) { return c.client.Issue(ctx, in.IssueRequest, in.IdempotencyKey) })
}

type issueChildIn struct {
	Parent keywright.KeyID `json:"parent" doc:"The key id of the parent." example:"key_0DFUqXqVeEpK4nSQhDZ0mR"`
	issueIn
}

func issueChildKey(ctx context.Context, c *call, in *issueChildIn) (*issuedKey, error) {
	if in.Parent.IsZero() {
		return nil, invalid("parent", "is missing", "give the key id of the parent")
	}
	return in.issue(c, func() (api.IssueResponse, error) {
		return c.client.IssueChild(ctx, in.Parent, in.IssueRequest, in.IdempotencyKey)
	})
}

func (in *issueIn) issue(c *call, act func() (api.IssueResponse, error)) (*issuedKey, error) {
	if in.Hash.IsZero() {
		if err := in.check(c); err != nil {
			return nil, err
		}
	}
	var r api.IssueResponse
	where, err := in.handOne(c, func() (_ api.Key, _ *api.Record, err error) {
		r, err = act()
		return r.Key, &r.Record, err
	})
	if err != nil {
		return nil, err
	}
	return &issuedKey{where, r.Record, r.Repeated, r.Warnings}, nil
}

type rotateIn struct {
	ID    keywright.KeyID `json:"id" doc:"The key id." example:"key_0DFUqXqVeEpK4nSQhDZ0mR"`
	Grace *api.Grace      `json:"grace,omitempty" doc:"How long the old secret lives on, such as 24h; 0s ends it now. Left out: as the keyspace says, or 24h."`
	Force bool            `json:"force,omitempty" doc:"Also while the grace of an earlier rotation runs."`
	destination
}

type rotatedKey struct {
	kept
	Record         api.Record   `json:"record"`
	PreviousEndsAt time.Time    `json:"previous_ends_at,omitzero" doc:"When the old secret ends, at the latest."`
	PreviousIdle   api.Duration `json:"previous_idle,omitempty" doc:"It ends earlier, once it was not used for so long."`
	Warnings       []string     `json:"warnings,omitempty" doc:"What the user of the format should know."`
}

func rotateKey(ctx context.Context, c *call, in *rotateIn) (*rotatedKey, error) {
	if err := needID(in.ID); err != nil {
		return nil, err
	}
	if err := in.check(c); err != nil {
		return nil, err
	}
	var r api.RotateResponse
	where, err := in.handOne(c, func() (_ api.Key, _ *api.Record, err error) {
		r, err = c.client.Rotate(ctx, in.ID, api.RotateRequest{Grace: in.Grace, Force: in.Force}, "")
		return r.Key, &r.Record, err
	})
	if err != nil {
		return nil, err
	}
	return &rotatedKey{where, r.Record, r.PreviousEndsAt, r.PreviousIdle, r.Warnings}, nil
}

type revokeIn struct {
	ID     keywright.KeyID `json:"id" doc:"The key id." example:"key_0DFUqXqVeEpK4nSQhDZ0mR"`
	Reason string          `json:"reason,omitempty" doc:"Kept with the record, at most 200 characters. Never the key." example:"leaked in a public repository"`
}

func revokeKey(ctx context.Context, c *call, in *revokeIn) (*api.Receipt, error) {
	if err := needID(in.ID); err != nil {
		return nil, err
	}
	r, err := c.client.Revoke(ctx, in.ID, in.Reason)
	return &r, err
}

func needID(id keywright.KeyID) error {
	if id.IsZero() {
		return invalid("id", "is missing", "give the key id, key_ and 22 letters or digits; list_keys shows them")
	}
	return nil
}
