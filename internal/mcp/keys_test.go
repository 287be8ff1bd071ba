// SPDX-License-Identifier: Apache-2.0

package mcp_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// TestLife takes a key through its life, over both doors.
func TestLife(t *testing.T) {
	h := newHouse(t)
	for name, a := range map[string]*agent{"http": h.overHTTP(t, h.root), "stdio": overPipes(t, h.client(h.root))} {
		issued := a.must("issue_key", fields{"name": name, "owner": "team_7", "scopes": []string{"invoices:*"}, "reveal": true})
		key, id := issued["key"].(string), in(issued, "record", "id").(string)
		verify := func(key, want string, with fields) {
			t.Helper()
			arguments := fields{"key": key, "keyspace": "default"}
			for name, value := range with {
				arguments[name] = value
			}
			if v := a.must("verify_key", arguments); v["code"] != want || v["valid"] != (want == "VALID") {
				t.Errorf("%s: %v, want %s", name, v, want)
			}
		}
		verify(key, "VALID", fields{"scopes": []string{"invoices:read"}})
		verify(key, "INSUFFICIENT_SCOPE", fields{"scope_expr": "users:read"})
		verify(key+"x", "MALFORMED", nil)
		rotated := a.must("rotate_key", fields{"id": id, "grace": "0s", "reveal": true})
		verify(key, "EXPIRED", nil)
		verify(rotated["key"].(string), "VALID", nil)
		if l := a.must("list_keys", fields{"q": name})["keys"].([]any); len(l) != 1 || l[0].(fields)["id"] != id {
			t.Errorf("%s: the list is %v", name, l)
		}
		if r := a.must("get_key", fields{"id": id}); r["state"] != "active" || r["owner"] != "team_7" {
			t.Errorf("%s: the record is %v", name, r)
		}
		if l := a.must("list_keyspaces", nil)["keyspaces"].([]any); len(l) != 2 {
			t.Errorf("%s: the keyspaces are %v", name, l)
		}
		receipt := a.must("revoke_key", fields{"id": id, "reason": "done"})
		if receipt["key_id"] != id || receipt["effective_at"] == nil {
			t.Errorf("%s: the receipt is %v", name, receipt)
		}
		verify(rotated["key"].(string), "REVOKED", nil)
		if why := a.wont("rotate_key", fields{"id": id, "reveal": true}); !strings.HasPrefix(why, "conflict: ") {
			t.Errorf("%s: %s", name, why)
		}
	}
}

// TestEvents leaves the events that any door leaves, with the address and the request of the agent.
func TestEvents(t *testing.T) {
	h := newHouse(t)
	a := connectWith(t, h, withHeader{"Authorization": "Bearer " + h.root, "X-Request-Id": "of-the-agent"})
	id := in(a.must("issue_key", fields{"reveal": true}), "record", "id").(string)
	a.must("revoke_key", fields{"id": id})
	events, err := h.authority.Events(t.Context(), h.operator(), authority.EventQuery{Target: id, Limit: 10})
	if err != nil || len(events) != 2 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	service, err := h.authority.Authenticate(t.Context(), keywright.NewSecret(h.root), authority.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		from := slices.ContainsFunc(e.Personal, func(p authority.Personal) bool { return p.Name == "address" && p.Value == "127.0.0.1" })
		if e.Actor != service.Actor() || e.Request != "of-the-agent" || !from {
			t.Errorf("the event %s is of %s, request %s, from %v", e.Verb, e.Actor, e.Request, e.Personal)
		}
	}
}

