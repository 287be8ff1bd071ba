// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// ask verifies a key of the keyspace default; more are further fields.
func (h *house) ask(key, more string) api.VerifyResponse {
	h.Helper()
	if more != "" {
		more = "," + more
	}
	var v api.VerifyResponse
	h.want(h.send("POST", "/v1/verify", h.root, fmt.Sprintf(`{"key":%q,"keyspace":"default"%s}`, key, more)), 200, &v)
	return v
}

// TestLimitsOverHTTP takes from limits of a key as a gateway does.
func TestLimitsOverHTTP(t *testing.T) {
	h := newHouse(t)
	var made api.IssueResponse
	h.want(h.send("POST", "/v1/keys", h.root, `{"limits":[{"name":"requests","limit":100,"window":"1m","burst":3,"auto":true},{"name":"exports","limit":1,"window":"24h"}]}`), 201, &made)
	if l := made.Record.Limits; len(l) != 2 || l[0] != (api.Limit{Name: "requests", Limit: 100, Window: api.Duration(time.Minute), Burst: 3, Auto: true}) || l[1].Auto {
		t.Errorf("limits %+v", l)
	}
	key := made.Key.Reveal()
	v := h.ask(key, "")
	if v.Code != keywright.Valid || v.Secret != "current" || len(v.Limits) != 1 || v.Credits != nil {
		t.Fatalf("%+v", v)
	}
	l := v.Limits[0]
	if l.Name != "requests" || l.Of != "key" || l.Limit != 100 || l.Burst != 3 || l.Remaining != 2 || l.RetryAfter != 0 || l.Never ||
		l.ResetAfter <= 0 || l.ResetAfter.Duration() > time.Second || time.Until(l.ResetAt) > time.Second {
		t.Errorf("limit %+v", l)
	}
	if v := h.ask(key, `"dry_run":true,"cost":2,"include":["limits"],"limits":[{"name":"exports","cost":1},{"name":"uploads","limit":5,"window":"1h","cost":4}]`); len(v.Limits) != 3 || !v.Valid {
		t.Errorf("all limits %+v", v.Limits)
	}
	if v := h.ask(key, `"limits":[{"name":"exports"}],"include":["limits"]`); !v.Valid || len(v.Limits) != 2 || v.Limits[0].Name != "exports" || v.Limits[0].Remaining != 0 {
		t.Errorf("the nearest is not first: %+v", v.Limits)
	}
	v = h.ask(key, `"limits":[{"name":"exports"}]`)
	if l := v.Limits[0]; v.Valid || v.Code != keywright.RateLimited || l.Name != "exports" || l.RetryAfter.Duration() < time.Hour {
		t.Errorf("%+v", v)
	}
	if v := h.ask(key, `"cost":4`); v.Code != keywright.RateLimited || !v.Limits[0].Never || v.Limits[0].Remaining == 0 {
		t.Errorf("beyond the burst: %+v", v)
	}
	for body, field := range map[string]string{
		`"cost":0`: "cost", `"cost":-1`: "cost", `"cost":1000000001`: "cost", `"cost":"1"`: "cost", `"limits":{}`: "limits",
		`"limits":[{"name":"none"}]`: "limits[0].name", `"limits":[{"name":"exports","cost":0}]`: "limits[0].cost",
		`"limits":[{"name":"x","limit":1,"window":"0.5s"}]`: "limits[0].window", `"limits":[{"name":"exports"},{"name":7}]`: "limits[1].name",
		`"limits":[{"name":"exports"},{"name":"exports"}]`: "limits[1].name", `"limits":[{"nam":"exports"}]`: "limits[0]",
	} {
		p := h.wantProblem(h.send("POST", "/v1/verify", h.root, fmt.Sprintf(`{"key":%q,"keyspace":"default",%s}`, key, body)), api.InvalidInput)
		if p.Field != field || p.Hint == "" {
			t.Errorf("%s: %+v", body, p)
		}
	}
}

