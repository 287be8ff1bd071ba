// SPDX-License-Identifier: Apache-2.0

package httpauth_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/httpauth"
)

// judges is a verifier that goes wrong in a way that no real one is known to.
type judges func(context.Context, keywright.Ask) (keywright.Verdict, error)

func (f judges) Verify(ctx context.Context, ask keywright.Ask) (keywright.Verdict, error) {
	return f(ctx, ask)
}

// TestNoJudgement meets everything that is no judgement: it is answered 503, never 401, and the handler is not reached.
func TestNoJudgement(t *testing.T) {
	h := newHouse(t)
	valid := keywright.Verdict{Code: keywright.Valid}
	down, err := client.New(client.Options{URL: "http://127.0.0.1:1", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	wrongKey, err := client.New(client.Options{URL: h.server.URL, ServiceKey: keywright.NewSecret("keywright_nonsense")})
	if err != nil {
		t.Fatal(err)
	}
	for name, verifier := range map[string]keywright.Verifier{
		"the server is down":              down,
		"the service key is not accepted": wrongKey,
		"an error beside VALID":           judges(func(context.Context, keywright.Ask) (keywright.Verdict, error) { return valid, errors.New("no") }),
		"an error beside REVOKED": judges(func(context.Context, keywright.Ask) (keywright.Verdict, error) {
			return keywright.Verdict{Code: keywright.Revoked}, errors.New("no")
		}),
		"no code": judges(func(context.Context, keywright.Ask) (keywright.Verdict, error) { return keywright.Verdict{}, nil }),
		"another code": judges(func(context.Context, keywright.Ask) (keywright.Verdict, error) {
			return keywright.Verdict{Code: "FINE"}, nil
		}),
		"a panic":  judges(func(_ context.Context, ask keywright.Ask) (keywright.Verdict, error) { panic(ask.Key.Reveal()) }),
		"an abort": judges(func(context.Context, keywright.Ask) (keywright.Verdict, error) { panic(http.ErrAbortHandler) }),
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			var seen reached
			w := send(httpauth.New(verifier, options(&log)).Handler(&seen), "/", "X-Api-Key", canary)
			wantProblem(t, w, 503)
			if seen.times > 0 || w.Header().Get("Retry-After") != "1" || w.Header().Get("WWW-Authenticate") != "" {
				t.Errorf("%v", w.Header())
			}
			if strings.Contains(log.String(), canary) || strings.Contains(w.Body.String(), canary) {
				t.Errorf("the key is told: %s %s", log.String(), w.Body)
			}
		})
	}
}

const canary = "acme_live_canary7Yk2mQ9xR4tB"

// TestNoJudgementOfALiveKey takes away what a good key is judged by.
func TestNoJudgementOfALiveKey(t *testing.T) {
	h := newHouse(t)
	key := h.issue(authority.IssueRequest{}).Key
	guarded := httpauth.New(h.authority, options(nil)).Handler(&reached{})
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequest("GET", "/", nil).WithContext(ctx)
	r.Header.Set("X-Api-Key", key.Reveal())
	w := httptest.NewRecorder()
	if guarded.ServeHTTP(w, r); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	cancel()
	w = httptest.NewRecorder()
	guarded.ServeHTTP(w, r)
	wantProblem(t, w, 503)

	var log bytes.Buffer
	wrong := options(&log)
	wrong.Keyspace = "nowhere"
	wantProblem(t, send(httpauth.New(h.authority, wrong).Handler(&reached{}), "/", bearer(key)...), 503)
	if !strings.Contains(log.String(), "could not be judged") || !strings.Contains(log.String(), "keyspace") {
		t.Errorf("the operator sees %s", log.String())
	}
	h.server.Close()
	fast, err := client.New(client.Options{URL: h.server.URL, Retries: -1, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	wantProblem(t, send(httpauth.New(fast, options(nil)).Handler(&reached{}), "/", bearer(key)...), 503)
}

// TestPanicsOfHandlersAreTheirOwn does not take them for those of a verifier.
func TestPanicsOfHandlersAreTheirOwn(t *testing.T) {
	h := newHouse(t)
	key := h.issue(authority.IssueRequest{}).Key
	guarded := httpauth.New(h.authority, options(nil)).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("the panic does not arrive")
		}
	}()
	send(guarded, "/", bearer(key)...)
}

