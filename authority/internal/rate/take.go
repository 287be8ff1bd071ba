// SPDX-License-Identifier: Apache-2.0

package rate

import "time"

const (
	usualItems = 4             // so many cost least
	stackItems = 16            // more take an allocation
	tooMuch    = 1_000_000_001 // is over every burst, and can be added up
)

// A holding is an item's meter, locked.
type holding struct {
	*meter
	number uint32
	item   int
	next   int64 // the state if all is taken
}

// TakeAll takes the cost of every item, or nothing of any, and sets each item's decision. If all pass, Remaining is what
// is left after the taking; else it is what is there, and OK says which items would have passed. Costs of the same key
// add up: of two items one may pass, and the other not.
func (m *Meters) TakeAll(now time.Time, items []Item) (ok bool) {
	if len(items) > usualItems {
		var many [stackItems]holding // cleared only where they are needed
		return m.takeAll(nanoseconds(now), items, many[:0])
	}
	var usual [usualItems]holding
	return m.takeAll(nanoseconds(now), items, usual[:0])
}

func (m *Meters) takeAll(clock int64, items []Item, room []holding) (ok bool) {
	held := m.hold(items, room)
	defer release(held)
	ok = true
	for i := range held {
		h := &held[i]
		it, tat := &items[h.item], h.tat
		if again(held, i) {
			tat = held[i-1].next
		}
		h.next = it.Limit.take(tat, clock, it.Cost, &it.Decision)
		ok = ok && it.Decision.OK
	}
	if !ok {
		refuse(clock, items, held)
		return false
	}
	for i := range held {
		h := &held[i]
		if h.tat != h.next {
			h.tat = h.next
			if items[h.item].keeps() {
				m.soil(h.number)
			}
		}
	}
	return true
}

// refuse decides anew for items of which nothing is taken.
func refuse(clock int64, items []Item, held []holding) {
	for i := range held {
		h := &held[i]
		it := &items[h.item]
		var r reading
		r.read(it.Limit, h.tat, clock)
		r.decide(costUpTo(items, h.item), &it.Decision)
		h.tat = r.state(r.full) // nearer, if the clock was set back
	}
}

// PeekAll decides as TakeAll would and takes nothing: Remaining is what is there.
func (m *Meters) PeekAll(now time.Time, items []Item) (ok bool) {
	ok = true
	for i := range items {
		it := &items[i]
		var tat int64
		if _, t := m.have(&it.Key); t != nil {
			tat = t.tat
			t.Unlock()
		}
		it.Decision = it.Limit.Peek(tat, now, costUpTo(items, i))
		ok = ok && it.Decision.OK
	}
	return ok
}

// GiveBack puts back the cost of items that TakeAll just took in vain.
func (m *Meters) GiveBack(items []Item) {
	for i := range items {
		it := &items[i]
		number, t := m.have(&it.Key)
		if t == nil {
			continue // it is full
		}
		t.tat = it.Limit.GiveBack(t.tat, it.Cost)
		if it.keeps() {
			m.soil(number)
		}
		t.Unlock()
	}
}

// costUpTo returns what an item and those before it want of its key.
func costUpTo(items []Item, last int) (cost int64) {
	for i := range items[:last+1] {
		if i == last || items[i].Key == items[last].Key {
			cost += min(max(items[i].Cost, 0), tooMuch)
		}
	}
	return cost
}

// hold locks the meters of all items in the order of their numbers, so that no two asks wait for each other.
func (m *Meters) hold(items []Item, held []holding) []holding {
	for {
		held = held[:0]
		for i := range items {
			number := m.number(&items[i].Key)
			held = append(held, holding{meter: m.at(number), number: number, item: i})
			for j := i; j > 0 && held[j].number < held[j-1].number; j-- {
				held[j], held[j-1] = held[j-1], held[j]
			}
		}
		locked := lockAll(items, held)
		if locked == len(held) {
			return held
		}
		release(held[:locked]) // a meter was forgotten after it was found
		m.settle(&items[held[locked].item].Key)
	}
}

// lockAll locks the meters until one is not its item's any more, and returns how many of held that were.
func lockAll(items []Item, held []holding) int {
	for i := range held {
		h := &held[i]
		key := &items[h.item].Key
		if again(held, i) {
			if !h.is(wordsOf(key)) { // two keys found the same number, one of them long ago
				return i
			}
		} else if !h.lock(key) {
			return i
		}
	}
	return len(held)
}

// again reports whether a holding is of the same meter as the one before.
func again(held []holding, i int) bool { return i > 0 && held[i].number == held[i-1].number }

func release(held []holding) {
	for i := range held {
		if !again(held, i) {
			held[i].Unlock()
		}
	}
}
