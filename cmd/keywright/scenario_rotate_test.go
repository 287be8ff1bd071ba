// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/client"
)

// rotations are the scenarios of new secrets, children, and acts on many keys.
var rotations = []scenario{
	{"rotated with a grace", []step{
		{do: "issue", key: "old", with: fields{"scopes": []string{"invoices:read"}}},
		{do: "rotate", key: "old", as: "new", with: fields{"grace": "1h"}},
		{do: "verify", key: "old", with: fields{"scopes": []string{"invoices:read"}}, want: "VALID"},
		{do: "verify", key: "new", with: fields{"scopes": []string{"invoices:read"}}, want: "VALID"},
		{do: "rotate", key: "old", as: "newer", with: fields{"grace": "1h"}, want: "refused"},
		{do: "wait", with: fields{"for": time.Hour}},
		{do: "verify", key: "old", want: "EXPIRED"},
		{do: "verify", key: "new", want: "VALID"},
	}, []string{"key.issue", "key.rotate"}},
	{"rotated now", []step{
		{do: "issue", key: "old"},
		{do: "rotate", key: "old", as: "new", with: fields{"grace": "0s"}},
		{do: "verify", key: "old", want: "EXPIRED"},
		{do: "verify", key: "new", want: "VALID"},
		{do: "end-grace", key: "old", want: "refused"},
	}, []string{"key.issue", "key.rotate"}},
	{"a grace that is ended", []step{
		{do: "issue", key: "old"},
		{do: "rotate", key: "old", as: "new", with: fields{"grace": "24h"}},
		{do: "verify", key: "old", want: "VALID"},
		{do: "end-grace", key: "old", want: "refused"}, // it was used just now
		{do: "rotate", key: "old", as: "newer", with: fields{"grace": "24h", "force": true}},
		{do: "verify", key: "old", want: "VALID"},
		{do: "verify", key: "new", want: "VALID"},
		{do: "end-grace", key: "old", with: fields{"force": true}},
		{do: "verify", key: "old", want: "EXPIRED"},
		{do: "verify", key: "new", want: "EXPIRED"},
		{do: "verify", key: "newer", want: "VALID"},
	}, []string{"key.issue", "key.rotate", "key.rotate", "key.end_grace"}},
	{"rotations that cannot be", []step{
		{do: "issue", key: "k"},
		{do: "rotate", key: "k", as: "x", with: fields{"grace": "9000h"}, want: "refused"},
		{do: "rotate", key: "k", as: "x", with: fields{"grace": "1ms"}, want: "refused"},
		{do: "revoke", key: "k"},
		{do: "rotate", key: "k", as: "x", with: fields{"grace": "1h"}, want: "refused"},
	}, []string{"key.issue", "key.revoke"}},
	{"a child, never more than its parent", []step{
		{do: "issue", key: "parent", with: fields{"owner": "team_7", "scopes": []string{"invoices:*", "keywright:children"}}},
		{do: "issue", key: "childless", with: fields{"scopes": []string{"*"}}},
		{do: "child", key: "childless", as: "x", want: "refused"}, // no wildcard grants it
		{do: "child", key: "parent", as: "agent", with: fields{"name": "agent", "scopes": []string{"invoices:read"}, "expires_in": "1h"}},
		{do: "child", key: "parent", as: "x", with: fields{"scopes": []string{"users:read"}}, want: "refused"},
		{do: "verify", key: "agent", with: fields{"scopes": []string{"invoices:read"}}, want: "VALID"},
		{do: "verify", key: "agent", with: fields{"scopes": []string{"invoices:write"}}, want: "INSUFFICIENT_SCOPE"},
		{do: "update", key: "parent", with: fields{"scopes": []string{"users:read", "keywright:children"}}},
		{do: "verify", key: "agent", with: fields{"scopes": []string{"invoices:read"}}, want: "INSUFFICIENT_SCOPE"},
		{do: "revoke", key: "parent"},
		{do: "verify", key: "agent", want: "REVOKED"},
	}, []string{"key.issue", "key.issue", "key.issue", "key.update", "key.revoke"}},
	{"many keys at once", []step{
		{do: "issue", key: "a", with: fields{"owner": "team_7"}},
		{do: "issue", key: "b", with: fields{"owner": "team_7"}},
		{do: "issue", key: "c", with: fields{"owner": "team_8"}},
		{do: "bulk", with: fields{"verb": "revoke", "owner": "team_7", "dry_run": true}, want: "2"},
		{do: "verify", key: "a", want: "VALID"},
		{do: "bulk", with: fields{"verb": "disable", "owner": "team_7"}, want: "2"},
		{do: "verify", key: "b", want: "DISABLED"},
		{do: "bulk", with: fields{"verb": "disable", "owner": "team_7"}, want: "0"},
		{do: "bulk", with: fields{"verb": "enable", "owner": "team_7"}, want: "2"},
		{do: "verify", key: "b", want: "VALID"},
		{do: "bulk", with: fields{"verb": "rotate", "owner": "team_8"}, want: "1"},
		{do: "bulk", with: fields{"verb": "revoke", "owner": "team_7"}, want: "2"},
		{do: "verify", key: "a", want: "REVOKED"},
		{do: "verify", key: "c", want: "VALID"},
	}, []string{
		"key.issue", "key.issue", "key.issue", "bulk.disable", "key.disable", "key.disable", "bulk.disable",
		"bulk.enable", "key.enable", "key.enable", "bulk.rotate", "key.rotate", "bulk.revoke", "key.revoke", "key.revoke",
	}},
}

