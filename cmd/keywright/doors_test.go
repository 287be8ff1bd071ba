// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/client"
)

// into reads fields as a type of the API.
func (f fields) into(t *testing.T, v any) {
	t.Helper()
	text, err := json.Marshal(f)
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func parseID(t *testing.T, s string) keywright.KeyID {
	t.Helper()
	id, err := keywright.ParseKeyID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// inProcess is the library.
type inProcess struct{ *world }

func (d inProcess) refused(t *testing.T, err error) bool {
	t.Helper()
	var e *authority.Error
	if err != nil && (!errors.As(err, &e) || e.Kind == authority.Unavailable) {
		t.Fatal(err)
	}
	return err != nil
}

func (d inProcess) issue(t *testing.T, with fields) (string, string, bool) {
	var q api.IssueRequest
	with.into(t, &q)
	issued, err := d.authority.Issue(context.Background(), operator, authority.IssueRequest{
		Keyspace: q.Keyspace, Environment: q.Environment, Format: q.Format, Name: q.Name, Owner: q.Owner, Scopes: q.Scopes, Roles: q.Roles,
		Limits: limitsOf(q.Limits), Credits: creditsOf(q.Credits), Hash: q.Hash, PublicID: q.PublicID,
		Rules:     authority.Rules{Networks: q.AllowedNetworks, Origins: q.AllowedOrigins, Methods: q.AllowedMethods, Paths: q.AllowedPaths},
		NotBefore: q.NotBefore, ExpiresAt: q.ExpiresAt,
	})
	return issued.Key.Reveal(), issued.Record.ID.String(), d.refused(t, err)
}

func limitsOf(given []api.Limit) (limits []authority.Limit) {
	for _, l := range given {
		limits = append(limits, authority.Limit{Name: l.Name, Limit: l.Limit, Window: l.Window.Duration(), Burst: l.Burst, Auto: l.Auto})
	}
	return limits
}

func creditsOf(given *api.CreditsRequest) *authority.CreditsRequest {
	if given == nil {
		return nil
	}
	q := &authority.CreditsRequest{Remaining: given.Remaining}
	if r := given.Refill; r != nil {
		q.Refill = &authority.Refill{Amount: r.Amount, Every: r.Every.Duration(), Mode: authority.RefillAdd}
	}
	return q
}

func (d inProcess) verify(t *testing.T, key string, with fields) (string, bool) {
	var q api.VerifyRequest
	with.into(t, &q)
	ask := q.Ask()
	ask.Key = keywright.NewSecret(key)
	v, err := d.authority.Verify(context.Background(), ask)
	return string(v.Code), d.refused(t, err)
}

func (d inProcess) act(t *testing.T, verb, id string, with fields) bool {
	ctx, of := context.Background(), parseID(t, id)
	var err error
	switch verb {
	case "disable":
		_, err = d.authority.Disable(ctx, operator, of)
	case "enable":
		_, err = d.authority.Enable(ctx, operator, of)
	case "revoke":
		_, err = d.authority.Revoke(ctx, operator, of, "")
	case "end-grace":
		_, err = d.authority.EndGrace(ctx, operator, of, with["force"] != nil)
	case "update":
		var u authority.Update
		if scopes, ok := with["scopes"].([]string); ok {
			u.Scopes = &scopes
		}
		if limits, ok := with["limits"].([]api.Limit); ok {
			kept := limitsOf(limits)
			u.Limits = &kept
		}
		_, err = d.authority.Update(ctx, operator, of, u)
	case "credits":
		var q api.CreditsChange
		with.into(t, &q)
		_, err = d.authority.ChangeCredits(ctx, operator, of, authority.CreditsChange{Set: q.Set, Add: q.Add, Take: q.Take})
	}
	return d.refused(t, err)
}

// overHTTP sends what a program in any language would.
type overHTTP struct{ *world }

func (d overHTTP) send(t *testing.T, method, path string, body fields, answer any) bool {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(method, d.url+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+d.service.Reveal())
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err = io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 500 || response.StatusCode == http.StatusUnauthorized {
		t.Fatalf("%s %s: %s %v", method, path, response.Status, err)
	}
	if response.StatusCode >= 400 {
		var p api.Problem
		if err := json.Unmarshal(text, &p); err != nil || p.Code == "" || p.Hint == "" {
			t.Errorf("%s %s: not a problem document with a code and a hint: %s", method, path, text)
		}
		return true
	}
	if err := json.Unmarshal(text, answer); err != nil {
		t.Fatal(err)
	}
	return false
}

func (d overHTTP) issue(t *testing.T, with fields) (string, string, bool) {
	if with == nil {
		with = fields{}
	}
	var issued struct {
		Key    string
		Record struct{ ID string }
	}
	refused := d.send(t, "POST", "/v1/keys", with, &issued)
	return issued.Key, issued.Record.ID, refused
}

func (d overHTTP) verify(t *testing.T, key string, with fields) (string, bool) {
	with["key"] = key
	var v struct{ Code string }
	refused := d.send(t, "POST", "/v1/verify", with, &v)
	return v.Code, refused
}

func (d overHTTP) act(t *testing.T, verb, id string, with fields) bool {
	var answer map[string]any
	if with == nil {
		with = fields{}
	}
	if verb == "update" {
		return d.send(t, "PATCH", "/v1/keys/"+id, with, &answer)
	}
	return d.send(t, "POST", "/v1/keys/"+id+"/"+verb, with, &answer)
}

// byClient is the typed client.
type byClient struct{ *world }

func (d byClient) client(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New(client.Options{URL: d.url, ServiceKey: d.service})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (d byClient) refused(t *testing.T, err error) bool {
	t.Helper()
	var p *api.Problem
	if err != nil && (!errors.As(err, &p) || p.Status >= 500) {
		t.Fatal(err)
	}
	return err != nil
}

func (d byClient) issue(t *testing.T, with fields) (string, string, bool) {
	var q api.IssueRequest
	with.into(t, &q)
	issued, err := d.client(t).Issue(context.Background(), q, "")
	return issued.Key.Reveal(), issued.Record.ID.String(), d.refused(t, err)
}

func (d byClient) verify(t *testing.T, key string, with fields) (string, bool) {
	var q api.VerifyRequest
	with.into(t, &q)
	ask := q.Ask()
	ask.Key = keywright.NewSecret(key)
	v, err := d.client(t).Verify(context.Background(), ask)
	return string(v.Code), d.refused(t, err)
}

func (d byClient) act(t *testing.T, verb, id string, with fields) bool {
	ctx, c, of := context.Background(), d.client(t), parseID(t, id)
	var err error
	switch verb {
	case "disable":
		_, err = c.Disable(ctx, of)
	case "enable":
		_, err = c.Enable(ctx, of)
	case "revoke":
		_, err = c.Revoke(ctx, of, "")
	case "end-grace":
		_, err = c.EndGrace(ctx, of, with["force"] != nil)
	case "update":
		var patch api.KeyPatch
		with.into(t, &patch)
		_, err = c.Update(ctx, of, patch)
	case "credits":
		var q api.CreditsChange
		with.into(t, &q)
		_, err = c.ChangeCredits(ctx, of, q, "")
	}
	return d.refused(t, err)
}

// typed is the command line.
type typed struct{ *world }

// flags are the flags that stand for fields of the API.
var flags = map[string]string{
	"keyspace": "keyspace", "name": "name", "environment": "env", "scopes": "scope", "scope_expr": "scope-expr", "tags": "tag", "reason": "reason",
	"not_before": "not-before", "expires_at": "expires-at", "hash": "hash", "public_id": "public-id", "client_ip": "client-ip",
	"origin": "origin", "method": "method", "path": "path", "allowed_networks": "allow-network", "allowed_origins": "allow-origin",
	"allowed_methods": "allow-method", "allowed_paths": "allow-path", "owner": "owner", "format": "format", "roles": "role", "limits": "limit",
	"expires_in": "expires-in", "grace": "grace", "force": "force",
	"credits": "credits", "refill": "refill", "cost": "cost", "take": "take", "set": "set", "add": "add",
}

// words are a value as the command line takes it, and the flag that does.
func words(name string, value any) (flag string, words []string) {
	switch v := value.(type) {
	case string:
		return name, []string{v}
	case int:
		return name, []string{strconv.Itoa(v)}
	case bool:
		return name, []string{strconv.FormatBool(v)}
	case []api.Limit:
		for _, l := range v {
			words = append(words, limitText(l))
		}
		if len(v) == 0 {
			words = []string{noLimits}
		}
		return name, words
	case []api.AskLimit:
		for _, l := range v {
			words = append(words, fmt.Sprintf("%s=%d", l.Name, max(l.Cost, 1)))
		}
		return "take", words
	}
	return name, value.([]string)
}

func (d typed) run(t *testing.T, stdin string, with fields, args ...string) (stdout string, exit int) {
	t.Helper()
	for name, value := range with {
		if q, ok := value.(api.CreditsRequest); ok {
			if value = strconv.FormatInt(q.Remaining, 10); q.Refill != nil {
				args = append(args, "--refill", refillText(q.Refill))
			}
		}
		name, list := words(name, value)
		for _, v := range list {
			args = append(args, "--"+flags[name]+"="+v)
		}
	}
	var out, errors bytes.Buffer
	env := []string{"KEYWRIGHT_URL=" + d.url, "KEYWRIGHT_SERVICE_KEY=" + d.service.Reveal(), "HOME=" + t.TempDir()}
	p := &Program{Clock: d.now}
	exit = p.Run(context.Background(), args, strings.NewReader(stdin), &out, &errors, env)
	// A verify that meets a problem has judged nothing, and exits so.
	if exit == 3 && args[0] != "verify" || exit > 1 && !strings.Contains(errors.String(), "hint:") {
		t.Fatalf("%v: exit %d: %s", args, exit, errors.String())
	}
	return out.String(), exit
}

func (d typed) issue(t *testing.T, with fields) (string, string, bool) {
	out, exit := d.run(t, "", with, "issue", "--output", "json")
	if exit != 0 {
		return "", "", true
	}
	var issued struct {
		Key    string
		Record struct{ ID string }
	}
	if err := json.Unmarshal([]byte(out), &issued); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return issued.Key, issued.Record.ID, false
}

func (d typed) verify(t *testing.T, key string, with fields) (string, bool) {
	out, exit := d.run(t, key+"\n", with, "verify", "--output", "json")
	var v struct{ Code string }
	if json.Unmarshal([]byte(out), &v) != nil {
		return "", exit != 0
	}
	if (exit == 0) != (v.Code == "VALID") {
		t.Errorf("%s exits with %d", v.Code, exit)
	}
	return v.Code, false
}

func (d typed) act(t *testing.T, verb, id string, with fields) bool {
	_, exit := d.run(t, "", with, verb, id)
	return exit != 0
}
