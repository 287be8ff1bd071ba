// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"net/http"

	"github.com/keywright/keywright/api"
)

var errResults = errors.New("the server did not answer for each key that was reported")

// ReportLeaks reports keys that were seen where they must not be, at most api.MaxLeaks of them. Each that was issued there
// ends as its keyspace says; the results stand in the order of the keys. A repeat of a report changes nothing, so the call
// is repeated where the server could not be reached. An error says nothing about any of the keys.
func (c *Client) ReportLeaks(ctx context.Context, leaks []api.LeakedKey) ([]api.LeakResult, error) {
	var r api.LeakResponse
	err := c.do(ctx, call{method: http.MethodPost, path: api.PathLeaks, body: api.LeakRequest{Leaks: leaks}, into: &r, repeat: true, slow: true})
	if err == nil && len(r.Results) != len(leaks) {
		return nil, errResults
	}
	return r.Results, err
}

// A LeakQuery asks for leaks. Every field that is not zero narrows it.
type LeakQuery struct {
	Keyspace string
	Owner    string
	State    string // open or ended
	Cursor   string // of the page before
	Limit    int    // of a page: 50, at most 1,000
}

// Leaks returns a page of the leaks that were reported, newest first.
func (c *Client) Leaks(ctx context.Context, q LeakQuery) (api.LeakList, error) {
	query := paged(q.Cursor, q.Limit)
	for name, value := range map[string]string{"keyspace": q.Keyspace, "owner": q.Owner, "state": q.State} {
		if value != "" {
			query.Set(name, value)
		}
	}
	var l api.LeakList
	return l, c.do(ctx, call{method: http.MethodGet, path: api.PathLeaks, query: query, into: &l, limit: maxList, repeat: true})
}

// Leak tells a leak from exposure to end.
func (c *Client) Leak(ctx context.Context, id string) (api.LeakReport, error) {
	var r api.LeakReport
	return r, c.do(ctx, call{method: http.MethodGet, path: ownerPath(api.PathLeak, id), into: &r, limit: maxList, repeat: true})
}
