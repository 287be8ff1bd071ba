// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/internal/postgrestest"
)

var errCut = errors.New("cut off")

// A faultyStore is a store between which and the node something can go wrong.
type faultyStore struct {
	*Store
	cut    atomic.Bool // nothing gets through
	deaf   bool        // no notice does
	listed func(authority.Query)
	looked func() // after a record was looked up, before the node gets it
	// renewed is called with the answer to a renewal on its way back.
	renewed atomic.Pointer[func()]
}

func (f *faultyStore) Renew(ctx context.Context, id string, confirmed uint64) (h authority.ChainHead, err error) {
	if f.cut.Load() {
		return h, errCut
	}
	h, err = f.Store.Renew(ctx, id, confirmed)
	if then := f.renewed.Load(); then != nil {
		(*then)()
	}
	return h, err
}

func (f *faultyStore) Confirm(ctx context.Context, id string, confirmed uint64) error {
	if f.cut.Load() {
		return errCut
	}
	return f.Store.Confirm(ctx, id, confirmed)
}

func (f *faultyStore) Events(ctx context.Context, q authority.EventQuery) ([]authority.Event, error) {
	if f.cut.Load() {
		return nil, errCut
	}
	return f.Store.Events(ctx, q)
}

func (f *faultyStore) List(ctx context.Context, q authority.Query) (authority.Page, error) {
	if f.cut.Load() {
		return authority.Page{}, errCut
	}
	if f.listed != nil {
		f.listed(q)
	}
	return f.Store.List(ctx, q)
}

func (f *faultyStore) Lookup(ctx context.Context, h keywright.Hash) (authority.Record, error) {
	if f.cut.Load() {
		return authority.Record{}, errCut
	}
	r, err := f.Store.Lookup(ctx, h)
	if f.looked != nil {
		f.looked()
	}
	return r, err
}

func (f *faultyStore) Notices() <-chan struct{} {
	if f.deaf {
		return nil
	}
	return f.Store.Notices()
}

// startFaulty starts a node over a store that can fail. Its table is not filled, so that each key is looked up.
func startFaulty(t testing.TB, url string, change func(*faultyStore)) (*testNode, *faultyStore) {
	t.Helper()
	f := &faultyStore{}
	n := startNode(t, url, "faulty", func(o *authority.Options) {
		f.Store = o.Store.(*Store)
		if change != nil {
			change(f)
		}
		o.Store = f
	})
	return n, f
}

func (n *testNode) revoke(t testing.TB, id keywright.KeyID) {
	t.Helper()
	if _, err := n.Revoke(context.Background(), me, id, ""); err != nil {
		t.Error(err)
	}
}

func (n *testNode) wantValid(t testing.TB, key keywright.Secret) {
	t.Helper()
	if code, err := n.ask(key); err != nil || code != keywright.Valid {
		t.Errorf("the key is %s, %v", code, err)
	}
}

// wantError asks a node that can know nothing: neither that the key is good nor that it is bad.
func (n *testNode) wantError(t testing.TB, key keywright.Secret) {
	t.Helper()
	if code, err := n.ask(key); err == nil {
		t.Errorf("a node without a lease says that the key is %s", code)
	}
}

// stateOf returns how a node is seen by the others.
func (n *testNode) stateOf(t testing.TB, name string) (found authority.Node) {
	t.Helper()
	list, _, err := n.store.Nodes(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range list {
		if other.Name == name {
			found = other
		}
	}
	return found
}

// TestRevokeOutlivesACutOffNode cuts a node off, which still has a lease and the key in its table.
func TestRevokeOutlivesACutOffNode(t *testing.T) {
	url := postgrestest.Database(t)
	good := startNode(t, url, "good", nil)
	cut, store := startFaulty(t, url, nil)
	first, second := good.issue(t), good.issue(t)
	cut.wantValid(t, first.Key)
	cut.wantValid(t, second.Key)
	store.cut.Store(true)
	cut.wantValid(t, first.Key) // its lease runs
	good.revoke(t, first.Record.ID)
	cut.wantError(t, first.Key)
	for range 4 { // an act that sees the node late, as the machine is busy, leaves it to the next to say that it is lost
		if good.stateOf(t, "faulty").Lost {
			break
		}
		good.revoke(t, good.issue(t).Record.ID)
	}
	if !good.stateOf(t, "faulty").Lost {
		t.Error("the next act waits for the node again")
	}
	good.revoke(t, second.Record.ID)
	cut.wantError(t, second.Key)
	store.cut.Store(false)
	eventually(t, "the node judges again", func() bool {
		code, err := cut.ask(first.Key)
		if err == nil && code != keywright.Revoked {
			t.Fatalf("the key is %s", code)
		}
		return err == nil
	})
}

// TestLeaseCountsFromTheQuestion holds the answer to a renewal back, which knows nothing of a revoke, and then cuts off.
func TestLeaseCountsFromTheQuestion(t *testing.T) {
	url := postgrestest.Database(t)
	good := startNode(t, url, "good", nil)
	cut, store := startFaulty(t, url, func(f *faultyStore) { f.deaf = true })
	issued := good.issue(t)
	cut.wantValid(t, issued.Key)
	eventually(t, "the node has nothing left to read", func() bool {
		_, head, err := good.store.Nodes(t.Context())
		return err == nil && good.stateOf(t, "faulty").Confirmed == head.Sequence
	})
	asked, answer := make(chan struct{}), make(chan struct{})
	var once sync.Once
	hold := func() {
		once.Do(func() {
			close(asked)
			<-answer
			store.cut.Store(true)
		})
	}
	store.renewed.Store(&hold)
	<-asked
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		good.revoke(t, issued.Record.ID)
	}()
	time.Sleep(authority.DefaultLease * 6 / 10)
	close(answer)
	<-returned
	cut.wantError(t, issued.Key)
}

