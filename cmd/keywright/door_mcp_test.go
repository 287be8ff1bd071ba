// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// byAgent calls the tools at /mcp. What is no tool goes by the client.
type byAgent struct{ byClient }

// bearing shows a key with every request.
type bearing string

func (b bearing) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

// use calls a tool over a connection of its own that shows a key.
func (d byAgent) use(t *testing.T, key, tool string, with fields, more fields, answer any) (refused bool) {
	t.Helper()
	arguments := fields{}
	for _, f := range []fields{with, more} {
		for name, value := range f {
			arguments[name] = value
		}
	}
	return callTool(t, &sdk.StreamableClientTransport{Endpoint: d.url + "/mcp", HTTPClient: &http.Client{Transport: bearing(key)}}, tool, arguments, answer)
}

func callTool(t *testing.T, transport sdk.Transport, tool string, arguments fields, answer any) (refused bool) {
	t.Helper()
	ctx := context.Background()
	s, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(ctx, transport, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := s.CallTool(ctx, &sdk.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		t.Fatal(err)
	}
	text := r.Content[0].(*sdk.TextContent).Text
	if r.IsError {
		if strings.HasPrefix(text, "unavailable") || strings.HasPrefix(text, "internal") || !strings.Contains(text, ": ") {
			t.Fatalf("%s: %s", tool, text)
		}
		return true
	}
	if err := json.Unmarshal([]byte(text), answer); err != nil {
		t.Fatal(err)
	}
	return false
}

type agentIssued struct {
	Key    string
	Record struct{ ID string }
}

var reveal = fields{"reveal": true}

func (d byAgent) issue(t *testing.T, with fields) (string, string, bool) {
	var a agentIssued
	refused := d.use(t, d.service.Reveal(), "issue_key", with, reveal, &a)
	return a.Key, a.Record.ID, refused
}

func (d byAgent) verify(t *testing.T, key string, with fields) (string, bool) {
	var v struct{ Code string }
	refused := d.use(t, d.service.Reveal(), "verify_key", with, fields{"key": key}, &v)
	return v.Code, refused
}

func (d byAgent) act(t *testing.T, verb, id string, with fields) bool {
	if verb != "revoke" {
		return d.byClient.act(t, verb, id, with)
	}
	var receipt struct{}
	return d.use(t, d.service.Reveal(), "revoke_key", with, fields{"id": id}, &receipt)
}

func (d byAgent) rotate(t *testing.T, id string, with fields) (string, bool) {
	var a agentIssued
	refused := d.use(t, d.service.Reveal(), "rotate_key", with, fields{"id": id, "reveal": true}, &a)
	return a.Key, refused
}

func (d byAgent) child(t *testing.T, parent, parentID string, with fields) (string, string, bool) {
	var a agentIssued
	refused := d.use(t, parent, "issue_child_key", with, fields{"parent": parentID, "reveal": true}, &a)
	return a.Key, a.Record.ID, refused
}
