// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

// A delivery is tried for a day, with pauses that grow, and is then dead; replayed, it is sent under the same id.
func TestADeliveryIsTriedForADay(t *testing.T) {
	r := &receiver{answer: refuse}
	a, c := sending(t, memory(t), r)
	id := endpoint(t, a, authority.EndpointRequest{Verbs: []string{"key.issue"}}).Endpoint.ID
	issue(t, a, authority.IssueRequest{})
	eventually(t, func() bool { return len(deliveries(t, a, id, authority.DeliveryPending)) == 1 })
	var pauses []time.Duration
	for range 30 {
		pending := deliveries(t, a, id, authority.DeliveryPending)
		if len(pending) == 0 {
			break
		}
		tries, before := len(r.all()), c.now()
		pauses = append(pauses, pending[0].Next.Sub(before).Round(time.Second))
		c.advance(pending[0].Next.Sub(before) - time.Millisecond)
		time.Sleep(3 * watch)
		if len(r.all()) != tries {
			t.Fatal("it is tried before its time")
		}
		c.advance(time.Millisecond)
		eventually(t, func() bool {
			d := deliveries(t, a, id, "")
			return len(d) == 1 && d[0].Attempts == len(pauses)+1
		})
	}
	least := []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour}
	for i, pause := range pauses {
		want := 2 * time.Hour
		if i < len(least) {
			want = least[i]
		}
		if pause < want-time.Second || pause > want+want/10+time.Second {
			t.Errorf("pause %d is %s, want %s and up to a tenth more", i, pause, want)
		}
	}
	if n := len(pauses); n < 15 || n > 18 {
		t.Errorf("%d pauses", n)
	}
	dead := deliveries(t, a, id, authority.DeliveryDead)
	if len(dead) != 1 || dead[0].Status != 500 || dead[0].Problem != errRefused.Error() || dead[0].Last.Sub(dead[0].First) > 24*time.Hour || dead[0].Last.Sub(dead[0].First) < 20*time.Hour {
		t.Fatalf("%+v", dead)
	}
	for _, d := range r.all() {
		if d.ID != dead[0].ID {
			t.Fatalf("ids %s and %s", d.ID, dead[0].ID)
		}
	}
	r.answers(nil)
	if n, err := a.Replay(ctx, admin, id, authority.ReplayRequest{Dead: true}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	eventually(t, func() bool { return len(deliveries(t, a, id, "")) == 0 })
	if all := r.all(); all[len(all)-1].ID != dead[0].ID {
		t.Error("replayed under another id")
	}
}

// watch is how often the authority looks at the chain.
const watch = 200 * time.Millisecond

func TestAFailingEndpointIsTold(t *testing.T) {
	r := &receiver{answer: refuse}
	a, c := sending(t, memory(t), r)
	id := endpoint(t, a, authority.EndpointRequest{}).Endpoint.ID
	eventually(t, func() bool { return stateOf(t, a, id).Failed > 0 })
	count := func() (n int) {
		for _, e := range events(t, a) {
			if e.Verb == "webhook.failing" {
				n++
			}
		}
		return n
	}
	for range 6 {
		c.advance(10 * time.Minute)
		tries := len(r.all())
		issue(t, a, authority.IssueRequest{})
		eventually(t, func() bool { return len(r.all()) > tries })
		time.Sleep(watch)
	}
	if n := count(); n != 2 { // one in each of two hours
		t.Errorf("%d events in an hour of failing", n)
	}
	if slices.Contains(r.verbs(), "webhook.failing") {
		t.Error("it is sent to the endpoint that fails")
	}
	if s := stateOf(t, a, id); s.Disabled || s.FailingSince.IsZero() || s.LastStatus != 500 {
		t.Errorf("%+v", s)
	}
}

func TestAReceiverThatIsGone(t *testing.T) {
	r := &receiver{answer: func(authority.Dispatch) (authority.Result, error) {
		return authority.Result{Status: 410, Gone: true}, errRefused
	}}
	a, _ := sending(t, memory(t), r)
	for _, kind := range []authority.EndpointKind{authority.Webhook, authority.ExportHTTP} {
		id := endpoint(t, a, authority.EndpointRequest{Kind: kind}).Endpoint.ID
		eventually(t, func() bool { return stateOf(t, a, id).Disabled })
		list := events(t, a)
		if last := list[len(list)-1]; last.Verb != "webhook.disable" || last.Target != id || last.Actor != "system" {
			t.Errorf("%+v", last)
		}
		if err := a.DeleteEndpoint(ctx, admin, id); err != nil {
			t.Fatal(err)
		}
	}
}

