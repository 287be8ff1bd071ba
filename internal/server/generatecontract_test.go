// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

// contract is testdata/generate-contract.json, which the worker at the edge is tested by too.
type contract struct {
	Reason  string         `json:"reason"`
	Origins []string       `json:"origins"` // whose pages may read the answers
	Cases   []contractCase `json:"cases"`
}

type contractCase struct {
	Method     string            `json:"method"` // POST, where it is not there
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
	BodyBase64 string            `json:"body_base64"` // what JSON cannot hold
	Fill       int               `json:"fill"`        // stands for the * of the body: so many x

	Status  int               `json:"status"`
	Key     string            `json:"key"`     // an expression that the key matches
	Code    string            `json:"code"`    // of an error
	Message string            `json:"message"` // of an error
	Answer  map[string]string `json:"answer"`  // headers; empty: not there
}

func readContract(t *testing.T) contract {
	t.Helper()
	text, err := os.ReadFile("../../testdata/generate-contract.json")
	if err != nil {
		t.Fatal(err)
	}
	var c contract
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil || len(c.Cases) < 50 {
		t.Fatalf("%d cases, %v", len(c.Cases), err)
	}
	return c
}

func (c *contractCase) body() string {
	if c.BodyBase64 != "" {
		b, _ := base64.StdEncoding.DecodeString(c.BodyBase64)
		return string(b)
	}
	if c.Fill == 0 {
		return c.Body
	}
	return strings.Replace(c.Body, "*", strings.Repeat("x", c.Fill), 1)
}

// TestGenerateContract sends each request of the table.
func TestGenerateContract(t *testing.T) {
	table := readContract(t)
	h := newHouse(t, func(o *Options) { o.GenerateOrigins = table.Origins })
	h.server.making = newLimiter(10_000, len(table.Cases))
	for i, c := range table.Cases {
		method := c.Method
		if method == "" {
			method = http.MethodPost
		}
		var headers []string
		for name, value := range c.Headers {
			headers = append(headers, name, value)
		}
		a := h.send(method, "/api/sec-api-key-generate", "", c.body(), headers...)
		if a.StatusCode != c.Status || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("case %d, %.80q: %d %s", i, c.Body, a.StatusCode, a.body)
		}
		for name, want := range c.Answer {
			if got := a.Header.Get(name); got != want {
				t.Errorf("case %d, %s: %q, want %q", i, name, got, want)
			}
		}
		c.judge(t, i, a.body)
	}
}

// judge compares the document that was answered.
func (c *contractCase) judge(t *testing.T, i int, body string) {
	t.Helper()
	if c.Status == http.StatusNoContent {
		if body != "" {
			t.Errorf("case %d: %s", i, body)
		}
		return
	}
	var got generated
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Errorf("case %d: %s", i, body)
		return
	}
	switch {
	case c.Key == "":
		if got.Success || got.Data != nil || got.Error == nil || got.Error.Code != c.Code || got.Error.Message != c.Message {
			t.Errorf("case %d, %.80q: %s, want %s", i, c.Body, body, c.Message)
		}
	case !got.Success || got.Error != nil || !regexp.MustCompile(c.Key).MatchString(got.Data.Key) || got.Data.Key != got.Data.Prefix+"_"+got.Data.Entropy:
		t.Errorf("case %d, %.80q: %s", i, c.Body, body)
	}
}
