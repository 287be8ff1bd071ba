// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// sequences are those of all events that were taken, in the order in which they came.
func sequences(list []authority.Dispatch) (s []uint64) {
	for _, d := range list {
		for _, e := range d.Events {
			s = append(s, e.Sequence)
		}
	}
	return s
}

// An export gets every event in its order: what was not taken is sent again before anything behind it.
func TestAnExportKeepsTheOrder(t *testing.T) {
	var taken []authority.Dispatch
	tries := 0
	r := &receiver{}
	r.answer = func(d authority.Dispatch) (authority.Result, error) {
		if tries++; tries%2 == 1 {
			return authority.Result{}, errRefused
		}
		taken = append(taken, d)
		return authority.Result{}, nil
	}
	a, c := sending(t, memory(t), r)
	for range 700 {
		issue(t, a, authority.IssueRequest{})
	}
	id := endpoint(t, a, authority.EndpointRequest{Kind: authority.ExportHTTP, FromStart: true}).Endpoint.ID
	eventually(t, func() bool {
		c.advance(10 * time.Second)
		return stateOf(t, a, id).Cursor > 700 && stateOf(t, a, id).Behind == 0
	})
	a.Close()
	all := events(t, a)
	got := sequences(taken)
	if len(got) < 702 || len(all) == 0 {
		t.Fatalf("%d events were taken", len(got))
	}
	for i, s := range got {
		if s != uint64(i+1) {
			t.Fatalf("event %d is the %dth", s, i+1)
		}
	}
	first, second := r.all()[0], r.all()[1]
	if first.ID != second.ID || !slices.Equal(sequences([]authority.Dispatch{first}), sequences([]authority.Dispatch{second})) {
		t.Error("a batch is sent again as another one")
	}
}

// What an endpoint still has to get is not pruned, unless that is forced.
func TestPruneWaitsForEndpoints(t *testing.T) {
	for _, kind := range []authority.EndpointKind{authority.Webhook, authority.ExportHTTP} {
		r := &receiver{answer: refuse}
		a, _ := sending(t, memory(t), r)
		id := endpoint(t, a, authority.EndpointRequest{Kind: kind, Verbs: []string{"key.issue"}}).Endpoint.ID
		issue(t, a, authority.IssueRequest{})
		mark := checkpoint(t, a)
		eventually(t, func() bool { return stateOf(t, a, id).Failed > 0 })
		_, err := a.Prune(ctx, admin, authority.PruneRequest{Sequence: mark.Sequence})
		wantError(t, err, authority.Conflicting, "sequence")
		if _, err := a.DisableEndpoint(ctx, admin, id); err != nil {
			t.Fatal(err)
		}
		if _, err := a.EnableEndpoint(ctx, admin, id, false); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Prune(ctx, admin, authority.PruneRequest{Sequence: mark.Sequence, Force: true}); err != nil {
			t.Fatal(err)
		}
		r.answers(nil)
	}
}

// A delivery whose event was pruned is forgotten, and others go on.
func TestADeliveryWithoutItsEvent(t *testing.T) {
	r := &receiver{answer: refuse}
	a, c := sending(t, memory(t), r)
	id := endpoint(t, a, authority.EndpointRequest{Verbs: []string{"key.issue"}}).Endpoint.ID
	issue(t, a, authority.IssueRequest{})
	mark := checkpoint(t, a)
	eventually(t, func() bool { return len(deliveries(t, a, id, "")) == 1 })
	if _, err := a.Prune(ctx, admin, authority.PruneRequest{Sequence: mark.Sequence, Force: true}); err != nil {
		t.Fatal(err)
	}
	r.answers(nil)
	last := issue(t, a, authority.IssueRequest{}).Record.ID.String()
	c.advance(time.Minute)
	eventually(t, func() bool { return len(deliveries(t, a, id, "")) == 0 })
	eventually(t, func() bool { all := r.all(); return all[len(all)-1].Events[0].Target == last })
}

