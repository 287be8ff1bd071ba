// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"slices"
	"testing"

	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/client"
)

// A key, and SHA-256 and bcrypt of its secret.
const (
	seamOfMyapp = "myapp_BRTRKFsL_51FwqftsmMDHHbJAMEXXHCgG"
	seamHash    = "d70d981d87b449c107327c2a2afbf00d4b58070d6ba571aac35d7ea3e7c79f37"
	seamBcrypt  = "$2a$04$IfqqxjpPGoMwZqHTiktmLeI6P/KPbHyIXIjp5is6Hwh305zkKRbii"
)

// seamLine is a line of an import of that key, with an id so that the next step can name it.
func seamLine(hash string, more fields) fields {
	line := fields{"keyspace": "myapp", "id": "key_032aNH1BpAPmYzfcWxLBxj", "name": "theirs", "public_id": "BRTRKFsL", "hash": hash}
	for name, value := range more {
		line[name] = value
	}
	return line
}

// moves are the scenarios of keys that come from elsewhere, and go there.
var moves = []scenario{
	{"imported by its hash", []step{
		{do: "import", key: "seam", with: seamLine(seamHash, nil), want: "accepted"},
		{do: "verify", key: "seam", with: fields{"keyspace": "myapp"}, want: "VALID"},
		{do: "verify", key: "moved", with: fields{"keyspace": "myapp"}, want: "NOT_FOUND"},
		{do: "import", key: "seam", with: seamLine(seamHash, nil), want: "skipped"},
		{do: "import", key: "seam", with: seamLine(seamHash[1:], nil), want: "refused"},
		{do: "export", want: "1 with 0 hashes"},
		{do: "export", with: fields{"hashes": true}, want: "1 with 1 hashes"},
		{do: "revoke", key: "seam"},
		{do: "import", key: "seam", with: seamLine(seamHash, nil), want: "skipped"}, // it was changed here
		{do: "verify", key: "seam", with: fields{"keyspace": "myapp"}, want: "REVOKED"},
	}, []string{"key.import", "key.export", "key.export", "key.revoke"}},
	{"imported by bcrypt", []step{
		{do: "import", key: "seam", with: seamLine(seamBcrypt, nil), want: "accepted"},
		{do: "verify", key: "evil", with: fields{"keyspace": "myapp"}, want: "MALFORMED"},
		{do: "verify", key: "seam", with: fields{"keyspace": "myapp", "scopes": []string{"a:b"}}, want: "INSUFFICIENT_SCOPE"},
		{do: "verify", key: "seam", with: fields{"keyspace": "myapp"}, want: "VALID"},
		{do: "verify", key: "seam", with: fields{"keyspace": "myapp"}, want: "VALID"},
		{do: "import", key: "seam", with: seamLine(seamBcrypt, nil), want: "skipped"},
		{do: "revoke", key: "seam"},
		{do: "verify", key: "seam", with: fields{"keyspace": "myapp"}, want: "REVOKED"},
	}, []string{"key.import", "key.rehash", "key.revoke"}},
	{"revoked before its import", []step{
		{do: "import", key: "seam", with: seamLine(seamHash, fields{"revoked_at": "2026-01-02T03:04:05Z", "revoke_reason": "left"}), want: "accepted"},
		{do: "verify", key: "seam", with: fields{"keyspace": "myapp"}, want: "REVOKED"},
		{do: "enable", key: "seam", want: "refused"},
		{do: "verify", key: "seam", with: fields{"keyspace": "myapp"}, want: "REVOKED"},
	}, []string{"key.import"}},
}

