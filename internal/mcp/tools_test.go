// SPDX-License-Identifier: Apache-2.0

package mcp_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/mcp"
)

// TestSchemas gives every value of every schema a type: of one without, the vendor's TypeScript client loses all tools.
func TestSchemas(t *testing.T) {
	h := newHouse(t)
	for door, a := range map[string]*agent{"http": h.overHTTP(t, ""), "stdio": overPipes(t, h.client(h.root))} {
		tools := listed(t, a)
		if len(tools) != 12 {
			t.Errorf("%s: %d tools", door, len(tools))
		}
		for _, tool := range tools {
			in, out := remade(t, tool.InputSchema), remade(t, tool.OutputSchema)
			wantTyped(t, tool.Name+" takes", in)
			wantTyped(t, tool.Name+" gives", out)
			if in["additionalProperties"] != false || out["type"] != "object" {
				t.Errorf("%s: takes anything, or gives no object", tool.Name)
			}
			properties, _ := in["properties"].(fields)
			_, writes := properties["to_file"]
			_, reads := properties["from_file"]
			if door == "http" && (writes || reads) {
				t.Errorf("%s offers files over HTTP", tool.Name)
			}
			for name, p := range properties {
				if p.(fields)["description"] == nil && p.(fields)["enum"] == nil && name != "not_before" && name != "owner" {
					t.Errorf("%s: %s has no description", tool.Name, name)
				}
			}
			n := tool.Annotations
			if tool.Title == "" || len(tool.Description) < 80 || n == nil || n.DestructiveHint == nil || n.OpenWorldHint == nil || *n.OpenWorldHint {
				t.Errorf("%s does not say what it is", tool.Name)
			}
			if *n.DestructiveHint != slices.Contains([]string{"rotate_key", "revoke_key"}, tool.Name) {
				t.Errorf("%s: destructive %v", tool.Name, *n.DestructiveHint)
			}
			if n.ReadOnlyHint != slices.Contains([]string{"inspect_key", "scan_text", "list_keys", "get_key", "list_keyspaces"}, tool.Name) {
				t.Errorf("%s: read-only %v", tool.Name, n.ReadOnlyHint)
			}
		}
	}
}

func listed(t *testing.T, a *agent) []*sdk.Tool {
	t.Helper()
	l, err := a.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return l.Tools
}

func remade(t *testing.T, v any) (f fields) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil || json.Unmarshal(b, &f) != nil {
		t.Fatalf("a schema is no object: %s", b)
	}
	return f
}

func wantTyped(t *testing.T, where string, s fields) {
	t.Helper()
	kind, _ := s["type"].(string)
	if !slices.Contains([]string{"object", "array", "string", "integer", "number", "boolean"}, kind) {
		t.Errorf("%s: a schema has the type %v", where, s["type"])
	}
	inner := map[string]any{"items": s["items"], "additionalProperties": s["additionalProperties"]}
	for name, p := range asFields(s["properties"]) {
		inner[name] = p
	}
	for name, p := range inner {
		switch p := p.(type) {
		case nil:
		case fields:
			wantTyped(t, where+" "+name, p)
		default:
			if name != "additionalProperties" || p != false {
				t.Errorf("%s: %s is %v", where, name, p)
			}
		}
	}
}

func asFields(v any) fields {
	f, _ := v.(fields)
	return f
}

// TestSecAPIKeyGenerate keeps the contract, and says of every body what the HTTP route says.
func TestSecAPIKeyGenerate(t *testing.T) {
	h := newHouse(t)
	for _, a := range []*agent{h.overHTTP(t, ""), overPipes(t, nil)} {
		made := a.must("call_function", fields{"slug": "sec-api-key-generate", "args": fields{"prefix": "example_prefix", "length": 32}})
		data := asFields(made["data"])
		entropy, _ := data["entropy"].(string)
		if len(made) != 2 || made["success"] != true || len(data) != 3 || data["prefix"] != "example_prefix" ||
			data["key"] != "example_prefix_"+entropy || len(entropy) != 32 ||
			strings.Trim(entropy, "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz") != "" {
			t.Errorf("made %v", made)
		}
		for _, args := range []string{
			`{}`, `{"prefix":""}`, `{"prefix":5}`, `{"prefix":"a b"}`, `{"prefix":"a","length":15}`, `{"prefix":"a","length":65}`,
			`{"prefix":"a","length":"32"}`, `{"prefix":"a","length":20.5}`, `{"prefix":null}`, `{"prefix":"a","length":null}`,
		} {
			result, _, refused := a.call("call_function", fields{"slug": "sec-api-key-generate", "args": json.RawMessage(args)})
			response, err := http.Post(h.url+"/api/sec-api-key-generate", "application/json", strings.NewReader(args))
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(response.Body)
			_ = response.Body.Close()
			var want fields
			if err := json.Unmarshal(text, &want); err != nil || !refused || !equal(result, want) || asFields(result["error"])["code"] != "INVALID_INPUT" {
				t.Errorf("%s gives %v, over HTTP %s", args, result, text)
			}
		}
	}
}

