// SPDX-License-Identifier: Apache-2.0

package rate

import (
	"encoding/binary"
	"maps"
	"reflect"
	"testing"
	"time"
	"unsafe"
)

// keyFor returns the key of a subject's limit.
func keyFor(subject, limit int) (k Key) {
	binary.BigEndian.PutUint64(k[8:], uint64(subject))
	binary.BigEndian.PutUint64(k[16:], uint64(limit))
	return k
}

var (
	perSecond = Limit{Amount: 5, Window: time.Second}
	perDay    = Limit{Amount: 20, Window: 24 * time.Hour}
)

// oneAsk takes one from a short limit and two from a long one of a subject.
func oneAsk(subject int) []Item {
	return []Item{
		{Key: keyFor(subject, 1), Limit: perSecond, Cost: 1},
		{Key: keyFor(subject, 2), Limit: perDay, Cost: 2},
	}
}

func TestTakeAllOrNone(t *testing.T) {
	m := New([16]byte{1})
	items := oneAsk(1)
	for i := range int64(5) {
		if !m.TakeAll(start, items) || items[0].Decision.Remaining != 4-i || items[1].Decision.Remaining != 18-2*i {
			t.Fatalf("ask %d: %+v", i, items)
		}
	}
	if m.TakeAll(start, items) {
		t.Fatal("a sixth in a second")
	}
	if d := items[0].Decision; d.OK || d.Remaining != 0 || d.RetryAfter != 200*time.Millisecond {
		t.Errorf("the limit that refuses: %+v", d)
	}
	if d := items[1].Decision; !d.OK || d.Remaining != 10 || d.RetryAfter != 0 {
		t.Errorf("the limit that would have let it pass: %+v", d)
	}
	for range 5 {
		if !m.TakeAll(start.Add(time.Second), items) {
			t.Fatalf("a second later: %+v", items)
		}
	}
	if later := start.Add(2 * time.Second); m.TakeAll(later, items) || !items[0].Decision.OK || items[0].Decision.Remaining != 5 || items[1].Decision.OK {
		t.Errorf("the day is used up: %+v", items)
	}
	if !m.TakeAll(start, nil) || !m.PeekAll(start, nil) {
		t.Error("no limit is one that refuses")
	}
}

// Costs of one key add up, also among many items, in any order.
func TestTakeAllOfOneKeyTwice(t *testing.T) {
	m := New([16]byte{1})
	items := []Item{
		{Key: keyFor(1, 1), Limit: perSecond, Cost: 2},
		{Key: keyFor(2, 1), Limit: perSecond, Cost: 1},
		{Key: keyFor(1, 1), Limit: perSecond, Cost: 2},
	}
	for _, all := range []func(time.Time, []Item) bool{m.PeekAll, m.TakeAll} {
		if !all(start, items) {
			t.Fatalf("four of five: %+v", items)
		}
	}
	if items[0].Decision.Remaining != 3 || items[2].Decision.Remaining != 1 || items[1].Decision.Remaining != 4 {
		t.Errorf("%+v", items)
	}
	for _, all := range []func(time.Time, []Item) bool{m.PeekAll, m.TakeAll} {
		at := start.Add(400 * time.Millisecond) // three are there
		if all(at, items) {
			t.Fatalf("four of three: %+v", items)
		}
		if d := items[0].Decision; !d.OK || d.Remaining != 3 {
			t.Errorf("the first two would have passed: %+v", d)
		}
		if d := items[2].Decision; d.OK || d.Remaining != 3 || d.RetryAfter != 200*time.Millisecond {
			t.Errorf("the next two not: %+v", d)
		}
	}
	items[0].Cost, items[2].Cost = 1<<63-1, 1<<63-1
	if m.PeekAll(start, items) || m.TakeAll(start, items) || items[2].Decision.RetryAfter != Never {
		t.Errorf("far too much: %+v", items)
	}
	if m.Len() != 2 {
		t.Errorf("%d meters", m.Len())
	}
}

func TestPeekAllTakesNothingAndMakesNothing(t *testing.T) {
	m := New([16]byte{1})
	items := oneAsk(1)
	if !m.PeekAll(start, items) || items[0].Decision.Remaining != 5 || m.Len() != 0 {
		t.Fatalf("%d meters, %+v", m.Len(), items)
	}
	m.TakeAll(start, items)
	for range 2 {
		if !m.PeekAll(start, items) || items[0].Decision.Remaining != 4 || items[1].Decision.Remaining != 18 {
			t.Fatalf("%+v", items)
		}
	}
}

