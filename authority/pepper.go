// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	itemPepper  = "pepper"
	pepperBytes = 32
	maxPeppers  = 16
	maxPepper   = 1024 // bytes of one that comes from elsewhere
)

// A pepper is a secret that hashes are made with, kept sealed beside them.
type pepper struct {
	name    string
	created time.Time
	key     []byte // nil: it cannot be opened, so keys that may be hashed with it are not judged
}

// peppers are all peppers of the authority, by name.
type peppers struct {
	mu    sync.RWMutex // held to read while something is put that names a pepper, and to write while one is removed
	known atomic.Pointer[map[string]*pepper]

	setting sync.Mutex // of known
}

func (p *peppers) find(name string) *pepper {
	if m := p.known.Load(); m != nil {
		return (*m)[name]
	}
	return nil
}

func (p *peppers) all() []*pepper {
	if m := p.known.Load(); m != nil {
		return slices.Collect(maps.Values(*m))
	}
	return nil
}

func (p *peppers) set(name string, to *pepper) {
	p.setting.Lock()
	defer p.setting.Unlock()
	m := map[string]*pepper{}
	if old := p.known.Load(); old != nil {
		maps.Copy(m, *old)
	}
	if m[name] = to; to == nil {
		delete(m, name)
	}
	p.known.Store(&m)
}

// reloadPeppers reads what another node may have changed.
func (a *Authority) reloadPeppers(ctx context.Context) error {
	page, err := a.store.List(ctx, Query{Of: Items, Item: itemPepper})
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, item := range page.Items {
		there[item.Name] = true
		if a.peppers.find(item.Name) == nil {
			a.learnPepper(item)
		}
	}
	for _, p := range a.peppers.all() {
		if there[p.name] {
			continue
		}
		a.peppers.set(p.name, nil)
		for _, s := range *a.spaces.Load() {
			s.others.forget(p.name)
		}
	}
	return nil
}

// loadPeppers reads all peppers. One that cannot be opened is kept in mind: without it some keys cannot be judged.
func (a *Authority) loadPeppers(ctx context.Context) error {
	page, err := a.store.List(ctx, Query{Of: Items, Item: itemPepper})
	if err != nil {
		return fromStore(err)
	}
	for _, item := range page.Items {
		a.learnPepper(item)
	}
	return nil
}

func (a *Authority) learnPepper(item Item) {
	p := &pepper{name: item.Name, created: item.Created}
	var err error
	if a.sealer != nil {
		p.key, err = a.sealer.Unseal(itemPepper, item.Name, item.Data)
	}
	if p.key == nil {
		a.log.Error("a pepper cannot be opened; keys that may be hashed with it get an error", "pepper", p.name, "error", err)
	}
	a.peppers.set(p.name, p)
}

// checkPepper refuses the name of a pepper that new secrets cannot be hashed with.
func (a *Authority) checkPepper(name string) error {
	if p := a.peppers.find(name); name != "" && (p == nil || p.key == nil) {
		return invalid("policy.pepper", "is not the name of a pepper that can be opened", "make it first, or leave it out: new secrets are then kept by plain SHA-256")
	}
	return nil
}

// A Pepper is what may be shown of one: never its bytes.
type Pepper struct {
	Name      string
	Created   time.Time
	Missing   bool     // it cannot be opened with this root key
	Keyspaces []string // whose policy names it, or whose keys are hashed with it as far as is known
}

// CreatePepper makes a pepper of 32 random bytes.
func (a *Authority) CreatePepper(ctx context.Context, c Caller, name string) (Pepper, error) {
	key := make([]byte, pepperBytes)
	if _, err := io.ReadFull(a.random, key); err != nil {
		return Pepper{}, fmt.Errorf("no randomness: %w", err)
	}
	return a.putPepper(ctx, c, "pepper.create", name, key)
}

// ImportPepper takes a pepper that hashes from elsewhere were made with.
func (a *Authority) ImportPepper(ctx context.Context, c Caller, name string, key []byte) (Pepper, error) {
	if len(key) == 0 || len(key) > maxPepper {
		return Pepper{}, invalid("pepper", "has not between 1 and 1024 bytes", "give the bytes that the hashes were made with, as they are")
	}
	return a.putPepper(ctx, c, "pepper.import", name, slices.Clone(key))
}

