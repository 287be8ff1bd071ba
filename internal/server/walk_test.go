// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// TestWalk goes through the life of a key as a user would.
func TestWalk(t *testing.T) {
	h := newHouse(t)
	var space api.Keyspace
	h.want(h.send("POST", "/v1/keyspaces", h.root, `{"name":"acme","formats":[{"name":"secret","preset":"keywright","prefix":"acme"}],"environments":["live","test"]}`), 201, &space)
	if space.Name != "acme" || len(space.Formats) != 1 || *space.Formats[0].Prefix != "acme" {
		t.Fatalf("keyspace %+v", space)
	}
	var issued api.IssueResponse
	a := h.send("POST", "/v1/keys", h.root, `{"keyspace":"acme","environment":"live","name":"ci","owner":"team_7","scopes":["invoices:read"],"metadata":{"a": [1, 2]},"expires_in":"30d"}`)
	h.want(a, 201, &issued)
	key := issued.Key.Reveal()
	if !strings.HasPrefix(key, "acme_live_") || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("key %d characters, Cache-Control %q", len(key), a.Header.Get("Cache-Control"))
	}
	r := issued.Record
	if r.Display != "acme_live_"+r.PublicID+"_…" || r.State != "active" || string(r.Metadata) != `{"a":[1,2]}` || r.Owner != "team_7" {
		t.Fatalf("record %+v", r)
	}
	id := r.ID.String()
	verify := func() (v api.VerifyResponse) {
		t.Helper()
		a := h.send("POST", "/v1/verify", h.root, encode(map[string]any{"key": key, "keyspace": "acme", "environment": "live", "scopes": []string{"invoices:read"}}))
		h.want(a, 200, &v)
		if v.Valid != (v.Code == keywright.Valid) || a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Content-Type") != api.MediaJSON {
			t.Fatalf("verdict %s", a.body)
		}
		return v
	}
	if v := verify(); v.Code != keywright.Valid || v.KeyID != r.ID || v.Owner != "team_7" || !v.ExpiresAt.Equal(r.ExpiresAt) {
		t.Fatalf("verdict %+v", v)
	}
	var changed api.Record
	h.want(h.send("PATCH", "/v1/keys/"+id, h.root, `{"scopes":[],"name":null,"expires_at":null}`), 200, &changed)
	if len(changed.Scopes) != 0 || changed.Name != "" || !changed.ExpiresAt.IsZero() || changed.Owner != "team_7" {
		t.Fatalf("record %+v", changed)
	}
	if v := verify(); v.Code != keywright.InsufficientScope || len(v.MissingScopes) != 1 {
		t.Fatalf("after its scopes were taken away: %+v", v)
	}
	h.want(h.send("PATCH", "/v1/keys/"+id, h.root, `{"scopes":["invoices:*"]}`), 200, &changed)
	h.want(h.send("POST", "/v1/keys/"+id+"/disable", h.root, ""), 200, &changed)
	if v := verify(); v.Code != keywright.Disabled || changed.State != "disabled" {
		t.Fatalf("after disable: %+v", v)
	}
	h.want(h.send("POST", "/v1/keys/"+id+"/enable", h.root, "{}"), 200, &changed)
	if v := verify(); v.Code != keywright.Valid {
		t.Fatalf("after enable: %+v", v)
	}
	var receipt api.Receipt
	h.want(h.send("POST", "/v1/keys/"+id+"/revoke", h.root, `{"reason":"leaked"}`), 200, &receipt)
	if v := verify(); v.Code != keywright.Revoked || receipt.EffectiveAt.Before(receipt.RevokedAt) {
		t.Fatalf("after revoke: %+v, receipt %+v", v, receipt)
	}
	var again api.Receipt
	h.want(h.send("DELETE", "/v1/keys/"+id, h.root, ""), 200, &again)
	if !again.RevokedAt.Equal(receipt.RevokedAt) {
		t.Error("a second revocation moved the first")
	}
	h.wantProblem(h.send("PATCH", "/v1/keys/"+id, h.root, `{"name":"x"}`), api.Conflict)
	h.wantProblem(h.send("POST", "/v1/keys/"+id+"/enable", h.root, ""), api.Conflict)
	h.want(h.send("GET", "/v1/keys/"+id, h.root, ""), 200, &changed)
	if changed.State != "revoked" || changed.RevokeReason != "leaked" {
		t.Errorf("record %+v", changed)
	}
	h.wantEvents(id, "key.issue", "key.update", "key.update", "key.disable", "key.enable", "key.revoke")
}

// wantEvents checks which events a target has, and that the chain is whole.
func (h *house) wantEvents(target string, verbs ...string) {
	h.Helper()
	var events api.EventList
	h.want(h.send("GET", "/v1/events?order=asc&target="+target, h.root, ""), 200, &events)
	var got []string
	for _, e := range events.Events {
		got = append(got, e.Verb)
		if e.RequestID == "" && e.Actor != "test" {
			h.Errorf("event %d has no request id", e.Sequence)
		}
	}
	if strings.Join(got, " ") != strings.Join(verbs, " ") {
		h.Errorf("events %v, want %v", got, verbs)
	}
	var report api.ChainReport
	h.want(h.send("GET", "/v1/events/verify", h.root, ""), 200, &report)
	if !report.Whole || report.Broken != nil || report.Events == 0 {
		h.Errorf("chain %+v", report)
	}
}

