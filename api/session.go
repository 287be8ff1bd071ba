// SPDX-License-Identifier: Apache-2.0

package api

import (
	"time"

	"github.com/keywright/keywright"
)

// HeaderCSRF carries the csrf of a Session in every request that comes with its cookie and changes something.
const HeaderCSRF = "X-Keywright-CSRF"

// The names of the cookie of a session. Over TLS a browser takes the first for this host alone, and sends it back over TLS
// alone.
const (
	CookieSession      = "__Host-keywright"
	CookieSessionPlain = "keywright"
)

// A Session stands for a service key in a browser.
type Session struct {
	KeyID     keywright.KeyID `json:"key_id" doc:"Of the service key."`
	Name      string          `json:"name" doc:"Of the service key."`
	Keyspace  string          `json:"keyspace" doc:"That is meant where none is named."`
	Scopes    []string        `json:"scopes" doc:"What the service key may do now."`
	CSRF      string          `json:"csrf" doc:"Goes in X-Keywright-CSRF with every request of the cookie whose method is not GET, HEAD or OPTIONS."`
	ExpiresAt time.Time       `json:"expires_at" doc:"The end, however much it is used."`
	IdleUntil time.Time       `json:"idle_until" doc:"The end, without a further request."`
}