func TestGiveBackAll(t *testing.T) {
	m := New([16]byte{1})
	items := oneAsk(1)
	m.TakeAll(start, items)
	m.TakeAll(start, items)
	m.GiveBack(items)
	m.GiveBack(oneAsk(2)) // which took nothing
	if m.PeekAll(start, items); items[0].Decision.Remaining != 4 || items[1].Decision.Remaining != 18 || m.Len() != 2 {
		t.Errorf("%d meters, %+v", m.Len(), items)
	}
}

// After the clock was set back by a year a key waits for a window and its burst, and not for a year.
func TestClockSetBackUnderMeters(t *testing.T) {
	m := New([16]byte{1})
	items := oneAsk(1)
	for range 5 {
		m.TakeAll(start, items)
	}
	past := start.AddDate(-1, 0, 0)
	if m.TakeAll(past, items) || items[0].Decision.Remaining != 0 || items[1].Decision.Remaining != 0 {
		t.Fatalf("%+v", items)
	}
	if m.PeekAll(past.Add(2*24*time.Hour-1), []Item{{Key: items[1].Key, Limit: perDay, Cost: 20}}) {
		t.Error("full too early")
	}
	if !m.PeekAll(past.Add(2*24*time.Hour), []Item{{Key: items[1].Key, Limit: perDay, Cost: 20}}) {
		t.Error("locked out for longer than a window and its burst")
	}
}

func dirtyOf(m *Meters) map[Key]int64 {
	dirty := map[Key]int64{}
	m.Dirty(func(key Key, tat int64) { dirty[key] = tat })
	return dirty
}

// What Dirty tells of, restored elsewhere, is the same again.
func TestDirtySurvives(t *testing.T) {
	m, copied := New([16]byte{1}), New([16]byte{2})
	for subject := range 3000 {
		m.TakeAll(start, oneAsk(subject))
	}
	first := dirtyOf(m)
	if len(first) != 3000 {
		t.Fatalf("%d of 3000 long limits", len(first))
	}
	if again := dirtyOf(m); len(again) != 0 {
		t.Fatalf("told twice of %d", len(again))
	}
	ask := oneAsk(7)
	ask[0].Keep = true
	m.TakeAll(start, ask)
	second := dirtyOf(m)
	if len(second) != 2 || second[ask[0].Key] == 0 || second[ask[1].Key] <= first[ask[1].Key] {
		t.Fatalf("one that is kept and one that is long: %v", second)
	}
	ask[1].Cost = 20
	m.TakeAll(start, ask) // refused
	m.PeekAll(start, ask)
	if dirty := dirtyOf(m); len(dirty) != 0 {
		t.Errorf("nothing changed: %v", dirty)
	}
	ask[1].Cost = 2
	m.GiveBack(ask[1:])
	if dirty := dirtyOf(m); !maps.Equal(dirty, map[Key]int64{ask[1].Key: first[ask[1].Key]}) {
		t.Errorf("given back: %v", dirty)
	}
	m.TakeAll(start, ask[1:])
	for _, kept := range []map[Key]int64{first, second, first} { // the later state wins
		for key, tat := range kept {
			copied.Restore(key, tat)
		}
	}
	if dirty := dirtyOf(copied); len(dirty) != 0 {
		t.Errorf("what was restored is kept already: %d", len(dirty))
	}
	for subject := range 3000 {
		was, is := oneAsk(subject)[1:], oneAsk(subject)[1:]
		m.PeekAll(start, was)
		copied.PeekAll(start, is)
		if was[0].Decision != is[0].Decision {
			t.Fatalf("subject %d: %+v, was %+v", subject, is[0].Decision, was[0].Decision)
		}
	}
}

