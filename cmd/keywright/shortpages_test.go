// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// keywright list goes on over pages that are short or empty although there are more.
func TestListOverShortPages(t *testing.T) {
	const key = `{"id":"key_0DFUqXqVeEpK4nSQhDZ0m%s","keyspace":"default","name":"%s","state":"active"}`
	pages := map[string]string{
		"":       `{"keys":[],"next_cursor":"second"}`,
		"second": fmt.Sprintf(`{"keys":[`+key+`],"next_cursor":"third"}`, "R", "one"),
		"third":  `{"keys":[],"next_cursor":"fourth"}`,
		"fourth": fmt.Sprintf(`{"keys":[`+key+`]}`, "S", "two"),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if sort := r.URL.Query().Get("sort"); sort != "oldest" {
			t.Errorf("sort is %q", sort)
		}
		_, _ = io.WriteString(w, pages[r.URL.Query().Get("cursor")])
	}))
	defer server.Close()
	var stdout, stderr bytes.Buffer
	env := []string{"KEYWRIGHT_CONFIG_DIR=" + t.TempDir(), "KEYWRIGHT_URL=" + server.URL, "KEYWRIGHT_SERVICE_KEY=keywright_live_x"}
	args := []string{"list", "--sort", "oldest", "--limit", "2", "--output", "csv"}
	code := new(Program).Run(t.Context(), args, strings.NewReader(""), &stdout, &stderr, env)
	if out := stdout.String(); code != 0 || strings.Count(out, "\n") != 3 || !strings.Contains(out, ",one,") || !strings.Contains(out, ",two,") {
		t.Errorf("exit %d, %s%s", code, out, stderr.String())
	}
}
