// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// Credits returns what is left of the credits of a key.
func (c *Client) Credits(ctx context.Context, id keywright.KeyID) (api.Credits, error) {
	var b api.Credits
	return b, c.do(ctx, call{method: http.MethodGet, path: keyPath(api.PathCredits, id), into: &b, repeat: true})
}

// ChangeCredits sets the credits of a key, adds to them or takes from them. With an idempotency key a repeat within 24
// hours changes nothing and returns what is left; without one the call is not repeated where the server could not be
// reached, since that might be done twice.
func (c *Client) ChangeCredits(ctx context.Context, id keywright.KeyID, q api.CreditsChange, idempotencyKey string) (api.Credits, error) {
	var b api.Credits
	return b, c.do(ctx, once(call{method: http.MethodPost, path: keyPath(api.PathCredits, id), body: q, into: &b}, idempotencyKey))
}

// Ledger returns a page of what changed the credits of a key, newest first. Limit is 50 where it is 0.
func (c *Client) Ledger(ctx context.Context, id keywright.KeyID, cursor string, limit int) (api.LedgerList, error) {
	var l api.LedgerList
	return l, c.do(ctx, call{method: http.MethodGet, path: keyPath(api.PathLedger, id), query: paged(cursor, limit), into: &l, limit: maxList, repeat: true})
}

// Owners returns a page of the owners of a keyspace that have limits or credits, by id. Limit is 50 where it is 0.
func (c *Client) Owners(ctx context.Context, keyspace, cursor string, limit int) (api.OwnerList, error) {
	var l api.OwnerList
	query := paged(cursor, limit)
	if keyspace != "" {
		query.Set("keyspace", keyspace)
	}
	return l, c.do(ctx, call{method: http.MethodGet, path: api.PathOwners, query: query, into: &l, limit: maxList, repeat: true})
}

// Owner returns what the keys of an owner share.
func (c *Client) Owner(ctx context.Context, keyspace, id string) (api.Owner, error) {
	var o api.Owner
	return o, c.do(ctx, call{method: http.MethodGet, path: ownerPath(api.PathOwner, id), query: values("keyspace", keyspace), into: &o, repeat: true})
}

// PutOwner sets limits and credits that the keys of an owner share. They hold for every verification that begins after
// it has returned.
func (c *Client) PutOwner(ctx context.Context, keyspace, id string, q api.OwnerRequest) (api.Owner, error) {
	var o api.Owner
	return o, c.do(ctx, call{method: http.MethodPut, path: ownerPath(api.PathOwner, id), query: values("keyspace", keyspace), body: q, into: &o})
}

// DeleteOwner ends the limits and credits that the keys of an owner share.
func (c *Client) DeleteOwner(ctx context.Context, keyspace, id string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: ownerPath(api.PathOwner, id), query: values("keyspace", keyspace)})
}

// OwnerCredits returns what is left of the credits of an owner.
func (c *Client) OwnerCredits(ctx context.Context, keyspace, id string) (api.Credits, error) {
	var b api.Credits
	return b, c.do(ctx, call{method: http.MethodGet, path: ownerPath(api.PathOwnerCredits, id), query: values("keyspace", keyspace), into: &b, repeat: true})
}

// ChangeOwnerCredits sets the credits of an owner, adds to them or takes from them. An idempotency key works as with
// ChangeCredits.
func (c *Client) ChangeOwnerCredits(ctx context.Context, keyspace, id string, q api.CreditsChange, idempotencyKey string) (api.Credits, error) {
	var b api.Credits
	return b, c.do(ctx, once(call{method: http.MethodPost, path: ownerPath(api.PathOwnerCredits, id), query: values("keyspace", keyspace), body: q, into: &b}, idempotencyKey))
}

// OwnerLedger returns a page of what changed the credits of an owner, newest first. Limit is 50 where it is 0.
func (c *Client) OwnerLedger(ctx context.Context, keyspace, id, cursor string, limit int) (api.LedgerList, error) {
	var l api.LedgerList
	query := paged(cursor, limit)
	if keyspace != "" {
		query.Set("keyspace", keyspace)
	}
	return l, c.do(ctx, call{method: http.MethodGet, path: ownerPath(api.PathOwnerLedger, id), query: query, into: &l, limit: maxList, repeat: true})
}

// A UsageQuery asks how often keys were verified.
type UsageQuery struct {
	Keyspace string          // default
	Key      keywright.KeyID // zero: all keys of the keyspace
	Since    time.Time       // zero: 24 hours ago
	Until    time.Time       // zero: now
}

// Usage returns how often a key, or the keys of a keyspace, were verified.
func (c *Client) Usage(ctx context.Context, q UsageQuery) (api.UsageReport, error) {
	query := values("keyspace", q.Keyspace)
	if !q.Key.IsZero() {
		query.Set("key", q.Key.String())
	}
	for name, t := range map[string]time.Time{"since": q.Since, "until": q.Until} {
		if !t.IsZero() {
			query.Set(name, t.UTC().Format(time.RFC3339))
		}
	}
	var u api.UsageReport
	return u, c.do(ctx, call{method: http.MethodGet, path: api.PathUsage, query: query, into: &u, limit: maxList, repeat: true})
}

// Stats returns what is seen at a glance of a keyspace, or for an empty name of all that the caller may see.
func (c *Client) Stats(ctx context.Context, keyspace string) (api.Stats, error) {
	var s api.Stats
	return s, c.do(ctx, call{method: http.MethodGet, path: api.PathStats, query: values("keyspace", keyspace), into: &s, limit: maxList, repeat: true})
}

func paged(cursor string, limit int) url.Values {
	v := values("cursor", cursor)
	if limit > 0 {
		v.Set("limit", strconv.Itoa(limit))
	}
	return v
}

// ownerPath writes an id so that it stands for nothing else in a path, whatever it holds.
func ownerPath(path, id string) string {
	return strings.Replace(path, "{id}", strings.ReplaceAll(url.PathEscape(id), ".", "%2E"), 1)
}
