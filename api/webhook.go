// SPDX-License-Identifier: Apache-2.0

package api

import "time"

// Paths of webhooks. {id} is the id of one.
const (
	PathWebhooks       = "/v1/webhooks"
	PathWebhook        = "/v1/webhooks/{id}"
	PathWebhookSecret  = "/v1/webhooks/{id}/rotate-secret"
	PathWebhookEnable  = "/v1/webhooks/{id}/enable"
	PathWebhookDisable = "/v1/webhooks/{id}/disable"
	PathWebhookTest    = "/v1/webhooks/{id}/test"
	PathDeliveries     = "/v1/webhooks/{id}/deliveries"
	PathReplay         = "/v1/webhooks/{id}/replay"
	PathDrop           = "/v1/webhooks/{id}/drop"
)

// A Webhook is a place that events are sent to: a webhook, which gets each by itself, or an export, which gets the audit
// chain in its order.
type Webhook struct {
	ID           string          `json:"id" example:"wh_0QhT5lZcVxY3bN8mKpRw2A"`
	Name         string          `json:"name,omitempty"`
	Kind         string          `json:"kind" enum:"webhook,http,syslog,file"`
	URL          string          `json:"url"`
	Verbs        []string        `json:"verbs,omitempty" nullable:"false" doc:"Patterns of the events that are sent; absent: all."`
	Keyspaces    []string        `json:"keyspaces,omitempty" nullable:"false" doc:"Whose events; absent: all, also those of no keyspace."`
	Header       bool            `json:"authorization,omitempty" doc:"It is sent a header Authorization, which is not shown."`
	Disabled     bool            `json:"disabled,omitempty"`
	Reason       string          `json:"reason,omitempty" doc:"Why the server disabled it; absent: somebody did."`
	Secrets      []WebhookSecret `json:"secrets,omitempty" nullable:"false" doc:"That sign, the present one first."`
	Pending      int             `json:"pending" doc:"Deliveries that failed and are tried again."`
	Dead         int             `json:"dead" doc:"Deliveries that were given up."`
	Cursor       uint64          `json:"cursor" doc:"Events up to this sequence were dealt with."`
	Behind       uint64          `json:"behind" doc:"Events that were not yet looked at."`
	FailingSince time.Time       `json:"failing_since,omitzero" doc:"Absent: the last attempt did not fail."`
	LastStatus   int             `json:"last_status,omitempty" doc:"HTTP, of the last attempt that failed; absent: there was no answer, or no such attempt."`
	LastProblem  string          `json:"last_problem,omitempty" doc:"Of the last attempt that failed."`
	LastSentAt   time.Time       `json:"last_sent_at,omitzero" doc:"The last attempt that did not fail, since the server started."`
	CreatedAt    time.Time       `json:"created_at"`
	UpdatedAt    time.Time       `json:"updated_at"`
}

// A WebhookSecret is what may be shown of one.
type WebhookSecret struct {
	CreatedAt time.Time `json:"created_at"`
	EndsAt    time.Time `json:"ends_at,omitzero" doc:"Absent: it is the present one."`
}

// A WebhookRequest asks for a webhook or an export.
type WebhookRequest struct {
	Name      string   `json:"name,omitempty"`
	Kind      string   `json:"kind,omitempty" enum:"webhook,http,syslog,file" doc:"webhook, where it is left out. http: lines of JSON, posted many at once. syslog: RFC 5424 over TLS. file: lines of JSON in the server's folder for exports."`
	URL       string   `json:"url" doc:"https://… for webhook and http, tls://host:port for syslog, file:name for file." example:"https://hooks.example.com/keys"`
	Verbs     []string `json:"verbs,omitempty" nullable:"false" doc:"Patterns; all, where they are left out." example:"[\"key.*\"]"`
	Keyspaces []string `json:"keyspaces,omitempty" nullable:"false" doc:"Whose events; those that the caller is bound to, where they are left out."`
	Header    Key      `json:"authorization,omitzero" doc:"Of the kind http: the value of the header Authorization. Kept sealed and never shown."`
	FromStart bool     `json:"from_start,omitempty" doc:"Send the chain from its beginning, not from now on."`
}

