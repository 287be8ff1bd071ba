// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// fixed gives one verdict, and remembers what it was asked.
type fixed struct {
	verdict keywright.Verdict
	err     error
	asked   []keywright.Ask
}

func (f *fixed) Authenticate(context.Context, keywright.Secret, authority.Origin) (authority.Caller, error) {
	return authority.Caller{}, f.err
}

func (f *fixed) Verify(_ context.Context, ask keywright.Ask) (keywright.Verdict, error) {
	f.asked = append(f.asked, ask)
	return f.verdict, f.err
}

func (f *fixed) VerifyAs(ctx context.Context, _ authority.Caller, ask keywright.Ask) (keywright.Verdict, error) {
	return f.Verify(ctx, ask)
}

func (f *fixed) Routing(keyspace string) (*authority.Routing, bool) {
	return &authority.Routing{}, keyspace == "acme"
}

func keyed() http.Header { return http.Header{"Authorization": {"Bearer k"}} }

// TestEveryCode has a status for every code, and allows one.
func TestEveryCode(t *testing.T) {
	for code, want := range map[keywright.Code]int{
		keywright.Malformed: 401, keywright.NotFound: 401, keywright.Revoked: 401, keywright.Disabled: 401, keywright.Expired: 401,
		keywright.NotYetValid: 401, keywright.Forbidden: 403, keywright.InsufficientScope: 403, keywright.RateLimited: 429,
		keywright.CreditsExhausted: 429, keywright.Valid: 204, "": 401, "NEW": 401,
	} {
		g := New(&fixed{verdict: keywright.Verdict{Code: code, Owner: "me"}}, nil)
		d := g.Decide(t.Context(), &Request{Keyspace: "acme", Header: keyed()})
		h := http.Header{}
		d.Upstream(h)
		if d.Status != want || d.Allowed != (code == keywright.Valid) || (h.Get(HeaderOwner) == "me") != d.Allowed || len(h) != 4 {
			t.Errorf("%s: %+v %v", code, d, h)
		}
		if p := d.Problem(); !d.Allowed && p.Status != d.Status {
			t.Errorf("%s: %+v", code, p)
		}
	}
}

// TestNoJudgement is 503 whatever fails, and never allows.
func TestNoJudgement(t *testing.T) {
	for kind, code := range map[authority.ErrorKind]string{
		authority.Unavailable: Unavailable, authority.Invalid: Misconfigured, authority.Denied: Misconfigured, authority.Unknown: Misconfigured,
	} {
		g := New(&fixed{err: fmt.Errorf("wrapped: %w", &authority.Error{Kind: kind, Problem: "p", Hint: "h"}), verdict: keywright.Verdict{Code: keywright.Valid}}, nil)
		d := g.Decide(t.Context(), &Request{Keyspace: "acme", Header: keyed()})
		if d.Allowed || d.Status != 503 || d.Code != code || d.Err == nil || d.Problem().Code != api.Unavailable {
			t.Errorf("%v: %+v", kind, d)
		}
	}
	g := New(&fixed{err: errors.New("something else")}, nil)
	if d := g.Decide(t.Context(), &Request{Keyspace: "acme", Header: keyed()}); d.Allowed || d.Code != Unavailable {
		t.Errorf("%+v", d)
	}
	_, err := g.Admit(t.Context(), Peer{Keys: []string{"k"}}, authority.Origin{})
	if d := Refusal(err); d.Allowed || d.Status != 503 {
		t.Errorf("%+v", d)
	}
}

// TestWhatIsAsked passes on what the request and the options say.
func TestWhatIsAsked(t *testing.T) {
	f := &fixed{}
	g := New(f, nil)
	options, err := g.Options("environment=live&header=x-acme-key&scopes=a:b+c&scopes=d&cost=7&limited=403")
	if err != nil {
		t.Fatal(err)
	}
	g.Decide(t.Context(), &Request{
		Keyspace: "acme", Options: options, Method: "GET", Path: "/x?y", ClientIP: netip.MustParseAddr("192.0.2.1"),
		Header: http.Header{"X-Acme-Key": {"k"}, "Origin": {"https://a.example"}},
	})
	ask := f.asked[0]
	if ask.Key.Reveal() != "k" || ask.Keyspace != "acme" || ask.Environment != "live" || strings.Join(ask.Scopes, " ") != "a:b c d" || ask.Cost != 7 ||
		ask.Method != "GET" || ask.Path != "/x?y" || ask.Origin != "https://a.example" || ask.ClientIP.String() != "192.0.2.1" || ask.DryRun || !options.Limited {
		t.Errorf("%+v %+v", ask, options)
	}
	demand(&ask, &authority.Route{Scopes: []string{"e"}, ScopeExpr: "f", Cost: 2, Environment: "test"})
	if strings.Join(ask.Scopes, " ") != "a:b c d e" || ask.ScopeExpr != "f" || ask.Cost != 2 || ask.Environment != "test" || len(options.Scopes) != 3 {
		t.Errorf("%+v", ask)
	}
	demand(&ask, &authority.Route{})
	if ask.Cost != 2 || ask.Environment != "test" {
		t.Errorf("a route that says nothing takes something away: %+v", ask)
	}
	again, err := g.Options("environment=live&header=x-acme-key&scopes=a:b+c&scopes=d&cost=7&limited=403")
	if err != nil || &again.Scopes[0] != &options.Scopes[0] {
		t.Error("options are parsed each time")
	}
	for i := range 10 * parsedQueries {
		if _, err := g.Options(fmt.Sprintf("cost=%d", i+1)); err != nil {
			t.Fatal(err)
		}
	}
	if len(g.parsed) > parsedQueries {
		t.Errorf("%d queries are kept", len(g.parsed))
	}
}