// TestCreditsOverHTTP spends credits, fills them up, and reads the ledger.
func TestCreditsOverHTTP(t *testing.T) {
	h := newHouse(t)
	var made api.IssueResponse
	h.want(h.send("POST", "/v1/keys", h.root, `{"credits":{"remaining":3,"refill":{"amount":10,"every":"24h"}}}`), 201, &made)
	if c := made.Record.Credits; c == nil || c.Remaining != 3 || c.Refill.Mode != "add" {
		t.Fatalf("credits %+v", c)
	}
	path := "/v1/keys/" + made.Record.ID.String()
	key := made.Key.Reveal()
	if v := h.ask(key, `"cost":2`); !v.Valid || v.Credits == nil || *v.Credits != 1 {
		t.Errorf("%+v", v)
	}
	if v := h.ask(key, `"cost":2`); v.Code != keywright.CreditsExhausted || *v.Credits != 1 {
		t.Errorf("%+v", v)
	}
	var c api.Credits
	h.want(h.send("POST", path+"/credits", h.root, `{"add":4}`), 200, &c)
	h.want(h.send("GET", path+"/credits", h.root, ""), 200, &c)
	if c.Remaining != 5 || c.Refill.Every.String() != "24h" || time.Until(c.NextRefillAt) < 23*time.Hour {
		t.Errorf("%+v", c)
	}
	first := h.send("POST", path+"/credits", h.root, `{"add":2}`, api.HeaderIdempotencyKey, "once")
	if again := h.send("POST", path+"/credits", h.root, `{"add":2}`, api.HeaderIdempotencyKey, "once"); first.StatusCode != 200 || again.StatusCode != 200 || again.body != first.body {
		t.Errorf("%d %s, repeated %d %s", first.StatusCode, first.body, again.StatusCode, again.body)
	}
	if p := h.wantProblem(h.send("POST", path+"/credits", h.root, `{"add":3}`, api.HeaderIdempotencyKey, "once"), api.Conflict); p.Field != api.HeaderIdempotencyKey {
		t.Errorf("%+v", p)
	}
	h.want(h.send("POST", path+"/credits", h.root, `{"take":2}`), 200, &c)
	h.wantProblem(h.send("POST", path+"/credits", h.root, `{"take":6}`), api.Conflict)
	h.wantProblem(h.send("POST", path+"/credits", h.root, `{"take":1,"set":2}`), api.InvalidInput)
	h.wantProblem(h.send("POST", path+"/credits", h.root, `{}`), api.InvalidInput)
	var kinds []string
	cursor := ""
	for pages := 0; pages == 0 || cursor != ""; pages++ {
		var l api.LedgerList
		h.want(h.send("GET", path+"/ledger?limit=1&cursor="+cursor, h.root, ""), 200, &l)
		for _, e := range l.Entries {
			kinds = append(kinds, fmt.Sprint(e.Kind, e.Amount))
		}
		cursor = l.NextCursor
	}
	if got := strings.Join(kinds, " "); got != "take-2 add2 add4 spend-2 set3" {
		t.Errorf("ledger %s", got)
	}
	h.wantProblem(h.send("GET", path+"/ledger?cursor=x", h.root, ""), api.InvalidInput)
	var r api.Record
	h.want(h.send("PATCH", path, h.root, `{"credits":{"refill":null}}`), 200, &r)
	if r.Credits.Remaining != 5 || r.Credits.Refill != nil || !r.Credits.NextRefillAt.IsZero() {
		t.Errorf("%+v", r.Credits)
	}
	r = api.Record{}
	h.want(h.send("PATCH", path, h.root, `{"credits":null}`), 200, &r)
	if r.Credits != nil {
		t.Errorf("%+v", r.Credits)
	}
	h.wantProblem(h.send("GET", path+"/credits", h.root, ""), api.Conflict)
	if v := h.ask(key, `"cost":100`); !v.Valid || v.Credits != nil {
		t.Errorf("%+v", v)
	}
}

