// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/keywright/keywright"
)

// graces are the secrets that were rotated out and still verify.
type graces struct {
	mu sync.Mutex
	of map[keywright.Hash]*graceOf // by the hash of the secret
	by map[keywright.KeyID][]keywright.Hash
}

type graceOf struct {
	id    keywright.KeyID
	known keywright.Hash // as the table knows the secret
	idle  time.Duration
	end   time.Time // at the latest
	last  time.Time // use, or the begin of the grace
}

// over returns when the grace ends, as far as is known now.
func (g *graceOf) over() time.Time {
	if g.idle == 0 {
		return g.end
	}
	return earlier(g.end, wholeSeconds(g.last.Add(g.idle)).Add(time.Second))
}

func newGraces() *graces {
	return &graces{of: map[keywright.Hash]*graceOf{}, by: map[keywright.KeyID][]keywright.Hash{}}
}

// watch knows from now on the secrets of a record that are in their grace, and no others of it.
func (g *graces) watch(r *Record, known func(*StoredSecret) keywright.Hash) {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := g.by[r.ID]
	delete(g.by, r.ID)
	old := map[keywright.Hash]*graceOf{}
	for _, h := range before {
		old[h] = g.of[h]
		delete(g.of, h)
	}
	for i := range r.Secrets {
		s := &r.Secrets[i]
		if !s.Grace {
			continue
		}
		now := &graceOf{id: r.ID, known: known(s), idle: s.Idle, end: s.Expires, last: graceBegin(r, i)}
		if o := old[s.Hash]; o != nil && o.last.After(now.last) {
			now.last = o.last
		}
		g.of[s.Hash] = now
		g.by[r.ID] = append(g.by[r.ID], s.Hash)
	}
}

// graceBegin returns when a secret was rotated out: when the one in front of it was made.
func graceBegin(r *Record, i int) time.Time {
	if i == 0 {
		return time.Time{}
	}
	return r.Secrets[i-1].Created
}

// used notes the last use of a secret, and returns its grace as it is then, if it has one that ends when idle.
func (g *graces) used(u Use) (graceOf, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	of := g.of[u.Hash]
	if of == nil || of.idle == 0 {
		return graceOf{}, false
	}
	if u.Time.After(of.last) {
		of.last = u.Time
	}
	return *of, true
}

// find returns the grace of a secret.
func (g *graces) find(h keywright.Hash) (graceOf, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if of := g.of[h]; of != nil {
		return *of, true
	}
	return graceOf{}, false
}

// over returns the keys with a grace that has ended.
func (g *graces) over(now time.Time) (ids []keywright.KeyID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, hashes := range g.by {
		for _, h := range hashes {
			if !now.Before(g.of[h].over()) {
				ids = append(ids, id)
				break
			}
		}
	}
	return ids
}

// extendGraces lets secrets live on that were used and end when idle.
func (a *Authority) extendGraces(last map[keywright.Hash]Use) {
	for _, u := range last {
		if _, ok := a.graces.used(u); !ok {
			continue
		}
		unlock, open := a.lock(u.Key), a.guards.lock(u.Key)
		if g, ok := a.graces.find(u.Hash); ok { // else it was ended meanwhile
			a.table.Expire(g.known, seconds(g.over()))
		}
		open()
		unlock()
	}
}

// secretEnd returns when a secret ends on its own, as far as is known now. Of one that ends when idle the last use is
// looked up where it is not at hand.
func (a *Authority) secretEnd(r *Record, i int) (time.Time, error) {
	s := &r.Secrets[i]
	if !s.Grace || s.Idle == 0 {
		return s.Expires, nil
	}
	if g, ok := a.graces.find(s.Hash); ok {
		return g.over(), nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTime)
	defer cancel()
	page, err := a.store.List(ctx, Query{Of: Uses, ID: r.ID})
	if err != nil {
		return s.Expires, err
	}
	g := graceOf{idle: s.Idle, end: s.Expires, last: graceBegin(r, i)}
	for _, u := range page.Uses {
		if u.Hash == s.Hash && u.Time.After(g.last) {
			g.last = u.Time
		}
	}
	return g.over(), nil
}

// watchGraces knows the secrets of a record that are in their grace.
func (a *Authority) watchGraces(r *Record) {
	s := a.space(r.Keyspace)
	if s == nil {
		return
	}
	f := s.Format(r.Format)
	if f == nil {
		return
	}
	a.graces.watch(r, func(o *StoredSecret) keywright.Hash {
		return tableHash(f, o.Hash, r.Environment, o.PublicID)
	})
}

// loadGraces reads the graces that run.
func (a *Authority) loadGraces(ctx context.Context) error {
	var before keywright.KeyID
	for {
		page, err := a.store.List(ctx, Query{InGrace: true, Before: before, Limit: maxPage})
		if err != nil {
			return err
		}
		for i := range page.Records {
			r := &page.Records[i]
			before = r.ID
			unlock := a.lock(r.ID)
			a.graces.mu.Lock()
			_, known := a.graces.by[r.ID]
			a.graces.mu.Unlock()
			if !known {
				err = a.loadGrace(ctx, r)
			}
			unlock()
			if err != nil {
				return err
			}
		}
		if !page.More {
			return nil
		}
	}
}

// loadGrace reads a record again, as it is now that nothing can change it, and the last use of its secrets.
func (a *Authority) loadGrace(ctx context.Context, r *Record) error {
	page, err := a.store.List(ctx, Query{ID: r.ID})
	if err != nil || len(page.Records) == 0 {
		return err
	}
	uses, err := a.store.List(ctx, Query{Of: Uses, ID: r.ID})
	if err != nil {
		return err
	}
	a.watchGraces(&page.Records[0])
	for _, u := range uses.Uses {
		a.graces.used(u)
	}
	return nil
}

// usesLate is how long it may take until others know of the use of a secret.
const usesLate = 10 * time.Second

// idle returns the keys with a grace that ends when its secret is not used.
func (g *graces) idle() (ids []keywright.KeyID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, hashes := range g.by {
		if slices.ContainsFunc(hashes, func(h keywright.Hash) bool { return g.of[h].idle > 0 }) {
			ids = append(ids, id)
		}
	}
	return ids
}

// learnUses lets secrets of keys live on that were used on any node.
func (a *Authority) learnUses(ctx context.Context, ids []keywright.KeyID) error {
	for _, id := range ids {
		page, err := a.store.List(ctx, Query{Of: Uses, ID: id})
		if err != nil {
			return err
		}
		last := map[keywright.Hash]Use{}
		for _, u := range page.Uses {
			last[u.Hash] = u
		}
		a.extendGraces(last)
	}
	return nil
}

// finishGraces writes the end of the graces that are over, with an event for each key.
func (a *Authority) finishGraces(ctx context.Context) error {
	now := a.now()
	if a.member != nil { // another node may have seen a secret used, and not have written so yet
		now = now.Add(-usesLate)
		if err := a.learnUses(ctx, a.graces.over(now)); err != nil {
			return err
		}
	}
	for _, id := range a.graces.over(now) {
		_, err := a.change(ctx, Operator("system", Origin{}), id, edit{
			scope: ScopeRotate, verb: "key.grace_ended", change: func(r *Record) ([]string, error) {
				return endGraces(r, now, func(s *StoredSecret) bool {
					g, ok := a.graces.find(s.Hash)
					return ok && !now.Before(g.over())
				}), nil
			},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
