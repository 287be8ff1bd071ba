// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/table"
)

// others are the ways beside plain SHA-256 in which secrets of a keyspace are kept. Most keyspaces have none.
type others struct {
	mu      sync.Mutex
	peppers atomic.Pointer[[]string] // of secrets and of the policy
	slow    atomic.Bool              // there are bcrypt or argon2 hashes
}

func (o *others) uses(name string) bool {
	p := o.peppers.Load()
	return p != nil && slices.Contains(*p, name)
}

// note learns from a secret, or from a policy.
func (o *others) note(pepper string, slow bool) {
	if slow && !o.slow.Load() {
		o.slow.Store(true)
	}
	if pepper == "" || o.uses(pepper) {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	var names []string
	if p := o.peppers.Load(); p != nil {
		names = *p
	}
	names = append(slices.Clone(names), pepper)
	o.peppers.Store(&names)
}

func (o *others) forget(pepper string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if p := o.peppers.Load(); p != nil {
		names := slices.DeleteFunc(slices.Clone(*p), func(name string) bool { return name == pepper })
		o.peppers.Store(&names)
	}
}

// seek looks for a secret by its storage hash, which the table knows as known, and asks the store where the table may
// not have it.
func (j *judgement) seek(ctx context.Context, k keywright.Key, stored, known keywright.Hash, complete bool) (bool, error) {
	if j.lookParsed(&known, k, stored) {
		return true, nil
	}
	if complete && !j.doubtful {
		return false, nil
	}
	if err := j.authority.fetch(ctx, stored, known); err != nil {
		return false, err
	}
	return j.lookParsed(&known, k, stored), nil
}

// seekOther looks for a key among the secrets that are not kept by plain SHA-256. Which of them it may be is not known
// before, so it is hashed with every pepper of the keyspace.
func (j *judgement) seekOther(ctx context.Context, k keywright.Key, complete bool) (bool, error) {
	o := j.space.others
	if complete && o.peppers.Load() == nil && !o.slow.Load() {
		return false, nil
	}
	for _, p := range j.peppers(complete) {
		if p.key == nil {
			j.missing = p.name
			continue
		}
		stored := k.MAC(p.key)
		known := tableHash(j.format, stored, k.Environment(), k.PublicID())
		if found, err := j.seek(ctx, k, stored, known, complete); found || err != nil {
			j.pepper = p.name
			return found, err
		}
	}
	if k.PublicID() == "" || complete && !o.slow.Load() {
		return false, nil
	}
	return j.seekSlow(ctx, k, complete)
}

// peppers returns those that a key of the keyspace may be hashed with: while the table is not complete, any.
func (j *judgement) peppers(complete bool) (list []*pepper) {
	if !complete {
		return j.authority.peppers.all()
	}
	names := j.space.others.peppers.Load()
	if names == nil {
		return nil
	}
	for _, name := range *names {
		p := j.authority.peppers.find(name)
		if p == nil { // its item is gone
			p = &pepper{name: name}
		}
		list = append(list, p)
	}
	return list
}

// errPepper says that a key was not found, and that one of the ways in which it may be kept could not be tried.
func errPepper(name string) error {
	return &Error{
		Kind: Unavailable, Problem: "the pepper " + name + " cannot be opened, so whether there is such a key is not known",
		Hint: "start the server with the root key that it was sealed with",
	}
}

// seekSlow finds a secret by its public id and judges it by its slow hash.
func (j *judgement) seekSlow(ctx context.Context, k keywright.Key, complete bool) (bool, error) {
	a := j.authority
	stored := SlowHash(j.space.Name, k.PublicID())
	id, state, ok := a.table.Find((*[32]byte)(&stored))
	if !complete && !ok || ok && state.Has(table.Doubtful) {
		if err := a.fetch(ctx, stored, stored); err != nil {
			return false, err
		}
		id, state, ok = a.table.Find((*[32]byte)(&stored))
	}
	if !ok || !state.Has(table.Slow) || !state.Has(table.Registered) || state.Has(table.Doubtful) {
		return false, nil // nothing, or a secret that has a fast hash by now
	}
	g := a.grants.At(state.Grant())
	kind := a.kinds.At(g.kind)
	if kind.space != j.space.number || j.formatOf(kind).Name != j.format.Name ||
		j.format.Environment != "" && k.Environment() != kind.environment || !j.exists(g) {
		return false, nil
	}
	matches, err := a.judgeSlow(ctx, id, stored, k)
	if err != nil || !matches {
		return false, err
	}
	j.hash, j.publicID, j.stored, j.slow = stored, k.PublicID(), stored, true
	j.take(id, state, g, kind)
	return true, nil
}

// slowTime bounds one judgement by a slow hash, with its wait.
const slowTime = 30 * time.Second

// judgeSlow compares a key with the slow hash of a record, once however many present the same key at the same time.
func (a *Authority) judgeSlow(ctx context.Context, id keywright.KeyID, stored keywright.Hash, k keywright.Key) (bool, error) {
	presented := keywright.HashText(k.Reveal())
	result := a.lookups.DoChan("slow"+string(stored[:])+string(presented[:]), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), slowTime)
		defer cancel()
		page, err := a.store.List(ctx, Query{ID: id})
		if err != nil {
			return false, fromStore(err)
		}
		for i := range page.Records {
			for _, s := range page.Records[i].Secrets {
				if s.Hash != stored || s.Slow == "" {
					continue
				}
				h, err := parseSlow(s.Slow)
				if err != nil {
					return false, &Error{Kind: Unavailable, Problem: "the record of this key cannot be judged", Hint: "look at the log of the server", Cause: err}
				}
				return a.slow.judge(ctx, h, slowText(k))
			}
		}
		return false, nil
	})
	select {
	case r := <-result:
		matches, _ := r.Val.(bool)
		return matches, r.Err
	case <-ctx.Done():
		return false, fromStore(ctx.Err())
	}
}

// slowText is what a slow hash covers of a key.
func slowText(k keywright.Key) string {
	if k.Format().Hash == keywright.CoverSecret {
		return k.Secret().Reveal()
	}
	return k.Reveal()
}
