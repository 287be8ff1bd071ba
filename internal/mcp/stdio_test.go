// SPDX-License-Identifier: Apache-2.0

package mcp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/keywright/keywright/internal/mcp"
)

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

func networks(list ...string) (n []netip.Prefix) {
	for _, text := range list {
		n = append(n, netip.MustParsePrefix(text))
	}
	return n
}

const hello = `{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`

// TestLines answers garbage with errors and goes on, and answers everything before it ends.
func TestLines(t *testing.T) {
	in := strings.Join([]string{
		"garbage", "", hello, `{"jsonrpc":"2.0","method":"notifications/initialized"}`, "{}", "[" + listTools + "]", strings.Repeat("x", 5<<20),
		`{"jsonrpc":"2.0","id":2,"method":"no/such"}`, callOf("call_function", `{"slug":"hash-key","args":{"key":"x"}}`), "\xff\xfe",
		`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"generate_key","arguments":{"reveal":true,"count":100}}}`,
	}, "\n") // no newline at the end
	var out bytes.Buffer
	if err := mcp.Serve(context.Background(), strings.NewReader(in), &out, mcp.Options{}); err != nil {
		t.Fatal(err)
	}
	answers := map[string]int{}
	for line := range strings.Lines(out.String()) {
		var a struct {
			ID     any
			Error  *struct{ Code int }
			Result fields
		}
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		switch {
		case a.Error != nil:
			answers["error"]++
		case a.Result["isError"] == true:
			t.Errorf("refused: %s", line)
		default:
			answers["result"]++
		}
	}
	// An empty line is a message that is none, too.
	if answers["error"] != 7 || answers["result"] != 3 {
		t.Errorf("answers %v: %.2000s", answers, out.String())
	}
}

// TestEnds stops when the program that started it does.
func TestEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- mcp.Serve(ctx, forever{}, &bytes.Buffer{}, mcp.Options{}) }()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// forever is an input that never comes.
type forever struct{}

func (forever) Read([]byte) (int, error) { select {} }