// A receiver that hangs delays itself alone.
func TestAHangingReceiver(t *testing.T) {
	free := make(chan struct{})
	var slow string
	r := &receiver{answer: func(d authority.Dispatch) (authority.Result, error) {
		if d.Endpoint.Name == "slow" {
			<-free
		}
		return authority.Result{}, nil
	}}
	a, _ := sending(t, memory(t), r)
	slow = endpoint(t, a, authority.EndpointRequest{Name: "slow", Verbs: []string{"key.issue"}}).Endpoint.ID
	fast := endpoint(t, a, authority.EndpointRequest{Name: "fast", Verbs: []string{"key.issue"}}).Endpoint.ID
	for range 30 {
		issue(t, a, authority.IssueRequest{})
	}
	eventually(t, func() bool { return stateOf(t, a, fast).Sent == 30 })
	hanging := 0
	for _, d := range r.all() {
		hanging += len(d.Events) * map[bool]int{true: 1}[d.Endpoint.ID == slow]
	}
	if hanging == 0 || hanging > 8 {
		t.Errorf("%d messages hang at once", hanging)
	}
	close(free)
	eventually(t, func() bool { return stateOf(t, a, slow).Sent == 30 })
}

// What was sent when the process died is sent again under the same id; nothing is missed.
func TestDeliveriesGoOnAfterACrash(t *testing.T) {
	store, r := memory(t), &receiver{}
	reached := make(chan struct{}, 100)
	hang := make(chan struct{})
	r.answer = func(authority.Dispatch) (authority.Result, error) {
		reached <- struct{}{}
		<-hang
		return authority.Result{}, nil
	}
	a, _ := sending(t, store, r)
	t.Cleanup(func() { close(hang) }) // before it is closed
	id := endpoint(t, a, authority.EndpointRequest{Verbs: []string{"key.issue"}}).Endpoint.ID
	for range 5 {
		issue(t, a, authority.IssueRequest{})
	}
	<-reached // those behind it may have to wait for it
	before := ids(r.all())
	after := &receiver{}
	again, _ := sending(t, store, after) // the first one never comes to write what was taken
	eventually(t, func() bool { return len(after.all()) >= 5 })
	got := ids(after.all())
	for _, id := range before {
		if !slices.Contains(got, id) {
			t.Errorf("%s was sent before the crash, and after it %v", id, got)
		}
	}
	if len(got) != 5 {
		t.Errorf("after the crash %v are sent", got)
	}
	eventually(t, func() bool { return stateOf(t, again, id).Behind == 0 })
	again.Close()
	late := &receiver{}
	sending(t, store, late)
	time.Sleep(4 * watch)
	if n := len(late.all()); n != 0 {
		t.Errorf("%d messages that were taken are sent again", n)
	}
}

func ids(list []authority.Dispatch) (ids []string) {
	for _, d := range list {
		ids = append(ids, d.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// A failed delivery outlives the process.
func TestDeliveriesAreKept(t *testing.T) {
	store, r := memory(t), &receiver{answer: refuse}
	a, _ := sending(t, store, r)
	id := endpoint(t, a, authority.EndpointRequest{Verbs: []string{"key.issue"}}).Endpoint.ID
	issue(t, a, authority.IssueRequest{})
	eventually(t, func() bool { return len(deliveries(t, a, id, "")) == 1 })
	before := deliveries(t, a, id, "")[0]
	a.Close()
	r.answers(nil)
	a, c := sending(t, store, r)
	if got := deliveries(t, a, id, "")[0]; fmt.Sprint(got) != fmt.Sprint(before) {
		t.Errorf("%+v, before %+v", got, before)
	}
	c.advance(10 * time.Second)
	eventually(t, func() bool { return len(deliveries(t, a, id, "")) == 0 })
	if got := ids(r.all()); len(got) != 1 {
		t.Errorf("ids %v", got)
	}
}

func TestDeliveriesAreDropped(t *testing.T) {
	store, r := memory(t), &receiver{answer: refuse}
	a, _ := sending(t, store, r)
	id := endpoint(t, a, authority.EndpointRequest{Verbs: []string{"key.issue"}}).Endpoint.ID
	for range 3 {
		issue(t, a, authority.IssueRequest{})
	}
	eventually(t, func() bool { return len(deliveries(t, a, id, "")) == 3 })
	list := deliveries(t, a, id, "")
	if n, err := a.DropDeliveries(ctx, admin, id, []uint64{list[1].Sequence}, false); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	_, err := a.DropDeliveries(ctx, admin, id, []uint64{list[1].Sequence}, false)
	wantError(t, err, authority.Invalid, "sequences[0]")
	left := deliveries(t, a, id, "")
	if len(left) != 2 || left[0].Sequence != list[0].Sequence || left[1].Sequence != list[2].Sequence {
		t.Errorf("%+v", left)
	}
	page, more, err := a.Deliveries(admin, id, authority.DeliveryPending, left[0].Sequence, 1)
	if err != nil || more || len(page) != 1 || page[0].Sequence != left[1].Sequence {
		t.Errorf("%+v, %v, %v", page, more, err)
	}
	if err := a.DeleteEndpoint(ctx, admin, id); err != nil {
		t.Fatal(err)
	}
	items, err := store.List(ctx, authority.Query{Of: authority.Items})
	if err != nil || len(items.Items) != 0 {
		t.Errorf("%d items are left, %v", len(items.Items), err)
	}
}