// TestPages goes through lists by their cursors.
func TestPages(t *testing.T) {
	h := newHouse(t)
	for range 5 {
		h.key(authority.IssueRequest{Owner: "team_7"})
	}
	h.key(authority.IssueRequest{Owner: "another"})
	var ids []string
	path := "/v1/keys?owner=team_7&limit=2"
	for cursor := ""; ; {
		var page api.KeyList
		h.want(h.send("GET", path+cursor, h.root, ""), 200, &page)
		for _, r := range page.Keys {
			ids = append(ids, r.ID.String())
		}
		if page.NextCursor == "" {
			break
		}
		cursor = "&cursor=" + page.NextCursor
	}
	if len(ids) != 5 {
		t.Errorf("%d records over all pages, want 5", len(ids))
	}
	var sequences []uint64
	for cursor := ""; ; {
		var page api.EventList
		h.want(h.send("GET", "/v1/events?limit=3"+cursor, h.root, ""), 200, &page)
		for _, e := range page.Events {
			sequences = append(sequences, e.Sequence)
		}
		if page.NextCursor == "" {
			break
		}
		cursor = "&cursor=" + page.NextCursor
	}
	for i := range sequences {
		if sequences[i] != uint64(len(sequences)-i) {
			t.Fatalf("sequences %v", sequences)
		}
	}
}

// TestIdempotency repeats an issue.
func TestIdempotency(t *testing.T) {
	h := newHouse(t)
	var first, second api.IssueResponse
	h.want(h.send("POST", "/v1/keys", h.root, `{"name":"ci"}`, "Idempotency-Key", "one"), 201, &first)
	h.want(h.send("POST", "/v1/keys", h.root, `{"name":"ci"}`, "Idempotency-Key", "one"), 200, &second)
	if first.Key.IsZero() || !second.Key.IsZero() || !second.Repeated || first.Record.ID != second.Record.ID {
		t.Errorf("repeated %v, records %s and %s", second.Repeated, first.Record.ID, second.Record.ID)
	}
	if p := h.wantProblem(h.send("POST", "/v1/keys", h.root, `{"name":"other"}`, "Idempotency-Key", "one"), api.Conflict); p.Field != "Idempotency-Key" {
		t.Errorf("field %q", p.Field)
	}
}

// TestRegister registers a key that was made elsewhere.
func TestRegister(t *testing.T) {
	h := newHouse(t)
	f, _ := keywright.Preset("keywright")
	f.Prefix = "default"
	k, err := keywright.Generate(f)
	if err != nil {
		t.Fatal(err)
	}
	var issued api.IssueResponse
	h.want(h.send("POST", "/v1/keys", h.root, encode(map[string]string{"hash": k.Hash().String(), "public_id": k.PublicID()})), 201, &issued)
	if !issued.Key.IsZero() {
		t.Error("a key came back")
	}
	v, err := h.authority.Verify(context.Background(), keywright.Ask{Key: k.Full(), Keyspace: "default"})
	if err != nil || v.Code != keywright.Valid {
		t.Errorf("%v, %v", v.Code, err)
	}
}

// TestKeyspaces changes a keyspace.
func TestKeyspaces(t *testing.T) {
	h := newHouse(t)
	var k api.Keyspace
	h.want(h.send("POST", "/v1/keyspaces", h.root, `{"name":"acme"}`), 201, &k)
	h.wantProblem(h.send("POST", "/v1/keyspaces", h.root, `{"name":"acme"}`), api.Conflict)
	h.want(h.send("PATCH", "/v1/keyspaces/acme", h.root, `{"policy":{"max_life":"90d","require_owner":true},"formats":[{"name":"pub","preset":"publishable-key","prefix":"pk"}]}`), 200, &k)
	if k.Policy.MaxLife.String() != "2160h" || !k.Policy.RequireOwner || len(k.Formats) != 2 || !*k.Formats[1].Publishable {
		t.Errorf("keyspace %+v", k)
	}
	if p := h.wantProblem(h.send("POST", "/v1/keys", h.root, `{"keyspace":"acme"}`), api.InvalidInput); p.Field != "owner" || p.Hint == "" {
		t.Errorf("problem %+v", p)
	}
	k = api.Keyspace{}
	h.want(h.send("PATCH", "/v1/keyspaces/acme", h.root, `{"policy":null}`), 200, &k)
	if k.Policy.RequireOwner || k.Policy.MaxLife != 0 {
		t.Errorf("policy %+v", k.Policy)
	}
	var got api.Keyspace
	h.want(h.send("GET", "/v1/keyspaces/acme", h.root, ""), 200, &got)
	if got.Version != k.Version {
		t.Errorf("version %d, want %d", got.Version, k.Version)
	}
	for body, field := range map[string]string{
		`{"name":"x","formats":[{"preset":"no"}]}`:                                      "formats[0].preset",
		`{"name":"x","formats":[{"name":"a","secret":{"encoding":"hex","bytes":2}}]}`:   "formats[0].secret",
		`{"name":"x","formats":[{"name":"a","secret":{"encoding":"runes","bytes":2}}]}`: "formats[0].secret.encoding",
		`{"name":"X"}`:                           "name",
		`{"name":"x","environments":[7]}`:        "environments[0]",
		`{"name":"x","policy":{"max_life":"x"}}`: "policy.max_life",
	} {
		if p := h.wantProblem(h.send("POST", "/v1/keyspaces", h.root, body), api.InvalidInput); p.Field != field {
			t.Errorf("%s: field %q, want %q", body, p.Field, field)
		}
	}
	var spaces api.KeyspaceList
	h.want(h.send("GET", "/v1/keyspaces", h.root, ""), 200, &spaces)
	if len(spaces.Keyspaces) != 3 {
		t.Errorf("%d keyspaces", len(spaces.Keyspaces))
	}
}