func (a *Authority) putPepper(ctx context.Context, c Caller, verb, name string, key []byte) (Pepper, error) {
	if err := c.mayPeppers(); err != nil {
		return Pepper{}, err
	}
	if !keyspaceName(name) {
		return Pepper{}, invalid("name", "is not a name of a pepper", "use 1 to 64 lower-case letters, digits and -, such as 2030-01")
	}
	a.peppers.mu.Lock()
	defer a.peppers.mu.Unlock()
	switch {
	case a.peppers.find(name) != nil:
		return Pepper{}, &Error{Kind: Conflicting, Field: "name", Problem: "is the name of another pepper", Hint: "use another name: a pepper is never changed"}
	case len(a.peppers.all()) >= maxPeppers:
		return Pepper{}, &Error{Kind: Conflicting, Problem: "there are 16 peppers", Hint: "remove those that no key is hashed with"}
	case a.sealer == nil:
		return Pepper{}, &Error{Kind: Conflicting, Problem: "there is no root key to seal a pepper with", Hint: "start the server with --root-key-file"}
	}
	sealed, err := a.sealer.Seal(itemPepper, name, key)
	if err != nil {
		return Pepper{}, err
	}
	event, err := a.event(c, verb, name, "", nil)
	if err != nil {
		return Pepper{}, err
	}
	item := &Item{Kind: itemPepper, Name: name, Data: sealed, Created: event.Time, Version: 1}
	if err := a.store.Apply(context.WithoutCancel(ctx), Change{Puts: []Put{item}, Events: []Event{event}}); err != nil {
		return Pepper{}, fromStore(err)
	}
	a.peppers.set(name, &pepper{name: name, created: event.Time, key: key})
	return Pepper{Name: name, Created: event.Time}, nil
}

// mayPeppers decides who may look after peppers, which belong to no keyspace.
func (c Caller) mayPeppers() error {
	if len(c.keyspaces) > 0 || c.owner != "" {
		return denied("the caller is bound, and peppers are of the whole authority", "use a service key that is not bound")
	}
	return c.May(ScopeAdmin)
}

// Peppers lists the peppers, by name.
func (a *Authority) Peppers(c Caller) ([]Pepper, error) {
	if err := c.mayPeppers(); err != nil {
		return nil, err
	}
	var list []Pepper
	for _, p := range a.peppers.all() {
		shown := Pepper{Name: p.name, Created: p.created, Missing: p.key == nil}
		for _, name := range slices.Sorted(maps.Keys(*a.spaces.Load())) {
			if s := a.space(name); s.Policy.Pepper == p.name || s.others.uses(p.name) {
				shown.Keyspaces = append(shown.Keyspaces, name)
			}
		}
		list = append(list, shown)
	}
	slices.SortFunc(list, func(x, y Pepper) int { return x.Created.Compare(y.Created) })
	return list, nil
}

// RemovePepper forgets a pepper for good. One that a policy names or that a secret is hashed with stays.
func (a *Authority) RemovePepper(ctx context.Context, c Caller, name string) error {
	if err := c.mayPeppers(); err != nil {
		return err
	}
	a.peppers.mu.Lock()
	defer a.peppers.mu.Unlock()
	if a.peppers.find(name) == nil {
		return unknown("pepper", "list shows them")
	}
	for space, s := range *a.spaces.Load() {
		if s.Policy.Pepper == name {
			return &Error{Kind: Conflicting, Problem: "the keyspace " + space + " hashes new secrets with this pepper", Hint: "name another pepper in its policy first"}
		}
		if n, err := a.hashedWith(ctx, space, name); err != nil {
			return err
		} else if n > 0 {
			return &Error{
				Kind: Conflicting, Problem: fmt.Sprintf("%d secrets of the keyspace %s are hashed with this pepper", n, space),
				Hint: "a secret gets the current pepper at its next valid use; rotate or revoke those that are not used: a revoked key counts until then as well",
			}
		}
	}
	page, err := a.store.List(ctx, Query{Of: Items, Item: itemPepper, Name: name})
	if err != nil || len(page.Items) == 0 {
		return fromStore(errors.Join(err, ErrNotFound))
	}
	event, err := a.event(c, "pepper.remove", name, "", nil)
	if err != nil {
		return err
	}
	change := Change{Puts: []Put{&Removal{Item: &page.Items[0]}}, Events: []Event{event}}
	if err := a.store.Apply(context.WithoutCancel(ctx), change); err != nil {
		return fromStore(err)
	}
	a.peppers.set(name, nil)
	for _, s := range *a.spaces.Load() {
		s.others.forget(name)
	}
	return nil
}

// hashedWith counts the secrets of a keyspace that are hashed with a pepper and can still be judged.
func (a *Authority) hashedWith(ctx context.Context, keyspace, name string) (n int, err error) {
	q := Query{Keyspace: keyspace, Limit: maxPage}
	for {
		page, err := a.store.List(ctx, q)
		if err != nil {
			return 0, fromStore(err)
		}
		for i := range page.Records {
			r := &page.Records[i]
			q.Before = r.ID
			for _, s := range r.Secrets {
				if s.Pepper == name {
					n++
				}
			}
		}
		if !page.More {
			return n, nil
		}
	}
}
