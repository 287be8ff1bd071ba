// SPDX-License-Identifier: Apache-2.0

package mcp_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keywright/keywright/authority"
)

// conformance is where the vendor's client and inspector are; npm ci installs them.
const conformance = "testdata/typescript"

// needNode skips a test where Node or the packages are missing, unless KEYWRIGHT_TEST_REQUIRE is 1: then it fails.
func needNode(t *testing.T) {
	t.Helper()
	_, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join(conformance, "node_modules/@modelcontextprotocol/sdk/package.json"))
	}
	switch {
	case err == nil:
	case os.Getenv("KEYWRIGHT_TEST_REQUIRE") == "1":
		t.Fatalf("this test needs Node, and npm ci in internal/mcp/%s: %v", conformance, err)
	default:
		t.Skipf("this test needs Node, and npm ci in internal/mcp/%s: %v", conformance, err)
	}
}

// program builds keywright.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keywright")
	if out, err := exec.Command("go", "build", "-o", path, "../../cmd/keywright").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// environment is that of a child: a home, with the profile local of a server and a key or without. Agents' programs hand
// on little of their environment; the home they do.
func (h *house) environment(key string) []string {
	h.Helper()
	home := h.TempDir()
	if key != "" {
		text, err := json.Marshal(fields{"url": h.url, "service_key": key})
		folder := filepath.Join(home, ".config", "keywright", "profiles")
		if err == nil {
			err = os.MkdirAll(folder, 0o700)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, "local.json"), text, 0o600)
		}
		if err != nil {
			h.Fatal(err)
		}
	}
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "SERVICE_KEY=" + key}
}

// A typescript is the vendor's client, as a process.
type typescript struct {
	*testing.T
	in  io.Writer
	out *bufio.Reader
}

func (h *house) typescript(t *testing.T, key string, arguments ...string) *typescript {
	t.Helper()
	cmd := exec.Command("node", append([]string{"client.mjs"}, arguments...)...)
	cmd.Dir, cmd.Env = conformance, h.environment(key)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("node: %v: %s", err, stderr.String())
		}
	})
	return &typescript{t, in, bufio.NewReader(out)}
}

func (ts *typescript) read() (f fields) {
	ts.Helper()
	line, err := ts.out.ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &f) != nil {
		ts.Fatalf("the client says %s (%v)", line, err)
	}
	return f
}

// must calls a tool, whose result the SDK checks.
func (ts *typescript) must(name string, arguments fields) fields {
	ts.Helper()
	line, err := json.Marshal(fields{"name": name, "arguments": arguments})
	if err != nil {
		ts.Fatal(err)
	}
	if _, err := ts.in.Write(append(line, '\n')); err != nil {
		ts.Fatal(err)
	}
	r := ts.read()
	if r["thrown"] != nil || r["isError"] == true || r["structuredContent"] == nil {
		ts.Fatalf("%s: %v", name, r)
	}
	return asFields(r["structuredContent"])
}

// TestTypeScript lists and calls every tool with the vendor's client: it takes the list, and finds each result as its schema
// says, filled as much as it can be.
func TestTypeScript(t *testing.T) {
	needNode(t)
	h := newHouse(t)
	h.policy()
	binary := program(t)
	for door, c := range map[string]struct {
		key       string
		arguments []string
		tools     int
	}{
		"http":                 {h.root, []string{"http", h.url + "/mcp"}, 12},
		"stdio":                {h.root, []string{"stdio", binary, "mcp"}, 12},
		"http without a key":   {"", []string{"http", h.url + "/mcp"}, 12},
		"stdio without server": {"", []string{"stdio", binary, "mcp"}, 4},
	} {
		t.Run(door, func(t *testing.T) {
			ts := h.typescript(t, c.key, c.arguments...)
			if l, _ := ts.read()["tools"].([]any); len(l) != c.tools {
				t.Fatalf("the client lists %d tools, want %d", len(l), c.tools)
			}
			ts.must("call_function", fields{"slug": "sec-api-key-generate", "args": fields{"prefix": "example_prefix", "length": 32}})
			ts.must("call_function", fields{"slug": "generate-key", "args": fields{"reveal": true}})
			key := ts.must("generate_key", fields{"prefix": "acme", "reveal": true})["keys"].([]any)[0]
			ts.must("inspect_key", fields{"key": key})
			if l := ts.must("scan_text", fields{"text": "k=" + key.(string)})["findings"].([]any); len(l) != 1 {
				t.Errorf("%d findings", len(l))
			}
			if c.key != "" {
				ts.life()
			}
		})
	}
}

