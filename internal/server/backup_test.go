// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/backup"
	"github.com/keywright/keywright/store/sqlite"
)

// TestBackup takes a backup over HTTP, restores it, and finds that nothing is judged over it.
func TestBackup(t *testing.T) {
	h := newHouse(t)
	key, _ := h.key(authority.IssueRequest{})
	a := h.send("GET", "/v1/backup", h.root, "")
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != api.MediaArchive || a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Content-Encoding") != "" {
		t.Fatalf("%d %v", a.StatusCode, a.Header)
	}
	restored, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer restored.Close()
	s, err := backup.Restore(t.Context(), restored, strings.NewReader(a.body), time.Now())
	if err != nil || s.Counts["record"] != 2 {
		t.Fatalf("%+v, %v", s, err)
	}
	over, err := authority.Open(t.Context(), authority.Options{Store: restored, Clock: time.Now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	defer over.Close()
	frozen := *h
	if frozen.server, err = New(Options{Authority: over}); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(frozen.server)
	defer web.Close()
	frozen.url = web.URL
	for name, a := range map[string]answer{
		"ready":       frozen.send("GET", "/readyz", "", ""),
		"verify":      frozen.send("POST", "/v1/verify", h.root, encode(map[string]string{"key": key, "keyspace": "default"})),
		"list":        frozen.send("GET", "/v1/keys", h.root, ""),
		"revoke-self": frozen.send("POST", "/v1/revoke-self", "", encode(map[string]string{"key": key})),
	} {
		if p := h.wantProblem(a, api.Unavailable); !strings.Contains(p.Hint, "keywright restore") {
			t.Errorf("%s: %+v", name, p)
		} else if name == "ready" && (len(p.Checks) != 5 || p.Checks[1].Name != "frozen" || p.Checks[1].OK || p.Checks[1].Reason == "") {
			t.Errorf("%s: %+v", name, p.Checks)
		}
	}
	h.want(frozen.send("GET", "/livez", "", ""), 200, nil)
}

// breaking is a store whose dump fails in the middle.
type breaking struct{ *sqlite.Store }

func (b breaking) Dump(ctx context.Context, visit func(any) error) error {
	n := 0
	return b.Store.Dump(ctx, func(v any) error {
		if n++; n > 2 {
			return errDown
		}
		return visit(v)
	})
}

// TestABackupThatBreaksIsNotWhole: the client sees the connection end, and who keeps what arrived cannot use it.
func TestABackupThatBreaksIsNotWhole(t *testing.T) {
	memory, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = memory.Close() })
	h := newHouseOver(t, breaking{memory})
	r, err := http.NewRequest("GET", h.url+"/v1/backup", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.root)
	var arrived []byte
	response, err := http.DefaultClient.Do(r)
	if err == nil {
		arrived, err = io.ReadAll(response.Body)
		_ = response.Body.Close()
	}
	if err == nil {
		t.Error("the client was told that the backup is whole")
	}
	if _, err := backup.Check(bytes.NewReader(arrived)); !errors.Is(err, backup.ErrArchive) {
		t.Errorf("what arrived is taken for a backup: %v", err)
	}
	if log := h.log.String(); !strings.Contains(log, "a backup ended early") {
		t.Errorf("the log says nothing: %s", log)
	}
}

// TestAuditWalk goes through what is done to the chain as a whole.
func TestAuditWalk(t *testing.T) {
	h := newHouse(t)
	h.key(authority.IssueRequest{Owner: "ann"})
	var p api.Checkpoint
	h.want(h.send("POST", "/v1/audit/checkpoints", h.root, ""), 201, &p)
	kept := encode(api.ChainRequest{Checkpoints: []api.Checkpoint{p}})
	chain := func(body string) (r api.ChainReport) {
		t.Helper()
		method := "GET"
		if body != "" {
			method = "POST"
		}
		h.want(h.send(method, "/v1/events/verify", h.root, body), 200, &r)
		return r
	}
	if r := chain(""); !r.Whole || r.Checkpoints != 1 || r.Events != p.Sequence+1 {
		t.Errorf("%+v", r)
	}
	wrong := p
	wrong.Hash[0]++
	if r := chain(encode(api.ChainRequest{Checkpoints: []api.Checkpoint{wrong}})); r.Whole || r.Broken == nil || r.Broken.Sequence != p.Sequence {
		t.Errorf("%+v", r)
	}
	var erased api.Erased
	h.want(h.send("POST", "/v1/audit/erase", h.root, `{"value":"ann","fields":["owner"]}`), 200, &erased)
	if erased != (api.Erased{Events: 1, Fields: 1}) {
		t.Errorf("%+v", erased)
	}
	if a := h.send("GET", "/v1/events?limit=1000", h.root, ""); strings.Contains(a.body, `"ann"`) {
		t.Error("the value is still there")
	}
	if strings.Contains(h.log.String(), `ann"`) {
		t.Error("the log holds the value")
	}
	h.wantProblem(h.send("POST", "/v1/audit/erase", h.root, `{}`), api.InvalidInput)
	h.wantProblem(h.send("POST", "/v1/audit/prune", h.root, `{"sequence":2}`), api.Conflict)
	var pruned api.Pruned
	h.want(h.send("POST", "/v1/audit/prune", h.root, encode(api.PruneRequest{Sequence: p.Sequence})), 200, &pruned)
	if pruned.Sequence != p.Sequence || pruned.Events != p.Sequence {
		t.Errorf("%+v", pruned)
	}
	var list api.CheckpointList
	h.want(h.send("GET", "/v1/audit/checkpoints", h.root, ""), 200, &list)
	if len(list.Checkpoints) != 1 || !list.Checkpoints[0].Pruned {
		t.Errorf("%+v", list)
	}
	if r := chain(kept); !r.Whole || r.From != p.Sequence || r.Checkpoints != 1 {
		t.Errorf("%+v", r)
	}
	bound := h.serviceKey(authority.Rules{Keyspaces: []string{"default"}}, authority.ScopeAuditWrite, authority.ScopeAudit, authority.ScopeBackup)
	for _, route := range []string{"GET /v1/backup", "GET /v1/audit/checkpoints", "POST /v1/audit/checkpoints", "GET /v1/events/verify"} {
		method, path, _ := strings.Cut(route, " ")
		h.wantProblem(h.send(method, path, bound, ""), api.AccessDenied)
	}
}
