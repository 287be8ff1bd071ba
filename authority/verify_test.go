// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

func TestVerdicts(t *testing.T) {
	a, c := open(t)
	key := func(q authority.IssueRequest) keywright.Secret { return issue(t, a, q).Key }
	plain := key(authority.IssueRequest{Name: "ci", Owner: "team_7", Scopes: []string{"invoices:read", "documents.*"}})
	test := key(authority.IssueRequest{Environment: "test"})
	ended := key(authority.IssueRequest{ExpiresIn: time.Minute})
	early := key(authority.IssueRequest{NotBefore: start.Add(time.Hour)})
	bound := key(authority.IssueRequest{Rules: authority.Rules{
		Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")},
		Origins:  []string{"https://app.example.com", "https://*.example.org"},
		Methods:  []string{"GET"}, Paths: []string{"/v1/users", "/v1/teams/*/members"},
	}})
	off := issue(t, a, authority.IssueRequest{})
	if _, err := a.Disable(ctx, admin, off.Record.ID); err != nil {
		t.Fatal(err)
	}
	gone := issue(t, a, authority.IssueRequest{})
	if _, err := a.Revoke(ctx, admin, gone.Record.ID, "test"); err != nil {
		t.Fatal(err)
	}
	c.advance(time.Minute)
	ip := netip.MustParseAddr
	inside := keywright.Ask{Key: bound, ClientIP: ip("10.1.2.3"), Origin: "https://app.example.com", Method: "GET", Path: "/v1/users/7"}
	with := func(change func(*keywright.Ask)) keywright.Ask { ask := inside; change(&ask); return ask }
	text := plain.Reveal()
	for name, test := range map[string]struct {
		ask  keywright.Ask
		want keywright.Code
	}{
		"valid":                 {keywright.Ask{Key: plain}, keywright.Valid},
		"in its environment":    {keywright.Ask{Key: plain, Environment: "live"}, keywright.Valid},
		"with its scopes":       {keywright.Ask{Key: plain, Scopes: []string{"invoices:read", "documents.a.b"}}, keywright.Valid},
		"by an expression":      {keywright.Ask{Key: plain, ScopeExpr: "x:y OR (invoices:read AND documents.z)"}, keywright.Valid},
		"empty":                 {keywright.Ask{}, keywright.Malformed},
		"one character differs": {keywright.Ask{Key: keywright.NewSecret(text[:30] + flip(text[30]) + text[31:])}, keywright.Malformed},
		"cut":                   {keywright.Ask{Key: keywright.NewSecret(text[:len(text)-1])}, keywright.Malformed},
		"with a newline":        {keywright.Ask{Key: keywright.NewSecret(text + "\n")}, keywright.Malformed},
		"with a NUL":            {keywright.Ask{Key: keywright.NewSecret(text[:20] + "\x00" + text[21:])}, keywright.Malformed},
		"over-long":             {keywright.Ask{Key: keywright.NewSecret(strings.Repeat("a", 4096))}, keywright.Malformed},
		"not UTF-8":             {keywright.Ask{Key: keywright.NewSecret("default_live_\xff\xfe")}, keywright.Malformed},
		"never made":            {keywright.Ask{Key: stranger(t)}, keywright.NotFound},
		"revoked":               {keywright.Ask{Key: gone.Key}, keywright.Revoked},
		"disabled":              {keywright.Ask{Key: off.Key}, keywright.Disabled},
		"expired":               {keywright.Ask{Key: ended}, keywright.Expired},
		"before its time":       {keywright.Ask{Key: early}, keywright.NotYetValid},
		"test key in live":      {keywright.Ask{Key: test, Environment: "live"}, keywright.Forbidden},
		"missing scope":         {keywright.Ask{Key: plain, Scopes: []string{"invoices:write"}}, keywright.InsufficientScope},
		"other separator":       {keywright.Ask{Key: plain, Scopes: []string{"documents:read"}}, keywright.InsufficientScope},
		"all rules kept":        {inside, keywright.Valid},
		"IPv6":                  {with(func(a *keywright.Ask) { a.ClientIP = ip("2001:db8::1") }), keywright.Valid},
		"IPv4 in IPv6":          {with(func(a *keywright.Ask) { a.ClientIP = ip("::ffff:10.1.2.3") }), keywright.Valid},
		"wrong network":         {with(func(a *keywright.Ask) { a.ClientIP = ip("11.0.0.1") }), keywright.Forbidden},
		"address not told":      {with(func(a *keywright.Ask) { a.ClientIP = netip.Addr{} }), keywright.Forbidden},
		"subdomain":             {with(func(a *keywright.Ask) { a.Origin = "https://a.example.org" }), keywright.Valid},
		"bare domain":           {with(func(a *keywright.Ask) { a.Origin = "https://example.org" }), keywright.Forbidden},
		"lookalike domain":      {with(func(a *keywright.Ask) { a.Origin = "https://evilexample.org" }), keywright.Forbidden},
		"origin not told":       {with(func(a *keywright.Ask) { a.Origin = "" }), keywright.Forbidden},
		"other method":          {with(func(a *keywright.Ask) { a.Method = "POST" }), keywright.Forbidden},
		"exact path":            {with(func(a *keywright.Ask) { a.Path = "/v1/users" }), keywright.Valid},
		"path with query":       {with(func(a *keywright.Ask) { a.Path = "/v1/users?a=b/../c" }), keywright.Valid},
		"path by a pattern":     {with(func(a *keywright.Ask) { a.Path = "/v1/teams/7/members/8" }), keywright.Valid},
		"half a segment":        {with(func(a *keywright.Ask) { a.Path = "/v1/users2" }), keywright.Forbidden},
		"above":                 {with(func(a *keywright.Ask) { a.Path = "/v1" }), keywright.Forbidden},
		"dot segments":          {with(func(a *keywright.Ask) { a.Path = "/v1/users/../admin" }), keywright.Forbidden},
		"escaped slash":         {with(func(a *keywright.Ask) { a.Path = "/v1/users/..%2fadmin" }), keywright.Forbidden},
		"escaped dot":           {with(func(a *keywright.Ask) { a.Path = "/v1/users/%2e%2e/admin" }), keywright.Forbidden},
		"double slash":          {with(func(a *keywright.Ask) { a.Path = "/v1//users" }), keywright.Forbidden},
		"backslash":             {with(func(a *keywright.Ask) { a.Path = "/v1/users\\..\\admin" }), keywright.Forbidden},
		"path parameter":        {with(func(a *keywright.Ask) { a.Path = "/v1/users;/admin" }), keywright.Forbidden},
		"broken escape":         {with(func(a *keywright.Ask) { a.Path = "/v1/users/%zz" }), keywright.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			test.ask.Keyspace = "default"
			v := verify(t, a, test.ask)
			if v.Code != test.want {
				t.Fatalf("got %s, want %s", v.Code, test.want)
			}
			if known := v.Code != keywright.Malformed && v.Code != keywright.NotFound; known == v.KeyID.IsZero() {
				t.Errorf("%s tells key id %q", v.Code, v.KeyID)
			}
			test.ask.Explain = true
			explained := verify(t, a, test.ask)
			if explained.Code != v.Code || explained.Detail == nil {
				t.Fatalf("explained, the verdict is %s", explained.Code)
			}
			i := slices.IndexFunc(explained.Checks, func(c keywright.Check) bool { return !c.OK })
			if v.Valid() != (i < 0) || i >= 0 && (explained.Checks[i].Code != v.Code || explained.Checks[i].Reason == "") {
				t.Errorf("the first failed check is not the verdict: %+v", explained.Checks)
			}
			for _, check := range explained.Checks {
				if strings.Contains(check.Reason, text[20:40]) {
					t.Errorf("a reason holds the key")
				}
			}
		})
	}
}

