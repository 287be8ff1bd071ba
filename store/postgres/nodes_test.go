// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/postgrestest"
)

var me = authority.Operator("test", authority.Origin{})

// A testNode is an authority over a store that it shares. Its clock can be stopped, as if the process were.
type testNode struct {
	*authority.Authority
	store *Store
}

// nodeOptions are those of a test; change may be nil.
func startNode(t testing.TB, url, name string, change func(*authority.Options)) *testNode {
	t.Helper()
	s, err := Open(context.Background(), url, Options{Holder: name, Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	o := authority.Options{Store: s, Clock: time.Now, Random: rand.Reader, Node: authority.NodeOptions{Name: name, Version: "test"}}
	if change != nil {
		change(&o)
	}
	a, err := authority.Open(context.Background(), o)
	if err != nil {
		s.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		a.Close()
		s.Close()
	})
	return &testNode{a, s}
}

func startNodes(t testing.TB, url string, n int) (nodes []*testNode) {
	t.Helper()
	for i := range n {
		nodes = append(nodes, startNode(t, url, fmt.Sprint("n", i), nil))
	}
	return nodes
}

func (n *testNode) ask(key keywright.Secret) (keywright.Code, error) {
	v, err := n.Verify(context.Background(), keywright.Ask{Key: key, Keyspace: "default"})
	return v.Code, err
}

func (n *testNode) issue(t testing.TB) authority.Issued {
	t.Helper()
	issued, err := n.Issue(context.Background(), me, authority.IssueRequest{Name: "k", Scopes: []string{"invoices:read"}})
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

// TestIssuedHereVerifiesThere asks another node for a key in the moment in which issue returns.
func TestIssuedHereVerifiesThere(t *testing.T) {
	nodes := startNodes(t, postgrestest.Database(t), 3)
	for i := range 60 {
		issued := nodes[i%3].issue(t)
		for _, n := range nodes {
			if code, err := n.ask(issued.Key); err != nil || code != keywright.Valid {
				t.Fatalf("a key that was just issued is %s, %v", code, err)
			}
		}
	}
}

// TestRevokedHereIsRevokedThere is the law: a verification that begins, on any node, after revoke has returned does not
// answer VALID. All nodes are asked about the keys all the time, and answer VALID until just before.
func TestRevokedHereIsRevokedThere(t *testing.T) {
	nodes := startNodes(t, postgrestest.Database(t), 3)
	takes := map[string]func(n *testNode, id keywright.KeyID) error{
		"revoke": func(n *testNode, id keywright.KeyID) error {
			_, err := n.Revoke(context.Background(), me, id, "")
			return err
		},
		"disable": func(n *testNode, id keywright.KeyID) error {
			_, err := n.Disable(context.Background(), me, id)
			return err
		},
		"narrow": func(n *testNode, id keywright.KeyID) error {
			_, err := n.Update(context.Background(), me, id, authority.Update{Scopes: &[]string{"other:read"}})
			return err
		},
		"rotate": func(n *testNode, id keywright.KeyID) error {
			_, err := n.Rotate(context.Background(), me, id, authority.RotateRequest{Grace: &authority.Grace{}})
			return err
		},
	}
	for name, take := range takes {
		t.Run(name, func(t *testing.T) {
			for i := range 20 {
				followOne(t, nodes, nodes[i%3], take)
			}
		})
	}
}

// followOne asks all nodes about one key while one of them takes something away from it.
func followOne(t *testing.T, nodes []*testNode, by *testNode, take func(*testNode, keywright.KeyID) error) {
	t.Helper()
	issued := by.issue(t)
	ask := keywright.Ask{Key: issued.Key, Keyspace: "default", Scopes: []string{"invoices:read"}}
	var begun sync.WaitGroup
	var returned atomic.Int64 // nanoseconds since the epoch below
	epoch := time.Now()
	var lastValid atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	for _, n := range nodes {
		begun.Add(1)
		asking.Go(func() {
			first := true
			for ctx.Err() == nil {
				after := returned.Load()
				v, err := n.Verify(context.Background(), ask)
				switch {
				case err == nil && v.Valid() && after != 0:
					t.Error("VALID after it was taken away")
					return
				case err == nil && v.Valid():
					lastValid.Store(int64(time.Since(epoch)))
				case err != nil:
					t.Errorf("a healthy node gives an error: %v", err)
					return
				}
				if first {
					begun.Done()
					first = false
				}
				time.Sleep(50 * time.Microsecond)
			}
		})
	}
	begun.Wait()
	time.Sleep(2 * time.Millisecond)
	if err := take(by, issued.Record.ID); err != nil {
		t.Error(err)
	}
	returned.Store(int64(time.Since(epoch)))
	time.Sleep(3 * time.Millisecond)
	stop()
	asking.Wait()
	if lastValid.Load() == 0 {
		t.Error("the key was never VALID")
	}
}

// TestBothWrite has two nodes issue and rotate at once, the same keys too: nothing fails but what is refused on both.
func TestBothWrite(t *testing.T) {
	nodes := startNodes(t, postgrestest.Database(t), 2)
	shared := nodes[0].issue(t).Record.ID
	var working sync.WaitGroup
	for _, n := range nodes {
		working.Go(func() {
			for range 15 {
				own, err := n.Issue(context.Background(), me, authority.IssueRequest{Name: "k"})
				if err != nil {
					t.Errorf("issue: %v", err)
					return
				}
				again, err := n.Rotate(context.Background(), me, own.Record.ID, authority.RotateRequest{Grace: &authority.Grace{}})
				if err != nil {
					t.Errorf("rotate: %v", err)
					return
				}
				for _, asked := range nodes {
					if code, err := asked.ask(own.Key); err != nil || code == keywright.Valid {
						t.Errorf("a key that was rotated out is %s, %v", code, err)
					}
					if code, err := asked.ask(again.Key); err != nil || code != keywright.Valid {
						t.Errorf("the new key is %s, %v", code, err)
					}
				}
				name := rand.Text()
				if _, err := n.Update(context.Background(), me, shared, authority.Update{Name: &name}); err != nil && !errors.Is(err, authority.ErrConflict) {
					t.Errorf("update: %v", err)
				}
			}
		})
	}
	working.Wait()
	wholeChain(t, nodes[0].store)
}
