// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeRequest sends the request that the README shows.
func TestReadmeRequest(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	body := regexp.MustCompile(`--json '(\{.*\})'`).FindStringSubmatch(string(text))
	want := regexp.MustCompile(`\n(\{"valid":true[^…]*)…`).FindStringSubmatch(string(text))
	if body == nil || want == nil {
		t.Fatal("the README shows no request")
	}
	w := newWorld(t)
	key, _, refused := overHTTP{w}.issue(t, fields{"scopes": []string{"invoices:read"}})
	var request fields
	if err := json.Unmarshal([]byte(body[1]), &request); err != nil || refused {
		t.Fatal(err)
	}
	request["key"] = key
	var answer json.RawMessage
	if (overHTTP{w}).send(t, http.MethodPost, "/v1/verify", request, &answer) {
		t.Fatal("it was refused")
	}
	if !strings.HasPrefix(string(answer), strings.TrimSuffix(want[1], "key_")) {
		t.Errorf("the answer is %s, the README says %s", answer, want[1])
	}
}
