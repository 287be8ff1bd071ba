// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

// altered is a store in which one event was changed.
type altered struct {
	authority.Store
	sequence uint64
}

func (s altered) Events(ctx context.Context, q authority.EventQuery) ([]authority.Event, error) {
	list, err := s.Store.Events(ctx, q)
	for i := range list {
		if list[i].Sequence == s.sequence {
			list[i].Actor = "somebody else"
		}
	}
	return list, err
}

// personal returns the values of personal fields in the chain.
func personal(t testing.TB, a *authority.Authority) (values []string) {
	t.Helper()
	for _, e := range events(t, a) {
		for _, p := range e.Personal {
			if p.Value != "" {
				values = append(values, p.Name+" "+p.Value)
			}
		}
	}
	return values
}

func TestEraseEmptiesAValue(t *testing.T) {
	a, c := open(t)
	here := authority.Operator("test", authority.Origin{Address: netip.MustParseAddr("203.0.113.7")})
	for _, owner := range []string{"ann", "bob", "ann"} {
		if _, err := a.Issue(ctx, here, authority.IssueRequest{Name: "of " + owner, Owner: owner}); err != nil {
			t.Fatal(err)
		}
		c.advance(time.Hour)
	}
	done, err := a.Erase(ctx, admin, authority.EraseRequest{Value: "ann", Fields: []string{"owner"}})
	if err != nil || done != (authority.Erased{Events: 2, Fields: 2}) {
		t.Fatalf("%+v, %v", done, err)
	}
	left := personal(t, a)
	if slices.Contains(left, "owner ann") || !slices.Contains(left, "owner bob") || !slices.Contains(left, "name of ann") || len(left) != 7 {
		t.Errorf("left: %v", left)
	}
	list := events(t, a)
	last := list[len(list)-1]
	if last.Verb != "audit.erase" || !slices.Contains(last.Changes, "events 2") || strings.Contains(strings.Join(last.Changes, " "), "ann") || len(last.Personal) > 0 {
		t.Errorf("it left %+v", last)
	}
	if r := verifyChain(t, a); r.Broken != nil {
		t.Error(r.Broken)
	}
	if done, err := a.Erase(ctx, admin, authority.EraseRequest{Value: "ann", Fields: []string{"owner"}}); err != nil || done.Events != 0 {
		t.Errorf("a repeat: %+v, %v", done, err)
	}
	if len(events(t, a)) != len(list) {
		t.Error("what erased nothing left an event")
	}

	done, err = a.Erase(ctx, admin, authority.EraseRequest{Before: start.Add(90 * time.Minute)})
	if err != nil || done.Events != 2 {
		t.Errorf("by time: %+v, %v", done, err)
	}
	if left := personal(t, a); !slices.Equal(left, []string{"name of ann", "address 203.0.113.7"}) {
		t.Errorf("left: %v", left)
	}
}

func TestEraseGoesThroughALongChain(t *testing.T) {
	a, _ := open(t)
	many := slices.Repeat([]authority.IssueRequest{{Owner: "ann"}}, 2500)
	err := a.IssueMany(ctx, admin, slices.Values(many), func(_ authority.Issued, err error) error { return err })
	if err != nil {
		t.Fatal(err)
	}
	done, err := a.Erase(ctx, admin, authority.EraseRequest{Value: "ann"})
	if err != nil || done.Events != 2500 {
		t.Fatalf("%+v, %v", done, err)
	}
	if r := verifyChain(t, a); r.Broken != nil || r.Events != 2+2500+3 {
		t.Errorf("%+v", r)
	}
}

func TestEraseAsksWhat(t *testing.T) {
	a, _ := open(t)
	_, err := a.Erase(ctx, admin, authority.EraseRequest{})
	wantError(t, err, authority.Invalid, "value")
	_, err = a.Erase(ctx, admin, authority.EraseRequest{Value: "x", Fields: []string{"actor"}})
	wantError(t, err, authority.Invalid, "fields")
}

func TestPersonalFieldsAreForgottenByPolicy(t *testing.T) {
	store := memory(t)
	a, _ := over(t, store)
	issue(t, a, authority.IssueRequest{Owner: "ann"})
	later := func(d time.Duration) *authority.Authority {
		b, _ := over(t, store, func(o *authority.Options) {
			o.PersonalLife = 24 * time.Hour
			o.Clock = func() time.Time { return start.Add(d) }
		})
		return b
	}
	b := later(23 * time.Hour)
	time.Sleep(50 * time.Millisecond)
	if left := personal(t, b); !slices.Contains(left, "owner ann") {
		t.Fatal("erased too soon")
	}
	b.Close()
	b = later(25 * time.Hour)
	for end := time.Now().Add(10 * time.Second); len(personal(t, b)) > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still there: %v", personal(t, b))
		}
	}
	list := events(t, b)
	if e := list[len(list)-1]; e.Verb != "audit.erase" || e.Actor != "system" {
		t.Errorf("it left %+v", e)
	}
	if r := verifyChain(t, b); r.Broken != nil {
		t.Error(r.Broken)
	}
}
