// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// watcher notes calls of the store: how many of each, how large the largest was, and how the last one ended.
type watcher struct {
	mu    sync.Mutex
	begun map[string]int
	size  map[string]int
	last  map[string]error
}

func newWatcher() *watcher {
	return &watcher{begun: map[string]int{}, size: map[string]int{}, last: map[string]error{}}
}

type watchedKey struct{}

func (w *watcher) observe(ctx context.Context, call authority.StoreCall) (context.Context, func(error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun[call.Operation]++
	w.size[call.Operation] = max(w.size[call.Operation], call.Size)
	return context.WithValue(ctx, watchedKey{}, call.Operation), func(err error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.last[call.Operation] = err
	}
}

// uncounted is a store that does not take counts while it is told so, and sees whether it is called as it was observed.
type uncounted struct {
	authority.Store
	refuses atomic.Bool
	strange atomic.Bool
}

var errUncounted = errors.New("no counts now")

func (u *uncounted) Count(ctx context.Context, t authority.Tally) error {
	if ctx.Value(watchedKey{}) != "Count" {
		u.strange.Store(true)
	}
	if u.refuses.Load() {
		return errUncounted
	}
	return u.Store.Count(ctx, t)
}

func (u *uncounted) Scan(ctx context.Context, visit func(*authority.Record) error) error {
	if ctx.Value(watchedKey{}) != "Scan" {
		u.strange.Store(true)
	}
	return u.Store.(authority.Scanner).Scan(ctx, visit)
}

// TestStoreIsObserved sees every kind of call, with its size and its end; and what the store can do beyond that is still
// used.
func TestStoreIsObserved(t *testing.T) {
	store := &uncounted{Store: memory(t)}
	w := newWatcher()
	a, _ := over(t, store, func(o *authority.Options) { o.Observer = w.observe })
	if err := a.Warm(ctx); err != nil {
		t.Fatal(err)
	}
	k := issue(t, a, authority.IssueRequest{Credits: credits(5, nil)})
	verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default"})
	if head, err := a.Head(ctx); err != nil || head != uint64(len(events(t, a))) {
		t.Errorf("head %d, %v", head, err)
	}
	store.refuses.Store(true)
	for range 10 {
		verify(t, a, keywright.Ask{Key: k.Key, Keyspace: "default", Scopes: []string{"never:granted"}})
	}
	if err := a.Flush(ctx); !errors.Is(err, errUncounted) {
		t.Errorf("flush: %v", err)
	}
	if n := a.Stats().Waiting; n < 10 {
		t.Errorf("%d wait to be counted", n)
	}
	w.mu.Lock()
	for _, operation := range []string{"List", "Apply", "Spend", "Count", "Events", "Scan"} {
		if w.begun[operation] == 0 {
			t.Errorf("%s was not observed", operation)
		}
	}
	if w.size["Spend"] != 1 || w.size["Apply"] < 1 || w.size["Count"] < 1 || !errors.Is(w.last["Count"], errUncounted) || w.last["Apply"] != nil {
		t.Errorf("sizes %v, ends %v", w.size, w.last)
	}
	w.mu.Unlock()
	store.refuses.Store(false)
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if n := a.Stats().Waiting; n != 0 {
		t.Errorf("%d wait to be counted", n)
	}
	if store.strange.Load() {
		t.Error("the store is called with another context than the observer gave")
	}
	if err := a.Lease(); err != nil {
		t.Errorf("a store without a lease: %v", err)
	}
}
