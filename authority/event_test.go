// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"errors"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// chain returns a whole chain of a few events.
func chain(t *testing.T) []authority.Event {
	a, _ := open(t)
	id := issue(t, a, authority.IssueRequest{Name: "n", Owner: "o", Scopes: []string{"a:b"}}).Record.ID
	if _, err := a.Disable(ctx, admin, id); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Revoke(ctx, admin, id, "r"); err != nil {
		t.Fatal(err)
	}
	return events(t, a)
}

func walk(list []authority.Event) error {
	var w authority.Walk
	for _, e := range list {
		if err := w.Next(e); err != nil {
			return err
		}
	}
	return nil
}

func TestChainHolds(t *testing.T) {
	if err := walk(chain(t)); err != nil {
		t.Fatal(err)
	}
}

func TestChainNamesTheFirstBreak(t *testing.T) {
	for name, harm := range map[string]func([]authority.Event) []authority.Event{
		"time":       func(l []authority.Event) []authority.Event { l[2].Time = l[2].Time.Add(time.Millisecond); return l },
		"actor":      func(l []authority.Event) []authority.Event { l[2].Actor = "x"; return l },
		"verb":       func(l []authority.Event) []authority.Event { l[2].Verb = "key.update"; return l },
		"target":     func(l []authority.Event) []authority.Event { l[2].Target = "key_x"; return l },
		"keyspace":   func(l []authority.Event) []authority.Event { l[2].Keyspace = "x"; return l },
		"request":    func(l []authority.Event) []authority.Event { l[2].Request = "x"; return l },
		"change":     func(l []authority.Event) []authority.Event { l[2].Changes[0] += "x"; return l },
		"less":       func(l []authority.Event) []authority.Event { l[2].Changes = l[2].Changes[1:]; return l },
		"personal":   func(l []authority.Event) []authority.Event { l[2].Personal[0].Value = "x"; return l },
		"commitment": func(l []authority.Event) []authority.Event { l[2].Personal[0].Commitment[0]++; return l },
		"missing":    func(l []authority.Event) []authority.Event { return append(l[:2:2], l[3:]...) },
		"relinked": func(l []authority.Event) []authority.Event {
			l[2].Verb = "key.update"
			l[2].Link(l[2].Sequence, l[2].Previous)
			return l
		},
	} {
		t.Run(name, func(t *testing.T) {
			var broken *authority.ChainError
			if err := walk(harm(chain(t))); !errors.As(err, &broken) || !errors.Is(err, authority.ErrChain) {
				t.Fatalf("got %v", err)
			}
			want := uint64(3)
			if name == "relinked" {
				want = 4 // the replaced event is whole; the one behind it tells
			}
			if broken.Sequence != want {
				t.Errorf("the break is at %d, want %d", broken.Sequence, want)
			}
		})
	}
}

func TestErasedPersonalFieldsLeaveTheChainWhole(t *testing.T) {
	list := chain(t)
	for i := range list {
		for j := range list[i].Personal {
			list[i].Personal[j].Value, list[i].Personal[j].Salt = "", nil
		}
	}
	if err := walk(list); err != nil {
		t.Error(err)
	}
}

func TestEveryActLeavesOneEvent(t *testing.T) {
	a, _ := open(t)
	id := issue(t, a, authority.IssueRequest{}).Record.ID
	name := "new name"
	for _, act := range []struct {
		verb string
		do   func() error
	}{
		{"key.update", func() error { _, err := a.Update(ctx, admin, id, authority.Update{Name: &name}); return err }},
		{"", func() error { _, err := a.Update(ctx, admin, id, authority.Update{Name: &name}); return err }},
		{"key.disable", func() error { _, err := a.Disable(ctx, admin, id); return err }},
		{"", func() error { _, err := a.Disable(ctx, admin, id); return err }},
		{"key.enable", func() error { _, err := a.Enable(ctx, admin, id); return err }},
		{"key.revoke", func() error { _, err := a.Revoke(ctx, admin, id, "why"); return err }},
		{"key.register", func() error {
			_, err := a.Issue(ctx, admin, authority.IssueRequest{Hash: keywright.HashText("x"), PublicID: "x"})
			return err
		}},
		{"keyspace.create", func() error {
			_, err := a.CreateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "new"})
			return err
		}},
		{"keyspace.update", func() error {
			_, err := a.UpdateKeyspace(ctx, admin, authority.KeyspaceRequest{Name: "new", Environments: []string{"prod"}})
			return err
		}},
		{"", func() error { _, err := a.Get(ctx, admin, id); return err }},
	} {
		before := len(events(t, a))
		if err := act.do(); err != nil {
			t.Fatal(act.verb, err)
		}
		all := events(t, a)
		switch {
		case act.verb == "" && len(all) != before:
			t.Errorf("what changed nothing left %s", all[len(all)-1].Verb)
		case act.verb != "" && (len(all) != before+1 || all[before].Verb != act.verb):
			t.Errorf("%s left %d events", act.verb, len(all)-before)
		}
	}
}
