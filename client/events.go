// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/keywright/keywright/api"
)

// An EventQuery asks for a part of the audit chain. Every field that is not zero narrows it.
type EventQuery struct {
	Target   string // a key id, or the name of a keyspace
	Keyspace string
	Actor    string
	Verb     string
	Since    time.Time
	Until    time.Time
	Cursor   string        // of the page before
	Oldest   bool          // first; else newest first
	Wait     time.Duration // with Oldest: for an event behind the cursor, a minute at most; 0: not
	Limit    int           // of a page: 50, at most 1,000
}

func (q EventQuery) values() url.Values {
	v := values("target", q.Target, "keyspace", q.Keyspace, "actor", q.Actor, "verb", q.Verb, "cursor", q.Cursor)
	if q.Oldest {
		v.Set("order", "asc")
	}
	if q.Wait > 0 {
		v.Set("wait", api.Duration(q.Wait).String())
	}
	if !q.Since.IsZero() {
		v.Set("since", q.Since.Format(time.RFC3339Nano))
	}
	if !q.Until.IsZero() {
		v.Set("until", q.Until.Format(time.RFC3339Nano))
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return v
}

// Events returns a page of the audit chain.
func (c *Client) Events(ctx context.Context, q EventQuery) (api.EventList, error) {
	var l api.EventList
	return l, c.do(ctx, call{method: http.MethodGet, path: api.PathEvents, query: q.values(), into: &l, limit: maxList, repeat: true, slow: q.Wait > 0})
}

// VerifyChain lets the server walk its whole audit chain. Checkpoints that were kept elsewhere must fit it.
func (c *Client) VerifyChain(ctx context.Context, kept ...api.Checkpoint) (api.ChainReport, error) {
	var r api.ChainReport
	q := call{method: http.MethodGet, path: api.PathChain, into: &r, slow: true}
	if len(kept) > 0 {
		q.method, q.body = http.MethodPost, api.ChainRequest{Checkpoints: kept}
	}
	return r, c.do(ctx, q)
}