// flip returns another character of the alphabet.
func flip(c byte) string {
	if c == 'a' {
		return "b"
	}
	return "a"
}

// stranger returns a key of the default keyspace that was never issued.
func stranger(t testing.TB) keywright.Secret {
	f, err := keywright.Preset("keywright")
	if err != nil {
		t.Fatal(err)
	}
	f.Prefix = "default"
	k, err := keywright.Generate(f)
	if err != nil {
		t.Fatal(err)
	}
	return k.Full()
}

func TestVerdictCarriesWhatIsKnown(t *testing.T) {
	a, _ := open(t)
	issued := issue(t, a, authority.IssueRequest{
		Name: "ci", Owner: "team_7", Scopes: []string{"a:b"}, ExpiresIn: time.Hour, Metadata: []byte(`{"x":1}`),
	})
	ask := keywright.Ask{Key: issued.Key, Keyspace: "default", Include: []string{"name", "metadata"}, Scopes: []string{"c:d", "a:b"}}
	v := verify(t, a, ask)
	if v.KeyID != issued.Record.ID || v.Owner != "team_7" || v.Environment != "live" || v.Format != "secret" ||
		v.PublicID != issued.Record.Secrets[0].PublicID || v.PublicID == "" || !v.ExpiresAt.Equal(start.Add(time.Hour)) ||
		!slices.Equal(v.Scopes, []string{"a:b"}) || !slices.Equal(v.Missing, []string{"c:d"}) ||
		v.Name != "ci" || string(v.Metadata) != `{"x":1}` || v.Keyspace != "default" {
		t.Errorf("got %+v", v)
	}
}

