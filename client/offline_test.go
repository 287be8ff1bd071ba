// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/client"
	"github.com/keywright/keywright/internal/server"
	"github.com/keywright/keywright/store/sqlite"
)

var admin = authority.Operator("test", authority.Origin{})

// gate is a server that a test can cut off.
type gate struct {
	http.Handler
	shut atomic.Bool
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.shut.Load() {
		panic(http.ErrAbortHandler)
	}
	g.Handler.ServeHTTP(w, r)
}

// a house is a server whose keyspace acme exchanges keys, and who verifies offline.
type house struct {
	*authority.Authority
	client  *client.Client
	gate    *gate
	offline *client.Offline
}

func newHouse(t *testing.T, o client.OfflineOptions) *house {
	t.Helper()
	store, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := authority.NewSealer(make([]byte, authority.RootKeyBytes), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{}
	if h.Authority, err = authority.Open(t.Context(), authority.Options{Store: store, Clock: time.Now, Random: rand.Reader, Sealer: sealer}); err != nil {
		t.Fatal(err)
	}
	first, _, err := h.FirstServiceKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	policy := &authority.Policy{Exchange: &authority.ExchangePolicy{Life: 5 * time.Minute}, Roles: map[string][]string{"reader": {"users:read"}}}
	if _, err := h.CreateKeyspace(t.Context(), admin, authority.KeyspaceRequest{Name: "acme", Policy: policy}); err != nil {
		t.Fatal(err)
	}
	handler, err := server.New(server.Options{Authority: h.Authority})
	if err != nil {
		t.Fatal(err)
	}
	h.gate = &gate{Handler: handler}
	web := httptest.NewServer(h.gate)
	h.client = with(t, web.URL, first.Key)
	o.Client, o.Keyspace = h.client, "acme"
	if h.offline, err = client.NewOffline(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if err := h.offline.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		h.offline.Close()
		web.CloseClientConnections()
		web.Close()
		h.Authority.Close()
		_ = store.Close()
	})
	return h
}

