// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/keywright/keywright/api"
)

// CreateWebhook makes a webhook or an export. The secret is shown once.
func (c *Client) CreateWebhook(ctx context.Context, q api.WebhookRequest) (api.WebhookResponse, error) {
	var w api.WebhookResponse
	return w, c.do(ctx, call{method: http.MethodPost, path: api.PathWebhooks, body: q, into: &w})
}

// Webhooks lists webhooks and exports, oldest first.
func (c *Client) Webhooks(ctx context.Context) ([]api.Webhook, error) {
	var l api.WebhookList
	return l.Webhooks, c.do(ctx, call{method: http.MethodGet, path: api.PathWebhooks, into: &l, limit: maxList, repeat: true})
}

// Webhook returns one.
func (c *Client) Webhook(ctx context.Context, id string) (api.Webhook, error) {
	var w api.Webhook
	return w, c.do(ctx, call{method: http.MethodGet, path: webhookPath(api.PathWebhook, id), into: &w, repeat: true})
}

// UpdateWebhook changes one. A new URL makes a new secret, which is shown once.
func (c *Client) UpdateWebhook(ctx context.Context, id string, p api.WebhookPatch) (api.WebhookResponse, error) {
	var w api.WebhookResponse
	return w, c.do(ctx, call{method: http.MethodPatch, path: webhookPath(api.PathWebhook, id), body: p, into: &w})
}

// RotateWebhookSecret makes a new secret, which is shown once.
func (c *Client) RotateWebhookSecret(ctx context.Context, id string, q api.WebhookSecretRequest) (api.WebhookResponse, error) {
	var w api.WebhookResponse
	return w, c.do(ctx, call{method: http.MethodPost, path: webhookPath(api.PathWebhookSecret, id), body: q, into: &w})
}

// EnableWebhook lets events be sent again, from where it stopped or, with skip, from now on.
func (c *Client) EnableWebhook(ctx context.Context, id string, q api.WebhookEnableRequest) (api.Webhook, error) {
	var w api.Webhook
	return w, c.do(ctx, call{method: http.MethodPost, path: webhookPath(api.PathWebhookEnable, id), body: q, into: &w})
}

// DisableWebhook stops sending.
func (c *Client) DisableWebhook(ctx context.Context, id string) (api.Webhook, error) {
	var w api.Webhook
	return w, c.do(ctx, call{method: http.MethodPost, path: webhookPath(api.PathWebhookDisable, id), into: &w})
}

// TestWebhook sends a message of the type ping. One that is not taken is an error.
func (c *Client) TestWebhook(ctx context.Context, id string) (api.WebhookTest, error) {
	var t api.WebhookTest
	return t, c.do(ctx, call{method: http.MethodPost, path: webhookPath(api.PathWebhookTest, id), into: &t, slow: true})
}

// DeleteWebhook ends one, and forgets what it was to get.
func (c *Client) DeleteWebhook(ctx context.Context, id string) error {
	return c.do(ctx, call{method: http.MethodDelete, path: webhookPath(api.PathWebhook, id), slow: true})
}

// Deliveries returns a page of what a webhook did not take, oldest event first. State is pending, dead or empty for both;
// limit is 50 where it is 0.
func (c *Client) Deliveries(ctx context.Context, id, state, cursor string, limit int) (api.DeliveryList, error) {
	var l api.DeliveryList
	query := paged(cursor, limit)
	if state != "" {
		query.Set("state", state)
	}
	return l, c.do(ctx, call{method: http.MethodGet, path: webhookPath(api.PathDeliveries, id), query: query, into: &l, limit: maxList, repeat: true})
}

// Replay has events sent again, under the same ids.
func (c *Client) Replay(ctx context.Context, id string, q api.ReplayRequest) (api.DeliveryCount, error) {
	var n api.DeliveryCount
	return n, c.do(ctx, call{method: http.MethodPost, path: webhookPath(api.PathReplay, id), body: q, into: &n})
}

// DropDeliveries forgets what a webhook did not take.
func (c *Client) DropDeliveries(ctx context.Context, id string, q api.DropRequest) (api.DeliveryCount, error) {
	var n api.DeliveryCount
	return n, c.do(ctx, call{method: http.MethodPost, path: webhookPath(api.PathDrop, id), body: q, into: &n})
}

func webhookPath(path, id string) string { return strings.Replace(path, "{id}", url.PathEscape(id), 1) }
