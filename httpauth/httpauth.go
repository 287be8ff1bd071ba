// SPDX-License-Identifier: Apache-2.0

// Package httpauth is middleware over a keywright.Verifier: it takes the key out of a request, has it judged, and lets
// the handler see the verdict. The verifier is an *authority.Authority in the same process or a *client.Client.
//
//	keys := httpauth.New(verifier, httpauth.Options{Keyspace: "acme", Environment: "live"})
//	mux.Handle("GET /v1/invoices", keys.Handler(list, "invoices:read"))
//	mux.Handle("POST /v1/invoices", keys.Require("invoices:write")(create))
//
//	verdict, _ := httpauth.FromContext(r.Context()) // in the handler: whose key it is, and what it grants
//
// A request that may not pass is answered with a problem document (RFC 9457):
//
//	no key                     401  WWW-Authenticate: Bearer realm="api"
//	a key that is not valid    401  … error="invalid_token"; one and the same answer whether it is unknown, revoked or expired
//	more than one key          400  … error="invalid_request" (RFC 6750, 3.1)
//	FORBIDDEN                  403
//	INSUFFICIENT_SCOPE         403  … error="insufficient_scope", scope="invoices:read": what the handler needs
//	RATE_LIMITED               429  RateLimit, RateLimit-Policy, Retry-After
//	CREDITS_EXHAUSTED          429  Retry-After
//	no judgement               503  Retry-After; whatever went wrong, it never passes and never says that the key is bad
package httpauth

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"

	"github.com/keywright/keywright"
)

// Options say what keys are for and where they come from. The zero value of each works, but Keyspace is needed unless
// the verifier is a client whose service key is bound to one, and Environment should be given, so that a test key is
// refused in production.
type Options struct {
	Keyspace    string
	Environment string
	Header      string // that carries the key; empty: Authorization with the scheme Bearer, or X-API-Key
	Realm       string // of WWW-Authenticate, in printable ASCII; empty: api

	// ClientIP returns where a request came from; nil: the address of the connection. What a header says of it is
	// anybody's invention unless a proxy of yours wrote it: see Forwarded. The zero address is none: keys that are bound
	// to networks are then refused.
	ClientIP func(*http.Request) netip.Addr

	// Cost returns how many units of limits and credits a request takes, 1 to 1e9; nil, or 0: 1.
	Cost func(*http.Request) int64

	// Ask changes what is asked of a request after all else is set, such as limits to take from; nil: nothing.
	Ask func(*http.Request, *keywright.Ask)

	// Log gets one event for each request that could not be judged, and at debug one for each that was refused, with the
	// code that the client is not told; nil: silent. No key and nothing else of the request is in it.
	Log *slog.Logger
}

// A Middleware guards handlers. It is safe for use by several goroutines.
type Middleware struct {
	verifier  keywright.Verifier
	options   Options
	challenge string // Bearer with the realm
	fixed     answers
}

// New returns middleware over a verifier. It panics where the options cannot be right, as http.ServeMux does.
func New(verifier keywright.Verifier, o Options) *Middleware {
	if verifier == nil {
		panic("httpauth.New needs a verifier: an *authority.Authority or a *client.Client")
	}
	if o.Realm == "" {
		o.Realm = "api"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.ClientIP == nil {
		o.ClientIP = connection
	}
	o.Header = http.CanonicalHeaderKey(o.Header)
	return &Middleware{verifier: verifier, options: o, challenge: "Bearer realm=" + quoted(o.Realm), fixed: newAnswers()}
}

// Handler lets pass to next whose key is valid and grants all of the scopes; without scopes, whose key is valid. It
// panics where a scope is not one.
func (m *Middleware) Handler(next http.Handler, scopes ...string) http.Handler {
	for _, s := range scopes {
		if err := keywright.CheckScope(s); err != nil {
			panic("httpauth: " + err.Error())
		}
	}
	return &guard{Middleware: m, next: next, scopes: slices.Clone(scopes)}
}

// Require is Handler for those who chain middleware.
func (m *Middleware) Require(scopes ...string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler { return m.Handler(next, scopes...) }
}

// Optional lets pass to next whose key is valid, and who has none: FromContext then tells that there is no verdict. A
// key that is there and not valid is refused all the same.
func (m *Middleware) Optional(next http.Handler) http.Handler {
	return &guard{Middleware: m, next: next, optional: true}
}

// quoted writes a quoted string of a header (RFC 9110, 5.6.4).
func quoted(s string) string {
	b := make([]byte, 0, len(s)+2)
	b = append(b, '"')
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			panic("httpauth: a realm is printable ASCII")
		}
		if s[i] == '"' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return string(append(b, '"'))
}