// A WebhookPatch changes a webhook. A field that is absent (nil) stays as it is; null or an empty value clears it.
type WebhookPatch struct {
	Name      *string   `json:"name,omitempty"`
	URL       *string   `json:"url,omitempty" doc:"Another one makes a new secret, and ends the others at once."`
	Verbs     *[]string `json:"verbs,omitempty" doc:"All of them."`
	Keyspaces *[]string `json:"keyspaces,omitempty" doc:"All of them."`
	Header    *Key      `json:"authorization,omitempty" doc:"Of the kind http: the value of the header Authorization."`
}

// UnmarshalJSON tells null, which clears, from absent.
func (p *WebhookPatch) UnmarshalJSON(b []byte) error {
	type plain WebhookPatch
	return unmarshalPatch(b, (*plain)(p))
}

// A WebhookResponse is a webhook and, where one was made, its new secret. Nothing shows that again.
type WebhookResponse struct {
	Secret  Key     `json:"secret,omitzero" doc:"whsec_ and base64, of Standard Webhooks. Shown once."`
	Webhook Webhook `json:"webhook"`
}

// A WebhookList lists webhooks and exports, oldest first.
type WebhookList struct {
	Webhooks []Webhook `json:"webhooks" nullable:"false"`
}

// A WebhookSecretRequest asks for a new secret.
type WebhookSecretRequest struct {
	Grace *Duration `json:"grace,omitempty" doc:"For so long messages are signed with the secret before as well; 24h, where it is left out." example:"24h"`
}

// A WebhookEnableRequest says from where events are sent again.
type WebhookEnableRequest struct {
	Skip bool `json:"skip,omitempty" doc:"Pass over what happened while it was disabled."`
}

// A WebhookTest says that a message of the type ping was taken.
type WebhookTest struct {
	Status int `json:"status,omitempty" doc:"HTTP; absent where there is none."`
}

// A Delivery is an event that a webhook did not take at the first attempt.
type Delivery struct {
	Sequence uint64    `json:"sequence" doc:"Of the event."`
	ID       string    `json:"id" doc:"As the receiver sees it: the header webhook-id."`
	Verb     string    `json:"verb"`
	Target   string    `json:"target"`
	State    string    `json:"state" enum:"pending,dead"`
	Attempts int       `json:"attempts"`
	FirstAt  time.Time `json:"first_at"`
	LastAt   time.Time `json:"last_at"`
	NextAt   time.Time `json:"next_at,omitzero" doc:"Absent: there will be none."`
	Status   int       `json:"status,omitempty" doc:"HTTP, of the last attempt; absent: there was no answer."`
	Problem  string    `json:"problem" doc:"Of the last attempt."`
}

// A DeliveryList is a page of deliveries, oldest event first.
type DeliveryList struct {
	Deliveries []Delivery `json:"deliveries" nullable:"false"`
	NextCursor string     `json:"next_cursor,omitempty" doc:"Asks for the next page; absent on the last."`
}

// A ReplayRequest says what is sent again: exactly one of the three.
type ReplayRequest struct {
	Sequences []uint64 `json:"sequences,omitempty" nullable:"false" doc:"Deliveries of these events."`
	Dead      bool     `json:"dead,omitempty" doc:"All deliveries that were given up."`
	After     *uint64  `json:"after,omitempty" doc:"All events behind this sequence, also those that were taken before."`
}

// A DropRequest says which deliveries are forgotten: one of the two.
type DropRequest struct {
	Sequences []uint64 `json:"sequences,omitempty" nullable:"false" doc:"Deliveries of these events."`
	Dead      bool     `json:"dead,omitempty" doc:"All deliveries that were given up."`
}

// DeliveryCount says how many events or deliveries an act was about.
type DeliveryCount struct {
	Count int `json:"count"`
}
