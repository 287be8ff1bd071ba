// SPDX-License-Identifier: Apache-2.0

package mcp_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/keywright/keywright/internal/mcp"
)

// linked is a house whose new keys wait behind links.
func linked(t *testing.T) *house {
	return newHouse(t, func(o *mcp.HTTPOptions) { o.Links = o.Server.(mcp.Links) })
}

// fetch fetches the key behind a link.
func fetch(t *testing.T, link string) (status int, key string) {
	t.Helper()
	response, err := http.Post(link, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var a struct{ Key string }
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, a.Key
}

// TestKeysWaitBehindLinks issues and rotates over HTTP: no result shows a key, and its link does once.
func TestKeysWaitBehindLinks(t *testing.T) {
	h := linked(t)
	a := h.overHTTP(t, h.root)
	parent := in(a.must("issue_key", fields{"scopes": []string{"a", "keywright:children"}}), "record", "id").(string)
	for _, c := range []struct {
		name string
		with fields
	}{
		{"issue_key", fields{"name": "ci"}},
		{"issue_child_key", fields{"parent": parent, "scopes": []string{"a"}, "expires_in": "15m"}},
		{"rotate_key", fields{"id": parent}},
	} {
		result, text, refused := a.call(c.name, c.with)
		if refused {
			t.Fatal(c.name, text)
		}
		link, _ := result["link"].(string)
		if !strings.HasPrefix(link, h.url+"/v1/once/") || result["link_ends_at"] == nil || result["key"] != nil {
			t.Fatalf("%s: %s", c.name, text)
		}
		status, key := fetch(t, link)
		if status != 200 || len(key) < 50 || strings.Contains(text, key) || strings.Contains(text, key[len(key)-20:]) {
			t.Fatalf("%s: %d with a key of %d characters", c.name, status, len(key))
		}
		if v := a.must("verify_key", fields{"key": key, "keyspace": "default"}); v["valid"] != true {
			t.Errorf("%s made a key that is %v", c.name, v)
		}
		if status, key := fetch(t, link); status != 404 || key != "" {
			t.Errorf("%s: a second time: %d", c.name, status)
		}
		if strings.Contains(h.log.String(), key) || strings.Contains(h.log.String(), link[len(link)-43:]) {
			t.Errorf("%s: the log holds the key or its link", c.name)
		}
	}
}

// TestWhatNeedsNoLink has none: a key that is shown, a hash, a repeat, what is refused.
func TestWhatNeedsNoLink(t *testing.T) {
	h := linked(t)
	a := h.overHTTP(t, h.root)
	if r := a.must("issue_key", fields{"reveal": true}); r["link"] != nil || r["key"] == nil {
		t.Error(r)
	}
	if r := a.must("issue_key", fields{"hash": strings.Repeat("ab", 32), "public_id": "AAAAAAAAAAAA"}); r["link"] != nil || r["key"] != nil {
		t.Error(r)
	}
	if r := a.must("issue_key", fields{"idempotency_key": "once"}); r["link"] == nil {
		t.Error(r)
	}
	if r := a.must("issue_key", fields{"idempotency_key": "once"}); r["link"] != nil || r["repeated"] != true {
		t.Error(r)
	}
	a.wont("issue_key", fields{"environment": "nowhere"})
	if why := a.wont("generate_key", fields{}); !strings.Contains(why, "reveal") { // anybody may call it, and could fill the room
		t.Error(why)
	}
}
