// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/sqlite"
)

// TestStoreDown takes the store away: what cannot be judged is 503, and never a bad key.
func TestStoreDown(t *testing.T) {
	memory, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = memory.Close() })
	store := &failing{Store: memory} // no Scanner: the table is never complete
	h := newHouseOver(t, store)
	known, id := h.key(authority.IssueRequest{})
	unknown := unknownCustomer(t)
	h.want(h.send("GET", "/readyz", "", ""), 200, nil)
	store.down.Store(true)
	verify := func(service, key string) answer {
		return h.send("POST", "/v1/verify", service, encode(map[string]string{"key": key, "keyspace": "default"}))
	}
	if a := verify(h.root, known); a.StatusCode != 200 || !strings.Contains(a.body, `"VALID"`) {
		t.Errorf("a key in the table: %d %s", a.StatusCode, a.body)
	}
	for name, a := range map[string]answer{
		"verify":              verify(h.root, unknown),
		"with its metadata":   h.send("POST", "/v1/verify", h.root, encode(api.VerifyRequest{Key: api.NewKey(keywright.NewSecret(known)), Keyspace: "default", Include: []string{"name"}})),
		"unknown service key": verify(unknownKey(h), known),
		"issue":               h.send("POST", "/v1/keys", h.root, `{}`),
		"list":                h.send("GET", "/v1/keys", h.root, ""),
		"revoke":              h.send("DELETE", "/v1/keys/"+id.String(), h.root, ""),
		"revoke-self":         h.send("POST", "/v1/revoke-self", "", encode(map[string]string{"key": unknown})),
	} {
		h.wantProblem(a, api.Unavailable)
		if a.Header.Get("Retry-After") == "" || strings.Contains(a.body, errDown.Error()) || strings.Contains(a.body, "valid\":") {
			t.Errorf("%s: %v %s", name, a.Header, a.body)
		}
	}
	a := h.send("POST", "/v1/verify/batch", h.root, encode(map[string]string{"key": unknown, "keyspace": "default"}), "Content-Type", api.MediaLines)
	var line api.VerifyLine
	if err := json.Unmarshal([]byte(a.body), &line); err != nil || line.Problem == nil || line.Problem.Code != api.Unavailable {
		t.Errorf("batch: %s", a.body)
	}
	a = h.send("POST", "/v1/keys", h.root, "{}\n{}\n", "Content-Type", api.MediaLines)
	var issued api.IssueLine
	if err := json.Unmarshal([]byte(a.body), &issued); err != nil || issued.Line != 1 || issued.Problem == nil || issued.Problem.Code != api.Unavailable {
		t.Errorf("stream: %s", a.body)
	}
	time.Sleep(readyFor)
	h.wantProblem(h.send("GET", "/readyz", "", ""), api.Unavailable)
	h.want(h.send("GET", "/livez", "", ""), 200, nil)
	if !strings.Contains(h.log.String(), errDown.Error()) {
		t.Error("the log does not say what is wrong")
	}
}

// unknownCustomer returns a well-formed key of the default keyspace that was never issued.
func unknownCustomer(t *testing.T) string {
	t.Helper()
	f, err := keywright.Preset(keywright.DefaultPreset)
	if err != nil {
		t.Fatal(err)
	}
	f.Prefix = "default"
	k, err := keywright.Generate(f)
	if err != nil {
		t.Fatal(err)
	}
	return k.Reveal()
}