// Full meters are forgotten and their place is used again; others stay as they are.
func TestSweep(t *testing.T) {
	m := New([16]byte{1})
	const n = 5000
	takeAll := func(from int, at time.Time) {
		for subject := from; subject < from+n; subject++ {
			if items := oneAsk(subject); !m.TakeAll(at, items) {
				t.Fatalf("subject %d: %+v", subject, items)
			}
		}
	}
	takeAll(0, start)
	if m.Sweep(start.Add(time.Second)); m.Len() != 2*n {
		t.Fatalf("%d meters", m.Len())
	}
	chunks := len(*m.chunks.Load())
	later := start.Add(2 * time.Second)
	if m.Sweep(later); m.Len() != n {
		t.Fatalf("%d meters, of which the long are in use", m.Len())
	}
	for subject := range n {
		items := oneAsk(subject)
		if m.PeekAll(later, items); items[0].Decision.Remaining != 5 || items[1].Decision.Remaining != 18 {
			t.Fatalf("subject %d: %+v", subject, items)
		}
	}
	tomorrow := start.Add(24 * time.Hour)
	if m.Sweep(tomorrow); m.Len() != 0 || len(dirtyOf(m)) != 0 {
		t.Fatalf("%d meters", m.Len())
	}
	takeAll(n, tomorrow)
	if got := len(*m.chunks.Load()); m.Len() != 2*n || got != chunks {
		t.Errorf("%d meters in %d chunks, were %d", m.Len(), got, chunks)
	}
	if dirty := dirtyOf(m); len(dirty) != n {
		t.Errorf("told of %d", len(dirty))
	}
}

// A number that was found before its meter was forgotten is not taken for the key it had.
func TestForgottenNumber(t *testing.T) {
	m := New([16]byte{1})
	old, other := oneAsk(1)[:1], oneAsk(2)[:1]
	m.TakeAll(start, old)
	number, _ := m.find(&old[0].Key)
	later := start.Add(time.Hour)
	m.Sweep(later)
	if m.at(number).lock(&old[0].Key) {
		t.Fatal("a forgotten meter is still its key's")
	}
	m.TakeAll(later, other)
	if now, _ := m.find(&other[0].Key); now != number || m.at(number).lock(&old[0].Key) {
		t.Fatalf("number %d, was %d", now, number)
	}
	stale := []holding{{meter: m.at(number), number: number, item: 0}, {meter: m.at(number), number: number, item: 1}}
	both := []Item{other[0], old[0]}
	if locked := lockAll(both, stale); locked != 1 {
		t.Fatalf("%d of two keys have one meter", locked)
	}
	release(stale[:1])
	if !m.TakeAll(later, both) || both[0].Decision.Remaining != 3 || both[1].Decision.Remaining != 4 {
		t.Errorf("%+v", both)
	}
}

// Keys that differ in one byte are told apart, and so is the key of zeros, with a seed of zeros too.
func TestKeysAlike(t *testing.T) {
	m := New([16]byte{})
	one := func(key Key) []Item { return []Item{{Key: key, Limit: Limit{Amount: 1, Window: time.Hour}, Cost: 1}} }
	keys := map[Key]bool{{}: true}
	for i := range 24 {
		for b := range 256 {
			var key Key
			key[i] = byte(b)
			keys[key] = true
		}
	}
	for key := range keys {
		if !m.TakeAll(start, one(key)) {
			t.Fatalf("key %x had taken", key)
		}
	}
	for key := range keys {
		if m.TakeAll(start, one(key)) {
			t.Fatalf("key %x had not taken", key)
		}
	}
	if m.Len() != len(keys) {
		t.Errorf("%d meters of %d", m.Len(), len(keys))
	}
}

// A meter fills a line of memory, and the garbage collector finds nothing in a chunk to follow.
func TestChunksAreFlat(t *testing.T) {
	if size := unsafe.Sizeof(meter{}); size != lineBytes {
		t.Errorf("a meter has %d bytes", size)
	}
	var flat func(reflect.Type) bool
	flat = func(of reflect.Type) bool {
		switch of.Kind() {
		case reflect.Array:
			return flat(of.Elem())
		case reflect.Struct:
			for i := range of.NumField() {
				if !flat(of.Field(i).Type) {
					return false
				}
			}
			return true
		case reflect.Int32, reflect.Uint32, reflect.Int64, reflect.Uint64, reflect.Uint8, reflect.Bool:
			return true
		}
		return false
	}
	if !flat(reflect.TypeFor[chunk]()) || flat(reflect.TypeFor[holding]()) {
		t.Error("a chunk holds pointers")
	}
}