func (d inProcess) rotate(t *testing.T, id string, with fields) (string, bool) {
	var q api.RotateRequest
	with.into(t, &q)
	issued, err := d.authority.Rotate(context.Background(), operator, parseID(t, id), authority.RotateRequest{
		Grace: &authority.Grace{AtMost: q.Grace.AtMost.Duration(), Idle: q.Grace.Idle.Duration()}, Force: q.Force,
	})
	return issued.Key.Reveal(), d.refused(t, err)
}

func (d inProcess) child(t *testing.T, parent, parentID string, with fields) (string, string, bool) {
	var q api.IssueRequest
	with.into(t, &q)
	id := parseID(t, parentID)
	holder, err := d.authority.Holder(context.Background(), id, keywright.NewSecret(parent), authority.Origin{})
	if d.refused(t, err) {
		return "", "", true
	}
	issued, err := d.authority.IssueChild(context.Background(), holder, id, authority.IssueRequest{Name: q.Name, Scopes: q.Scopes, ExpiresIn: q.ExpiresIn.Duration()})
	return issued.Key.Reveal(), issued.Record.ID.String(), d.refused(t, err)
}

func (d inProcess) bulk(t *testing.T, verb, owner string, dryRun bool) (int, bool) {
	n, err := d.authority.Bulk(context.Background(), operator, authority.BulkRequest{Filter: authority.Filter{Owner: owner}, Verb: verb, DryRun: dryRun},
		func(r authority.BulkResult) error { return r.Err })
	return n, d.refused(t, err)
}

func (d overHTTP) rotate(t *testing.T, id string, with fields) (string, bool) {
	var r struct{ Key string }
	refused := d.send(t, "POST", "/v1/keys/"+id+"/rotate", with, &r)
	return r.Key, refused
}

func (d overHTTP) child(t *testing.T, parent, parentID string, with fields) (string, string, bool) {
	if with == nil {
		with = fields{}
	}
	asHolder := overHTTP{&world{url: d.url, service: keywright.NewSecret(parent)}}
	var r struct {
		Key    string
		Record struct{ ID string }
	}
	refused := asHolder.send(t, "POST", "/v1/keys/"+parentID+"/children", with, &r)
	return r.Key, r.Record.ID, refused
}

func (d overHTTP) bulk(t *testing.T, verb, owner string, dryRun bool) (n int, refused bool) {
	body := fmt.Sprintf(`{"filter":{"owner":%q},"verb":%q,"dry_run":%v}`, owner, verb, dryRun)
	r, err := http.NewRequest("POST", d.url+"/v1/keys/bulk", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+d.service.Reveal())
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 {
		return 0, true
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	var last struct {
		End *struct{ Count int }
	}
	if err := json.Unmarshal(lines[len(lines)-1], &last); err != nil || last.End == nil || last.End.Count != len(lines)-1 {
		t.Fatalf("the last line does not count the others: %s", text)
	}
	return last.End.Count, false
}

func (d byClient) rotate(t *testing.T, id string, with fields) (string, bool) {
	var q api.RotateRequest
	with.into(t, &q)
	r, err := d.client(t).Rotate(context.Background(), parseID(t, id), q, "")
	return r.Key.Reveal(), d.refused(t, err)
}

func (d byClient) child(t *testing.T, parent, parentID string, with fields) (string, string, bool) {
	var q api.IssueRequest
	with.into(t, &q)
	c, err := client.New(client.Options{URL: d.url, ServiceKey: keywright.NewSecret(parent)})
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.IssueChild(context.Background(), parseID(t, parentID), q, "")
	return r.Key.Reveal(), r.Record.ID.String(), d.refused(t, err)
}

func (d byClient) bulk(t *testing.T, verb, owner string, dryRun bool) (int, bool) {
	n := 0
	end, err := d.client(t).Bulk(context.Background(), api.BulkRequest{Filter: api.Filter{Owner: owner}, Verb: verb, DryRun: dryRun},
		func(api.BulkResult) error { n++; return nil })
	if err == nil && end.Count != n {
		t.Errorf("%d results, and the end counts %d", n, end.Count)
	}
	return n, d.refused(t, err)
}

func (d typed) rotate(t *testing.T, id string, with fields) (string, bool) {
	out, exit := d.run(t, "", with, "rotate", id)
	return strings.TrimSpace(out), exit != 0
}

func (d typed) child(t *testing.T, parent, parentID string, with fields) (string, string, bool) {
	out, exit := d.run(t, parent+"\n", with, "child", parentID, "--output", "json")
	if exit != 0 {
		return "", "", true
	}
	var r struct {
		Key    string
		Record struct{ ID string }
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return r.Key, r.Record.ID, false
}

func (d typed) bulk(t *testing.T, verb, owner string, dryRun bool) (int, bool) {
	args := []string{verb, "--filter", "owner=" + owner, "--output", "jsonl", "--yes"}
	if dryRun {
		args = append(args, "--dry-run")
	}
	out, exit := d.run(t, "", nil, args...)
	return strings.Count(out, "\n"), exit != 0
}
