// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// IssueChild makes a child of a key: a key that can never do more than its parent, and ends with it. The service key of
// the client may also be the parent key itself, if that has the scope keywright:children. An idempotency key works as with
// Issue.
func (c *Client) IssueChild(ctx context.Context, parent keywright.KeyID, q api.IssueRequest, idempotencyKey string) (api.IssueResponse, error) {
	var r api.IssueResponse
	return r, c.do(ctx, once(call{method: http.MethodPost, path: keyPath(api.PathChildren, parent), body: q, into: &r}, idempotencyKey))
}

// Bulk does a verb to every key that a filter chooses, and hands what became of each to done, as it is done. It ends with
// the first error of done, and the server then ends its work too. An error says that not all keys were looked at: what
// was handed to done was done, and where the server cannot be reached any more perhaps one key more.
func (c *Client) Bulk(ctx context.Context, q api.BulkRequest, done func(api.BulkResult) error) (api.BulkEnd, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return api.BulkEnd{}, fmt.Errorf("the request cannot be written as JSON: %w", err)
	}
	var end *api.BulkEnd
	err = exchange(ctx, c, api.PathBulk, nil, api.MediaJSON, bytes.NewReader(body), func(line api.BulkLine) error {
		switch {
		case line.End != nil:
			end = line.End
			return nil
		case line.BulkResult == nil:
			return c.errUnreadable()
		}
		return done(*line.BulkResult)
	})
	switch {
	case err != nil:
		return api.BulkEnd{}, err
	case end == nil:
		return api.BulkEnd{}, c.transportError(fmt.Errorf("its answer was cut off: %w", io.ErrUnexpectedEOF))
	case end.Problem != nil:
		return *end, end.Problem
	}
	return *end, nil
}
