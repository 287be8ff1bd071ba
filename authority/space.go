// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"github.com/keywright/keywright"
)

// A space is a keyspace as verifications use it.
type space struct {
	Keyspace
	number uint32  // of the name, the same through all changes
	mark   Account // stands for the keyspace in the keys of meters
	makers []maker // one for each format
	counts *counts
	owners *ownerIndex
	others *others

	limits, ownerLimits []metered // of the policy
	routing             Routing
}

// A maker makes keys of one format.
type maker struct {
	mu        *sync.Mutex
	generator *keywright.Generator
}

// space returns a keyspace, or nil.
func (a *Authority) space(name string) *space { return (*a.spaces.Load())[name] }

// spaceNumber returns the number of a keyspace.
func (a *Authority) spaceNumber(name string) uint32 {
	return a.names.Number(name, func() string { return name })
}

// loadKeyspaces reads all keyspaces and makes those that must exist.
func (a *Authority) loadKeyspaces(ctx context.Context) error {
	spaces := map[string]*space{}
	a.spaces.Store(&spaces)
	if err := a.readKeyspaces(ctx); err != nil {
		return err
	}
	for _, name := range []string{DefaultKeyspace, ReservedKeyspace} {
		if a.space(name) != nil {
			continue
		}
		k, err := builtin(name)
		if err != nil {
			return err
		}
		if err := a.putKeyspace(ctx, Operator("system", Origin{}), k, nil, "keyspace.create"); err != nil {
			if readErr := a.readKeyspaces(ctx); readErr != nil || a.space(name) == nil {
				return err
			}
		}
	}
	return nil
}

func (a *Authority) readKeyspaces(ctx context.Context) error {
	page, err := a.store.List(ctx, Query{Of: Keyspaces})
	if err != nil {
		return fromStore(err)
	}
	for _, k := range page.Keyspaces {
		if err := a.adopt(k); err != nil {
			return err
		}
	}
	return nil
}

// adopt makes verifications use a keyspace as it is now.
func (a *Authority) adopt(k Keyspace) error {
	s := &space{
		Keyspace: k, number: a.spaceNumber(k.Name), mark: AccountOf(k.Name, ""), counts: &counts{}, owners: &ownerIndex{}, others: &others{},
		limits: meterAll(k.Policy.Limits), ownerLimits: meterAll(k.Policy.OwnerLimits),
		routing: routingOf(&k.Policy),
	}
	for _, f := range k.Formats {
		g, err := newMaker(f, a.random)
		if err != nil {
			return err
		}
		s.makers = append(s.makers, g)
	}
	a.spacesMu.Lock()
	defer a.spacesMu.Unlock()
	spaces := map[string]*space{}
	for name, old := range *a.spaces.Load() {
		spaces[name] = old
	}
	if old := spaces[k.Name]; old != nil {
		s.counts, s.owners, s.others = old.counts, old.owners, old.others
	}
	s.others.note(k.Policy.Pepper, false)
	spaces[k.Name] = s
	a.spaces.Store(&spaces)
	a.resolveRoles(s)
	return nil
}

func newMaker(f keywright.Format, random io.Reader) (maker, error) {
	if f.Secret.Encoding == keywright.Opaque {
		return maker{}, nil // such keys are registered, not made
	}
	g, err := keywright.NewGenerator(f, random)
	return maker{&sync.Mutex{}, g}, err
}

// builtin returns a keyspace that exists from the start.
func builtin(name string) (Keyspace, error) {
	f, err := keywright.Preset(keywright.DefaultPreset)
	if err != nil {
		return Keyspace{}, err
	}
	f.Name, f.Prefix = "secret", name
	k := Keyspace{Name: name, Environments: []string{"live", "test"}}
	if name == ReservedKeyspace {
		f.Environment, k.Environments = "", nil
	}
	k.Formats = []keywright.Format{f}
	return k, nil
}

// counts counts verifications by code. Keys are spread over stripes, so that verifications on several processors
// seldom write to one cache line.
type counts struct {
	stripes [16]struct {
		n [16]atomic.Uint64 // by the place of the code in codes; two cache lines
	}
}

// sum returns the counts by step.
func (c *counts) sum() (n [len(codes)]uint64) {
	for step := range codes {
		for i := range c.stripes {
			n[step] += c.stripes[i].n[step].Load()
		}
	}
	return n
}

// Verifications returns how many verifications each code has had since the start, by keyspace.
func (a *Authority) Verifications() map[string]map[keywright.Code]uint64 {
	all := map[string]map[keywright.Code]uint64{}
	for name, s := range *a.spaces.Load() {
		all[name] = map[keywright.Code]uint64{}
		for step, n := range s.counts.sum() {
			all[name][codes[step]] = n
		}
	}
	return all
}