// TestOwnersAreSafe gives every owner back, and lets no byte out that a header cannot hold.
func TestOwnersAreSafe(t *testing.T) {
	for owner, want := range map[string]string{
		"": "", "team_7": "team_7", "me@example.com": "me@example.com", "a b": "a%20b", "100%": "100%25", "a,b;c": "a%2Cb%3Bc", "Zoë": "Zo%C3%AB",
		"a\r\nX-Keywright-Scopes: *": "a%0D%0AX-Keywright-Scopes:%20*", `"q"\`: "%22q%22%5C", "%41": "%2541", "\x00\xff": "%00%FF",
	} {
		got := EncodeOwner(owner)
		back, err := url.PathUnescape(got)
		if got != want || err != nil || back != owner {
			t.Errorf("%q: %q, back %q", owner, got, back)
		}
	}
}

// FuzzOwner is TestOwnersAreSafe for any text.
func FuzzOwner(f *testing.F) {
	f.Add("Zoë, Ltd\r\n")
	f.Fuzz(func(t *testing.T, owner string) {
		got := EncodeOwner(owner)
		if back, err := url.PathUnescape(got); err != nil || back != owner {
			t.Errorf("%q: %q", owner, got)
		}
		if strings.ContainsFunc(got, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == ',' }) {
			t.Errorf("%q", got)
		}
	})
}

// TestOriginal knows a request where one account of it is whole, or all say the same.
func TestOriginal(t *testing.T) {
	const original, forwarded = "X-Original-", "X-Forwarded-"
	for name, c := range map[string]struct {
		h            http.Header
		method, path string // of what the proxy sent
		want         string
	}{
		"nothing":              {nil, "", "", " "},
		"appended":             {nil, "PUT", "/a", "PUT /a"},
		"nginx":                {http.Header{original + "Method": {"PUT"}, original + "Uri": {"/a?b"}}, "", "", "PUT /a?b"},
		"traefik":              {http.Header{forwarded + "Method": {"PUT"}, forwarded + "Uri": {"/a"}}, "", "", "PUT /a"},
		"all alike":            {http.Header{forwarded + "Method": {"PUT"}, forwarded + "Uri": {"/a"}, original + "Method": {"PUT"}, original + "Uri": {"/a"}}, "PUT", "/a", "PUT /a"},
		"half":                 {http.Header{original + "Uri": {"/a"}}, "", "", " "},
		"other half":           {http.Header{forwarded + "Method": {"PUT"}}, "", "", " "},
		"empty":                {http.Header{original + "Method": {""}, original + "Uri": {"/a"}}, "", "", " "},
		"halves of two":        {http.Header{original + "Uri": {"/a"}, forwarded + "Method": {"PUT"}}, "", "", "ambiguous"},
		"half and whole":       {http.Header{original + "Uri": {"/a"}, forwarded + "Method": {"PUT"}, forwarded + "Uri": {"/a"}}, "", "", "ambiguous"},
		"half and appended":    {http.Header{original + "Uri": {"/a"}}, "PUT", "/a", "ambiguous"},
		"paths differ":         {http.Header{forwarded + "Method": {"PUT"}, forwarded + "Uri": {"/b"}, original + "Method": {"PUT"}, original + "Uri": {"/a"}}, "", "", "ambiguous"},
		"queries differ":       {http.Header{forwarded + "Method": {"PUT"}, forwarded + "Uri": {"/a?"}}, "PUT", "/a", "ambiguous"},
		"methods differ":       {http.Header{forwarded + "Method": {"put"}, forwarded + "Uri": {"/a"}}, "PUT", "/a", "ambiguous"},
		"method twice":         {http.Header{original + "Method": {"PUT", "PUT"}, original + "Uri": {"/a"}}, "", "", "ambiguous"},
		"twice, one is enough": {http.Header{original + "Uri": {"/a", ""}}, "", "", "ambiguous"},
	} {
		method, path, err := Original(c.h, c.method, c.path)
		got := method + " " + path
		if err != nil {
			got = "ambiguous"
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestTheProxyIsNoClient skips the proxy that asks, wherever it is.
func TestTheProxyIsNoClient(t *testing.T) {
	g := New(&fixed{}, Loopback())
	peer := netip.MustParseAddr("198.51.100.7") // known by its service key
	for hops, want := range map[string]string{
		"198.51.100.7": "invalid IP", "192.0.2.1, 198.51.100.7": "192.0.2.1", "192.0.2.1,198.51.100.8": "198.51.100.8", "192.0.2.1%eth0": "invalid IP",
	} {
		if got := g.ClientAddress(peer, http.Header{"X-Forwarded-For": {hops}}); got.String() != want {
			t.Errorf("%s: %s, want %s", hops, got, want)
		}
	}
	if got := g.ClientAddress(peer, http.Header{"X-Real-Ip": {"198.51.100.7"}}); got.IsValid() {
		t.Error(got)
	}
}