func (h *house) issue(t *testing.T, q authority.IssueRequest) authority.Issued {
	t.Helper()
	q.Keyspace = "acme"
	k, err := h.Issue(t.Context(), admin, q)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (h *house) exchange(t *testing.T, key keywright.Secret) keywright.Secret {
	t.Helper()
	r, err := h.client.Exchange(t.Context(), key, api.ExchangeRequest{Keyspace: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	return r.Token.Secret
}

// code verifies a token offline.
func (h *house) code(t *testing.T, token keywright.Secret) keywright.Code {
	t.Helper()
	v, err := h.offline.Verify(t.Context(), keywright.Ask{Key: token, Keyspace: "acme", Environment: "live"})
	if err != nil {
		t.Fatal(err)
	}
	return v.Code
}

func (h *house) want(t *testing.T, token keywright.Secret, want keywright.Code) {
	t.Helper()
	if got := h.code(t, token); got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

// becomes waits until a token is refused. That must be within the time that is promised.
func (h *house) becomes(t *testing.T, token keywright.Secret, want keywright.Code, within time.Duration) {
	t.Helper()
	begun := time.Now()
	for {
		asked := time.Now()
		v, err := h.offline.Verify(t.Context(), keywright.Ask{Key: token})
		switch {
		case err == nil && v.Code == want:
			return
		case asked.Sub(begun) > within && err == nil:
			t.Fatalf("still %s after %v", v.Code, asked.Sub(begun))
		case asked.Sub(begun) > within+10*time.Second:
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestOffline(t *testing.T) {
	h := newHouse(t, client.OfflineOptions{})
	k := h.issue(t, authority.IssueRequest{Owner: "team_7", Scopes: []string{"invoices:*"}})
	token := h.exchange(t, k.Key)
	v, err := h.offline.Verify(t.Context(), keywright.Ask{Key: token, Keyspace: "acme", Environment: "live", Scopes: []string{"invoices:read"}, ScopeExpr: "invoices:read OR users:read"})
	if err != nil || !v.Valid() || v.KeyID != k.Record.ID || v.Owner != "team_7" || v.Environment != "live" || v.Keyspace != "acme" ||
		!slices.Equal(v.Scopes, []string{"invoices:*"}) || v.PublicID != k.Record.Secrets[0].PublicID || time.Until(v.ExpiresAt) > 5*time.Minute {
		t.Fatalf("%+v %v", v, err)
	}
	for name, c := range map[string]struct {
		ask  keywright.Ask
		want keywright.Code
	}{
		"scope":       {keywright.Ask{Scopes: []string{"users:read"}}, keywright.InsufficientScope},
		"expression":  {keywright.Ask{ScopeExpr: "invoices:read AND users:read"}, keywright.InsufficientScope},
		"environment": {keywright.Ask{Environment: "test"}, keywright.Forbidden},
		"keyspace":    {keywright.Ask{Keyspace: "other"}, keywright.NotFound},
		"the key":     {keywright.Ask{Key: k.Key}, keywright.Malformed},
	} {
		if c.ask.Key.IsZero() {
			c.ask.Key = token
		}
		if v, err := h.offline.Verify(t.Context(), c.ask); err != nil || v.Code != c.want {
			t.Errorf("%s: %s %v", name, v.Code, err)
		}
	}
	for name, ask := range map[string]keywright.Ask{
		"limit": {Limits: []keywright.AskLimit{{Name: "a"}}}, "cost": {Cost: 2}, "name": {Include: []string{"name"}},
		"scope that is none": {Scopes: []string{"*"}}, "expression that is none": {ScopeExpr: "AND"},
	} {
		ask.Key = token
		if v, err := h.offline.Verify(t.Context(), ask); err == nil {
			t.Errorf("%s: %+v, and not an error", name, v)
		}
	}
}

// What is taken away reaches who verifies offline within the time that is promised, and only the tokens that it concerns.
func TestOfflineLearnsWhatIsTaken(t *testing.T) {
	const age = 500 * time.Millisecond
	h := newHouse(t, client.OfflineOptions{MaxAge: age})
	id := func(k authority.Issued) keywright.KeyID { return k.Record.ID }
	scopes := []string{"a:read"}
	for name, act := range map[string]func(authority.Issued) error{
		"revoke":  func(k authority.Issued) error { _, err := h.Revoke(t.Context(), admin, id(k), ""); return err },
		"disable": func(k authority.Issued) error { _, err := h.Disable(t.Context(), admin, id(k)); return err },
		"narrow": func(k authority.Issued) error {
			_, err := h.Update(t.Context(), admin, id(k), authority.Update{Scopes: &scopes})
			return err
		},
		"rotate": func(k authority.Issued) error {
			_, err := h.Rotate(t.Context(), admin, id(k), authority.RotateRequest{Grace: &authority.Grace{}})
			return err
		},
		"by its holder": func(k authority.Issued) error { return h.client.RevokeSelf(t.Context(), k.Key) },
	} {
		parent, other := h.issue(t, authority.IssueRequest{Scopes: []string{"a:*"}}), h.issue(t, authority.IssueRequest{})
		child, err := h.IssueChild(t.Context(), admin, id(parent), authority.IssueRequest{})
		if err != nil {
			t.Fatal(err)
		}
		tokens := []keywright.Secret{h.exchange(t, parent.Key), h.exchange(t, child.Key), h.exchange(t, other.Key)}
		for _, token := range tokens {
			h.want(t, token, keywright.Valid)
		}
		if err := act(parent); err != nil {
			t.Fatal(name, err)
		}
		h.becomes(t, tokens[0], keywright.Revoked, age)
		if name == "rotate" {
			h.want(t, tokens[1], keywright.Valid) // it hangs on no secret
		} else {
			h.becomes(t, tokens[1], keywright.Revoked, age)
		}
		h.want(t, tokens[2], keywright.Valid)
	}
	k := h.issue(t, authority.IssueRequest{})
	renewed, err := h.Rotate(t.Context(), admin, id(k), authority.RotateRequest{Grace: &authority.Grace{AtMost: time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	old, fresh := h.exchange(t, k.Key), h.exchange(t, renewed.Key)
	h.want(t, old, keywright.Valid)
	if _, err := h.EndGrace(t.Context(), admin, id(k), true); err != nil {
		t.Fatal(err)
	}
	h.becomes(t, old, keywright.Revoked, age)
	h.want(t, fresh, keywright.Valid)

	policy := authority.Policy{Exchange: &authority.ExchangePolicy{Life: time.Minute}}
	if _, err := h.UpdateKeyspace(t.Context(), admin, authority.KeyspaceRequest{Name: "acme", Policy: &policy}); err != nil {
		t.Fatal(err)
	}
	h.becomes(t, fresh, keywright.Revoked, age)
	again := h.exchange(t, renewed.Key)
	h.want(t, again, keywright.Valid)
	if _, err := h.RotateSigningKeys(t.Context(), admin, true); err != nil {
		t.Fatal(err)
	}
	last := h.exchange(t, renewed.Key)
	h.becomes(t, last, keywright.Valid, time.Second+age) // of a key that nobody has seen: it is asked for once a second
	h.becomes(t, again, keywright.NotFound, age)
}

// Where the server cannot be reached, what is known grows too old, and then nothing is judged.
func TestOfflineIsCutOff(t *testing.T) {
	const age = 400 * time.Millisecond
	h := newHouse(t, client.OfflineOptions{MaxAge: age})
	k := h.issue(t, authority.IssueRequest{})
	token := h.exchange(t, k.Key)
	h.want(t, token, keywright.Valid)
	h.gate.shut.Store(true)
	if _, err := h.Revoke(t.Context(), admin, k.Record.ID, ""); err != nil {
		t.Fatal(err)
	}
	revoked := time.Now()
	valid := 0
	for {
		asked := time.Now()
		v, err := h.offline.Verify(t.Context(), keywright.Ask{Key: token})
		if err != nil {
			var stale *client.StaleError
			if !errors.As(err, &stale) || stale.Age < age {
				t.Fatal(err)
			}
			break
		}
		if v.Valid() {
			valid++
		}
		if v.Valid() && asked.Sub(revoked) > age {
			t.Fatalf("VALID %v after the revoke", asked.Sub(revoked))
		}
		time.Sleep(time.Millisecond)
	}
	h.gate.shut.Store(false)
	h.becomes(t, token, keywright.Revoked, 10*time.Second)
	h.offline.Close()
	if v, err := h.offline.Verify(t.Context(), keywright.Ask{Key: token}); err == nil {
		t.Errorf("%s after Close", v.Code)
	}
}

// Before anything is known nothing is judged.
func TestOfflineBeforeItIsReady(t *testing.T) {
	c := with(t, "http://127.0.0.1:1", keywright.NewSecret("x"))
	o, err := client.NewOffline(t.Context(), client.OfflineOptions{Client: c, Keyspace: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if v, err := o.Verify(t.Context(), keywright.Ask{Key: keywright.NewSecret("a.b.c")}); err == nil {
		t.Errorf("%s", v.Code)
	}
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if err := o.Ready(ctx); err == nil {
		t.Error("it is ready")
	}
	for name, bad := range map[string]client.OfflineOptions{
		"no client": {Keyspace: "acme"}, "no keyspace": {Client: c}, "too young": {Client: c, Keyspace: "acme", MaxAge: time.Millisecond},
	} {
		if _, err := client.NewOffline(t.Context(), bad); err == nil {
			t.Error(name)
		}
	}
}
