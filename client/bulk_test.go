// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/client"
)

func TestRotateAndBulk(t *testing.T) {
	c, _ := start(t)
	ask := func(key api.Key) keywright.Verdict {
		t.Helper()
		v, err := c.Verify(t.Context(), keywright.Ask{Key: key.Secret, Keyspace: "default"})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	old, err := c.Issue(t.Context(), api.IssueRequest{Owner: "team_7", Scopes: []string{"keywright:children"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	id := old.Record.ID
	r, err := c.Rotate(t.Context(), id, api.RotateRequest{}, "once")
	if err != nil || r.PreviousEndsAt.IsZero() || !ask(old.Key).Previous || ask(r.Key).Previous {
		t.Fatalf("%+v %v", r, err)
	}
	again, err := c.Rotate(t.Context(), id, api.RotateRequest{}, "once")
	if err != nil || !again.Repeated || !again.Key.IsZero() {
		t.Errorf("a repeat: %+v %v", again, err)
	}
	if _, err := c.EndGrace(t.Context(), id, false); err == nil {
		t.Error("the grace of a secret that is used was ended")
	}
	if record, err := c.EndGrace(t.Context(), id, true); err != nil || record.ID != id || ask(old.Key).Code != keywright.Expired {
		t.Errorf("%+v %v", record, err)
	}
	child, err := c.IssueChild(t.Context(), id, api.IssueRequest{}, "")
	if err != nil || child.Record.Parent != id || child.Record.Owner != "team_7" {
		t.Errorf("%+v %v", child, err)
	}
	if page, err := c.List(t.Context(), client.KeyQuery{Parent: id}); err != nil || len(page.Keys) != 1 {
		t.Errorf("%+v %v", page, err)
	}
	stop := errors.New("stop")
	q := api.BulkRequest{Filter: api.Filter{Owner: "team_7"}, Verb: api.BulkRevoke, DryRun: true}
	if _, err := c.Bulk(t.Context(), q, func(api.BulkResult) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("it goes on after an error: %v", err)
	}
	q.DryRun = false
	end, err := c.Bulk(t.Context(), q, func(r api.BulkResult) error {
		if !r.Done {
			t.Errorf("%+v", r)
		}
		return nil
	})
	if err != nil || end.Done != 2 || ask(r.Key).Code != keywright.Revoked {
		t.Errorf("%+v %v", end, err)
	}
	var p *api.Problem
	if _, err := c.Bulk(t.Context(), api.BulkRequest{Verb: api.BulkRevoke}, nil); !errors.As(err, &p) || p.Code != api.InvalidInput {
		t.Errorf("without a filter: %v", err)
	}
}

// TestBulkKnowsItsEnd takes no answer for whole that does not end as it should.
func TestBulkKnowsItsEnd(t *testing.T) {
	const result = `{"id":"key_0DFUqXqVeEpK4nSQhDZ0mR","state":"revoked","done":true}` + "\n"
	for answer, want := range map[string]func(error) bool{
		result + `{"end":{"count":1,"done":1,"failed":0}}` + "\n": func(err error) bool { return err == nil },
		result: func(err error) bool {
			var t *client.TransportError
			return errors.As(err, &t) && errors.Is(err, io.ErrUnexpectedEOF)
		},
		"": func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) },
		result + `{"end":{"count":1,"done":1,"failed":0,"problem":{"code":"unavailable","detail":"the store did not answer"}}}`: func(err error) bool {
			var p *api.Problem
			return errors.As(err, &p) && p.Code == api.Unavailable
		},
		"{}\n":      func(err error) bool { return err != nil },
		"nothing\n": func(err error) bool { return err != nil },
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", api.MediaLines)
			fmt.Fprint(w, answer)
		}))
		_, err := with(t, s.URL, keywright.NewSecret("x")).Bulk(t.Context(), api.BulkRequest{}, func(api.BulkResult) error { return nil })
		if !want(err) {
			t.Errorf("%q: %v", answer, err)
		}
		s.Close()
	}
}
