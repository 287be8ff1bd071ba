// SPDX-License-Identifier: Apache-2.0

package httpauth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
)

// guard is one handler behind the middleware.
type guard struct {
	*Middleware
	next     http.Handler
	scopes   []string
	optional bool
}

const headerCache = "Cache-Control"

// judged is the context of a request that was judged.
type judged struct {
	context.Context
	verdict keywright.Verdict
}

// passage is the memory of a request that is judged: one allocation for all of it.
type passage struct {
	judged
	request http.Request
	cache   [1]string // the value of Cache-Control
}

type verdictKey struct{}

// Value returns the verdict for its key, and what the context has for all others.
func (j *judged) Value(key any) any {
	if key == (verdictKey{}) {
		return j
	}
	return j.Context.Value(key)
}

// FromContext returns the verdict of a request that passed. There is none outside of the middleware, and behind Optional
// where the request had no key.
func FromContext(ctx context.Context) (keywright.Verdict, bool) {
	if j, ok := ctx.Value(verdictKey{}).(*judged); ok {
		return j.verdict, true
	}
	return keywright.Verdict{}, false
}

// NewContext returns a context with a verdict, for tests of handlers and for middleware of other protocols.
func NewContext(ctx context.Context, v keywright.Verdict) context.Context {
	return &judged{Context: ctx, verdict: v}
}

// ServeHTTP judges the key of a request and lets it pass, or answers it. What passes may not be kept by caches unless
// the handler says otherwise: a cache that knows nothing of keys would give it to anybody.
func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key, err := Key(r.Header, g.options.Header)
	switch {
	case err == nil:
	case g.optional && errors.Is(err, ErrNoKey):
		g.next.ServeHTTP(w, r)
		return
	default:
		g.refuseUnread(w, r, err)
		return
	}
	p := &passage{cache: [1]string{"no-store"}}
	p.Context = r.Context()
	if err := g.judge(r, key, &p.verdict); err != nil {
		g.options.Log.ErrorContext(r.Context(), "a key could not be judged", "error", err)
		g.unavailable(w)
		return
	}
	if !p.verdict.Valid() {
		g.refuse(w, r, &p.verdict)
		return
	}
	h := w.Header()
	if len(h[headerCache]) == 0 {
		h[headerCache] = p.cache[:]
	}
	if p.verdict.Limit.Name != "" {
		api.SetLimits(h, &p.verdict)
	}
	p.request = *r.WithContext(&p.judged)
	g.next.ServeHTTP(w, &p.request)
}

// judge writes the verdict to v. Whatever goes wrong is an error: a context that ended, or a panic too.
func (g *guard) judge(r *http.Request, key keywright.Secret, v *keywright.Verdict) (err error) {
	defer func() {
		if what := recover(); what != nil {
			*v, err = keywright.Verdict{}, panicked(what)
		}
	}()
	ctx := r.Context()
	if err := ctx.Err(); err != nil {
		return err
	}
	ask := keywright.Ask{
		Key: key, Keyspace: g.options.Keyspace, Environment: g.options.Environment, Scopes: g.scopes,
		ClientIP: g.options.ClientIP(r), Method: r.Method, Path: r.URL.EscapedPath(),
	}
	if origin := r.Header["Origin"]; len(origin) == 1 {
		ask.Origin = origin[0]
	}
	if g.options.Cost != nil {
		ask.Cost = g.options.Cost(r)
	}
	if g.options.Ask != nil {
		ask = g.changed(r, ask)
	}
	*v, err = g.verifier.Verify(ctx, ask)
	return err
}

func (g *guard) changed(r *http.Request, ask keywright.Ask) keywright.Ask {
	ask.Scopes = append([]string(nil), ask.Scopes...)
	g.options.Ask(r, &ask)
	return ask
}

// A panicError is a verifier that panicked.
type panicError struct{ what, stack string }

func (e *panicError) Error() string { return "the verifier panicked: " + e.what }

// LogValue tells where.
func (e *panicError) LogValue() slog.Value {
	return slog.GroupValue(slog.String("what", e.Error()), slog.String("stack", e.stack))
}

// panicked keeps of the value only what the runtime says: it may hold anything else.
func panicked(value any) error {
	what := "with a value"
	var fault runtime.Error
	if err, ok := value.(error); ok && errors.As(err, &fault) {
		what = fault.Error()
	}
	return &panicError{what, string(debug.Stack())}
}
