// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

const webhooksTag = "Webhooks"

// WireEvent is an event as GET /v1/events shows it: what webhooks and exports send.
func WireEvent(e *authority.Event) any { return event(e) }

// registerWebhooks registers the routes of webhooks and exports.
func (s *Server) registerWebhooks() {
	add := func(id, method, path, summary, description string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Tags: []string{webhooksTag}, Summary: summary, Description: description}
	}
	create := add("create-webhook", http.MethodPost, api.PathWebhooks, "Make a webhook or an export",
		"The secret is shown once. Whoever may do this can have events sent anywhere.")
	create.DefaultStatus = http.StatusCreated
	register(s, create, s.createWebhook)
	register(s, add("list-webhooks", http.MethodGet, api.PathWebhooks, "List webhooks and exports, and how they stand", ""), s.listWebhooks)
	register(s, add("get-webhook", http.MethodGet, api.PathWebhook, "Show a webhook or an export, and how it stands", ""), s.getWebhook)
	register(s, add("update-webhook", http.MethodPatch, api.PathWebhook, "Change a webhook or an export",
		"A new URL makes a new secret, which is shown once."), s.updateWebhook)
	register(s, add("delete-webhook", http.MethodDelete, api.PathWebhook, "Delete a webhook or an export, and forget what it was to get", ""), s.deleteWebhook)
	register(s, add("rotate-webhook-secret", http.MethodPost, api.PathWebhookSecret, "Make a new secret",
		"Shown once. For the grace messages carry a signature of each."), s.rotateWebhookSecret)
	register(s, add("enable-webhook", http.MethodPost, api.PathWebhookEnable, "Send again, from where it stopped", ""), s.enableWebhook)
	register(s, add("disable-webhook", http.MethodPost, api.PathWebhookDisable, "Stop sending; it keeps its place in the chain", ""), s.disableWebhook)
	register(s, add("test-webhook", http.MethodPost, api.PathWebhookTest, "Send a message of the type ping",
		"A conflict where it is not taken."), s.testWebhook)
	s.registerDeliveries(add)
}

// WebhookID is a request about one webhook.
type WebhookID struct {
	ID string `path:"id" doc:"The id of a webhook." example:"wh_0QhT5lZcVxY3bN8mKpRw2A"`
}

type createWebhookIn struct {
	Body body[api.WebhookRequest]
}

func (s *Server) createWebhook(ctx context.Context, c *call, in *createWebhookIn) (api.WebhookResponse, int, error) {
	q := &in.Body.value
	issued, err := s.authority.CreateEndpoint(ctx, c.caller, authority.EndpointRequest{
		Name: q.Name, Kind: authority.EndpointKind(q.Kind), URL: q.URL, Verbs: q.Verbs, Keyspaces: q.Keyspaces,
		Header: q.Header.Secret, FromStart: q.FromStart,
	})
	return webhookResponse(&issued), http.StatusCreated, err
}

func webhookResponse(i *authority.IssuedEndpoint) api.WebhookResponse {
	return api.WebhookResponse{Secret: api.NewKey(i.Secret), Webhook: webhook(&i.Endpoint)}
}

func webhook(e *authority.EndpointState) api.Webhook {
	w := api.Webhook{
		ID: e.ID, Name: e.Name, Kind: string(e.Kind), URL: e.URL, Verbs: e.Verbs, Keyspaces: e.Keyspaces, Header: e.HasHeader,
		Disabled: e.Disabled, Reason: e.Reason, Pending: e.Pending, Dead: e.Dead, Cursor: e.Cursor, Behind: e.Behind,
		FailingSince: e.FailingSince, LastStatus: e.LastStatus, LastProblem: e.LastProblem, LastSentAt: e.LastSent,
		CreatedAt: e.Created, UpdatedAt: e.Updated,
	}
	for _, s := range e.Secrets {
		w.Secrets = append(w.Secrets, api.WebhookSecret{CreatedAt: s.Created, EndsAt: s.Ends})
	}
	return w
}

func (s *Server) listWebhooks(_ context.Context, c *call, _ *struct{}) (api.WebhookList, int, error) {
	list, err := s.authority.Endpoints(c.caller)
	out := api.WebhookList{Webhooks: []api.Webhook{}}
	for i := range list {
		out.Webhooks = append(out.Webhooks, webhook(&list[i]))
	}
	return out, http.StatusOK, err
}

func (s *Server) getWebhook(_ context.Context, c *call, in *WebhookID) (api.Webhook, int, error) {
	e, err := s.authority.Endpoint(c.caller, in.ID)
	return webhook(&e), http.StatusOK, err
}

type updateWebhookIn struct {
	WebhookID
	Body body[api.WebhookPatch]
}

func (s *Server) updateWebhook(ctx context.Context, c *call, in *updateWebhookIn) (api.WebhookResponse, int, error) {
	p := &in.Body.value
	q := authority.EndpointPatch{Name: p.Name, URL: p.URL, Verbs: p.Verbs, Keyspaces: p.Keyspaces}
	if p.Header != nil {
		q.Header = &p.Header.Secret
	}
	issued, err := s.authority.UpdateEndpoint(ctx, c.caller, in.ID, q)
	return webhookResponse(&issued), http.StatusOK, err
}

func (s *Server) deleteWebhook(ctx context.Context, c *call, in *WebhookID) (api.WebhookList, int, error) {
	if err := s.authority.DeleteEndpoint(ctx, c.caller, in.ID); err != nil {
		return api.WebhookList{}, 0, err
	}
	if c.caller.May(authority.ScopeWebhooksRead) != nil {
		return api.WebhookList{Webhooks: []api.Webhook{}}, http.StatusOK, nil
	}
	return s.listWebhooks(ctx, c, nil)
}

type webhookSecretIn struct {
	WebhookID
	Body *body[api.WebhookSecretRequest]
}

func (s *Server) rotateWebhookSecret(ctx context.Context, c *call, in *webhookSecretIn) (api.WebhookResponse, int, error) {
	grace := authority.DefaultSecretGrace
	if in.Body != nil && in.Body.value.Grace != nil {
		grace = in.Body.value.Grace.Duration()
	}
	issued, err := s.authority.RotateEndpointSecret(ctx, c.caller, in.ID, grace)
	return webhookResponse(&issued), http.StatusOK, err
}

type enableWebhookIn struct {
	WebhookID
	Body *body[api.WebhookEnableRequest]
}

func (s *Server) enableWebhook(ctx context.Context, c *call, in *enableWebhookIn) (api.Webhook, int, error) {
	e, err := s.authority.EnableEndpoint(ctx, c.caller, in.ID, in.Body != nil && in.Body.value.Skip)
	return webhook(&e), http.StatusOK, err
}

func (s *Server) disableWebhook(ctx context.Context, c *call, in *WebhookID) (api.Webhook, int, error) {
	e, err := s.authority.DisableEndpoint(ctx, c.caller, in.ID)
	return webhook(&e), http.StatusOK, err
}

func (s *Server) testWebhook(ctx context.Context, c *call, in *WebhookID) (api.WebhookTest, int, error) {
	r, err := s.authority.TestEndpoint(ctx, c.caller, in.ID)
	return api.WebhookTest{Status: r.Status}, http.StatusOK, err
}
