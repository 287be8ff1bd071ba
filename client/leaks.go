// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/keywright/keywright/api"
)

// ReportLeaks reports at most 1,000 keys that were seen where they must not be, and returns what became of each, in their
// order. A repeat changes nothing. After an error nothing is known of any of them.
func (c *Client) ReportLeaks(ctx context.Context, leaks []api.LeakedKey) ([]api.LeakResult, error) {
	var r api.LeakResponse
	return r.Results, c.do(ctx, call{method: http.MethodPost, path: api.PathLeaks, body: api.LeakRequest{Leaks: leaks}, into: &r, limit: maxList, repeat: true})
}

// A LeakQuery asks for leaks. Every field that is not zero narrows it.
type LeakQuery struct {
	Keyspace string // empty: all that the service key may see
	Owner    string
	State    string // open or ended
	Cursor   string
	Limit    int
}

// Leaks returns a page of leaks, newest first.
func (c *Client) Leaks(ctx context.Context, q LeakQuery) (api.LeakList, error) {
	query := url.Values{}
	for name, value := range map[string]string{"keyspace": q.Keyspace, "owner": q.Owner, "state": q.State, "cursor": q.Cursor} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if q.Limit > 0 {
		query.Set("limit", strconv.Itoa(q.Limit))
	}
	var l api.LeakList
	return l, c.do(ctx, call{method: http.MethodGet, path: api.PathLeaks, query: query, into: &l, limit: maxList, repeat: true})
}

// Leak tells one leak from exposure to end.
func (c *Client) Leak(ctx context.Context, id string) (api.LeakReport, error) {
	var r api.LeakReport
	path := strings.Replace(api.PathLeak, "{id}", url.PathEscape(id), 1)
	return r, c.do(ctx, call{method: http.MethodGet, path: path, into: &r, limit: maxList, repeat: true})
}