// TestLostNotices runs the law with a node that hears no notice: it reads the feed with its renewals.
func TestLostNotices(t *testing.T) {
	url := postgrestest.Database(t)
	good := startNode(t, url, "good", nil)
	deaf, _ := startFaulty(t, url, func(f *faultyStore) { f.deaf = true })
	for range 5 {
		followOne(t, []*testNode{good, deaf}, good, func(n *testNode, id keywright.KeyID) error {
			_, err := n.Revoke(context.Background(), me, id, "")
			return err
		})
	}
}

// TestConfirmedIsApplied runs the law with a node that is slow to read what has changed.
func TestConfirmedIsApplied(t *testing.T) {
	url := postgrestest.Database(t)
	good := startNode(t, url, "good", nil)
	slow, _ := startFaulty(t, url, func(f *faultyStore) {
		f.listed = func(q authority.Query) {
			if q.Of == authority.Records {
				time.Sleep(20 * time.Millisecond)
			}
		}
	})
	for range 5 {
		followOne(t, []*testNode{good, slow}, good, func(n *testNode, id keywright.KeyID) error {
			_, err := n.Revoke(context.Background(), me, id, "")
			return err
		})
	}
}

// TestFillLosesToRevoke holds back a record that was looked up before a revoke until that has returned.
func TestFillLosesToRevoke(t *testing.T) {
	url := postgrestest.Database(t)
	good := startNode(t, url, "good", nil)
	looked, goOn := make(chan struct{}), make(chan struct{})
	var armed atomic.Bool
	late, _ := startFaulty(t, url, func(f *faultyStore) {
		f.looked = func() {
			if armed.CompareAndSwap(true, false) {
				close(looked)
				<-goOn
			}
		}
	})
	issued := good.issue(t)
	armed.Store(true)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		_, _ = late.ask(issued.Key) // it began before: any answer will do
	}()
	<-looked
	good.revoke(t, issued.Record.ID)
	close(goOn)
	<-answered
	for range 3 {
		if code, err := late.ask(issued.Key); err != nil || code != keywright.Revoked {
			t.Errorf("the key is %s, %v", code, err)
		}
	}
}

// TestNoAnswerAfterTheLease stops a verification half way until the lease of its node has run out.
func TestNoAnswerAfterTheLease(t *testing.T) {
	url := postgrestest.Database(t)
	good := startNode(t, url, "good", nil)
	looked, goOn := make(chan struct{}), make(chan struct{})
	var armed atomic.Bool
	late, store := startFaulty(t, url, func(f *faultyStore) {
		f.looked = func() {
			if armed.CompareAndSwap(true, false) {
				close(looked)
				<-goOn
			}
		}
	})
	issued := good.issue(t)
	armed.Store(true)
	answered := make(chan error)
	go func() {
		_, err := late.ask(issued.Key)
		answered <- err
	}()
	<-looked
	store.cut.Store(true)
	good.revoke(t, issued.Record.ID)
	close(goOn)
	if err := <-answered; err == nil {
		t.Error("what was judged under a lease was answered after its end")
	}
}

