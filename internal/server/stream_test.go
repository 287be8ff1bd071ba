// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
)

// TestIssueStream issues more than one chunk, with bad lines at its edges and in between.
func TestIssueStream(t *testing.T) {
	h := newHouse(t)
	const n = 2500
	bad := map[int]api.Code{1: api.InvalidInput, 2: api.InvalidInput, 7: api.InvalidInput, 999: api.TooLarge, 1000: api.InvalidInput, 1500: api.NotFound, n: api.InvalidInput}
	var body strings.Builder
	for i := 1; i <= n; i++ {
		switch bad[i] {
		case "":
			fmt.Fprintf(&body, "{\"name\":\"n%d\"}\n", i)
		case api.TooLarge:
			body.WriteString(`{"name":"` + strings.Repeat("x", 2<<20) + "\"}\n")
		case api.NotFound:
			body.WriteString("{\"keyspace\":\"nowhere\"}\n")
		default:
			body.WriteString("{\"nam\":1}\n")
		}
	}
	a := h.send("POST", "/v1/keys", h.root, body.String(), "Content-Type", api.MediaLines)
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != api.MediaLines {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	i := 0
	for text := range strings.Lines(a.body) {
		i++
		var line api.IssueLine
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		switch {
		case line.Line != i:
			t.Fatalf("line %d answers %d", i, line.Line)
		case bad[i] != "":
			if line.Problem == nil || line.Problem.Code != bad[i] || line.IssueResponse != nil {
				t.Errorf("line %d: %s", i, text)
			}
		case line.Problem != nil || line.Record.Name != fmt.Sprintf("n%d", i):
			t.Fatalf("line %d: %s", i, text)
		case i%500 == 3:
			v, err := h.authority.Verify(t.Context(), keywright.Ask{Key: line.Key.Secret, Keyspace: "default"})
			if err != nil || v.KeyID != line.Record.ID || !v.Valid() {
				t.Errorf("line %d: %v %v", i, v.Code, err)
			}
		}
	}
	if i != n {
		t.Errorf("%d answers, want %d", i, n)
	}
}

// TestIssueStreamAnswersAtOnce gives an answer before the next line is sent.
func TestIssueStreamAnswersAtOnce(t *testing.T) {
	h := newHouse(t)
	lines := newPipe()
	r, _ := http.NewRequest("POST", h.url+"/v1/keys", lines)
	r.Header.Set("Authorization", "Bearer "+h.root)
	r.Header.Set("Content-Type", api.MediaLines)
	go lines.say("{}\n")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	d := json.NewDecoder(response.Body)
	for i := 1; i <= 3; i++ {
		var line api.IssueLine
		if err := d.Decode(&line); err != nil || line.Line != i || line.IssueResponse == nil {
			t.Fatalf("%+v %v", line, err)
		}
		if i < 3 {
			go lines.say("{}\n")
		} else {
			lines.end()
		}
	}
}

// TestStreamStalls lets a client go that does not send its next line: what it sent is done and answered.
func TestStreamStalls(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.ReadTimeout = 200 * time.Millisecond })
	address, _ := h.run()
	for path, want := range map[string]string{"/v1/keys": `"record"`, "/v1/verify/batch": `"MALFORMED"`} {
		got := raw(t, address, "POST "+path+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+h.root+"\r\nContent-Type: application/x-ndjson\r\n"+
			"Content-Length: 1000\r\n\r\n"+bodies["POST "+path]+"\n", 0)
		if !strings.HasPrefix(got, "HTTP/1.1 200 ") || !strings.Contains(got, "Connection: close\r\n") || !strings.Contains(got, want) || !strings.Contains(got, `"too_slow"`) {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// TestIssueStreamIsRefused by line where the caller may not, and as a whole without a scope.
func TestIssueStreamIsRefused(t *testing.T) {
	h := newHouse(t)
	bound := h.serviceKey(authority.Rules{Keyspaces: []string{"default"}}, "keys:issue")
	a := h.send("POST", "/v1/keys", bound, "{}\n{\"keyspace\":\"keywright\",\"scopes\":[\"*\"]}\n{}", "Content-Type", api.MediaLines)
	var codes []string
	for text := range strings.Lines(a.body) {
		var line api.IssueLine
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		code := api.Code("issued")
		if line.Problem != nil {
			code = line.Problem.Code
		}
		codes = append(codes, string(code))
	}
	if got := strings.Join(codes, " "); got != "issued access_denied issued" {
		t.Errorf("got %s", got)
	}
	h.wantProblem(h.send("POST", "/v1/keys", h.serviceKey(authority.Rules{}, "keys:read"), "{}\n", "Content-Type", api.MediaLines), api.AccessDenied)
}