// policy makes a keyspace whose description has every field.
func (h *house) policy() {
	h.Helper()
	_, err := h.authority.CreateKeyspace(h.Context(), h.operator(), authority.KeyspaceRequest{Name: "full", Policy: &authority.Policy{
		MaxLife: 1e15, AllowedScopes: []string{"a"}, Roles: map[string][]string{"r": {"a"}}, OwnerLimits: []authority.Limit{{Name: "l", Limit: 1, Window: 1e10}},
	}})
	if err != nil {
		h.Fatal(err)
	}
}

func (ts *typescript) life() {
	ts.Helper()
	issued := ts.must("issue_key", fields{
		"name": "ci", "owner": "team_7", "scopes": []string{"a", "keywright:children"}, "limits": []fields{{"name": "requests", "limit": 100, "window": "1m", "auto": true}},
		"credits": fields{"remaining": 10, "refill": fields{"amount": 1, "every": "24h"}}, "metadata": fields{"any": []any{1, "x", nil}}, "allowed_networks": []string{"192.0.2.0/24"},
		"allowed_methods": []string{"GET"}, "expires_in": "30d", "reveal": true,
	})
	id := in(issued, "record", "id")
	ask := fields{"key": issued["key"], "keyspace": "default", "client_ip": "192.0.2.1", "method": "GET", "explain": true, "include": []string{"name", "metadata", "limits"}}
	if v := ts.must("verify_key", ask); v["code"] != "VALID" || v["metadata"] == nil || v["limits"] == nil || v["checks"] == nil {
		ts.Errorf("the verdict is %v", v)
	}
	ts.must("verify_key", fields{"key": "x", "keyspace": "default"})
	ts.must("rotate_key", fields{"id": id, "grace": "1h", "reveal": true})
	ts.must("issue_child_key", fields{"parent": id, "scopes": []string{"a"}, "expires_in": "15m", "reveal": true})
	ts.must("get_key", fields{"id": id})
	ts.must("list_keys", fields{"parent": id})
	ts.must("list_keyspaces", fields{})
	ts.must("revoke_key", fields{"id": id, "reason": "done"})
}

// TestInspector lists and calls with the vendor's inspector.
func TestInspector(t *testing.T) {
	needNode(t)
	h := newHouse(t)
	binary := program(t)
	for door, target := range map[string][]string{
		"http": {h.url + "/mcp", "--transport", "http", "--header", "Authorization: Bearer " + h.root}, "stdio": {binary, "mcp"},
	} {
		for want, method := range map[string][]string{
			`"issue_key"`:     {"--method", "tools/list"},
			`"success": true`: {"--method", "tools/call", "--tool-name", "call_function", "--tool-arg", "slug=sec-api-key-generate", "--tool-arg", `args={"prefix":"sk_live","length":32}`},
			`"keyspaces"`:     {"--method", "tools/call", "--tool-name", "list_keyspaces"},
		} {
			cmd := exec.Command("node", append(append([]string{"node_modules/@modelcontextprotocol/inspector/" + inspectorProgram(t), "--cli"}, target...), method...)...)
			cmd.Dir, cmd.Env = conformance, h.environment(h.root)
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), want) {
				t.Errorf("%s %v: %v: %s", door, method, err, out)
			}
		}
	}
}

// inspectorProgram is the file that mcp-inspector stands for.
func inspectorProgram(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(conformance, "node_modules/@modelcontextprotocol/inspector/package.json"))
	var p struct{ Bin map[string]string }
	if err != nil || json.Unmarshal(text, &p) != nil || p.Bin["mcp-inspector"] == "" {
		t.Fatalf("the inspector has no program: %v", err)
	}
	return p.Bin["mcp-inspector"]
}
