// SPDX-License-Identifier: Apache-2.0

package httpauth

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

const (
	headerChallenge = "Www-Authenticate"
	soon            = time.Second // when to come again after a request that could not be judged
	// later is when to come again without credits. A verdict does not tell when they are refilled; this keeps a client
	// from asking all the time.
	later = time.Minute
)

// answers are the documents that are alike for all: they are encoded once, so they cannot differ.
type answers struct {
	noKey, invalid, ambiguous, forbidden, exhausted, unavailable []byte
}

func newAnswers() answers {
	const hint = "send one header Authorization: Bearer with a key, or the header that this service names"
	return answers{
		noKey:       document(api.Unauthenticated, "a key is needed", hint),
		invalid:     document(api.Unauthenticated, "the key is not valid", hint),
		ambiguous:   document(api.InvalidInput, "the request carries more than one key", "send one key, in one header"),
		forbidden:   document(api.AccessDenied, "the key may not be used for this request", "ask who gave you the key what it is for"),
		exhausted:   document(api.TooManyRequests, "the credits of the key are used up", "wait for their refill, or ask who gave you the key for more"),
		unavailable: document(api.Unavailable, "the key could not be judged", "come again when Retry-After says"),
	}
}

// document is a problem of the service that is guarded: api.Problem.Type would name a page that a keywright server has.
func document(code api.Code, detail, hint string, limits ...api.LimitState) []byte {
	p := api.NewProblem(code, "", detail, hint)
	p.Type, p.Title, p.Limits = "about:blank", http.StatusText(p.Status), limits
	body, err := json.Marshal(p)
	if err != nil {
		return []byte("{}") // an api.Problem can always be encoded
	}
	return append(body, '\n')
}

// answer writes a document. What handlers before this one said of another body is forgotten.
func answer(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	for _, name := range []string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified"} {
		h.Del(name)
	}
	h.Set(headerCache, "no-store")
	h.Set("Content-Type", api.MediaProblem)
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away is no fault
}

// refuseUnread answers a request of which no key was read.
func (g *guard) refuseUnread(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, ErrNoKey) {
		g.refused(r, "no key", nil)
		g.challenged(w, http.StatusUnauthorized, g.fixed.noKey, "")
		return
	}
	g.refused(r, "more than one key", nil)
	g.challenged(w, http.StatusBadRequest, g.fixed.ambiguous, `, error="invalid_request"`)
}

// refuse answers a request whose key is not valid. A code that this package does not know is no judgement.
func (g *guard) refuse(w http.ResponseWriter, r *http.Request, v *keywright.Verdict) {
	g.refused(r, string(v.Code), v)
	switch {
	case v.Code.Uniform():
		g.challenged(w, http.StatusUnauthorized, g.fixed.invalid, `, error="invalid_token"`)
	case v.Code == keywright.Forbidden:
		answer(w, http.StatusForbidden, g.fixed.forbidden)
	case v.Code == keywright.InsufficientScope:
		g.insufficient(w)
	case v.Code == keywright.RateLimited:
		limited(w, v)
	case v.Code == keywright.CreditsExhausted:
		api.SetLimits(w.Header(), v)
		w.Header().Set(api.HeaderRetryAfter, api.RetryAfter(later))
		answer(w, http.StatusTooManyRequests, g.fixed.exhausted)
	default:
		g.unavailable(w)
	}
}

func (g *guard) unavailable(w http.ResponseWriter) {
	w.Header().Set(api.HeaderRetryAfter, api.RetryAfter(soon))
	answer(w, http.StatusServiceUnavailable, g.fixed.unavailable)
}

func (g *guard) challenged(w http.ResponseWriter, status int, body []byte, parameters string) {
	w.Header().Set(headerChallenge, g.challenge+parameters)
	answer(w, status, body)
}

// insufficient tells the scopes that the handler needs, not those that the key has.
func (g *guard) insufficient(w http.ResponseWriter) {
	parameters, detail := `, error="insufficient_scope"`, "the key lacks a scope"
	if len(g.scopes) > 0 {
		needed := strings.Join(g.scopes, " ")
		parameters += `, scope="` + needed + `"`
		detail = "this needs a key with " + needed
	}
	g.challenged(w, http.StatusForbidden, document(api.AccessDenied, detail, "ask who gave you the key for one that has it"), parameters)
}

func limited(w http.ResponseWriter, v *keywright.Verdict) {
	api.SetLimits(w.Header(), v)
	hint := "come again when Retry-After says"
	if v.Limit.RetryAfter < 0 {
		hint = "ask for less at once: this is more than the limit ever allows"
	}
	answer(w, http.StatusTooManyRequests, document(api.TooManyRequests, "a limit of the key is reached", hint, api.LimitStateOf(&v.Limit, time.Now())))
}

// refused tells the operator what the client is not told.
func (g *guard) refused(r *http.Request, code string, v *keywright.Verdict) {
	ctx := r.Context()
	if !g.options.Log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{slog.String("code", code)}
	if v != nil && !v.KeyID.IsZero() {
		attrs = append(attrs, slog.String("key_id", v.KeyID.String()), slog.String("public_id", v.PublicID))
	}
	g.options.Log.LogAttrs(ctx, slog.LevelDebug, "a request was refused", attrs...)
}
