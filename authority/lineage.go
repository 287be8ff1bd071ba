// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/keywright/keywright"
)

// maxDepth is how many ancestors a key may have.
const maxDepth = 4

// A lineage is a key that has children, as their verifications need it. Each child's grant points to the one of its
// parent, so a change of the parent is a change of one value, however many children there are.
type lineage struct {
	id      keywright.KeyID
	known   atomic.Pointer[ancestor] // nil: the store must be asked
	loading latch

	// children is how many there are that can be used, or more, as those that end are not taken away; 0: not known.
	// Whoever holds the lock of the key may use it.
	children int
}

// An ancestor is what a verification of a child needs to know of a key above it.
type ancestor struct {
	id       keywright.KeyID
	revoked  bool
	disabled bool
	expires  uint32   // as the table keeps it
	rules    *ruleSet // or nil
	scopes   *scopeSet
}

func (n *ancestor) parent() *lineage {
	if n.rules == nil {
		return nil
	}
	return n.rules.parent
}

// lineages are all keys that are known to have children.
type lineages struct {
	mu sync.RWMutex
	of map[keywright.KeyID]*lineage
}

func (l *lineages) find(id keywright.KeyID) *lineage {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.of[id]
}

// add returns the lineage of a key. From now on a change of the key reaches it, so what is read after this is not older
// than what a change wrote.
func (l *lineages) add(id keywright.KeyID) *lineage {
	if n := l.find(id); n != nil {
		return n
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = map[keywright.KeyID]*lineage{}
	}
	if l.of[id] == nil {
		l.of[id] = &lineage{id: id}
	}
	return l.of[id]
}

// descend makes the children of a changed record see it.
func (a *Authority) descend(r *Record) error {
	n := a.lineages.find(r.ID)
	if n == nil {
		return nil
	}
	known, err := a.newAncestor(r)
	if err != nil {
		n.known.Store(nil)
		return err
	}
	n.known.Store(known)
	return nil
}

func (a *Authority) newAncestor(r *Record) (*ancestor, error) {
	rules, err := a.ruleNumber(r)
	if err != nil {
		return nil, err
	}
	n := &ancestor{
		id: r.ID, revoked: !r.Revoked.IsZero(), disabled: r.Disabled, expires: seconds(r.Expires),
		scopes: a.scopes.At(a.scopeNumber(r)),
	}
	n.rules = a.rules.At(rules)
	return n, nil
}

// ancestors fills in what is known of the keys above a child, nearest first, and asks the store for those that are not
// known.
func (a *Authority) ancestors(ctx context.Context, nearest *lineage, above *[maxDepth]*ancestor) (n int, err error) {
	for l := nearest; l != nil; l = above[n-1].parent() {
		if n == maxDepth {
			return 0, &Error{Kind: Unavailable, Problem: "the record of this key cannot be judged", Hint: "look at the log of the server", Cause: fmt.Errorf("key %s has more than %d ancestors", nearest.id, maxDepth)}
		}
		known := l.known.Load()
		if known == nil {
			if known, err = a.loadAncestor(ctx, l); err != nil {
				return 0, err
			}
		}
		above[n] = known
		n++
	}
	return n, nil
}

// loadAncestor reads a key that has children. What a change wrote meanwhile stays.
func (a *Authority) loadAncestor(ctx context.Context, l *lineage) (*ancestor, error) {
	l.loading.Lock()
	defer l.loading.Unlock()
	if known := l.known.Load(); known != nil {
		return known, nil
	}
	a.asked.Add(1)
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	page, err := a.store.List(ctx, Query{ID: l.id})
	if err != nil {
		return nil, fromStore(err)
	}
	if len(page.Records) == 0 {
		return nil, &Error{Kind: Unavailable, Problem: "the record of this key cannot be judged", Hint: "look at the log of the server", Cause: fmt.Errorf("its parent %s is gone", l.id)}
	}
	known, err := a.newAncestor(&page.Records[0])
	if err != nil {
		return nil, fromStore(err)
	}
	l.known.CompareAndSwap(nil, known)
	if now := l.known.Load(); now != nil {
		return now, nil
	}
	return nil, &Error{Kind: Unavailable, Problem: "nobody knows whether a change of the parent of this key was written", Hint: "try again"}
}