// TestOwnersOverHTTP gives the keys of an owner credits and limits that they share. An owner may have any id.
func TestOwnersOverHTTP(t *testing.T) {
	h := newHouse(t)
	for _, id := range []string{"team_7", "a/b//c", "..", ".", ".hidden", "ü ?#%2F&", "x@example.com"} {
		key, _ := h.key(authority.IssueRequest{Owner: id})
		path := "/v1/owners/" + strings.ReplaceAll(url.PathEscape(id), ".", "%2E")
		h.wantProblem(h.send("GET", path, h.root, ""), api.NotFound)
		var o api.Owner
		h.want(h.send("PUT", path, h.root, `{"credits":{"remaining":1},"limits":[{"name":"all","limit":5,"window":"1h","auto":true}]}`), 200, &o)
		if o.ID != id || o.Keyspace != "default" || o.Credits.Remaining != 1 || len(o.Limits) != 1 {
			t.Errorf("%+v", o)
		}
		if v := h.ask(key, ""); !v.Valid || *v.Credits != 0 || v.Limits[0].Of != "owner" {
			t.Errorf("%s: %+v", id, v)
		}
		var c api.Credits
		h.want(h.send("POST", path+"/credits?keyspace=default", h.root, `{"set":7}`), 200, &c)
		h.want(h.send("GET", path+"/credits", h.root, ""), 200, &c)
		var l api.LedgerList
		h.want(h.send("GET", path+"/ledger", h.root, ""), 200, &l)
		if c.Remaining != 7 || len(l.Entries) != 3 {
			t.Errorf("%+v %+v", c, l)
		}
	}
	var names []string
	cursor := ""
	for pages := 0; pages == 0 || cursor != ""; pages++ {
		var l api.OwnerList
		h.want(h.send("GET", "/v1/owners?limit=2&cursor="+cursor, h.root, ""), 200, &l)
		for _, o := range l.Owners {
			names = append(names, o.ID)
		}
		cursor = l.NextCursor
	}
	if len(names) != 7 {
		t.Errorf("owners %q", names)
	}
	h.want(h.send("DELETE", "/v1/owners/team_7", h.root, ""), 200, nil)
	h.wantProblem(h.send("DELETE", "/v1/owners/team_7", h.root, ""), api.NotFound)
	h.wantProblem(h.send("PUT", "/v1/owners/x?keyspace=nowhere", h.root, `{}`), api.NotFound)
	h.wantProblem(h.send("PUT", "/v1/owners/x", h.root, `{"credits":{"refill":{"amount":1,"day":1}}}`), api.InvalidInput)
	bound := h.serviceKey(authority.Rules{Owner: "me"}, "owners:*")
	h.wantProblem(h.send("GET", "/v1/owners/.hidden", bound, ""), api.NotFound)
}

// TestUsageOverHTTP counts what was verified, by key, by keyspace, and at a glance.
func TestUsageOverHTTP(t *testing.T) {
	h := newHouse(t)
	key, id := h.key(authority.IssueRequest{})
	h.ask(key, `"cost":5`)
	h.ask(key, `"scopes":["a:b"]`)
	h.ask("x", "")
	if err := h.authority.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var u api.UsageReport
	h.want(h.send("GET", "/v1/usage?key="+id.String(), h.root, ""), 200, &u)
	if u.KeyID != id || u.Keyspace != "default" || len(u.Hours) < 2 || u.Totals["VALID"] != 1 || u.Totals["INSUFFICIENT_SCOPE"] != 1 || u.Cost != 5 || u.Until.Sub(u.Since) < 24*time.Hour {
		t.Errorf("%+v", u)
	}
	u = api.UsageReport{}
	h.want(h.send("GET", "/v1/usage?since="+time.Now().UTC().Add(-time.Hour).Format(time.RFC3339), h.root, ""), 200, &u)
	if !u.KeyID.IsZero() || u.Totals["VALID"] != 1 || u.Totals["MALFORMED"] != 1 {
		t.Errorf("%+v", u)
	}
	h.wantProblem(h.send("GET", "/v1/usage?key=x", h.root, ""), api.InvalidInput)
	h.wantProblem(h.send("GET", "/v1/usage?since=2000-01-01T00:00:00Z", h.root, ""), api.InvalidInput)
	var stats api.Stats
	h.want(h.send("GET", "/v1/stats?keyspace=default", h.root, ""), 200, &stats)
	if len(stats.Keyspaces) != 1 || stats.Keyspaces[0].Keys["active"] != 1 || stats.Keyspaces[0].Verifications["VALID"] != 1 || stats.Table.Secrets != 2 || !stats.Table.Complete {
		t.Errorf("%+v", stats)
	}
	var r api.Record
	h.want(h.send("GET", "/v1/keys/"+id.String(), h.root, ""), 200, &r)
	if time.Since(r.LastUsedAt) > time.Minute || !r.Secrets[0].LastUsedAt.Equal(r.LastUsedAt) || r.Secrets[0].Secret != "current" {
		t.Errorf("%+v", r)
	}
}

