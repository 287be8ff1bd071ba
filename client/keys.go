// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// Issue makes a key, or registers one by its hash. The answer holds the key, once. With an idempotency key a repeat
// of the same request within 24 hours returns the same record, and the request is repeated where the server could not
// be reached; without one it is not, since it might make a second key.
func (c *Client) Issue(ctx context.Context, q api.IssueRequest, idempotencyKey string) (api.IssueResponse, error) {
	var r api.IssueResponse
	return r, c.do(ctx, once(call{method: http.MethodPost, path: api.PathKeys, body: q, into: &r}, idempotencyKey))
}

// Get returns a record.
func (c *Client) Get(ctx context.Context, id keywright.KeyID) (api.Record, error) {
	var r api.Record
	return r, c.do(ctx, call{method: http.MethodGet, path: keyPath(api.PathKey, id), into: &r, repeat: true})
}

// A KeyQuery asks for records. Every field that is not zero narrows it.
type KeyQuery struct {
	Keyspace      string // default
	Owner         string
	State         string // active, pending, expired, disabled or revoked
	PublicID      string
	Text          string          // in name or owner
	Parent        keywright.KeyID // the children of this key; without a keyspace, in that of the parent
	Due           bool            // keys whose rotation is due, or about to be
	ExpiresBefore time.Time       // keys that have an end, and it is before this
	Sort          string          // newest (the default), oldest or expires
	Cursor        string          // of the page before
	Limit         int             // of a page: 50, at most 1,000
}

func (q KeyQuery) values() url.Values {
	v := values("keyspace", q.Keyspace, "owner", q.Owner, "state", q.State, "public_id", q.PublicID, "q", q.Text, "sort", q.Sort, "cursor", q.Cursor)
	if !q.Parent.IsZero() {
		v.Set("parent", q.Parent.String())
	}
	if q.Due {
		v.Set("due", "true")
	}
	if !q.ExpiresBefore.IsZero() {
		v.Set("expires_before", q.ExpiresBefore.UTC().Format(time.RFC3339))
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return v
}

// List returns a page of records, newest first.
func (c *Client) List(ctx context.Context, q KeyQuery) (api.KeyList, error) {
	var l api.KeyList
	return l, c.do(ctx, call{method: http.MethodGet, path: api.PathKeys, query: q.values(), into: &l, limit: maxList, repeat: true})
}

// All returns all records that a query asks for, newest first, page by page. It ends with the first error.
func (c *Client) All(ctx context.Context, q KeyQuery) iter.Seq2[api.Record, error] {
	return func(yield func(api.Record, error) bool) {
		for {
			page, err := c.List(ctx, q)
			if err != nil {
				yield(api.Record{}, err)
				return
			}
			for _, r := range page.Keys {
				if !yield(r, nil) {
					return
				}
			}
			if q.Cursor = page.NextCursor; q.Cursor == "" {
				return
			}
		}
	}
}

// Update changes a record. What it takes away is gone for every verification that begins after it has returned.
func (c *Client) Update(ctx context.Context, id keywright.KeyID, p api.KeyPatch) (api.Record, error) {
	var r api.Record
	return r, c.do(ctx, call{method: http.MethodPatch, path: keyPath(api.PathKey, id), body: p, into: &r})
}

// Disable ends a key until it is enabled again.
func (c *Client) Disable(ctx context.Context, id keywright.KeyID) (api.Record, error) {
	var r api.Record
	return r, c.do(ctx, call{method: http.MethodPost, path: keyPath(api.PathDisable, id), into: &r, repeat: true})
}

// Enable undoes Disable.
func (c *Client) Enable(ctx context.Context, id keywright.KeyID) (api.Record, error) {
	var r api.Record
	return r, c.do(ctx, call{method: http.MethodPost, path: keyPath(api.PathEnable, id), into: &r, repeat: true})
}

// Revoke ends a key for good. A verification that begins after it has returned does not answer VALID. Revoking a key
// that is revoked returns the first revocation.
func (c *Client) Revoke(ctx context.Context, id keywright.KeyID, reason string) (api.Receipt, error) {
	var r api.Receipt
	return r, c.do(ctx, call{
		method: http.MethodPost, path: keyPath(api.PathRevoke, id), body: api.RevokeRequest{Reason: reason}, into: &r, repeat: true,
	})
}

func keyPath(path string, id keywright.KeyID) string {
	return strings.Replace(path, "{id}", id.String(), 1)
}

// values returns the pairs of names and values whose value is not empty.
func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return v
}
