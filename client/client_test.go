// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/server"
	"github.com/keywright/keywright/store/sqlite"
)

// start runs a server over a store in memory and returns a client that may do everything, and the server.
func start(t *testing.T) (*client.Client, *httptest.Server) {
	t.Helper()
	store, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := authority.NewSealer(make([]byte, authority.RootKeyBytes), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a, err := authority.Open(t.Context(), authority.Options{Store: store, Clock: time.Now, Random: rand.Reader, Sealer: sealer})
	if err != nil {
		t.Fatal(err)
	}
	issued, _, err := a.FirstServiceKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	handler, err := server.New(server.Options{Authority: a})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(handler)
	t.Cleanup(func() {
		s.Close()
		a.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return with(t, s.URL, issued.Key), s
}

func with(t *testing.T, url string, key keywright.Secret) *client.Client {
	t.Helper()
	c, err := client.New(client.Options{URL: url, ServiceKey: key})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestLife takes a key through its life.
func TestLife(t *testing.T) {
	ctx := t.Context()
	c, _ := start(t)
	issued, err := c.Issue(ctx, api.IssueRequest{Name: "ci", Owner: "team_7", Scopes: []string{"invoices:*"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	id := issued.Record.ID
	verify := func(want keywright.Code, ask keywright.Ask) keywright.Verdict {
		t.Helper()
		ask.Key, ask.Keyspace = issued.Key.Secret, "default"
		v, err := c.Verify(ctx, ask)
		if err != nil || v.Code != want {
			t.Fatalf("%s, %v; want %s", v.Code, err, want)
		}
		return v
	}
	if v := verify(keywright.Valid, keywright.Ask{Environment: "live", Include: []string{"name"}}); v.KeyID != id || v.Owner != "team_7" || v.Detail == nil || v.Name != "ci" {
		t.Errorf("%+v", v)
	}
	if v := verify(keywright.InsufficientScope, keywright.Ask{Scopes: []string{"users:read"}}); !slices.Equal(v.Missing, []string{"users:read"}) {
		t.Errorf("missing %q", v.Missing)
	}
	name, expires := "renamed", api.Time{Time: time.Now().Add(time.Hour)}
	if r, err := c.Update(ctx, id, api.KeyPatch{Name: &name, ExpiresAt: &expires}); err != nil || r.Name != name || r.ExpiresAt.IsZero() {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := c.Disable(ctx, id); err != nil {
		t.Fatal(err)
	}
	verify(keywright.Disabled, keywright.Ask{})
	if _, err := c.Enable(ctx, id); err != nil {
		t.Fatal(err)
	}
	receipt, err := c.Revoke(ctx, id, "leaked")
	if err != nil || receipt.KeyID != id {
		t.Fatalf("%+v, %v", receipt, err)
	}
	verify(keywright.Revoked, keywright.Ask{})
	if r, err := c.Get(ctx, id); err != nil || r.RevokeReason != "leaked" {
		t.Errorf("%+v, %v", r, err)
	}
	events, err := c.Events(ctx, client.EventQuery{Target: id.String()})
	if err != nil || len(events.Events) != 5 {
		t.Errorf("%d events, %v", len(events.Events), err)
	}
	if chain, err := c.VerifyChain(ctx); err != nil || !chain.Whole {
		t.Errorf("%+v, %v", chain, err)
	}
}

func TestIdempotency(t *testing.T) {
	c, _ := start(t)
	first, err := c.Issue(t.Context(), api.IssueRequest{Name: "once"}, "6f1c")
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.Issue(t.Context(), api.IssueRequest{Name: "once"}, "6f1c")
	if err != nil || !again.Repeated || !again.Key.IsZero() || again.Record.ID != first.Record.ID {
		t.Errorf("%+v, %v", again, err)
	}
	paid, err := c.Issue(t.Context(), api.IssueRequest{Credits: &api.CreditsRequest{Remaining: 1}}, "")
	if err != nil {
		t.Fatal(err)
	}
	ten := int64(10)
	for i, once := range []string{"a", "a", "b", "", ""} {
		b, err := c.ChangeCredits(t.Context(), paid.Record.ID, api.CreditsChange{Add: &ten}, once)
		if want := []int64{11, 11, 21, 31, 41}[i]; err != nil || b.Remaining != want {
			t.Errorf("%d: %d left, want %d: %v", i, b.Remaining, want, err)
		}
	}
}

// TestMany issues and verifies by the line, and reads all of it back page by page.
func TestMany(t *testing.T) {
	ctx := t.Context()
	c, _ := start(t)
	const n = 2500
	requests := func(yield func(api.IssueRequest) bool) {
		for i := range n {
			q := api.IssueRequest{Name: fmt.Sprint(i)}
			if i == 7 {
				q.Environment = "nowhere"
			}
			if !yield(q) {
				return
			}
		}
	}
	var keys []keywright.Secret
	line := 0
	err := c.IssueMany(ctx, requests, func(l api.IssueLine) error {
		line++
		switch {
		case l.Line != line:
			t.Errorf("line %d is answered as %d", line, l.Line)
		case l.Problem != nil:
			if line != 8 || l.Problem.Field != "environment" {
				t.Errorf("line %d: %v", line, l.Problem)
			}
		default:
			keys = append(keys, l.Key.Secret)
		}
		return nil
	})
	if err != nil || len(keys) != n-1 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	keys[3] = keywright.NewSecret(strings.Repeat("x", 5000))
	keys[4] = keywright.NewSecret("not \xff UTF-8 at all")
	asks := func(yield func(keywright.Ask) bool) {
		for _, key := range keys {
			if !yield(keywright.Ask{Key: key, Keyspace: "default"}) {
				return
			}
		}
	}
	place := 0
	err = c.VerifyMany(ctx, asks, func(v keywright.Verdict, err error) error {
		want := keywright.Valid
		if place == 3 || place == 4 {
			want = keywright.Malformed
		}
		if err != nil || v.Code != want {
			t.Errorf("key %d: %s, %v; want %s", place, v.Code, err, want)
		}
		place++
		return nil
	})
	if err != nil || place != n-1 {
		t.Fatalf("%d verdicts, %v", place, err)
	}
	seen := 0
	for _, err := range c.All(ctx, client.KeyQuery{Limit: 1000}) {
		if err != nil {
			t.Fatal(err)
		}
		seen++
	}
	if seen != n-1 {
		t.Errorf("%d keys are listed", seen)
	}
}

// TestManyEnds stops in the middle: the error of the caller comes back, and nothing hangs.
func TestManyEnds(t *testing.T) {
	c, _ := start(t)
	enough := errors.New("enough")
	forever := func(yield func(api.IssueRequest) bool) {
		for yield(api.IssueRequest{}) {
		}
	}
	got := 0
	if err := c.IssueMany(t.Context(), forever, func(api.IssueLine) error {
		if got++; got == 10 {
			return enough
		}
		return nil
	}); !errors.Is(err, enough) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := c.IssueMany(ctx, forever, func(api.IssueLine) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestKeyspaces(t *testing.T) {
	ctx := t.Context()
	c, _ := start(t)
	prefix := "myapp"
	k, err := c.CreateKeyspace(ctx, api.KeyspaceRequest{
		Name: "myapp", Formats: []api.Format{{Preset: "seam", Prefix: &prefix}}, Environments: []string{},
	})
	if err != nil || len(k.Environments) != 0 {
		t.Fatalf("%+v, %v", k, err)
	}
	if k, err = c.CreateKeyspace(ctx, api.KeyspaceRequest{Name: "acme"}); err != nil || len(k.Environments) != 2 {
		t.Fatalf("%+v, %v", k, err)
	}
	if k, err = c.UpdateKeyspace(ctx, "acme", api.KeyspacePatch{Environments: &[]string{"live"}}); err != nil || len(k.Environments) != 1 {
		t.Errorf("%+v, %v", k, err)
	}
	list, err := c.Keyspaces(ctx)
	if err != nil || len(list) != 4 {
		t.Errorf("%d keyspaces, %v", len(list), err)
	}
	if k, err = c.Keyspace(ctx, "acme"); err != nil || k.Version != 2 {
		t.Errorf("%+v, %v", k, err)
	}
	if _, err = c.Keyspace(ctx, "../keys"); err == nil {
		t.Error("a path is taken for a name")
	}
}

// TestRevokeSelf needs no service key, and answers alike for a key that there is not.
func TestRevokeSelf(t *testing.T) {
	ctx := t.Context()
	c, s := start(t)
	issued, err := c.Issue(ctx, api.IssueRequest{}, "")
	if err != nil {
		t.Fatal(err)
	}
	holder := with(t, s.URL, keywright.Secret{})
	for _, key := range []keywright.Secret{issued.Key.Secret, keywright.NewSecret("no such key at all"), keywright.NewSecret(strings.Repeat("x", 5000))} {
		if err := holder.RevokeSelf(ctx, key); err != nil {
			t.Error(err)
		}
	}
	if v, err := c.Verify(ctx, keywright.Ask{Key: issued.Key.Secret, Keyspace: "default"}); err != nil || v.Code != keywright.Revoked {
		t.Errorf("%s, %v", v.Code, err)
	}
}

// TestProblems looks at what is an error and what is a verdict: whatever the server refuses, it is never a verdict.
func TestProblems(t *testing.T) {
	ctx := t.Context()
	c, s := start(t)
	ask := keywright.Ask{Key: keywright.NewSecret("default_live_AAAAAAAAAAAA_nothing"), Keyspace: "default"}
	if v, err := c.Verify(ctx, ask); err != nil || v.Code != keywright.Malformed {
		t.Errorf("%s, %v", v.Code, err)
	}
	stranger := with(t, s.URL, keywright.NewSecret("keywright_stranger"))
	_, err := stranger.Verify(ctx, ask)
	var p *api.Problem
	if !errors.As(err, &p) || p.Code != api.Unauthenticated || p.Status != 401 || p.Hint == "" {
		t.Errorf("%v", err)
	}
	if strings.Contains(fmt.Sprintf("%+v", err), "stranger") {
		t.Error("an error holds the service key")
	}
	_, err = c.Issue(ctx, api.IssueRequest{Environment: "nowhere"}, "")
	if !errors.As(err, &p) || p.Code != api.InvalidInput || p.Field != "environment" {
		t.Errorf("%v", err)
	}
	if err := c.Ready(ctx); err != nil {
		t.Error(err)
	}
	if err := c.Live(ctx); err != nil {
		t.Error(err)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, url := range []string{"", "keys.example.com", "ftp://keys.example.com", "https://u:hunter2@keys.example.com", "https://h/?q=1", "http://[::1", "https://"} {
		if _, err := client.New(client.Options{URL: url}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := client.New(client.Options{URL: "http://h", ServiceKey: keywright.NewSecret("a\nb")}); err == nil {
		t.Error("a key with a line break is taken")
	}
}