// TestSecretsGoToFiles shows no key without reveal: not in a result, not in an error.
func TestSecretsGoToFiles(t *testing.T) {
	h := newHouse(t)
	a := overPipes(t, h.client(h.root))
	dir := t.TempDir()
	t.Chdir(dir)
	parent := in(a.must("issue_key", fields{"scopes": []string{"a", "keywright:children"}, "to_file": "parent.key"}), "record", "id").(string)
	for name, arguments := range map[string]fields{
		"generate_key": {"count": 3}, "issue_key": {}, "rotate_key": {"id": parent}, "issue_child_key": {"parent": parent, "scopes": []string{"a"}, "expires_in": "15m"},
	} {
		if why := a.wont(name, arguments); !strings.Contains(why, "to_file") || !strings.Contains(why, "reveal") {
			t.Errorf("%s without a place: %s", name, why)
		}
		file := name + ".key"
		if name == "issue_key" {
			file = filepath.Join(dir, file)
		}
		arguments["to_file"] = file
		result, text, refused := a.call(name, arguments)
		if refused {
			t.Fatal(text)
		}
		if want := filepath.Join(dir, name+".key"); result["file"] != want {
			t.Errorf("%s tells the file %v, want %s", name, result["file"], want)
		}
		info, err := os.Stat(file)
		if err != nil || info.Mode() != 0o600 {
			t.Fatalf("%s: mode %v, %v", name, info.Mode(), err)
		}
		keys, err := os.ReadFile(file)
		if err != nil || len(keys) < 50 {
			t.Fatal(len(keys), err)
		}
		for key := range strings.Lines(string(keys)) {
			key = strings.TrimSpace(key)
			if strings.Contains(text, key) || strings.Contains(text, key[len(key)-20:]) {
				t.Errorf("%s shows the key: %s", name, text)
			}
			if name != "generate_key" {
				if v := a.must("verify_key", fields{"from_file": file, "keyspace": "default"}); v["valid"] != true {
					t.Errorf("%s made a key that is %v", name, v)
				}
			}
		}
		before := string(keys)
		if why := a.wont(name, arguments); !strings.HasPrefix(why, "conflict: to_file ") || strings.Contains(why, file) {
			t.Errorf("%s over a file: %s", name, why)
		}
		if after, _ := os.ReadFile(file); string(after) != before {
			t.Errorf("%s replaced a file", name)
		}
	}
	a.wont("issue_key", fields{"to_file": "x.key", "reveal": true})
	a.wont("issue_key", fields{"to_file": "no/such/folder.key"})
	a.wont("issue_key", fields{"to_file": "refused.key", "environment": "nowhere"})
	for _, name := range []string{"x.key", "refused.key"} {
		if _, err := os.Lstat(name); err == nil {
			t.Errorf("%s is left although no key was made", name)
		}
	}
	if err := os.Symlink("elsewhere", "link.key"); err != nil {
		t.Fatal(err)
	}
	a.wont("issue_key", fields{"to_file": "link.key"})
	if _, err := os.Lstat("elsewhere"); err == nil {
		t.Error("it wrote through a link")
	}
}

