// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/postgrestest"
)

// TestRepeatsAreWaitedFor repeats acts whose first answer was lost, by another node, while a third one is cut off and judges
// under its lease. The repeat finds nothing left to do, and does not return before that node has it, or judges nothing.
func TestRepeatsAreWaitedFor(t *testing.T) {
	acts := map[string]func(*testNode, authority.Issued) error{
		"revoke-self": func(n *testNode, k authority.Issued) error {
			return n.RevokeSelf(context.Background(), k.Key, authority.Origin{})
		},
		"report of a leak": func(n *testNode, k authority.Issued) error {
			_, err := n.ReportLeaks(context.Background(), me, "", []authority.LeakedKey{{Key: k.Key, URL: "https://git.example.com/a"}})
			return err
		},
		"owner": func(n *testNode, k authority.Issued) error {
			limits := []authority.Limit{{Name: "requests", Limit: 1, Window: time.Hour, Auto: true}}
			_, err := n.PutOwner(context.Background(), me, authority.OwnerRequest{Keyspace: "default", ID: k.Record.Owner, Limits: &limits})
			return err
		},
		"keyspace": func(n *testNode, _ authority.Issued) error {
			_, err := n.UpdateKeyspace(context.Background(), me, authority.KeyspaceRequest{Name: "default", Environments: []string{"live"}})
			return err
		},
	}
	for name, act := range acts {
		t.Run(name, func(t *testing.T) {
			url := postgrestest.Database(t)
			by, again := startNode(t, url, "by", nil), startNode(t, url, "again", nil)
			away, f := startFaulty(t, url, nil)
			key, err := by.Issue(context.Background(), me, authority.IssueRequest{Owner: "acme"})
			if err != nil {
				t.Fatal(err)
			}
			away.wantValid(t, key.Key)
			before := chainEnd(t, by)
			f.cut.Store(true)
			lost := make(chan error, 1)
			go func() { lost <- act(by, key) }()
			for chainEnd(t, by) == before {
				time.Sleep(time.Millisecond)
			}
			for err := act(again, key); err != nil; err = act(again, key) { // it may meet the first one
				if !errors.Is(err, authority.ErrConflict) {
					t.Fatal(err)
				}
			}
			away.wantError(t, key.Key)
			if err := <-lost; err != nil {
				t.Error(err)
			}
		})
	}
}

func chainEnd(t *testing.T, n *testNode) uint64 {
	t.Helper()
	_, h, err := n.store.Nodes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return h.Sequence
}

// TestDelayedLeakOutlivesItsNode has a key reported to a node that stops before the delay is over: another one ends it.
func TestDelayedLeakOutlivesItsNode(t *testing.T) {
	url := postgrestest.Database(t)
	var ahead atomic.Int64
	other := startNode(t, url, "other", func(o *authority.Options) {
		o.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	told := startNode(t, url, "told", nil)
	policy := authority.Policy{Leaks: &authority.LeakPolicy{Secret: authority.LeakDelay, Delay: time.Minute}}
	if _, err := told.UpdateKeyspace(context.Background(), me, authority.KeyspaceRequest{Name: "default", Policy: &policy}); err != nil {
		t.Fatal(err)
	}
	key := told.issue(t)
	results, err := told.ReportLeaks(context.Background(), me, "", []authority.LeakedKey{{Key: key.Key}})
	if err != nil || results[0].Action != authority.LeakScheduled {
		t.Fatalf("%+v, %v", results, err)
	}
	told.Close()
	other.wantValid(t, key.Key)
	ahead.Store(int64(2 * time.Minute))
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if code, err := other.ask(key.Key); err == nil && code == keywright.Revoked {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody ends a key whose delay is over")
		}
	}
}
