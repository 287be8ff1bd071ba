// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/keywright/keywright"
)

// A leakIndex knows of every leak what lists and housekeeping need. The leaks themselves are in the store.
type leakIndex struct {
	mu    sync.Mutex
	lines []*leakLine // the oldest first
	byID  map[string]*leakLine
	open  map[keywright.KeyID][]*leakLine // whose secret verifies still
	any   atomic.Bool                     // there is an open one
	heard map[string]bool                 // of other nodes, by id: to be read
}

// A leakLine is what is known of one leak.
type leakLine struct {
	id       string
	key      keywright.KeyID
	keyspace string
	owner    string
	reported time.Time
	ended    bool
	next     time.Time // when there is something to do or to see; zero: when the record changes
}

func compareLeaks(x, y *leakLine) int {
	if c := x.reported.Compare(y.reported); c != 0 {
		return c
	}
	return strings.Compare(x.id, y.id)
}

// put knows a leak as it is now, and when to look at it again.
func (x *leakIndex) put(l *Leak, next time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.byID == nil {
		x.byID, x.open = map[string]*leakLine{}, map[keywright.KeyID][]*leakLine{}
	}
	line := x.byID[l.ID]
	fresh := line == nil
	if fresh {
		line = &leakLine{id: l.ID, key: l.Key, keyspace: l.Keyspace, reported: l.Reported}
		x.byID[l.ID] = line
		at, _ := slices.BinarySearchFunc(x.lines, line, compareLeaks)
		x.lines = slices.Insert(x.lines, at, line)
	}
	was := !fresh && !line.ended
	line.owner, line.ended, line.next = l.Owner, !l.Ended.IsZero(), next
	switch {
	case !line.ended && !was:
		x.open[l.Key] = append(x.open[l.Key], line)
	case line.ended && was:
		x.open[l.Key] = slices.DeleteFunc(x.open[l.Key], func(o *leakLine) bool { return o == line })
		if len(x.open[l.Key]) == 0 {
			delete(x.open, l.Key)
		}
	}
	x.any.Store(len(x.open) > 0)
}

// touch has the open leaks of a record looked at soon: it was written.
func (x *leakIndex) touch(id keywright.KeyID) {
	if !x.any.Load() {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, line := range x.open[id] {
		line.next = line.reported // which is over
	}
}

// hear notes leaks that another node may have written. They are read soon: any node may be the one that ends them.
func (x *leakIndex) hear(ids []string) {
	if len(ids) == 0 {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.heard == nil {
		x.heard = map[string]bool{}
	}
	for _, id := range ids {
		x.heard[id] = true
	}
}

// readHeard reads the leaks that other nodes have told of. What could not be read is read another time.
func (a *Authority) readHeard(ctx context.Context) error {
	x := &a.leaks
	x.mu.Lock()
	heard := x.heard
	x.heard = nil
	x.mu.Unlock()
	for id := range heard {
		page, err := a.store.List(ctx, Query{Of: Items, Item: itemLeak, Name: id})
		if err != nil {
			x.hear(slices.Collect(maps.Keys(heard)))
			return err
		}
		for i := range page.Items {
			l, err := openLeak(&page.Items[i])
			if err != nil {
				a.log.Error("a leak is not looked after", "leak", id, "error", err)
				continue
			}
			x.put(&l, l.Reported)
		}
	}
	return nil
}

// due returns some of the leaks that are to be looked at.
func (x *leakIndex) due(now time.Time, most int) (lines []leakLine) {
	if !x.any.Load() {
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, of := range x.open {
		for _, line := range of {
			if !line.next.IsZero() && !now.Before(line.next) {
				if lines = append(lines, *line); len(lines) == most {
					return lines
				}
			}
		}
	}
	return lines
}

// page returns the ids of leaks that a list chooses, newest first, behind one of them, and whether there are more. What is
// behind nothing that is known is nothing.
func (x *leakIndex) page(chooses func(*leakLine) bool, after string, limit int) (ids []string, more, known bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	at := len(x.lines)
	if after != "" {
		line := x.byID[after]
		if line == nil {
			return nil, false, false
		}
		at, _ = slices.BinarySearchFunc(x.lines, line, compareLeaks)
	}
	for at--; at >= 0; at-- {
		if !chooses(x.lines[at]) {
			continue
		}
		if len(ids) == limit {
			return ids, true, true
		}
		ids = append(ids, x.lines[at].id)
	}
	return ids, false, true
}

// LeakCounts counts the leaks that are known: those whose secret verifies still, and all.
func (a *Authority) LeakCounts() (open, all int) {
	x := &a.leaks
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, of := range x.open {
		open += len(of)
	}
	return open, len(x.lines)
}

// loadLeaks reads all leaks. The open ones are looked at in the first seconds: what they wait for may have happened while
// nobody was there.
func (a *Authority) loadLeaks(ctx context.Context) error {
	q := Query{Of: Items, Item: itemLeak, Limit: maxPage}
	for {
		page, err := a.store.List(ctx, q)
		if err != nil {
			return fromStore(err)
		}
		for i := range page.Items {
			q.After = page.Items[i].Name
			l, err := openLeak(&page.Items[i])
			if err != nil {
				return err
			}
			a.leaks.put(&l, l.Reported)
		}
		if !page.More {
			return nil
		}
	}
}
