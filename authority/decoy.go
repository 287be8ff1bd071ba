// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"net/netip"
	"strings"
	"sync"

	"github.com/keywright/keywright"
)

const maxDecoysWaiting = 1024 // of which a use is told in a second

// hideDecoy makes a decoy one that nobody has, by the work of a key that is unknown. Its use is kept to be told.
func (j *judgement) hideDecoy(ask *keywright.Ask) {
	j.parseAnyway(ask.Key)
	if !ask.DryRun {
		j.authority.decoys.note(j.id, ask.ClientIP)
	}
	j.found, j.rules, j.scopes, j.owner, j.kind, j.hidden = false, nil, nil, "", nil, true
	j.id, j.stored = keywright.KeyID{}, keywright.Hash{}
	j.state = 0
}

// decoyUses are uses of decoys that wait to be told: of each decoy the first.
type decoyUses struct {
	mu      sync.Mutex
	waiting map[keywright.KeyID]netip.Addr
}

func (d *decoyUses) note(id keywright.KeyID, from netip.Addr) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting == nil {
		d.waiting = map[keywright.KeyID]netip.Addr{}
	}
	if _, known := d.waiting[id]; !known && len(d.waiting) < maxDecoysWaiting {
		d.waiting[id] = from
	}
}

func (d *decoyUses) take() map[keywright.KeyID]netip.Addr {
	d.mu.Lock()
	defer d.mu.Unlock()
	waiting := d.waiting
	d.waiting = nil
	return waiting
}

// noteDecoys leaves events for uses of decoys, at most one for each and hour.
func (a *Authority) noteDecoys(ctx context.Context) error {
	waiting := a.decoys.take()
	for id, from := range waiting {
		if err := a.tellDecoy(ctx, id, from); err != nil {
			for id, from := range waiting { // what was told already is told once
				a.decoys.note(id, from)
			}
			return err
		}
	}
	return nil
}

func (a *Authority) tellDecoy(ctx context.Context, id keywright.KeyID, from netip.Addr) error {
	page, err := a.store.List(ctx, Query{ID: id})
	if err != nil || len(page.Records) == 0 || page.Records[0].Rules.Decoy == nil {
		return err
	}
	r := &page.Records[0]
	lines := []string{"planted " + r.Rules.Decoy.Planted}
	if r.Secrets[0].PublicID != "" {
		lines = append(lines, "public_id "+r.Secrets[0].PublicID)
	}
	if n := networkOf(from); n.IsValid() {
		lines = append(lines, "network "+n.String())
	}
	return a.tellHour(ctx, Caller{actor: "anyone", origin: Origin{Address: from}}, "decoy.use", r.ID, r.Keyspace, lines)
}

// networkOf returns the network that an address is told by: a /24 of IPv4, a /48 of IPv6; none for an address that is not
// known.
func networkOf(address netip.Addr) netip.Prefix {
	bits := 48
	if address = address.Unmap(); address.Is4() {
		bits = 24
	}
	n, _ := address.WithZone("").Prefix(bits)
	return n
}

// checkDecoy refuses a decoy of which nobody would know where it was planted.
func checkDecoy(d *Decoy, r *Record) error {
	if d == nil {
		return nil
	}
	d.Planted = strings.TrimSpace(d.Planted)
	switch {
	case d.Planted == "":
		return invalid("decoy.planted", "is missing", "say where it is planted: the event of its use names the place")
	case !r.Parent.IsZero():
		return invalid("decoy", "is a child", "issue a decoy by itself")
	}
	return checkText("decoy.planted", d.Planted)
}