func TestAsksThatCannotBeUnderstood(t *testing.T) {
	a, _ := open(t)
	known := issue(t, a, authority.IssueRequest{Scopes: []string{"documents.*"}}).Key
	for _, key := range []keywright.Secret{known, stranger(t), keywright.NewSecret("x")} {
		for field, ask := range map[string]keywright.Ask{
			"scopes":     {Scopes: []string{"documents.*"}},
			"scope_expr": {ScopeExpr: "a:b AND"},
			"include":    {Include: []string{"hash"}},
		} {
			ask.Key, ask.Keyspace = key, "default"
			_, err := a.Verify(ctx, ask)
			wantError(t, err, authority.Invalid, field)
		}
	}
	_, err := a.Verify(ctx, keywright.Ask{Key: known, Keyspace: "nowhere"})
	wantError(t, err, authority.Unknown, "")
}

// TestTags gives an ask names for the log: a verdict is the same with them, and what a log could misread is refused.
func TestTags(t *testing.T) {
	a, _ := open(t)
	issued := issue(t, a, authority.IssueRequest{Scopes: []string{"a:b"}})
	for _, key := range []keywright.Secret{issued.Key, stranger(t)} {
		ask := keywright.Ask{Key: key, Keyspace: "default", Scopes: []string{"a:b"}}
		want := verify(t, a, ask)
		ask.Tags = []string{"route=invoices", "A_z.0:9/b-c", strings.Repeat("x", 64), "4", "5", "6", "7", "8"}
		if v := verify(t, a, ask); !reflect.DeepEqual(v, want) {
			t.Errorf("%+v, without tags %+v", v, want)
		}
		ask.Tags = append(ask.Tags, "9")
		_, err := a.Verify(ctx, ask)
		wantError(t, err, authority.Invalid, "tags")
		for _, bad := range []string{"", strings.Repeat("x", 65), "a b", "a\n", "a\"", "é", "a\xff", "a@b", "a[b", "a`b", "a{b", "a,b"} {
			ask.Tags = []string{"good", bad}
			_, err := a.Verify(ctx, ask)
			wantError(t, err, authority.Invalid, "tags[1]")
		}
	}
}

func TestKeyspacesAreWorldsApart(t *testing.T) {
	a, _ := open(t)
	if _, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "other", Formats: []keywright.Format{defaultFormat(t)}}); err != nil {
		t.Fatal(err)
	}
	here := issue(t, a, authority.IssueRequest{}).Key
	service := issue(t, a, authority.IssueRequest{Keyspace: "keywright", Scopes: []string{"keys:verify"}}).Key
	if v := verify(t, a, keywright.Ask{Key: here, Keyspace: "other"}); v.Code != keywright.NotFound {
		t.Errorf("a key of another keyspace, of the same shape: %s", v.Code)
	}
	for _, space := range []string{"default", "other"} {
		if v := verify(t, a, keywright.Ask{Key: service, Keyspace: space}); v.Valid() || !v.KeyID.IsZero() {
			t.Errorf("a service key in %s: %s", space, v.Code)
		}
	}
	if _, err := a.Authenticate(ctx, here, authority.Origin{}); err == nil {
		t.Error("a customer's key is a service key")
	}
}

func defaultFormat(t testing.TB) keywright.Format {
	f, err := keywright.Preset("keywright")
	if err != nil {
		t.Fatal(err)
	}
	f.Name, f.Prefix = "secret", "default"
	return f
}

func TestWarmVerificationAllocatesNothing(t *testing.T) {
	a, _ := open(t)
	if err := a.Warm(ctx); err != nil {
		t.Fatal(err)
	}
	key := issue(t, a, authority.IssueRequest{Scopes: []string{"invoices:read"}, ExpiresIn: time.Hour}).Key
	ask := keywright.Ask{Key: key, Keyspace: "default", Environment: "live", Scopes: []string{"invoices:read"}}
	if n := testing.AllocsPerRun(100, func() { _, _ = a.Verify(ctx, ask) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
