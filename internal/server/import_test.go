// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// send imports a body and returns the lines of the answer.
func (h *house) importBody(t *testing.T, query, media, body string) (outcomes map[int]api.ImportOutcome, end api.ImportEnd) {
	t.Helper()
	a := h.send("POST", "/v1/keys/import?"+query, h.root, body, "Content-Type", media)
	if a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	outcomes = map[int]api.ImportOutcome{}
	ended := false
	for text := range strings.Lines(a.body) {
		var line api.ImportAnswer
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		switch {
		case line.End != nil:
			end, ended = *line.End, true
		case line.ImportOutcome != nil:
			outcomes[line.Line] = *line.ImportOutcome
		case line.Progress == nil:
			t.Errorf("a line of nothing: %s", text)
		}
	}
	if !ended {
		t.Fatalf("the answer has no end: %s", a.body)
	}
	return outcomes, end
}

func hashOf(text string) string { return keywright.HashText(text).String() }

func TestImportReportsEveryLineThatWasRefused(t *testing.T) {
	h := newHouse(t)
	h.opaque(t)
	body := strings.Join([]string{
		`{"name":"one","hash":"` + hashOf("the first key of all") + `"}`,
		``,
		`{"name":"two","hash":"sk_live_this_is_a_key_and_no_hash"}`,
		`not json`,
		`{"nome":"three","hash":"` + hashOf("x") + `"}`,
		strings.Repeat("x", 10<<20),
		`{"name":"seven","key":"a key that is there itself","scopes":["a:b"],"expires_at":"2020-01-01T00:00:00Z"}`,
		`{"name":"eight","hash":"` + hashOf("the first key of all") + `"}`,
		`{"name":"nine","hash":"` + hashOf("covered") + `","covers":"moon"}`,
	}, "\n")
	outcomes, end := h.importBody(t, "keyspace=opaque&all=true", api.MediaLines, body)
	want := map[int]string{1: "accepted", 3: "refused", 4: "refused", 5: "refused", 6: "refused", 7: "accepted", 8: "refused", 9: "refused"}
	for line, outcome := range want {
		if outcomes[line].Outcome != outcome {
			t.Errorf("line %d was %q: %v", line, outcomes[line].Outcome, outcomes[line].Problem)
		}
		if (outcome == "refused") != (outcomes[line].Problem != nil) {
			t.Errorf("line %d: problem %v", line, outcomes[line].Problem)
		}
	}
	if end.Lines != 8 || end.Accepted != 2 || end.Refused != 6 || len(outcomes) != 8 {
		t.Errorf("the end is %+v, of %d outcomes", end, len(outcomes))
	}
	if p := outcomes[8].Problem; !strings.Contains(p.Detail, "line 1") {
		t.Errorf("it does not name the line: %+v", p)
	}
	if strings.Contains(fmt.Sprintf("%+v", outcomes[3].Problem), "sk_live") {
		t.Error("a problem repeats what was sent")
	}
	if v := h.judge(t, "opaque", "a key that is there itself"); v.Code != keywright.Expired {
		t.Error(v.Code)
	}
	if v := h.judge(t, "opaque", "the first key of all"); !v.Valid() {
		t.Error(v.Code)
	}
	outcomes, end = h.importBody(t, "keyspace=opaque", api.MediaLines, body)
	if end.Skipped != 2 || end.Accepted != 0 || len(outcomes) != 6 {
		t.Errorf("the second time: %+v, %d outcomes", end, len(outcomes))
	}
}

func (h *house) opaque(t *testing.T) {
	t.Helper()
	f, err := keywright.Preset("opaque")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.authority.CreateKeyspace(context.Background(), h.operator(), authority.KeyspaceRequest{Name: "opaque", Formats: []keywright.Format{f}, Environments: []string{}}); err != nil {
		t.Fatal(err)
	}
}