// TestFunctions calls the others by their slugs.
func TestFunctions(t *testing.T) {
	a := overPipes(t, nil)
	made := asFields(a.must("call_function", fields{"slug": "generate-key", "args": fields{"prefix": "acme", "count": 2, "reveal": true}})["data"])
	keys := made["keys"].([]any)
	first := asFields(made["made"].([]any)[0])
	for _, source := range []string{"hash-key", "inspect-key", "scan-text"} {
		args := fields{"key": keys[0]}
		if source == "scan-text" {
			args = fields{"text": "key = " + keys[0].(string) + "\n"}
		}
		data := asFields(a.must("call_function", fields{"slug": source, "args": args})["data"])
		got := data["storage_hash"]
		for _, list := range []string{"candidates", "findings"} {
			if l, ok := data[list].([]any); ok && len(l) > 0 {
				got = asFields(l[0])["storage_hash"]
			}
		}
		if got == nil || got != first["storage_hash"] {
			t.Errorf("%s gives %v, want the hash %v", source, data, first["storage_hash"])
		}
	}
	if why := a.wont("call_function", fields{"slug": "no-such", "args": fields{}}); !strings.Contains(why, "hash-key") || strings.Contains(why, "no-such") {
		t.Error(why)
	}
	a.wont("generate_key", fields{"count": 101, "reveal": true})
	a.wont("generate_key", fields{"preset": "opaque", "reveal": true})
	if n := len(a.must("generate_key", fields{"count": 100, "reveal": true, "preset": "secret-key", "secret": fields{"encoding": "hex", "bytes": 32}})["keys"].([]any)); n != 100 {
		t.Errorf("%d keys", n)
	}
}

// TestNoGenerate takes back all that makes keys for anyone.
func TestNoGenerate(t *testing.T) {
	h := newHouse(t, func(o *mcp.HTTPOptions) { o.NoGenerate = true })
	a := h.overHTTP(t, "")
	for _, tool := range listed(t, a) {
		if tool.Name == "generate_key" {
			t.Error("generate_key is offered")
		}
	}
	for _, slug := range []string{"sec-api-key-generate", "generate-key"} {
		a.wont("call_function", fields{"slug": slug, "args": fields{"prefix": "a", "reveal": true}})
	}
	a.must("call_function", fields{"slug": "hash-key", "args": fields{"key": "x"}})
}

// TestArguments refuses what is not known or does not fit, names it, and never repeats a value: agents send keys by mistake.
func TestArguments(t *testing.T) {
	t.Chdir(t.TempDir()) // one of the values names a file, which is made
	h := newHouse(t)
	key, _ := h.issue(authority.IssueRequest{})
	canary := key[len("default_live_"):]
	for _, a := range []*agent{h.overHTTP(t, h.root), overPipes(t, h.client(h.root))} {
		if why := a.wont("verify_key", fields{"key": "x", "keyspce": canary}); !strings.Contains(why, "(keyspce)") || !strings.Contains(why, "keyspace") {
			t.Errorf("a misspelt name: %s", why)
		}
		for _, tool := range listed(t, a) {
			schema := remade(t, tool.InputSchema)
			tries := []fields{{canary: 1}, {"unknown_one": canary}, {"unknown": fields{canary: canary}}}
			for name, p := range asFields(schema["properties"]) {
				for _, wrong := range []any{canary, 5.5, []any{canary}, fields{canary: canary}, []any{fields{canary: canary}}, true} {
					tries = append(tries, fields{name: wrong})
				}
				if in := asFields(p)["enum"]; in != nil {
					tries = append(tries, fields{name: canary, "reveal": true})
				}
			}
			for _, try := range tries {
				result, err := a.CallTool(t.Context(), &sdk.CallToolParams{Name: tool.Name, Arguments: try})
				if err != nil {
					if strings.Contains(err.Error(), canary) {
						t.Errorf("%s %v: %v", tool.Name, try, err)
					}
					continue
				}
				if text := result.Content[0].(*sdk.TextContent).Text; result.IsError && strings.Contains(text, canary) {
					t.Errorf("%s %v: %s", tool.Name, try, text)
				}
			}
		}
	}
	if strings.Contains(h.log.String(), canary) {
		t.Error("the log shows the key")
	}
}

// TestInspect masks what it reads.
func TestInspect(t *testing.T) {
	h := newHouse(t)
	key, _ := h.issue(authority.IssueRequest{})
	a := h.overHTTP(t, "")
	_, text, _ := a.call("inspect_key", fields{"key": key})
	if strings.Contains(text, key[len(key)-20:]) || !strings.Contains(text, `"checksum":"ok"`) {
		t.Error(text)
	}
	if why := a.wont("inspect_key", fields{"key": key, "preset": "github"}); strings.Contains(why, key[15:40]) {
		t.Error(why)
	}
	a.wont("inspect_key", fields{})
}
