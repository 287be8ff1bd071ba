// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/table"
)

// guards order what is written to the table where other nodes write to the store: whatever is put was read under the
// guard of its record, so that what was read first never replaces what was read later.
type guards struct {
	stripes    [64]latch
	generation atomic.Uint64 // of refreshes: a fill that began before the last one reads again

	warming sync.Mutex
	touched map[keywright.KeyID]bool // while the store is scanned: what the scan may have read too early
}

func (g *guards) lock(id keywright.KeyID) func() {
	mu := &g.stripes[id[15]%byte(len(g.stripes))]
	mu.Lock()
	return mu.Unlock
}

// refresh reads a record again, and makes verifications see it. It returns how many secrets it has.
func (a *Authority) refresh(ctx context.Context, id keywright.KeyID) (secrets int, err error) {
	defer a.guards.lock(id)()
	a.guards.touch(id)
	page, err := a.store.List(ctx, Query{ID: id})
	if err != nil || len(page.Records) == 0 {
		return 0, err
	}
	r := &page.Records[0]
	if s := a.space(r.Keyspace); s == nil || s.Format(r.Format) == nil {
		a.log.Error("a record cannot be judged; its key gets an error until it is mended", "key_id", id.String())
		return 0, nil // no table has it
	}
	return len(r.Secrets), a.settle(r)
}

// touch is called before a record is read.
func (g *guards) touch(id keywright.KeyID) {
	g.generation.Add(1)
	g.warming.Lock()
	defer g.warming.Unlock()
	if g.touched != nil {
		g.touched[id] = true
	}
}

// warm begins or ends a scan.
func (g *guards) warm(begins bool) {
	g.warming.Lock()
	defer g.warming.Unlock()
	if g.touched = nil; begins {
		g.touched = map[keywright.KeyID]bool{}
	}
}

func (g *guards) wasTouched(id keywright.KeyID) bool {
	g.warming.Lock()
	defer g.warming.Unlock()
	return g.touched[id]
}

// fillScanned adds a record that a scan has read, unless it has changed since the scan began.
func (a *Authority) fillScanned(r *Record) error {
	if a.member == nil {
		return a.resident(r, a.table.Fill)
	}
	defer a.guards.lock(r.ID)()
	if a.guards.wasTouched(r.ID) {
		return nil
	}
	return a.resident(r, a.table.Fill)
}

// fillFound adds a record that was looked up. If anything was refreshed since before the look, it is read again: what was
// taken away in between must not come back.
func (a *Authority) fillFound(ctx context.Context, h keywright.Hash, r *Record, generation uint64) error {
	if a.member == nil {
		return a.resident(r, a.table.Fill)
	}
	defer a.guards.lock(r.ID)()
	if a.guards.generation.Load() != generation {
		again, err := a.store.Lookup(ctx, h)
		if err != nil {
			return err
		}
		r = &again
	}
	return a.resident(r, a.table.Fill)
}

// admit adds a record that this node has just made, unless anything was refreshed meanwhile: then the store is asked for it.
func (a *Authority) admit(r *Record, generation uint64) error {
	defer a.guards.lock(r.ID)()
	if a.guards.generation.Load() != generation {
		return nil
	}
	return a.settle(r)
}

// disown takes hashes out of use that the table has for records which do not have them any more.
func (a *Authority) disown(ctx context.Context, ids []keywright.KeyID) error {
	if len(ids) == 0 {
		return nil
	}
	for i := range a.guards.stripes {
		a.guards.stripes[i].Lock()
		defer a.guards.stripes[i].Unlock()
	}
	keep := map[[16]byte][][32]byte{}
	for _, id := range ids {
		page, err := a.store.List(ctx, Query{ID: id})
		if err != nil {
			return err
		}
		for i := range page.Records {
			r := &page.Records[i]
			keep[id] = nil
			err := a.resident(r, func(hash [32]byte, id [16]byte, state table.State) {
				keep[id] = append(keep[id], hash)
				a.table.Put(hash, id, state)
			})
			if err != nil {
				return err
			}
		}
	}
	a.table.Disown(keep, table.Slow) // what has this flag and is not registered is never found
	return nil
}

// refreshOwners reads owners again that have changed.
func (a *Authority) refreshOwners(ctx context.Context, keyspace string, targets map[string]string) error {
	s := a.space(keyspace)
	if s == nil {
		return nil
	}
	for target, id := range targets {
		if id == "" {
			var err error
			if id, err = a.ownerOf(ctx, s, target); err != nil {
				return err
			}
		}
		if id == "" {
			continue // nobody has it in mind, nor in the store
		}
		page, err := a.store.List(ctx, Query{Of: Owners, Keyspace: keyspace, Owner: id})
		if err != nil {
			return err
		}
		var state *ownerState
		if len(page.Owners) > 0 {
			state = newOwnerState(&page.Owners[0])
		}
		s.owners.put(false, map[string]*ownerState{id: state})
	}
	return nil
}

// ownerOf finds an owner of whom only a mark is left in an event.
func (a *Authority) ownerOf(ctx context.Context, s *space, target string) (string, error) {
	for i := range s.owners.shards {
		if m := s.owners.shards[i].Load(); m != nil {
			for id := range *m {
				if ownerTarget(AccountOf(s.Name, id)) == target {
					return id, nil
				}
			}
		}
	}
	for after := ""; ; {
		page, err := a.store.List(ctx, Query{Of: Owners, Keyspace: s.Name, After: after, Limit: ownerPage})
		if err != nil {
			return "", err
		}
		for i := range page.Owners {
			if after = page.Owners[i].ID; ownerTarget(AccountOf(s.Name, after)) == target {
				return after, nil
			}
		}
		if !page.More {
			return "", nil
		}
	}
}