func (h *house) judge(t *testing.T, keyspace, key string) keywright.Verdict {
	t.Helper()
	v, err := h.authority.Verify(context.Background(), keywright.Ask{Key: keywright.NewSecret(key), Keyspace: keyspace, DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestImportReadsTables(t *testing.T) {
	h := newHouse(t)
	h.opaque(t)
	body := "\ufeffname,hash,scopes,owner,metadata,expires_at,disabled\r\n" +
		`ci,` + hashOf("a key of the first row") + `,"a:b, c:d",team_7,"{""plan"":""pro""}",2040-01-31 12:00:00,f` + "\r\n" +
		`"'=1+1",` + hashOf("a key of the second row") + `,,,,,true` + "\n" +
		`too,few` + "\n" +
		`"open,` + hashOf("x") + `,,,,,` + "\n" +
		`closed",` + hashOf("a key of the fifth row") + `,,,,,` + "\n" +
		`bad,` + hashOf("y") + `,,,,tomorrow,` + "\n"
	outcomes, end := h.importBody(t, "keyspace=opaque&all=true", api.MediaCSV, body)
	for line, want := range map[int]string{2: "accepted", 3: "accepted", 4: "refused", 6: "refused", 7: "refused"} {
		if outcomes[line].Outcome != want {
			t.Errorf("line %d: %q, %v", line, outcomes[line].Outcome, outcomes[line].Problem)
		}
	}
	if end.Lines != 5 || end.Accepted != 2 {
		t.Errorf("%+v", end)
	}
	r, err := h.authority.Get(context.Background(), h.operator(), outcomes[2].ID)
	if err != nil || r.Name != "ci" || len(r.Scopes) != 2 || string(r.Metadata) != `{"plan":"pro"}` || r.Expires.Year() != 2040 || r.Disabled {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := h.authority.Get(context.Background(), h.operator(), outcomes[3].ID); err != nil || r.Name != "=1+1" || !r.Disabled {
		t.Errorf("%+v, %v", r, err)
	}
	a := h.send("POST", "/v1/keys/import?keyspace=opaque", h.root, "name,colour\nx,y\n", "Content-Type", api.MediaCSV)
	if !strings.Contains(a.body, "no field") {
		t.Errorf("a table with an unknown column: %s", a.body)
	}
}

func TestWhatIsExportedOverHTTPCanBeImported(t *testing.T) {
	for _, form := range []string{"ndjson", "csv"} {
		t.Run(form, func(t *testing.T) {
			h := newHouse(t)
			ctx := context.Background()
			keys := map[string]keywright.KeyID{}
			add := func(q authority.IssueRequest) authority.Issued {
				i, err := h.authority.Issue(ctx, h.operator(), q)
				if err != nil {
					t.Fatal(err)
				}
				keys[i.Key.Reveal()] = i.Record.ID
				return i
			}
			add(authority.IssueRequest{Name: "=HYPERLINK(\"x\")", Owner: "-1", Scopes: []string{"a:*", "b:c"}, Metadata: []byte(`{"a":"b,\"c\"\n"}`)})
			parent := add(authority.IssueRequest{
				Name: "'quoted", Scopes: []string{"a:b"}, Limits: []authority.Limit{{Name: "r", Limit: 5, Window: 1e9, Auto: true}},
				Credits: &authority.CreditsRequest{Remaining: 9},
			})
			child, err := h.authority.IssueChild(ctx, h.operator(), parent.Record.ID, authority.IssueRequest{Scopes: []string{"a:b"}})
			if err != nil {
				t.Fatal(err)
			}
			keys[child.Key.Reveal()] = child.Record.ID
			rotated := add(authority.IssueRequest{})
			again, err := h.authority.Rotate(ctx, h.operator(), rotated.Record.ID, authority.RotateRequest{})
			if err != nil {
				t.Fatal(err)
			}
			keys[again.Key.Reveal()] = again.Record.ID

			without := h.send("GET", "/v1/keys/export?format="+form, h.root, "")
			taken := h.send("GET", "/v1/keys/export?hashes=true&format="+form, h.root, "")
			for key := range keys {
				if hash := hashOf(key); strings.Contains(without.body, hash) || !strings.Contains(taken.body, hash) {
					t.Error("hashes are where they should not be, or not where they should")
				}
			}
			to := newHouse(t)
			media := api.MediaLines
			if form == "csv" {
				media = api.MediaCSV
			}
			outcomes, end := to.importBody(t, "", media, taken.body)
			if end.Accepted != 4 || end.Refused != 0 {
				t.Fatalf("%+v, %+v", end, outcomes)
			}
			for key, id := range keys {
				if v := to.judge(t, "default", key); !v.Valid() || v.KeyID != id {
					t.Errorf("%+v", v)
				}
			}
			if back := to.send("GET", "/v1/keys/export?hashes=true&format="+form, to.root, ""); back.body != taken.body {
				t.Errorf("exported again it is\n%s\nwhere it was\n%s", back.body, taken.body)
			}
			lacking := h.serviceKey(authority.Rules{}, "keys:export")
			h.wantProblem(h.send("GET", "/v1/keys/export?hashes=true", lacking, ""), api.AccessDenied)
		})
	}
}

// TestAnEndlessLineTakesNoMemory sends a line of 200 MB.
func TestAnEndlessLineTakesNoMemory(t *testing.T) {
	h := newHouse(t)
	h.opaque(t)
	last := "\n" + `{"hash":"` + hashOf("behind it all") + `"}` + "\n"
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	request, err := http.NewRequest("POST", h.url+"/v1/keys/import?keyspace=opaque&all=true",
		io.MultiReader(io.LimitReader(repeated('x'), 200<<20), strings.NewReader(last)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+h.root)
	request.Header.Set("Content-Type", api.MediaLines)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	runtime.ReadMemStats(&after)
	if err != nil || bytes.Count(text, []byte(`"outcome"`)) != 2 || !bytes.Contains(text, []byte(`"accepted":1`)) {
		t.Errorf("%s, %v", text, err)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
		t.Errorf("it took %d MB", grown>>20)
	}
}

type repeated byte

func (r repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

func TestPeppersOverHTTP(t *testing.T) {
	h := newHouse(t)
	a := h.send("POST", "/v1/peppers", h.root, `{"name":"theirs","bytes":"dGhpcnR5LXR3byBieXRlcyBvZiBwZXBwZXI="}`)
	if a.StatusCode != http.StatusCreated || strings.Contains(a.body, "dGhp") {
		t.Fatal(a.StatusCode, a.body)
	}
	h.wantProblem(h.send("POST", "/v1/peppers", h.root, `{"name":"theirs"}`), api.Conflict)
	h.wantProblem(h.send("POST", "/v1/peppers", h.root, `{"name":"x","bytes":"%"}`), api.InvalidInput)
	if a := h.send("PATCH", "/v1/keyspaces/default", h.root, `{"policy":{"pepper":"theirs"}}`); a.StatusCode != http.StatusOK {
		t.Fatal(a.body)
	}
	key, _ := h.key(authority.IssueRequest{})
	if v := h.judge(t, "default", key); !v.Valid() {
		t.Error(v.Code)
	}
	if a := h.send("GET", "/v1/peppers", h.root, ""); !strings.Contains(a.body, `"keyspaces":["default"]`) {
		t.Error(a.body)
	}
	h.wantProblem(h.send("DELETE", "/v1/peppers/theirs", h.root, ""), api.Conflict)
	h.wantProblem(h.send("GET", "/v1/peppers", h.serviceKey(authority.Rules{}, "keyspaces:write"), ""), api.AccessDenied)
}