// TestAsks tells the verifier what a request is, as it was received.
func TestAsks(t *testing.T) {
	h := newHouse(t)
	bound := h.issue(authority.IssueRequest{Rules: authority.Rules{
		Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Methods: []string{"PUT"},
		Paths: []string{"/v1/files"}, Origins: []string{"https://app.example.com"},
	}})
	web := httptest.NewServer(httpauth.New(h.authority, options(nil)).Handler(&reached{}))
	defer web.Close()
	proxied := options(nil)
	proxied.ClientIP = httpauth.Forwarded(netip.MustParsePrefix("127.0.0.0/8"))
	behind := httptest.NewServer(httpauth.New(h.authority, proxied).Handler(&reached{}))
	defer behind.Close()
	const origin = "https://app.example.com"
	for name, c := range map[string]struct {
		url, method, path string
		header            http.Header
		want              int
	}{
		"as allowed":               {web.URL, "PUT", "/v1/files/7?x=/", http.Header{"Origin": {origin}}, 200},
		"another method":           {web.URL, "GET", "/v1/files/7", http.Header{"Origin": {origin}}, 403},
		"another path":             {web.URL, "PUT", "/v1/filesystem", http.Header{"Origin": {origin}}, 403},
		"an escaped separator":     {web.URL, "PUT", "/v1/files%2F..%2Fadmin", http.Header{"Origin": {origin}}, 403},
		"escaped below":            {web.URL, "PUT", "/v1/files/a%2Fb", http.Header{"Origin": {origin}}, 403},
		"an escaped letter":        {web.URL, "PUT", "/v1/files/%C3%A4", http.Header{"Origin": {origin}}, 200},
		"two separators":           {web.URL, "PUT", "//v1/files", http.Header{"Origin": {origin}}, 403},
		"another origin":           {web.URL, "PUT", "/v1/files", http.Header{"Origin": {"https://evil.example.com"}}, 403},
		"no origin":                {web.URL, "PUT", "/v1/files", http.Header{}, 403},
		"two origins":              {web.URL, "PUT", "/v1/files", http.Header{"Origin": {origin, "https://evil.example.com"}}, 403},
		"an address made up":       {web.URL, "PUT", "/v1/files", http.Header{"Origin": {origin}, "X-Forwarded-For": {"192.0.2.7"}}, 200},
		"an address from a proxy":  {behind.URL, "PUT", "/v1/files", http.Header{"Origin": {origin}, "X-Forwarded-For": {"192.0.2.7"}}, 403},
		"a proxy without a header": {behind.URL, "PUT", "/v1/files", http.Header{"Origin": {origin}}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			u, err := url.Parse(c.url + c.path)
			if err != nil {
				t.Fatal(err)
			}
			c.header.Set("Authorization", "Bearer "+bound.Key.Reveal())
			response, err := http.DefaultClient.Do(&http.Request{Method: c.method, URL: u, Header: c.header})
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if body, _ := io.ReadAll(response.Body); response.StatusCode != c.want {
				t.Errorf("%d %s, want %d", response.StatusCode, body, c.want)
			}
		})
	}
}

// TestAskMayBeChanged adds limits, and cannot change the scopes of the handler for the next request.
func TestAskMayBeChanged(t *testing.T) {
	h := newHouse(t)
	key := h.issue(authority.IssueRequest{Scopes: []string{"exports:read"}, Limits: []authority.Limit{{Name: "exports", Limit: 5, Window: time.Hour}}}).Key
	o := options(nil)
	o.Cost = func(*http.Request) int64 { return 2 }
	o.Ask = func(r *http.Request, ask *keywright.Ask) {
		ask.Limits = []keywright.AskLimit{{Name: "exports", Cost: ask.Cost + 1}}
		if r.URL.Path == "/all" {
			ask.Scopes[0] = "everything"
		}
	}
	guarded := httpauth.New(h.authority, o).Handler(&reached{}, "exports:read")
	wantProblem(t, send(guarded, "/all", bearer(key)...), 403)
	if w := send(guarded, "/", bearer(key)...); w.Code != 200 || !strings.HasPrefix(w.Header().Get("RateLimit"), `"exports";r=2;`) {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	wantProblem(t, send(guarded, "/", bearer(key)...), 429)
}

// TestContext keeps what the request's context has.
func TestContext(t *testing.T) {
	type name struct{}
	outer, cancel := context.WithCancelCause(context.WithValue(t.Context(), name{}, "outer"))
	ctx, stop := context.WithTimeout(httpauth.NewContext(outer, keywright.Verdict{Code: keywright.Valid, Owner: "team_7"}), time.Hour)
	defer stop()
	v, ok := httpauth.FromContext(ctx)
	if !ok || v.Owner != "team_7" || ctx.Value(name{}) != "outer" {
		t.Errorf("%+v %v", v, ctx.Value(name{}))
	}
	cause := errors.New("enough")
	cancel(cause)
	<-ctx.Done()
	if context.Cause(ctx) != cause {
		t.Errorf("%v", context.Cause(ctx))
	}
}
