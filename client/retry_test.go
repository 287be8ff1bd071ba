// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

const (
	valid  = `{"valid":true,"code":"VALID"}`
	canary = "acme_live_canary7Yk2mQ9xR4tB"
)

// answer is what a server on the other side of a bad network sends.
type answer struct {
	status int
	media  string
	body   string
	header [2]string
	hang   bool // sends nothing until the client gives up
	cut    bool // ends in the middle
}

// serve answers each request with the next of the answers, and then with the last again.
func serve(t *testing.T, answers ...answer) (*client.Client, *atomic.Int32) {
	t.Helper()
	var asked atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := answers[min(int(asked.Add(1)), len(answers))-1]
		_, _ = io.Copy(io.Discard, r.Body)
		if a.hang {
			<-r.Context().Done()
			return
		}
		if a.media == "" {
			a.media = api.MediaJSON
		}
		w.Header().Set("Content-Type", a.media)
		if a.header[0] != "" {
			w.Header().Set(a.header[0], a.header[1])
		}
		if a.cut {
			w.Header().Set("Content-Length", "1000")
		}
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
	}))
	t.Cleanup(s.Close)
	c, err := client.New(client.Options{URL: s.URL, ServiceKey: keywright.NewSecret("keywright_service"), Timeout: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return c, &asked
}

func problem(code api.Code) string {
	return fmt.Sprintf(`{"code":%q,"status":%d,"detail":"no","hint":"later"}`, code, code.Status())
}

func ask(c *client.Client) (keywright.Verdict, error) {
	return c.Verify(context.Background(), keywright.Ask{Key: keywright.NewSecret(canary), Keyspace: "acme"})
}

// TestVerifyNeverGuesses meets everything that can come back instead of a verdict: none of it is one.
func TestVerifyNeverGuesses(t *testing.T) {
	for name, a := range map[string]answer{
		"a proxy's page":            {status: 200, media: "text/html", body: "<html>" + valid},
		"nothing":                   {status: 200},
		"no code":                   {status: 200, body: `{"valid":true}`},
		"valid, and refused":        {status: 200, body: `{"valid":true,"code":"REVOKED"}`},
		"not valid, and VALID":      {status: 200, body: `{"valid":false,"code":"VALID"}`},
		"half an answer":            {status: 200, body: `{"valid":true,"code":"VAL`, cut: true},
		"too large an answer":       {status: 200, body: `{"valid":true,"code":"VALID","name":"` + strings.Repeat("x", 2<<20) + `"}`},
		"service key not valid":     {status: 401, media: api.MediaProblem, body: problem(api.Unauthenticated)},
		"not allowed":               {status: 403, media: api.MediaProblem, body: problem(api.AccessDenied)},
		"a mistake":                 {status: 500, media: api.MediaProblem, body: problem(api.Internal)},
		"no judgement":              {status: 503, media: api.MediaProblem, body: problem(api.Unavailable)},
		"a gateway without reasons": {status: 502, media: "text/plain", body: "bad gateway " + canary},
		"elsewhere":                 {status: 307, header: [2]string{"Location", "https://evil.example.com/"}},
		"silence":                   {hang: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, a)
			v, err := ask(c)
			if err == nil || v.Code != "" || v.Valid() {
				t.Errorf("%q, %v", v.Code, err)
			}
			if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, "canary") || strings.Contains(text, "keywright_service") {
				t.Errorf("the error holds a key: %s", text)
			}
		})
	}
}