// TestNoFilesOverHTTP neither writes nor reads files of the server's machine.
func TestNoFilesOverHTTP(t *testing.T) {
	h := newHouse(t)
	a := h.overHTTP(t, h.root)
	file := filepath.Join(t.TempDir(), "a.key")
	if err := os.WriteFile(file, []byte("default_live_x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		with fields
	}{
		{"issue_key", fields{"to_file": file + "2"}},
		{"generate_key", fields{"to_file": file + "2"}},
		{"verify_key", fields{"from_file": file}},
		{"inspect_key", fields{"from_file": file}},
		{"scan_text", fields{"from_file": file}},
		{"call_function", fields{"slug": "hash-key", "args": fields{"from_file": file}}},
		{"call_function", fields{"slug": "generate-key", "args": fields{"to_file": file + "2"}}},
	} {
		if why := a.wont(c.name, c.with); !strings.Contains(why, "not on this machine") {
			t.Errorf("%s: %s", c.name, why)
		}
	}
	if why := a.wont("issue_key", fields{}); !strings.Contains(why, "reveal") {
		t.Error(why)
	}
	if entries, _ := os.ReadDir(filepath.Dir(file)); len(entries) != 1 {
		t.Error("it wrote a file")
	}
}

// TestChild lets who holds a parent key make a narrow child, and nothing else.
func TestChild(t *testing.T) {
	h := newHouse(t)
	parent, id := h.issue(authority.IssueRequest{Scopes: []string{"invoices:*", "keywright:children"}, Owner: "team_7"})
	for _, a := range []*agent{h.overHTTP(t, parent), overPipes(t, h.client(parent))} {
		child := a.must("issue_child_key", fields{"parent": id.String(), "scopes": []string{"invoices:read"}, "expires_in": "15m", "reveal": true})
		if in(child, "record", "parent") != id.String() || in(child, "record", "owner") != "team_7" {
			t.Errorf("the child is %v", child["record"])
		}
		if why := a.wont("issue_child_key", fields{"parent": id.String(), "scopes": []string{"users:read"}, "reveal": true}); !strings.Contains(why, "scopes") {
			t.Error(why)
		}
		for _, name := range []string{"list_keys", "list_keyspaces"} {
			if why := a.wont(name, nil); !strings.HasPrefix(why, "unauthenticated: ") || !strings.Contains(why, "issue_child_key") {
				t.Errorf("%s: %s", name, why)
			}
		}
	}
}

// TestEveryToolNeedsAKey lists the tools that work without: the others ask for a key and do nothing.
func TestEveryToolNeedsAKey(t *testing.T) {
	h := newHouse(t)
	_, id := h.issue(authority.IssueRequest{})
	arguments := map[string]fields{
		"issue_key": {"reveal": true}, "issue_child_key": {"parent": id.String(), "reveal": true}, "rotate_key": {"id": id.String(), "reveal": true},
		"revoke_key": {"id": id.String()}, "verify_key": {"key": "x", "keyspace": "default"}, "list_keys": {}, "get_key": {"id": id.String()}, "list_keyspaces": {},
	}
	without := map[string]fields{
		"call_function": {"slug": "hash-key", "args": fields{"key": "x"}}, "generate_key": {"reveal": true}, "inspect_key": {"key": "x"}, "scan_text": {"text": "x"},
	}
	open := h.overHTTP(t, "")
	listed, err := open.ListTools(t.Context(), nil)
	if err != nil || len(listed.Tools) != len(arguments)+len(without) {
		t.Fatalf("%d tools, %v", len(listed.Tools), err)
	}
	before, _ := h.authority.Events(t.Context(), h.operator(), authority.EventQuery{Limit: 100})
	for _, tool := range listed.Tools {
		if with, ok := without[tool.Name]; ok {
			open.must(tool.Name, with)
			continue
		}
		if why := open.wont(tool.Name, arguments[tool.Name]); !strings.Contains(why, "service key") || !strings.Contains(why, "Authorization: Bearer") {
			t.Errorf("%s without a key: %s", tool.Name, why)
		}
		for _, wrong := range []string{"x", stranger(t), h.serviceKey("metrics:read")} {
			if why := h.overHTTP(t, wrong).wont(tool.Name, arguments[tool.Name]); !strings.HasPrefix(why, "unauthenticated: ") && !strings.HasPrefix(why, "access_denied: ") || strings.Contains(why, wrong) && wrong != "x" {
				t.Errorf("%s with a wrong key: %s", tool.Name, why)
			}
		}
	}
	after, _ := h.authority.Events(t.Context(), h.operator(), authority.EventQuery{Limit: 100})
	for _, e := range after[len(before):] {
		if e.Verb != "key.issue" && !strings.HasPrefix(e.Verb, "access.") && !strings.HasPrefix(e.Verb, "key.unknown") {
			t.Errorf("it left %s", e.Verb)
		}
	}
	stateless, err := overPipes(t, nil).ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range stateless.Tools {
		names = append(names, tool.Name)
	}
	slices.Sort(names)
	if want := []string{"call_function", "generate_key", "inspect_key", "scan_text"}; !slices.Equal(names, want) {
		t.Errorf("without a server there are %v", names)
	}
}

// TestKeysOfSessionsStayApart calls with many keys at once: each sees what its own may see.
func TestKeysOfSessionsStayApart(t *testing.T) {
	h := newHouse(t)
	for _, owner := range []string{"a", "b", "c", "d"} {
		h.issue(authority.IssueRequest{Owner: owner})
		issued, err := h.authority.Issue(t.Context(), h.operator(), authority.IssueRequest{
			Keyspace: authority.ReservedKeyspace, Scopes: []string{"keys:read"}, Rules: authority.Rules{Owner: owner},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Run(owner, func(t *testing.T) {
			t.Parallel()
			mine, open := h.overHTTP(t, issued.Key.Reveal()), h.overHTTP(t, "")
			for range 20 {
				l := mine.must("list_keys", nil)["keys"].([]any)
				if len(l) != 1 || l[0].(fields)["owner"] != owner {
					t.Errorf("%s sees %v", owner, l)
				}
				open.wont("list_keys", nil)
			}
		})
	}
}

// stranger returns a service key that was never issued.
func stranger(t *testing.T) string {
	t.Helper()
	f, err := keywright.Preset("keywright")
	if err != nil {
		t.Fatal(err)
	}
	f.Prefix = "keywright"
	k, err := keywright.Generate(f)
	if err != nil {
		t.Fatal(err)
	}
	return k.Reveal()
}
