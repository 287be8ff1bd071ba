// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/http"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// Rotate gives a key a new secret; its id, scopes, limits, credits and history stay. The answer holds the new key, once,
// and says when the secret before ends. An idempotency key works as with Issue.
func (c *Client) Rotate(ctx context.Context, id keywright.KeyID, q api.RotateRequest, idempotencyKey string) (api.RotateResponse, error) {
	var r api.RotateResponse
	return r, c.do(ctx, once(call{method: http.MethodPost, path: keyPath(api.PathRotate, id), body: q, into: &r}, idempotencyKey))
}

// EndGrace ends every secret of a key but the current one. Where an old one was used within the last hour it is refused,
// unless forced.
func (c *Client) EndGrace(ctx context.Context, id keywright.KeyID, force bool) (api.Record, error) {
	var r api.Record
	return r, c.do(ctx, call{method: http.MethodPost, path: keyPath(api.PathEndGrace, id), body: api.EndGraceRequest{Force: force}, into: &r})
}

// once makes a call that would do more the second time safe to repeat, where it has an idempotency key.
func once(q call, idempotencyKey string) call {
	if idempotencyKey != "" {
		q.header = http.Header{api.HeaderIdempotencyKey: {idempotencyKey}}
		q.repeat = true
	}
	return q
}