// TestTimelineIsWaitedFor lets another server take over which does not know of a node: its lease was lost with the tail.
func TestTimelineIsWaitedFor(t *testing.T) {
	url := postgrestest.Database(t)
	good := startNode(t, url, "good", nil)
	cut, store := startFaulty(t, url, nil)
	issued := good.issue(t)
	cut.wantValid(t, issued.Key)
	store.cut.Store(true)
	execute(t, good.store, "DELETE FROM nodes WHERE name = 'faulty'")
	execute(t, good.store, "UPDATE cluster SET timeline = 'another', since = 0")
	cut.wantValid(t, issued.Key)
	good.revoke(t, issued.Record.ID)
	cut.wantError(t, issued.Key)
}

// memoryHeads keeps a head as a file would.
type memoryHeads struct {
	mu   sync.Mutex
	head authority.ChainHead
}

func (m *memoryHeads) Load() (authority.ChainHead, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.head, nil
}

func (m *memoryHeads) Save(h authority.ChainHead) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.head = h
	return nil
}

// TestLostTail takes the last events from the store, as a failover without synchronous replication can: a revoke among
// them. No node that has seen them judges anything, nor does one that is started again until somebody accepts the loss.
func TestLostTail(t *testing.T) {
	for name, next := range map[string]bool{"shorter": false, "another": true} {
		t.Run(name, func(t *testing.T) {
			url := postgrestest.Database(t)
			var heads memoryHeads
			remember := func(o *authority.Options) { o.Node.Heads = &heads }
			n := startNode(t, url, "n", remember)
			other := startNode(t, url, "other", nil)
			issued := n.issue(t)
			n.revoke(t, issued.Record.ID)
			eventually(t, "the end of the chain is remembered", func() bool {
				head, _ := heads.Load()
				events, err := n.store.Events(t.Context(), authority.EventQuery{Descending: true, Limit: 1})
				return err == nil && events[0].Sequence == head.Sequence
			})
			execute(t, n.store, "UPDATE records SET revoked = 0, version = 1 WHERE id = '"+uuidText(issued.Record.ID)+"'")
			execute(t, n.store, `UPDATE head SET sequence = sequence - 1, hash = (SELECT hash FROM events WHERE sequence = head.sequence - 1)`)
			execute(t, n.store, "DELETE FROM events WHERE sequence > (SELECT sequence FROM head)")
			if next {
				s := openShared(t, url)
				if err := s.Apply(t.Context(), issue(3)); err != nil {
					t.Fatal(err)
				}
			}
			eventually(t, "the loss is noticed", func() bool { return n.Lease() != nil && other.Lease() != nil })
			time.Sleep(authority.DefaultLease)
			n.wantError(t, issued.Key)
			other.wantError(t, issued.Key)
			n.Close()
			o := authority.Options{Store: n.store, Clock: time.Now, Random: zeros{}}
			remember(&o)
			if _, err := authority.Open(t.Context(), o); !errors.Is(err, authority.ErrLost) {
				t.Fatalf("a node is started over a store that has lost something: %v", err)
			}
			accepted := startNode(t, url, "n", func(o *authority.Options) {
				remember(o)
				o.Node.AcceptLoss = true
			})
			eventually(t, "it judges again", func() bool { return accepted.Lease() == nil })
			events, err := accepted.store.Events(t.Context(), authority.EventQuery{Verb: "store.accept_loss"})
			if err != nil || len(events) != 1 {
				t.Errorf("%d events of the acceptance, %v", len(events), err)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func uuidText(id keywright.KeyID) string {
	b, err := uuid(id).MarshalJSON()
	if err != nil {
		panic(err)
	}
	return string(b[1 : len(b)-1])
}

// TestServerEndsConnections ends all connections again and again: never a refusal, and it mends itself.
func TestServerEndsConnections(t *testing.T) {
	url := postgrestest.Database(t)
	nodes := startNodes(t, url, 2)
	kept := nodes[0].issue(t)
	for range 3 {
		postgrestest.Execute(t, url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		for _, n := range nodes {
			eventually(t, "it judges and writes again", func() bool {
				if code, err := n.ask(kept.Key); err == nil && code != keywright.Valid {
					t.Fatalf("the key is %s", code)
				}
				fresh, err := n.Issue(context.Background(), me, authority.IssueRequest{Name: "k"})
				if err != nil {
					return false
				}
				code, err := n.ask(fresh.Key)
				return err == nil && code == keywright.Valid
			})
		}
		gone := nodes[0].issue(t)
		nodes[1].wantValid(t, gone.Key)
		nodes[1].revoke(t, gone.Record.ID)
		if code, err := nodes[0].ask(gone.Key); err == nil && code == keywright.Valid {
			t.Error("VALID after revoke")
		}
	}
}
