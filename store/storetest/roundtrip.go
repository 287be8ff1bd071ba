// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"crypto/rand"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// fullRecord has something in every field, and more where more is allowed.
func fullRecord(t *testing.T) *authority.Record {
	t.Helper()
	previous := newSecret()
	previous.Expires, previous.Registered = now.Add(time.Hour), true
	previous.Pepper, previous.Slow = "2026", "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"
	previous.Grace, previous.Idle = true, 24*time.Hour+time.Nanosecond
	r := newRecord(t)
	r.Name = `Zoë's "billing" key 🔑 %_\`
	r.Secrets = append(r.Secrets, previous, newSecret())
	r.Scopes = []string{"invoices:read", "documents.*", "<&>"}
	r.Parent, r.Roles = newID(t), []string{"reader", "<&>"}
	r.Limits, r.Credits = newLimits(), newCredits()
	r.Metadata = []byte(`{ "z": 1, "a": [null, 1e400, "é\u0000"] }`)
	r.Rules = authority.Rules{
		Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")},
		Origins:  []string{"https://example.com"}, Methods: []string{"GET", "HEAD"}, Paths: []string{"/v1/invoices"},
		Keyspaces: []string{"default", "partners"}, Owner: "acme", Decoy: &authority.Decoy{Planted: "the wiki"},
	}
	r.NotBefore, r.Expires = now.Add(-time.Hour), now.AddDate(300, 0, 0)
	r.Disabled, r.Revoked, r.Reason = true, now, "leaked"
	return r
}

func newLimits() []authority.Limit {
	return []authority.Limit{
		{Name: "requests", Limit: 1e9, Window: 366 * 24 * time.Hour, Burst: 7, Auto: true},
		{Name: "exports", Limit: 1, Window: time.Second},
	}
}

func newCredits() *authority.Credits {
	return &authority.Credits{Refill: &authority.Refill{
		Amount: 1<<63 - 1, Every: time.Hour, Day: 28, Mode: authority.RefillReset, Start: now,
	}}
}

// filled fails if a field is zero: a field that is added to the contract must be added to these tests.
func filled(t *testing.T, v any, except ...string) {
	t.Helper()
	s := reflect.ValueOf(v)
	for i := range s.NumField() {
		if name := s.Type().Field(i).Name; s.Field(i).IsZero() && !strings.Contains(strings.Join(except, " "), name) {
			t.Fatalf("the test puts nothing into %s.%s", s.Type(), name)
		}
	}
}

func testRecordRoundTrip(t *testing.T, s authority.Store) {
	r := fullRecord(t)
	filled(t, *r)
	filled(t, r.Rules)
	filled(t, r.Secrets[1])
	filled(t, r.Limits[0])
	filled(t, *r.Credits.Refill)
	apply(t, s, issue(r))
	same(t, lookup(t, s, r.Secrets[0].Hash), *r)
	same(t, list(t, s, authority.Query{ID: r.ID}).Records, []authority.Record{*r})

	u := fullRecord(t)
	u.ID, u.Version = r.ID, 2
	u.Keyspace, u.Format, u.Environment, u.Name, u.Owner = "partners", "publishable", "test", "other", "globex"
	u.Scopes, u.Rules, u.Metadata = []string{"*"}, authority.Rules{Owner: "x"}, []byte(`{}`)
	u.Roles, u.Limits, u.Credits = nil, r.Limits[1:], &authority.Credits{}
	u.NotBefore, u.Expires, u.Revoked, u.Disabled, u.Reason = time.Time{}, now, time.Time{}, false, ""
	u.Created, u.Updated = now.Add(time.Minute), now.Add(time.Hour)
	apply(t, s, authority.Change{Puts: []authority.Put{u}})
	same(t, lookup(t, s, u.Secrets[2].Hash), *u)

	for _, change := range []func(*authority.StoredSecret){ // each field of a secret alone is a change
		func(s *authority.StoredSecret) { s.Pepper = "other" },
		func(s *authority.StoredSecret) { s.Slow = "" },
		func(s *authority.StoredSecret) { s.Grace = false },
		func(s *authority.StoredSecret) { s.Idle++ },
	} {
		u = next(u)
		change(&u.Secrets[1])
		apply(t, s, authority.Change{Puts: []authority.Put{u}})
		same(t, lookup(t, s, u.Secrets[1].Hash), *u)
	}
	u = next(u)
	u.Parent = authority.Record{}.ID
	apply(t, s, authority.Change{Puts: []authority.Put{u}})
	same(t, lookup(t, s, u.Secrets[1].Hash), *u)
}

func testBareRecord(t *testing.T, s authority.Store) {
	r := &authority.Record{ID: newID(t), Version: 1}
	apply(t, s, authority.Change{Puts: []authority.Put{r}})
	same(t, list(t, s, authority.Query{ID: r.ID}).Records, []authority.Record{*r})
}

func testKeyspaceRoundTrip(t *testing.T, s authority.Store) {
	k := newKeyspace("partners")
	k.Formats = []keywright.Format{
		{
			Name: "secret", Preset: "scannable", Prefix: "acme", Environment: "live", Separator: "_",
			ID:     keywright.Part{Encoding: keywright.Base62, Chars: 12},
			Secret: keywright.Part{Encoding: keywright.Hex, Bytes: 32}, Checksum: keywright.CRC32,
			Hash: keywright.CoverSecret, Lenient: true, Publishable: true,
		},
		{Name: "plain", Separator: "-", Secret: keywright.Part{Encoding: keywright.Base62, Chars: 43}},
		{Name: "foreign", Secret: keywright.Part{Encoding: keywright.Opaque}},
	}
	filled(t, k.Formats[0])
	k.Policy = authority.Policy{
		MaxLife: 90 * 24 * time.Hour, RequireOwner: true, AllowedScopes: []string{"invoices:*"},
		Roles: map[string][]string{"reader": {"invoices:read"}, "none": {}}, DefaultFormat: "plain",
		PublishableScopes: []string{"catalog:search"}, KeyLimits: newLimits(), OwnerLimits: newLimits()[1:], Limits: newLimits()[:1],
		MaxGrace: time.Hour, Pepper: "2026",
		Rotation: &authority.Rotation{Every: 90 * 24 * time.Hour, Warn: time.Hour, Grace: time.Minute, Idle: time.Second},
		Routes: []authority.Route{{
			Method: "POST", Path: "/v1/*/invoices", Scopes: []string{"invoices:write"}, ScopeExpr: "a OR b", Cost: 5, Environment: "live",
		}},
		RoutesDefault: authority.RoutesAllow,
		Exchange:      &authority.ExchangePolicy{Life: 5 * time.Minute, Audience: []string{"https://api.example.com"}, Spend: "allow", Algorithm: "EdDSA"},
		LimiterAway:   authority.AwayRefuse, Leaks: &authority.LeakPolicy{Secret: authority.LeakDelay, Delay: time.Hour},
	}
	filled(t, *k)
	filled(t, k.Policy)
	filled(t, *k.Policy.Rotation)
	filled(t, k.Policy.Routes[0])
	filled(t, *k.Policy.Exchange)
	filled(t, *k.Policy.Leaks)
	bare := newKeyspace("bare")
	apply(t, s, authority.Change{Puts: []authority.Put{k, bare}})
	same(t, list(t, s, authority.Query{Of: authority.Keyspaces, Keyspace: "partners"}).Keyspaces, []authority.Keyspace{*k})

	u := *k
	u.Version, u.Updated = 2, now.Add(time.Hour)
	u.Formats, u.Environments, u.Policy = k.Formats[1:], []string{"live"}, authority.Policy{}
	apply(t, s, authority.Change{Puts: []authority.Put{&u}})
	same(t, list(t, s, authority.Query{Of: authority.Keyspaces}).Keyspaces, []authority.Keyspace{*bare, u})
}

func newKeyspace(name string) *authority.Keyspace {
	return &authority.Keyspace{Name: name, Environments: []string{"live", "test"}, Created: now, Updated: now, Version: 1}
}

func newAnswer(t *testing.T) *authority.Answer {
	t.Helper()
	return &authority.Answer{
		ID: keywright.HashText(rand.Text()), Request: keywright.HashText(rand.Text()), Record: newID(t),
		Created: now, Expires: now.Add(24 * time.Hour),
	}
}

func testAnswerRoundTrip(t *testing.T, s authority.Store) {
	a, other := newAnswer(t), newAnswer(t)
	filled(t, *a)
	apply(t, s, authority.Change{Puts: []authority.Put{a, other}})
	same(t, list(t, s, authority.Query{Of: authority.Answers, Answer: a.ID}).Answers, []authority.Answer{*a})
	unknown := authority.Query{Of: authority.Answers, Answer: keywright.HashText("unknown")}
	same(t, list(t, s, unknown).Answers, nil)
}

func testEventRoundTrip(t *testing.T, s authority.Store) {
	address, err := authority.NewPersonal("address", "192.0.2.7", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	erased := address
	erased.Value, erased.Salt = "", nil
	e := authority.Event{
		Time: now, Actor: "key_1", Verb: "key.issue", Target: "key_2", Keyspace: "default", Request: "req-1",
		Changes: []string{"name", "scopes: <a> & \"b\"\u2028", ""}, Personal: []authority.Personal{address, erased},
	}
	filled(t, e, "Sequence", "Previous", "Hash")
	bare := authority.Event{}
	at1970 := authority.Event{Time: time.UnixMilli(0).UTC()}
	c := authority.Change{Events: []authority.Event{e, bare, at1970}}
	apply(t, s, c)
	got := chain(t, s)
	same(t, got, c.Events) // Apply has given them their place
	e.Link(1, keywright.Hash{})
	same(t, got[0], e)
}

// testHostileText does not say whether a store keeps such text: it must not keep something else.
func testHostileText(t *testing.T, s authority.Store) {
	for _, text := range []string{"\xff", "a\x00b", "\xed\xa0\x80", "\ufffd", "\u0000", strings.Repeat("x", 70000), "\r\n\t\x1b[0m", "e\u0301"} {
		r := newRecord(t)
		r.Name, r.Scopes, r.Rules.Paths = text, []string{text}, []string{text}
		r.Secrets[0].PublicID = text
		c := issue(r)
		c.Events[0].Request, c.Events[0].Changes = text, []string{text}
		personal, err := authority.NewPersonal("name", text, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		c.Events[0].Personal = []authority.Personal{personal}
		if err := s.Apply(t.Context(), c); err != nil {
			missing(t, s, r.Secrets[0].Hash)
		} else {
			same(t, lookup(t, s, r.Secrets[0].Hash), *r)
		}
		chain(t, s)
	}
}