// Somebody who lost what an export gave sends it again.
func TestAnExportIsRewound(t *testing.T) {
	r := &receiver{}
	a, _ := sending(t, memory(t), r)
	id := endpoint(t, a, authority.EndpointRequest{Kind: authority.ExportHTTP, Verbs: []string{"key.issue"}}).Endpoint.ID
	for range 3 {
		issue(t, a, authority.IssueRequest{})
	}
	eventually(t, func() bool { return len(sequences(r.all())) == 3 })
	first := sequences(r.all())
	after := uint64(0)
	if n, err := a.Replay(ctx, admin, id, authority.ReplayRequest{After: &after}); err != nil || n < 3 {
		t.Fatal(n, err)
	}
	eventually(t, func() bool { return len(sequences(r.all())) == 6 })
	if got := sequences(r.all())[3:]; !slices.Equal(got, first) {
		t.Errorf("first %v, again %v", first, got)
	}
	after = 1 << 40
	_, err := a.Replay(ctx, admin, id, authority.ReplayRequest{After: &after})
	wantError(t, err, authority.Invalid, "after")
	_, err = a.Replay(ctx, admin, id, authority.ReplayRequest{})
	wantError(t, err, authority.Invalid, "")
}

// A disabled endpoint keeps its place, and goes on from there, or from now on.
func TestADisabledEndpointKeepsItsPlace(t *testing.T) {
	for _, skip := range []bool{false, true} {
		t.Run(fmt.Sprint("skip ", skip), func(t *testing.T) {
			r := &receiver{}
			a, _ := sending(t, memory(t), r)
			id := endpoint(t, a, authority.EndpointRequest{Verbs: []string{"key.issue"}}).Endpoint.ID
			if _, err := a.DisableEndpoint(ctx, admin, id); err != nil {
				t.Fatal(err)
			}
			missed := issue(t, a, authority.IssueRequest{}).Record.ID.String()
			time.Sleep(3 * watch)
			if len(r.all()) > 0 {
				t.Fatal("a disabled endpoint gets events")
			}
			if s, err := a.EnableEndpoint(ctx, admin, id, skip); err != nil || s.Disabled {
				t.Fatal(s, err)
			}
			issue(t, a, authority.IssueRequest{})
			want := map[bool]int{false: 2, true: 1}[skip]
			eventually(t, func() bool { return len(r.all()) == want })
			if got := slices.ContainsFunc(r.all(), func(d authority.Dispatch) bool { return d.Events[0].Target == missed }); got == skip {
				t.Errorf("what happened meanwhile was sent: %v", got)
			}
		})
	}
}

// Limits that are reached and credits that end or become low leave one event an hour each.
func TestLimitsAndCreditsAreTold(t *testing.T) {
	a, c := open(t)
	limited := issue(t, a, authority.IssueRequest{Limits: []authority.Limit{{Name: "requests", Limit: 1, Window: time.Hour, Auto: true}}})
	paid := issue(t, a, authority.IssueRequest{Credits: credits(20, nil)})
	for range 25 {
		verify(t, a, keywright.Ask{Key: limited.Key, Keyspace: "default"})
		verify(t, a, keywright.Ask{Key: paid.Key, Keyspace: "default"})
	}
	a.Tend(ctx)
	if got := verbs(t, a, limited.Record.ID.String()); !slices.Equal(got, []string{"key.issue", "key.limit_reached"}) {
		t.Errorf("of a limit: %v", got)
	}
	got := verbs(t, a, paid.Record.ID.String())
	slices.Sort(got)
	if !slices.Equal(got, []string{"key.credits_exhausted", "key.credits_low", "key.issue"}) {
		t.Errorf("of credits: %v", got)
	}
	for _, e := range events(t, a) {
		if e.Verb == "key.credits_low" && e.Changes[0] != "left 2" {
			t.Errorf("%+v", e)
		}
	}
	c.advance(time.Hour)
	verify(t, a, keywright.Ask{Key: paid.Key, Keyspace: "default"})
	a.Tend(ctx)
	if n := len(verbs(t, a, paid.Record.ID.String())); n != 4 {
		t.Errorf("%d events an hour later", n)
	}
}
