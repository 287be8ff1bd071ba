// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

func newOwner(keyspace, id string) *authority.Owner {
	return &authority.Owner{Keyspace: keyspace, ID: id, Created: now, Updated: now, Version: 1}
}

// owners asks for owners and fails if there is more.
func owners(t *testing.T, s authority.Store, q authority.Query) []authority.Owner {
	t.Helper()
	q.Of = authority.Owners
	p := list(t, s, q)
	if p.More {
		t.Fatal("there are more owners")
	}
	return p.Owners
}

func testOwners(t *testing.T, s authority.Store) {
	o := newOwner("default", `Zoë's <"org"> %_\`)
	o.Limits, o.Credits, o.Updated = newLimits(), newCredits(), now.Add(time.Hour)
	filled(t, *o)
	bare, other := newOwner("default", "acme"), newOwner("partners", "acme")
	apply(t, s, authority.Change{Puts: []authority.Put{o, bare, other}})
	same(t, owners(t, s, authority.Query{}), []authority.Owner{*o, *bare, *other})
	same(t, owners(t, s, authority.Query{Keyspace: "default", Owner: "acme"}), []authority.Owner{*bare})
	same(t, owners(t, s, authority.Query{Owner: "acme"}), []authority.Owner{*bare, *other})
	same(t, owners(t, s, authority.Query{Keyspace: "partners", Owner: o.ID}), nil)

	u := *o
	u.Version, u.Limits, u.Credits = 2, nil, &authority.Credits{}
	apply(t, s, authority.Change{Puts: []authority.Put{&u}})
	same(t, owners(t, s, authority.Query{Owner: u.ID}), []authority.Owner{u})
	for _, version := range []uint64{1, 2, 4} {
		stale := u
		stale.Version = version
		refused(t, s, authority.Change{Puts: []authority.Put{&stale}}, "version")
	}
	unknown := newOwner("default", "unknown")
	unknown.Version = 2
	refused(t, s, authority.Change{Puts: []authority.Put{unknown}}, "version")

	var many []authority.Put
	for i := range 25 {
		many = append(many, newOwner("many", string(rune('a'+i))))
	}
	apply(t, s, authority.Change{Puts: many})
	for _, limit := range []int{1, 5, 24, 25, 26} {
		q, got := authority.Query{Of: authority.Owners, Keyspace: "many", Limit: limit}, 0
		for more := true; more; {
			p := list(t, s, q)
			for _, o := range p.Owners {
				same(t, o, *many[got].(*authority.Owner))
				got++
			}
			if more = p.More; more {
				q.After = p.Owners[len(p.Owners)-1].ID
			}
		}
		same(t, got, len(many))
	}
}

func testItems(t *testing.T, s authority.Store) {
	i := &authority.Item{Kind: "pepper", Name: "2026", Data: []byte{0, 1, 255, 0}, Created: now, Version: 1}
	filled(t, *i)
	empty := &authority.Item{Kind: "freeze", Name: "restored", Version: 1}
	other := &authority.Item{Kind: "pepper", Name: "2025", Data: []byte("x"), Created: now, Version: 1}
	apply(t, s, authority.Change{Puts: []authority.Put{i, empty, other}})
	items := func(q authority.Query) []authority.Item {
		q.Of = authority.Items
		return list(t, s, q).Items
	}
	same(t, items(authority.Query{}), []authority.Item{*empty, *other, *i})
	same(t, items(authority.Query{Item: "pepper"}), []authority.Item{*other, *i})
	same(t, items(authority.Query{Item: "pepper", Name: "2026"}), []authority.Item{*i})
	same(t, items(authority.Query{Item: "freeze", Name: "2026"}), nil)
	if p := list(t, s, authority.Query{Of: authority.Items, Limit: 2}); len(p.Items) != 2 || !p.More {
		t.Fatalf("a page of two of three items: %d, more %v", len(p.Items), p.More)
	}
	same(t, items(authority.Query{Item: "pepper", After: "2025"}), []authority.Item{*i})
	same(t, items(authority.Query{Item: "pepper", After: "2026"}), nil)
	same(t, items(authority.Query{Item: "pepper", After: "1"}), []authority.Item{*other, *i})

	u := *i
	u.Version, u.Data = 2, []byte("sealed anew")
	apply(t, s, authority.Change{Puts: []authority.Put{&u}})
	same(t, items(authority.Query{Name: "2026"}), []authority.Item{u})
	refused(t, s, authority.Change{Puts: []authority.Put{&u}}, "version")
	refused(t, s, authority.Change{Puts: []authority.Put{i}}, "version")
}

// testRemoval removes owners and items at their versions, and makes them again.
func testRemoval(t *testing.T, s authority.Store) {
	i := &authority.Item{Kind: "freeze", Name: "restored", Version: 1}
	o, kept := newOwner("default", "acme"), newOwner("partners", "acme")
	apply(t, s, authority.Change{Puts: []authority.Put{i, o, kept}})
	staleItem, staleOwner, elsewhere := *i, *o, *o
	staleItem.Version, staleOwner.Version, elsewhere.Keyspace = 2, 2, "other"
	for _, r := range []*authority.Removal{{Item: &staleItem}, {Owner: &staleOwner}, {Owner: &elsewhere}} {
		c := issue(newRecord(t))
		c.Puts = append(c.Puts, r)
		refused(t, s, c, "version")
		missing(t, s, c.Puts[0].(*authority.Record).Secrets[0].Hash)
	}
	remove := authority.Change{Puts: []authority.Put{&authority.Removal{Item: i}, &authority.Removal{Owner: o}}}
	apply(t, s, remove)
	same(t, list(t, s, authority.Query{Of: authority.Items}).Items, nil)
	same(t, owners(t, s, authority.Query{}), []authority.Owner{*kept})
	refused(t, s, authority.Change{Puts: remove.Puts[:1]}, "version")
	refused(t, s, authority.Change{Puts: remove.Puts[1:]}, "version")
	apply(t, s, authority.Change{Puts: []authority.Put{i, o}})
	same(t, owners(t, s, authority.Query{}), []authority.Owner{*o, *kept})
}