// TestPolicyOverHTTP sets a policy with every field and reads it back.
func TestPolicyOverHTTP(t *testing.T) {
	h := newHouse(t)
	const policy = `{"max_life":"8760h","require_owner":true,"allowed_scopes":["invoices:*"],"roles":{"reader":["invoices:read"]},"default_format":"secret",` +
		`"publishable_scopes":["invoices:count"],"key_limits":[{"name":"requests","limit":100,"window":"1m","auto":true}],` +
		`"owner_limits":[{"name":"all","limit":1000,"window":"1m","burst":10}],"limits":[{"name":"total","limit":9,"window":"1s"}],"max_grace":"720h",` +
		`"rotation":{"every":"2160h","warn":"168h","grace":"24h","idle":"6h"}}`
	var k api.Keyspace
	h.want(h.send("POST", "/v1/keyspaces", h.root, `{"name":"acme","policy":`+policy+`}`), 201, &k)
	if encode(k.Policy) != policy {
		t.Errorf("%s", encode(k.Policy))
	}
	var made api.IssueResponse
	h.want(h.send("POST", "/v1/keys", h.root, `{"keyspace":"acme","owner":"o","roles":["reader"],"expires_in":"24h"}`), 201, &made)
	if r := made.Record; len(r.Limits) != 1 || r.Roles[0] != "reader" || r.RotateBy.IsZero() || r.RotationDue {
		t.Errorf("%+v", r)
	}
	made = api.IssueResponse{}
	h.want(h.send("POST", "/v1/keys", h.root, `{"keyspace":"acme","owner":"o","limits":[],"expires_in":"24h"}`), 201, &made)
	if len(made.Record.Limits) != 0 {
		t.Errorf("%+v", made.Record)
	}
	for body, field := range map[string]string{
		`{"keyspace":"acme","roles":["reader"]}`:                                     "owner",
		`{"keyspace":"acme","owner":"o","roles":["writer"],"expires_in":"24h"}`:      "roles[0]",
		`{"keyspace":"acme","owner":"o","scopes":["users:read"],"expires_in":"24h"}`: "scopes[0]",
		`{"keyspace":"acme","owner":"o","expires_in":"8761h"}`:                       "expires_at",
		`{"limits":[{"name":"a","limit":0,"window":"1m"}]}`:                          "limits[0].limit",
		`{"credits":{"remaining":-1}}`:                                               "credits.remaining",
		`{"credits":{"remaining":1,"refill":{"amount":1}}}`:                          "credits.refill",
		`{"credits":{"remaining":1,"refill":{"amount":1,"day":1,"mode":"x"}}}`:       "credits.refill.mode",
	} {
		if p := h.wantProblem(h.send("POST", "/v1/keys", h.root, body), api.InvalidInput); p.Field != field {
			t.Errorf("%s: field %q, want %q", body, p.Field, field)
		}
	}
}

// TestRefusedRequestsLeaveAnEvent leaves one, however often and wherever a service key is refused.
func TestRefusedRequestsLeaveAnEvent(t *testing.T) {
	h := newHouse(t)
	key, id := h.key(authority.IssueRequest{})
	lacking := h.serviceKey(authority.Rules{}, "audit:read")
	elsewhere := h.serviceKey(authority.Rules{Keyspaces: []string{"keywright"}}, "keys:verify", "keys:read")
	for range 3 {
		h.wantProblem(h.send("GET", "/v1/keys", lacking, ""), api.AccessDenied)
		h.wantProblem(h.send("POST", "/v1/verify", lacking, bodies["POST /v1/verify"]), api.AccessDenied)
		h.wantProblem(h.send("GET", "/v1/keys/"+id.String(), elsewhere, ""), api.AccessDenied)
		h.want(h.send("POST", "/v1/verify/batch", elsewhere, fmt.Sprintf(`{"key":%q,"keyspace":"default"}`, key), "Content-Type", api.MediaLines), 200, nil)
	}
	if err := h.authority.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	actors := map[string]int{}
	events, err := h.authority.Events(t.Context(), h.operator(), authority.EventQuery{Verb: "request.refused"})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		actors[e.Actor]++
		if e.Request == "" {
			t.Errorf("%+v", e)
		}
	}
	if len(actors) != 2 || len(events) != 2 {
		t.Errorf("%d events of %v", len(events), actors)
	}
	if a := h.send("GET", "/v1/keys", "", ""); a.StatusCode != 401 {
		t.Errorf("%d", a.StatusCode)
	}
}

// TestAppendLimitAllocatesNothing writes limits into the room that is there.
func TestAppendLimitAllocatesNothing(t *testing.T) {
	v := keywright.Verdict{
		Code: keywright.RateLimited, KeyID: keywright.KeyID{1},
		Limit: keywright.LimitState{Name: "requests", Of: "key", Limit: 20, Window: time.Minute, Amount: 100, Reset: time.Second, RetryAfter: time.Millisecond},
	}
	room, now := make([]byte, 0, 1<<10), time.Now()
	with := testing.AllocsPerRun(100, func() { room = appendVerdict(room[:0], &v, now) })
	v.Limit = keywright.LimitState{}
	without := testing.AllocsPerRun(100, func() { room = appendVerdict(room[:0], &v, now) })
	if with > without {
		t.Errorf("%v allocations, %v without a limit", with, without)
	}
}
