// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// issue adds a change of n new records, each with one secret and one event.
func (h *history) issue(n int) *act {
	a := new(act)
	now := time.UnixMilli(1_800_000_000_000)
	for range n {
		id, err := keywright.NewKeyID(now, h.random)
		if err != nil {
			h.t.Fatal(err)
		}
		text := strconv.FormatUint(h.random.Uint64(), 36)
		a.put("key.issue", &authority.Record{
			ID: id, Keyspace: "default", Format: "secret", Environment: "live", Name: strings.Repeat("of a customer ", int(h.random.Uint64()%40)),
			Secrets: []authority.StoredSecret{{Hash: keywright.HashText(text), PublicID: text, Created: now}},
			Owner:   "acme", Scopes: []string{"invoices:read"}, Created: now, Updated: now, Version: 1,
		})
		personal, err := authority.NewPersonal("address", "of "+text, h.random)
		if err != nil {
			h.t.Fatal(err)
		}
		a.change.Events[len(a.change.Events)-1].Personal = []authority.Personal{personal}
	}
	h.acts = append(h.acts, a)
	return a
}

// stored returns a record that is in the store, or one of those that were not revoked.
func (h *history) stored(live bool) *authority.Record {
	for _, a := range h.acts {
		r, ok := a.change.Puts[0].(*authority.Record)
		if ok && a.outcome == acknowledged && r.Version == 1 && !(live && h.revoked[r.ID]) {
			return r
		}
	}
	h.t.Fatalf("%s: nothing is stored", h.what())
	return nil
}

// erase adds a change of an event of a record that is stored.
func (h *history) erase() *act {
	r := h.stored(false)
	a := &act{change: authority.Change{Events: []authority.Event{{Time: r.Updated, Actor: "local", Verb: "audit.erase", Target: r.ID.String()}}}}
	for _, earlier := range h.acts {
		for _, e := range earlier.change.Events {
			if e.Target == r.ID.String() && len(e.Personal) > 0 {
				a.change.Puts = append(a.change.Puts, &authority.Erasure{Sequence: e.Sequence, Fields: []string{"address"}})
			}
		}
	}
	h.acts = append(h.acts, a)
	return a
}

// revoke adds a change of a record that is stored.
func (h *history) revoke() *act {
	r := *h.stored(true)
	h.revoked[r.ID] = true
	r.Revoked, r.Version = r.Updated.Add(time.Hour), r.Version+1
	a := new(act)
	a.put("key.revoke", &r)
	h.acts = append(h.acts, a)
	return a
}

func (a *act) put(verb string, r *authority.Record) {
	a.change.Puts = append(a.change.Puts, r)
	a.change.Events = append(a.change.Events, authority.Event{
		Time: r.Updated, Actor: "local", Verb: verb, Target: r.ID.String(), Keyspace: r.Keyspace,
	})
}

func (a *act) String() string {
	return fmt.Sprintf("%s of %d", a.change.Events[0].Verb, len(a.change.Puts))
}
