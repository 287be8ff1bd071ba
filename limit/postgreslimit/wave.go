// SPDX-License-Identifier: Apache-2.0

package postgreslimit

import (
	"slices"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/limit"
)

// A wave is what one statement decides: asks that have no meter in common. Asks that are the same are one of them.
type wave struct {
	groups []*group

	// A row for each meter of each group.
	asks, acts, copies    []int64
	ids                   [][]byte
	charges, rooms, mosts []string
}

// A group is asks that take the same from the same meters.
type group struct {
	ask    *authority.LimitAsk
	of     []int // places in the list of asks
	meters []limit.Meter
}

// waves puts each ask into the first wave behind all asks that share a meter with it, so that they are decided in
// their order.
func waves(asks []authority.LimitAsk) []*wave {
	type place struct {
		wave  int
		group *group
	}
	var all []*wave
	last := map[[24]byte]place{}
	for i := range asks {
		ask := &asks[i]
		at := place{wave: -1}
		for m := range ask.Meters {
			if p, ok := last[ask.Meters[m].ID]; ok && p.wave > at.wave {
				at = p
			}
		}
		if at.group != nil && same(at.group.ask, ask) {
			at.group.of = append(at.group.of, i)
			continue
		}
		at = place{at.wave + 1, &group{ask: ask, of: []int{i}}}
		if at.wave == len(all) {
			all = append(all, &wave{})
		}
		all[at.wave].groups = append(all[at.wave].groups, at.group)
		for m := range ask.Meters {
			last[ask.Meters[m].ID] = at
		}
	}
	for _, w := range all {
		w.write()
	}
	return all
}

func same(a, b *authority.LimitAsk) bool { return a.Act == b.Act && slices.Equal(a.Meters, b.Meters) }

// write makes the rows.
func (w *wave) write() {
	for n, g := range w.groups {
		copies := int64(len(g.of))
		for i := range g.ask.Meters {
			q := &g.ask.Meters[i]
			m := limit.Of(q)
			g.meters = append(g.meters, m)
			w.asks, w.acts, w.copies = append(w.asks, int64(n)), append(w.acts, int64(g.ask.Act)), append(w.copies, copies)
			w.ids = append(w.ids, q.ID[:])
			w.charges, w.rooms, w.mosts = append(w.charges, m.Charge.Text()), append(w.rooms, m.Room.Text()), append(w.mosts, m.Most.Text())
		}
	}
}

// answer tells each ask of a wave what was found.
func (w *wave) answer(found map[[24]byte]finding, answers []authority.LimitAnswer) error {
	for _, g := range w.groups {
		debts := make([]limit.Span, len(g.meters))
		granted := int64(0)
		for i := range g.meters {
			f := found[g.ask.Meters[i].ID]
			full, err := limit.ParseSpan(f.full)
			if err != nil {
				return err
			}
			now, err := limit.ParseSpan(f.now)
			if err != nil {
				return err
			}
			debts[i], granted = g.meters[i].Debt(full, now), f.granted
		}
		g.answer(debts, granted, answers)
	}
	return nil
}

// answer lets the first of the asks pass, as many as were granted; a look takes nothing, so all see the same.
func (g *group) answer(debts []limit.Span, granted int64, answers []authority.LimitAnswer) {
	takes := g.ask.Act == authority.TakeLimits
	for n, place := range g.of {
		a := authority.LimitAnswer{OK: int64(n) < granted || !takes && granted > 0, Meters: make([]authority.LimitStanding, len(g.meters))}
		before := int64(0)
		if takes {
			before = min(int64(n), granted)
		}
		for i := range g.meters {
			m := &g.meters[i]
			a.Meters[i] = m.Standing(m.After(debts[i], before), a.OK && takes)
		}
		answers[place] = a
	}
}