func (d inProcess) bring(t *testing.T, l api.ImportLine) string {
	t.Helper()
	q := authority.ImportRequest{
		IssueRequest: authority.IssueRequest{Keyspace: l.Keyspace, Name: l.Name}, ID: l.ID, Revoked: l.RevokedAt, Reason: l.RevokeReason,
		Secrets: []authority.ImportSecret{{Hash: l.Hash, PublicID: l.PublicID}},
	}
	outcome := ""
	lines := iter.Seq2[authority.ImportRequest, error](func(yield func(authority.ImportRequest, error) bool) { yield(q, nil) })
	_, err := d.authority.ImportMany(context.Background(), operator, authority.ImportOptions{Keyspace: l.Keyspace}, lines, func(r []authority.ImportResult) error {
		outcome = string(r[0].Outcome)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}

func (d inProcess) export(t *testing.T, keyspace string, hashes bool) (records, shown int) {
	t.Helper()
	err := d.authority.Export(context.Background(), operator, authority.Filter{Keyspace: keyspace, All: true}, hashes, func(e *authority.Exported) error {
		records++
		for _, s := range e.Record.Secrets {
			shown += count(!s.Hash.IsZero())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return records, shown
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// exchange sends a body of one line and returns the answer.
func (d overHTTP) exchange(t *testing.T, method, path string, body []byte) []byte {
	t.Helper()
	r, err := http.NewRequest(method, d.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+d.service.Reveal())
	r.Header.Set("Content-Type", "application/x-ndjson")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s %v", method, path, response.Status, err)
	}
	return text
}

func lineOf(t *testing.T, l api.ImportLine) []byte {
	t.Helper()
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

func (d overHTTP) bring(t *testing.T, l api.ImportLine) string {
	t.Helper()
	var answer struct{ Outcome string }
	text := d.exchange(t, "POST", "/v1/keys/import?all=true&keyspace="+l.Keyspace, lineOf(t, l))
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer.Outcome
}

func (d overHTTP) export(t *testing.T, keyspace string, hashes bool) (records, shown int) {
	t.Helper()
	path := "/v1/keys/export?keyspace=" + keyspace
	if hashes {
		path += "&hashes=true"
	}
	return exported(t, d.exchange(t, "GET", path, nil))
}

// exported counts the records of an export, and the hashes that it shows.
func exported(t *testing.T, text []byte) (records, shown int) {
	t.Helper()
	for d := json.NewDecoder(bytes.NewReader(text)); ; records++ {
		var l api.ImportLine
		if err := d.Decode(&l); err == io.EOF {
			return records, shown
		} else if err != nil {
			t.Fatal(err)
		}
		for _, s := range l.AllSecrets() {
			shown += count(s.Hash != "")
		}
	}
}

func (d byClient) bring(t *testing.T, l api.ImportLine) (outcome string) {
	t.Helper()
	q := client.ImportQuery{Keyspace: l.Keyspace, All: true}
	_, err := d.client(t).ImportMany(context.Background(), q, slices.Values([]api.ImportLine{l}), func(a api.ImportAnswer) error {
		if a.ImportOutcome != nil {
			outcome = a.Outcome
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}

func (d byClient) export(t *testing.T, keyspace string, hashes bool) (records, shown int) {
	t.Helper()
	var text bytes.Buffer
	if err := d.client(t).Export(context.Background(), client.ExportQuery{Keyspace: keyspace, Hashes: hashes}, &text); err != nil {
		t.Fatal(err)
	}
	return exported(t, text.Bytes())
}

func (d typed) bring(t *testing.T, l api.ImportLine) string {
	t.Helper()
	out, exit := d.run(t, string(lineOf(t, l)), nil, "import", "-", "--input", "ndjson", "--keyspace", l.Keyspace, "--output", "json")
	var end api.ImportEnd
	if err := json.Unmarshal([]byte(out), &end); err != nil || (exit == 1) != (end.Refused > 0) {
		t.Fatalf("exit %d, %v: %s", exit, err, out)
	}
	switch end.ImportTotals {
	case api.ImportTotals{Lines: 1, Accepted: 1}:
		return api.ImportAccepted
	case api.ImportTotals{Lines: 1, Skipped: 1}:
		return api.ImportSkipped
	}
	return api.ImportRefused
}

func (d typed) export(t *testing.T, keyspace string, hashes bool) (records, shown int) {
	t.Helper()
	args := []string{"export", "--keyspace", keyspace}
	if hashes {
		args = append(args, "--hashes")
	}
	out, exit := d.run(t, "", nil, args...)
	if exit != 0 {
		t.Fatalf("exit %d: %s", exit, out)
	}
	return exported(t, []byte(out))
}
