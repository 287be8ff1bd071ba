// SPDX-License-Identifier: Apache-2.0

package rate

import "time"

// Owe takes the cost of every item whether or not it is there. A meter then makes wait for as long as a window and the
// refill of its burst, and no longer.
func (m *Meters) Owe(now time.Time, items []Item) {
	for i := range items {
		it := &items[i]
		t := m.obtain(&it.Key)
		t.tat = it.Limit.owe(t.tat, nanoseconds(now), it.Cost)
		t.Unlock()
	}
}

func (l Limit) owe(tat, now, cost int64) int64 {
	var r reading
	r.read(l, tat, now)
	from := max(r.full, r.now)
	room := r.now + r.burst*r.unit + int64(r.perWindow) - from
	return r.state(from + min(min(max(cost, 0), r.burst+l.Amount)*r.unit, room))
}