// TestRetries counts requests: what is safe to repeat is repeated where that could help, and nothing else is.
func TestRetries(t *testing.T) {
	busy := answer{status: 503, media: api.MediaProblem, body: problem(api.Unavailable)}
	limited := answer{status: 429, media: api.MediaProblem, body: problem(api.TooManyRequests), header: [2]string{"Retry-After", "0"}}
	muchLater := answer{status: 503, media: api.MediaProblem, body: problem(api.Unavailable), header: [2]string{"Retry-After", "3600"}}
	denied := answer{status: 403, media: api.MediaProblem, body: problem(api.AccessDenied)}
	ok := answer{status: 200, body: valid}
	issued := answer{status: 201, body: `{"record":{}}`}
	issue := func(key string) func(*client.Client) error {
		return func(c *client.Client) error {
			_, err := c.Issue(context.Background(), api.IssueRequest{}, key)
			return err
		}
	}
	verify := func(c *client.Client) error { _, err := ask(c); return err }
	dry := func(c *client.Client) error {
		_, err := c.Verify(context.Background(), keywright.Ask{Key: keywright.NewSecret(canary), Keyspace: "acme", DryRun: true})
		return err
	}
	get := func(c *client.Client) error { _, err := c.Get(context.Background(), keywright.KeyID{1}); return err }
	gateway := answer{status: 504, media: "text/plain", body: "gateway timeout"}
	for _, test := range []struct {
		name    string
		answers []answer
		do      func(*client.Client) error
		asked   int32
		fails   bool
	}{
		{"comes back", []answer{busy, limited, ok}, verify, 3, false},
		{"stays away", []answer{busy}, verify, 3, true},
		{"cut off: it has spent", []answer{{status: 200, body: "{", cut: true}, ok}, verify, 1, true},
		{"cut off, in a dry run", []answer{{status: 200, body: "{", cut: true}, ok}, dry, 2, false},
		{"cut off, of a read", []answer{{status: 200, body: "{", cut: true}, {status: 200, body: "{}"}}, get, 2, false},
		{"silent once: it spends at most twice", []answer{{hang: true}, ok}, verify, 2, false},
		{"silent twice: it may have spent twice", []answer{{hang: true}, {hang: true}, ok}, verify, 2, true},
		{"silent twice, in a dry run", []answer{{hang: true}, {hang: true}, ok}, dry, 3, false},
		{"a gateway that lost it twice", []answer{gateway, gateway, ok}, verify, 2, true},
		{"lost, then nothing judged", []answer{gateway, busy, ok}, verify, 3, false},
		{"asks to come much later", []answer{muchLater, ok}, verify, 1, true},
		{"denied", []answer{denied, ok}, verify, 1, true},
		{"a second key might be made", []answer{busy, issued}, issue(""), 1, true},
		{"the same key for sure", []answer{busy, issued}, issue("6f1c"), 2, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, asked := serve(t, test.answers...)
			if err := test.do(c); err != nil != test.fails || asked.Load() != test.asked {
				t.Errorf("%d requests, %v; want %d", asked.Load(), err, test.asked)
			}
		})
	}
}

// TestRetriesUnreachable asks again where nobody listens yet.
func TestRetriesUnreachable(t *testing.T) {
	t.Parallel()
	for range 5 {
		if err, ok := retryUntilSomebodyListens(t); ok {
			if err != nil {
				t.Errorf("%v", err)
			}
			return
		}
	}
	t.Fatal("somebody else took the port each time")
}

// retryUntilSomebodyListens asks at a port that nobody has, and takes it after several attempts, unless another process has
// it by then.
func retryUntilSomebodyListens(t *testing.T) (failure error, ok bool) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	c, err := client.New(client.Options{URL: "http://" + address, Retries: 8})
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() { _, err := ask(c); failed <- err }()
	time.Sleep(300 * time.Millisecond) // several attempts have found nobody
	if l, err = net.Listen("tcp", address); err != nil {
		return nil, false
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", api.MediaJSON)
		_, _ = io.WriteString(w, valid)
	})}
	defer s.Close()
	go func() { _ = s.Serve(l) }()
	return <-failed, true
}

// TestRetriesEndWithTheContext gives up in the middle of a pause, with what went wrong.
func TestRetriesEndWithTheContext(t *testing.T) {
	t.Parallel()
	c, asked := serve(t, answer{status: 503, media: api.MediaProblem, body: problem(api.Unavailable), header: [2]string{"Retry-After", "9"}}, answer{status: 200, body: valid})
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := c.Verify(ctx, keywright.Ask{Key: keywright.NewSecret(canary), Keyspace: "acme"})
	var p *api.Problem
	if !errors.As(err, &p) || p.Code != api.Unavailable || asked.Load() != 1 || time.Since(start) > 5*time.Second {
		t.Errorf("%d requests, after %s: %v", asked.Load(), time.Since(start), err)
	}
}

// TestRetryAfter waits as long as the server asks for.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, answer{status: 503, media: api.MediaProblem, body: problem(api.Unavailable), header: [2]string{"Retry-After", "1"}}, answer{status: 200, body: valid})
	start := time.Now()
	if _, err := ask(c); err != nil || time.Since(start) < time.Second {
		t.Errorf("after %s: %v", time.Since(start), err)
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(client.Options{URL: url, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	_, err = ask(c)
	var transport *client.TransportError
	if !errors.As(err, &transport) || transport.URL != url {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err = c.Verify(ctx, keywright.Ask{Key: keywright.NewSecret(canary)}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestStreamCut ends a stream before all lines are answered.
func TestStreamCut(t *testing.T) {
	c, _ := serve(t, answer{status: 200, media: api.MediaLines, body: valid + "\n"})
	asks := func(yield func(keywright.Ask) bool) {
		for range 3 {
			if !yield(keywright.Ask{Key: keywright.NewSecret(canary)}) {
				return
			}
		}
	}
	verdicts := 0
	err := c.VerifyMany(context.Background(), asks, func(keywright.Verdict, error) error { verdicts++; return nil })
	var transport *client.TransportError
	if !errors.As(err, &transport) || verdicts != 1 {
		t.Errorf("%d verdicts, %v", verdicts, err)
	}
}
