// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"hash/maphash"
	"maps"
	"sync"
	"sync/atomic"
)

// An ownerState is what verifications need to know of an owner that has limits or credits.
type ownerState struct {
	account Account
	limits  []metered
	credits bool

	doubtful bool // the store must be asked
}

func newOwnerState(o *Owner) *ownerState {
	return &ownerState{account: AccountOf(o.Keyspace, o.ID), limits: meterAll(o.Limits), credits: o.Credits != nil}
}

const ownerShards = 64

var ownerSeed = maphash.MakeSeed()

// An ownerIndex finds owners without a lock. Writers replace a whole shard.
type ownerIndex struct {
	shards [ownerShards]atomic.Pointer[map[string]*ownerState]
	mu     sync.Mutex // of writers
	used   atomic.Bool
}

// empty reports whether there has never been an owner.
func (x *ownerIndex) empty() bool { return !x.used.Load() }

func (x *ownerIndex) shard(id string) *atomic.Pointer[map[string]*ownerState] {
	return &x.shards[maphash.String(ownerSeed, id)%ownerShards]
}

// find returns an owner, or nil; known is false where the store has not been asked.
func (x *ownerIndex) find(id string) (o *ownerState, known bool) {
	if m := x.shard(id).Load(); m != nil {
		o, known = (*m)[id]
	}
	return o, known
}

// put sets owners; nil says that there is none. With keep, those that are there stay, as they are newer, but for the
// doubtful.
func (x *ownerIndex) put(keep bool, owners map[string]*ownerState) {
	x.mu.Lock()
	defer x.mu.Unlock()
	changed := map[*atomic.Pointer[map[string]*ownerState]]map[string]*ownerState{}
	for id, o := range owners {
		at := x.shard(id)
		m := changed[at]
		if m == nil {
			m = map[string]*ownerState{}
			if old := at.Load(); old != nil {
				m = maps.Clone(*old)
			}
			changed[at] = m
		}
		if old, there := m[id]; !there || !keep || old != nil && old.doubtful {
			m[id] = o
		}
	}
	for at, m := range changed {
		at.Store(&m)
	}
	if len(owners) > 0 {
		x.used.Store(true)
	}
}

const ownerPage = 5000

// loadOwners reads all owners. Until it is done, the store is asked for each.
func (a *Authority) loadOwners(ctx context.Context) error {
	for name, s := range *a.spaces.Load() {
		for after := ""; ; {
			page, err := a.store.List(ctx, Query{Of: Owners, Keyspace: name, After: after, Limit: ownerPage})
			if err != nil {
				return err
			}
			found := map[string]*ownerState{}
			for i := range page.Owners {
				o := &page.Owners[i]
				found[o.ID] = newOwnerState(o)
				after = o.ID
			}
			s.owners.put(true, found)
			if !page.More {
				break
			}
		}
	}
	a.ownersLoaded.Store(true)
	return nil
}

// owner returns what verifications need to know of an owner, or nil.
func (a *Authority) owner(ctx context.Context, s *space, id string) (*ownerState, error) {
	loaded := a.ownersLoaded.Load() // before the look
	o, known := s.owners.find(id)
	if o == nil && (known || loaded) || o != nil && !o.doubtful {
		return o, nil
	}
	o = nil
	a.asked.Add(1)
	page, err := a.store.List(ctx, Query{Of: Owners, Keyspace: s.Name, Owner: id})
	if err != nil {
		return nil, fromStore(err)
	}
	if len(page.Owners) > 0 {
		o = newOwnerState(&page.Owners[0])
	}
	s.owners.put(true, map[string]*ownerState{id: o})
	o, _ = s.owners.find(id)
	return o, nil
}
