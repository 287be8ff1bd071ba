// SPDX-License-Identifier: Apache-2.0

package grpcauth_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/grpcauth"
)

// TestPasses lets handlers of calls and of streams see the verdict.
func TestPasses(t *testing.T) {
	h := newHouse(t)
	key := h.issue(authority.IssueRequest{Owner: "team_7", Scopes: []string{"invoices:*"}, Rules: authority.Rules{
		Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Methods: []string{"POST"}, Paths: []string{"/acme.Invoices"},
	}}).Key
	for name, verifier := range h.verifiers() {
		c := serve(t, verifier, options(nil))
		for _, method := range []string{get, watch} {
			for _, pairs := range [][]string{bearer(key), {"x-api-key", key.Reveal()}} {
				if got, err := call(c, method, pairs...); err != nil || got != "team_7" {
					t.Errorf("%s %s %s: %q %v", name, method, pairs[0], got, err)
				}
			}
		}
		answer, err := grpc_health_v1.NewHealthClient(c).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
		if err != nil || answer.Status != grpc_health_v1.HealthCheckResponse_SERVING {
			t.Errorf("%s: an exempt service: %v %v", name, answer, err)
		}
	}
}

// TestRefuses goes through every kind of refusal, over calls and over streams.
func TestRefuses(t *testing.T) {
	h := newHouse(t)
	one := []authority.Limit{{Name: "requests", Limit: 1, Window: time.Hour, Auto: true}}
	all := []string{"invoices:read"}
	good, revoked, poor := h.issue(authority.IssueRequest{Scopes: all}), h.issue(authority.IssueRequest{Scopes: all}), h.issue(authority.IssueRequest{Scopes: all, Credits: &authority.CreditsRequest{}})
	if _, err := h.authority.Revoke(t.Context(), me, revoked.Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	limited, never := h.issue(authority.IssueRequest{Scopes: all, Limits: one}), h.issue(authority.IssueRequest{Scopes: all, Limits: one})
	if _, err := h.authority.Verify(t.Context(), keywright.Ask{Key: limited.Key, Keyspace: "default"}); err != nil {
		t.Fatal(err)
	}
	elsewhere := h.issue(authority.IssueRequest{Scopes: all, Rules: authority.Rules{Paths: []string{"/acme.Users"}}})
	for name, c := range map[string]struct {
		pairs   []string
		cost    int64
		code    codes.Code
		message string
		after   [2]time.Duration
	}{
		"no key":         {nil, 0, codes.Unauthenticated, "a key is needed", [2]time.Duration{}},
		"another scheme": {[]string{"authorization", "Basic eDp5"}, 0, codes.Unauthenticated, "a key is needed", [2]time.Duration{}},
		"two keys":       {append(bearer(good.Key), "x-api-key", good.Key.Reveal()), 0, codes.Unauthenticated, "the call carries more than one key", [2]time.Duration{}},
		"one key twice":  {[]string{"x-api-key", good.Key.Reveal(), "x-api-key", good.Key.Reveal()}, 0, codes.Unauthenticated, "the call carries more than one key", [2]time.Duration{}},
		"unknown":        {[]string{"x-api-key", "nonsense"}, 0, codes.Unauthenticated, "the key is not valid", [2]time.Duration{}},
		"revoked":        {bearer(revoked.Key), 0, codes.Unauthenticated, "the key is not valid", [2]time.Duration{}},
		"another path":   {bearer(elsewhere.Key), 0, codes.PermissionDenied, "the key may not be used for this call", [2]time.Duration{}},
		"limited":        {bearer(limited.Key), 0, codes.ResourceExhausted, "a limit of the key is reached", [2]time.Duration{59 * time.Minute, time.Hour}},
		"never":          {bearer(never.Key), 2, codes.ResourceExhausted, "this is more than a limit of the key ever allows: ask for less at once", [2]time.Duration{}},
		"no credits":     {bearer(poor.Key), 0, codes.ResourceExhausted, "the credits of the key are used up", [2]time.Duration{time.Minute, time.Minute}},
	} {
		for kind, verifier := range h.verifiers() {
			o := options(nil)
			o.Ask = func(_ context.Context, ask *keywright.Ask) { ask.Cost = c.cost }
			conn := serve(t, verifier, o)
			for _, method := range []string{get, watch} {
				got, err := call(conn, method, c.pairs...)
				s := status.Convert(err)
				if got != "" || s.Code() != c.code || s.Message() != c.message {
					t.Errorf("%s %s %s: %q %v", name, kind, method, got, err)
				}
				if after := retryIn(s); after < c.after[0] || after > c.after[1] {
					t.Errorf("%s %s %s: again in %s", name, kind, method, after)
				}
			}
		}
	}
}

// retryIn is what RetryInfo says, 0 where there is none.
func retryIn(s *status.Status) time.Duration {
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

// TestScopes takes the line of the method, then that of its service, then the function, and refuses what none knows.
func TestScopes(t *testing.T) {
	h := newHouse(t)
	reads, none := h.issue(authority.IssueRequest{Owner: "team_7", Scopes: []string{"invoices:read"}}).Key, h.issue(authority.IssueRequest{Owner: "team_7"}).Key
	var seen []string
	of := func(method string) ([]string, bool) {
		seen = append(seen, method)
		return []string{"invoices:read"}, method == get
	}
	const needs = "this needs a key with invoices:read"
	const unlisted = "this method is not open to keys"
	for name, c := range map[string]struct {
		scopes map[string][]string
		of     func(string) ([]string, bool)
		exempt []string
		method string
		key    keywright.Secret
		want   string // of the message; empty: it passes
	}{
		"by method":                    {map[string][]string{get: {"invoices:read"}}, nil, nil, get, none, needs},
		"by method, granted":           {map[string][]string{get: {"invoices:read"}}, nil, nil, get, reads, ""},
		"by service":                   {map[string][]string{"/acme.Invoices/": {"invoices:read"}}, nil, nil, watch, none, needs},
		"method before service":        {map[string][]string{"/acme.Invoices/": nil, get: {"invoices:read"}}, nil, nil, get, none, needs},
		"service of another name":      {map[string][]string{"/acme.Inv/": nil}, nil, nil, get, reads, unlisted},
		"by function":                  {nil, of, nil, get, none, needs},
		"by function, unknown":         {nil, of, nil, watch, reads, unlisted},
		"map before function":          {map[string][]string{get: nil}, of, nil, get, none, ""},
		"nothing":                      {nil, nil, nil, get, reads, unlisted},
		"forgotten":                    {map[string][]string{get: nil}, nil, nil, forgot, reads, unlisted},
		"exempt with its service":      {nil, nil, []string{"/acme.Invoices/"}, get, keywright.Secret{}, ""},
		"exempt by name":               {nil, nil, []string{get}, watch, reads, unlisted},
		"a line within an exempt one":  {map[string][]string{get: {"invoices:read"}}, nil, []string{"/acme.Invoices/"}, get, none, needs},
		"a service that is exempt too": {map[string][]string{"/acme.Invoices/": {"invoices:read"}}, nil, []string{get}, get, keywright.Secret{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(nil)
			o.Scopes, o.ScopesOf, o.Exempt = c.scopes, c.of, c.exempt
			var pairs []string
			if !c.key.IsZero() {
				pairs = bearer(c.key)
			}
			got, err := call(serve(t, h.authority, o), c.method, pairs...)
			if status.Convert(err).Message() != c.want || c.want != "" && status.Code(err) != codes.PermissionDenied {
				t.Errorf("%q %v", got, err)
			}
			if want := "team_7"; c.want == "" && (got != want && !c.key.IsZero() || got != "nobody" && c.key.IsZero()) {
				t.Errorf("the handler sees %q", got)
			}
		})
	}
	if !slices.Contains(seen, get) || !slices.Contains(seen, watch) {
		t.Errorf("the function was asked about %q", seen)
	}
}

type judges func(context.Context, keywright.Ask) (keywright.Verdict, error)

func (f judges) Verify(ctx context.Context, ask keywright.Ask) (keywright.Verdict, error) {
	return f(ctx, ask)
}

// TestNoJudgement is Unavailable, never Unauthenticated, and the server lives on when a verifier panics.
func TestNoJudgement(t *testing.T) {
	const canary = "acme_live_canary7Yk2mQ9xR4tB"
	down, err := client.New(client.Options{URL: "http://127.0.0.1:1", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	for name, verifier := range map[string]keywright.Verifier{
		"the server is down": down,
		"an error beside VALID": judges(func(context.Context, keywright.Ask) (keywright.Verdict, error) {
			return keywright.Verdict{Code: keywright.Valid}, context.DeadlineExceeded
		}),
		"no code": judges(func(context.Context, keywright.Ask) (keywright.Verdict, error) { return keywright.Verdict{}, nil }),
		"a panic": judges(func(_ context.Context, ask keywright.Ask) (keywright.Verdict, error) { panic(ask.Key.Reveal()) }),
	} {
		t.Run(name, func(t *testing.T) {
			var l log
			c := serve(t, verifier, options(&l))
			for _, method := range []string{get, watch, get} {
				got, err := call(c, method, "x-api-key", canary)
				if s := status.Convert(err); got != "" || s.Code() != codes.Unavailable || s.Message() != "the key could not be judged" || retryIn(s) != time.Second {
					t.Errorf("%s: %q %v", method, got, err)
				}
			}
			if strings.Contains(l.String(), canary) {
				t.Errorf("the log holds the key: %s", l.String())
			}
		})
	}
}

// TestOperatorSeesTheCode that the client is not told.
func TestOperatorSeesTheCode(t *testing.T) {
	h := newHouse(t)
	revoked := h.issue(authority.IssueRequest{})
	if _, err := h.authority.Revoke(t.Context(), me, revoked.Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	var l log
	_, err := call(serve(t, h.authority, options(&l)), watch, bearer(revoked.Key)...)
	if got := l.String(); err == nil || !strings.Contains(got, "code=REVOKED") || !strings.Contains(got, revoked.Record.ID.String()) || strings.Contains(got, revoked.Key.Reveal()) {
		t.Errorf("%v %s", err, got)
	}
}

// TestNamedMetadata reads the key there and nowhere else.
func TestNamedMetadata(t *testing.T) {
	h := newHouse(t)
	key := h.issue(authority.IssueRequest{Owner: "team_7"}).Key
	o := options(nil)
	o.Header = "x-acme-key"
	c := serve(t, h.authority, o)
	if got, err := call(c, watch, "x-acme-key", key.Reveal(), "authorization", "Bearer another"); err != nil || got != "team_7" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := call(c, watch, bearer(key)...); status.Code(err) != codes.Unauthenticated {
		t.Errorf("%v", err)
	}
}

// TestWiring panics at the start, not at the first call.
func TestWiring(t *testing.T) {
	h := newHouse(t)
	for name, o := range map[string]grpcauth.Options{
		"a scope":            {Scopes: map[string][]string{get: {"invoices:*"}}},
		"a name":             {Scopes: map[string][]string{"Get": nil}},
		"half a name":        {Scopes: map[string][]string{"/acme.Invoices": nil}},
		"everything":         {Exempt: []string{"/"}},
		"exempt with scopes": {Scopes: map[string][]string{get: nil}, Exempt: []string{get}},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it is taken")
				}
			}()
			grpcauth.New(h.authority, o)
		})
	}
	defer func() {
		if recover() == nil {
			t.Error("no verifier is taken")
		}
	}()
	grpcauth.New(nil, options(nil))
}
