// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/keywright/keywright/api"
)

// Keyspaces lists the keyspaces that the caller may see, by name.
func (c *Client) Keyspaces(ctx context.Context) ([]api.Keyspace, error) {
	var l api.KeyspaceList
	err := c.do(ctx, call{method: http.MethodGet, path: api.PathKeyspaces, into: &l, limit: maxList, repeat: true})
	return l.Keyspaces, err
}

// Keyspace returns one keyspace.
func (c *Client) Keyspace(ctx context.Context, name string) (api.Keyspace, error) {
	var k api.Keyspace
	return k, c.do(ctx, call{method: http.MethodGet, path: keyspacePath(name), into: &k, repeat: true})
}

// CreateKeyspace makes a keyspace. No environments (nil) are the default ones; an empty list is none.
func (c *Client) CreateKeyspace(ctx context.Context, q api.KeyspaceRequest) (api.Keyspace, error) {
	var k api.Keyspace
	return k, c.do(ctx, call{method: http.MethodPost, path: api.PathKeyspaces, body: q, into: &k})
}

// UpdateKeyspace changes environments and policy, and adds formats.
func (c *Client) UpdateKeyspace(ctx context.Context, name string, p api.KeyspacePatch) (api.Keyspace, error) {
	var k api.Keyspace
	return k, c.do(ctx, call{method: http.MethodPatch, path: keyspacePath(name), body: p, into: &k})
}

func keyspacePath(name string) string {
	return strings.Replace(api.PathKeyspace, "{name}", url.PathEscape(name), 1)
}
