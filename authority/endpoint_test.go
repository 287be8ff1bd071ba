// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// receiver stands for the network: it takes what it is sent, unless answer says otherwise.
type receiver struct {
	mu     sync.Mutex
	got    []authority.Dispatch
	answer func(authority.Dispatch) (authority.Result, error)
	check  error
}

var errRefused = errors.New("answered 500")

func (r *receiver) Check(authority.EndpointKind, string) error { return r.check }

func (r *receiver) Send(ctx context.Context, d authority.Dispatch) (authority.Result, error) {
	r.mu.Lock()
	d.Events = slices.Clone(d.Events)
	r.got = append(r.got, d)
	answer := r.answer
	r.mu.Unlock()
	if answer == nil {
		return authority.Result{Status: 204}, nil
	}
	return answer(d)
}

func (r *receiver) all() []authority.Dispatch {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

func (r *receiver) answers(f func(authority.Dispatch) (authority.Result, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = f
}

// refuse takes nothing.
func refuse(authority.Dispatch) (authority.Result, error) {
	return authority.Result{Status: 500}, errRefused
}

// verbs are those of all events that were sent, in their order.
func (r *receiver) verbs() (verbs []string) {
	for _, d := range r.all() {
		for _, e := range d.Events {
			verbs = append(verbs, e.Verb)
		}
	}
	return verbs
}

func sending(t testing.TB, store authority.Store, r *receiver) (*authority.Authority, *clock) {
	t.Helper()
	return over(t, store, func(o *authority.Options) { o.Sender = r })
}

func endpoint(t testing.TB, a *authority.Authority, q authority.EndpointRequest) authority.IssuedEndpoint {
	t.Helper()
	if q.URL == "" {
		q.URL = "https://hooks.example.com/keys?token=canary"
	}
	e, err := a.CreateEndpoint(ctx, admin, q)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func stateOf(t testing.TB, a *authority.Authority, id string) authority.EndpointState {
	t.Helper()
	s, err := a.Endpoint(admin, id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func deliveries(t testing.TB, a *authority.Authority, id string, state authority.DeliveryState) []authority.Delivery {
	t.Helper()
	list, _, err := a.Deliveries(admin, id, state, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAWebhookGetsWhatItAsksFor(t *testing.T) {
	r := &receiver{}
	a, _ := sending(t, memory(t), r)
	issue(t, a, authority.IssueRequest{Name: "before"})
	e := endpoint(t, a, authority.EndpointRequest{Verbs: []string{"key.*"}, Keyspaces: []string{"default"}})
	id := issue(t, a, authority.IssueRequest{Name: "first"}).Record.ID
	if _, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "other"}); err != nil {
		t.Fatal(err)
	}
	issue(t, a, authority.IssueRequest{Keyspace: "other"})
	if _, err := a.Revoke(ctx, admin, id, "leaked"); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return len(r.all()) == 2 })
	sent := r.verbs()
	slices.Sort(sent)
	if !slices.Equal(sent, []string{"key.issue", "key.revoke"}) {
		t.Errorf("sent: %v", sent)
	}
	for _, d := range r.all() {
		if d.ID != d.Events[0].EventID() || len(d.Endpoint.Secrets) != 1 || d.Endpoint.Secrets[0].Secret.Reveal() != e.Secret.Reveal() || d.Events[0].Target != id.String() {
			t.Errorf("%+v", d)
		}
	}
	if !strings.HasPrefix(e.Secret.Reveal(), "whsec_") || !strings.HasPrefix(e.Endpoint.ID, "wh_") {
		t.Errorf("id %s", e.Endpoint.ID)
	}
}

// What is kept shows neither the secret nor the URL, which may hold a token.
func TestEndpointsAreSealed(t *testing.T) {
	store, r := memory(t), &receiver{}
	a, _ := sending(t, store, r)
	e := endpoint(t, a, authority.EndpointRequest{Kind: authority.ExportHTTP, Header: keywright.NewSecret("Bearer canary")})
	if _, err := a.RotateEndpointSecret(ctx, admin, e.Endpoint.ID, time.Hour); err != nil {
		t.Fatal(err)
	}
	page, err := store.List(ctx, authority.Query{Of: authority.Items})
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("%+v %s", events(t, a), fmt.Sprint(a.Endpoints(admin)))
	for _, item := range page.Items {
		text += string(item.Data)
	}
	if strings.Contains(text, e.Secret.Reveal()) || strings.Contains(text, "Bearer canary") {
		t.Error("a secret is shown")
	}
	for _, item := range page.Items {
		if strings.Contains(string(item.Data), "canary") {
			t.Errorf("the item %s holds the URL in the clear", item.Kind)
		}
	}
	list, err := a.Endpoints(admin)
	if err != nil || len(list) != 1 || len(list[0].Secrets) != 2 || !list[0].Secrets[0].Secret.IsZero() || !list[0].Header.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestSecretsOfAnEndpointRotate(t *testing.T) {
	r := &receiver{}
	a, c := sending(t, memory(t), r)
	first := endpoint(t, a, authority.EndpointRequest{Verbs: []string{"key.issue"}})
	id := first.Endpoint.ID
	second, err := a.RotateEndpointSecret(ctx, admin, id, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	secrets := func() (list []string) {
		n := len(r.all())
		issue(t, a, authority.IssueRequest{})
		eventually(t, func() bool { return len(r.all()) > n })
		for _, s := range r.all()[n].Endpoint.Secrets {
			list = append(list, s.Secret.Reveal())
		}
		return list
	}
	if got := secrets(); !slices.Equal(got, []string{second.Secret.Reveal(), first.Secret.Reveal()}) {
		t.Errorf("in the grace it is signed with %d secrets", len(got))
	}
	c.advance(time.Hour)
	if got := secrets(); !slices.Equal(got, []string{second.Secret.Reveal()}) {
		t.Errorf("after the grace it is signed with %d secrets", len(got))
	}
	url := "https://elsewhere.example.com/"
	third, err := a.UpdateEndpoint(ctx, admin, id, authority.EndpointPatch{URL: &url})
	if err != nil || third.Secret.IsZero() {
		t.Fatal("a new URL makes no new secret", err)
	}
	if got := secrets(); !slices.Equal(got, []string{third.Secret.Reveal()}) {
		t.Errorf("at a new URL it is signed with %d secrets", len(got))
	}
	name := "billing"
	if q, err := a.UpdateEndpoint(ctx, admin, id, authority.EndpointPatch{Name: &name}); err != nil || !q.Secret.IsZero() || q.Endpoint.Name != name {
		t.Errorf("%+v, %v", q.Endpoint, err)
	}
	_, err = a.RotateEndpointSecret(ctx, admin, id, 31*24*time.Hour)
	wantError(t, err, authority.Invalid, "grace")
}

func TestEndpointsThatCannotBe(t *testing.T) {
	r := &receiver{}
	a, _ := sending(t, memory(t), r)
	for _, c := range []struct {
		field string
		q     authority.EndpointRequest
	}{
		{"kind", authority.EndpointRequest{Kind: "pigeon", URL: "https://a.example"}},
		{"url", authority.EndpointRequest{URL: "ftp://a.example"}},
		{"url", authority.EndpointRequest{URL: "https://user:p4ss@a.example"}},
		{"url", authority.EndpointRequest{URL: "https:///path"}},
		{"url", authority.EndpointRequest{URL: "https://a.example/#x"}},
		{"url", authority.EndpointRequest{URL: "https://a.example/\r\nx"}},
		{"url", authority.EndpointRequest{URL: "https://a.example/" + strings.Repeat("x", 2048)}},
		{"url", authority.EndpointRequest{URL: "file:events.jsonl"}},
		{"url", authority.EndpointRequest{Kind: authority.ExportFile, URL: "file:/etc/passwd"}},
		{"url", authority.EndpointRequest{Kind: authority.ExportFile, URL: "file:../x"}},
		{"url", authority.EndpointRequest{Kind: authority.ExportFile, URL: "file:.hidden"}},
		{"url", authority.EndpointRequest{Kind: authority.ExportFile, URL: "file:a/b"}},
		{"url", authority.EndpointRequest{Kind: authority.ExportSyslog, URL: "tls://a.example"}},
		{"url", authority.EndpointRequest{Kind: authority.ExportSyslog, URL: "udp://a.example:514"}},
		{"verbs[0]", authority.EndpointRequest{URL: "https://a.example", Verbs: []string{"key*"}}},
		{"keyspaces[0]", authority.EndpointRequest{URL: "https://a.example", Keyspaces: []string{"A"}}},
		{"authorization", authority.EndpointRequest{URL: "https://a.example", Header: keywright.NewSecret("x")}},
		{"authorization", authority.EndpointRequest{Kind: authority.ExportHTTP, URL: "https://a.example", Header: keywright.NewSecret("x\r\ny: z")}},
	} {
		_, err := a.CreateEndpoint(ctx, admin, c.q)
		wantError(t, err, authority.Invalid, c.field)
		if strings.Contains(err.Error(), "p4ss") {
			t.Error("the error repeats the URL")
		}
	}
	r.check = errors.New("is not allowed here")
	_, err := a.CreateEndpoint(ctx, admin, authority.EndpointRequest{URL: "https://a.example"})
	wantError(t, err, authority.Invalid, "url")
	silent, _ := open(t)
	_, err = silent.CreateEndpoint(ctx, admin, authority.EndpointRequest{URL: "https://a.example"})
	wantError(t, err, authority.Conflicting, "")
	open, _ := over(t, memory(t), func(o *authority.Options) { o.Sender, o.Sealer = &receiver{}, nil })
	_, err = open.CreateEndpoint(ctx, admin, authority.EndpointRequest{URL: "https://a.example"})
	wantError(t, err, authority.Conflicting, "")
}

// Who is bound to a keyspace has endpoints of that alone, and does not see others.
func TestEndpointsOfABoundCaller(t *testing.T) {
	a, _ := sending(t, memory(t), &receiver{})
	bound := as(t, a, authority.Rules{Keyspaces: []string{"default"}}, authority.ScopeWebhooksRead, authority.ScopeWebhooksWrite)
	of := as(t, a, authority.Rules{Owner: "team_7"}, authority.ScopeWebhooksWrite)
	everything := endpoint(t, a, authority.EndpointRequest{})
	q := authority.EndpointRequest{URL: "https://a.example"}
	own, err := a.CreateEndpoint(ctx, bound, q)
	if err != nil || !slices.Equal(own.Endpoint.Keyspaces, []string{"default"}) {
		t.Fatalf("%+v, %v", own.Endpoint, err)
	}
	_, err = a.CreateEndpoint(ctx, of, q)
	wantError(t, err, authority.Denied, "")
	q.Keyspaces = []string{"default", "keywright"}
	_, err = a.CreateEndpoint(ctx, bound, q)
	wantError(t, err, authority.Denied, "")
	_, err = a.UpdateEndpoint(ctx, bound, own.Endpoint.ID, authority.EndpointPatch{Keyspaces: &[]string{}})
	wantError(t, err, authority.Denied, "")
	_, err = a.Endpoint(bound, everything.Endpoint.ID)
	wantError(t, err, authority.Unknown, "")
	wantError(t, a.DeleteEndpoint(ctx, bound, everything.Endpoint.ID), authority.Unknown, "")
	if list, err := a.Endpoints(bound); err != nil || len(list) != 1 || list[0].ID != own.Endpoint.ID {
		t.Errorf("%+v, %v", list, err)
	}
	if err := a.DeleteEndpoint(ctx, bound, own.Endpoint.ID); err != nil {
		t.Error(err)
	}
}
