// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/keywright/keywright"
)

const (
	itemLeakUses = "leak-uses" // of one record

	maxWatched      = 10_000 // leaked keys of which networks and paths are counted: those that were reported last
	maxLeakNetworks = 64
	maxLeakPaths    = 64
	maxLeakPath     = 256 // bytes
	usesTogether    = 256 // written in a second
)

// LeakUses is from where and for what a leaked key was used since it was reported.
type LeakUses struct {
	Networks []LeakNetwork `json:"networks"` // at most 64, the most used first
	Paths    []LeakPath    `json:"paths"`    // at most 64, the most used first
	More     bool          `json:"more"`     // there were more than are kept
}

// A LeakNetwork is a network, a /24 of IPv4 or a /48 of IPv6.
type LeakNetwork struct {
	Network netip.Prefix `json:"network"`
	Count   int64        `json:"count"`
	Last    time.Time    `json:"last"`
}

// A LeakPath is the path of requests.
type LeakPath struct {
	Path  string `json:"path"`
	Count int64  `json:"count"`
}

// A watched key is one that leaked: its uses are counted by network and path.
type watched struct {
	mu       sync.Mutex
	networks map[netip.Prefix]*LeakNetwork
	paths    map[string]int64
	more     bool
	dirty    bool
	version  uint64 // of the item
	created  time.Time
}

// A watchList finds watched keys without a lock. It is never changed, but replaced. Of a key that is not watched it costs one
// look at a bit.
type watchList struct {
	bits [64]uint64
	keys map[keywright.KeyID]*watched
}

func bitOf(id *keywright.KeyID) (word int, bit uint64) {
	return int(id[14] & 63), 1 << (id[15] & 63) // of the random end of an id
}

func (w *watchList) find(id *keywright.KeyID) *watched {
	if word, bit := bitOf(id); w.bits[word]&bit == 0 {
		return nil
	}
	return w.keys[*id]
}

// noteLeaked counts a use of a key that leaked.
func (j *judgement) noteLeaked(ask *keywright.Ask) {
	list := j.authority.watching.Load()
	if list == nil {
		return
	}
	if w := list.find(&j.id); w != nil {
		w.use(networkOf(ask.ClientIP), ask.Path, j.authority.now())
	}
}

func (w *watched) use(network netip.Prefix, path string, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dirty = true
	if network.IsValid() {
		n := w.networks[network]
		switch {
		case n == nil && len(w.networks) >= maxLeakNetworks:
			w.more = true
		case n == nil:
			w.networks[network] = &LeakNetwork{network, 1, now}
		default:
			n.Count, n.Last = n.Count+1, now
		}
	}
	path, _, _ = strings.Cut(path, "?")
	if path = path[:min(len(path), maxLeakPath)]; path == "" {
		return
	}
	if _, known := w.paths[path]; !known && len(w.paths) >= maxLeakPaths {
		w.more = true
		return
	}
	w.paths[strings.Clone(path)]++ // the memory of the ask is used again
}

// sum returns what was counted.
func (w *watched) sum() LeakUses {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := LeakUses{Networks: []LeakNetwork{}, Paths: []LeakPath{}, More: w.more}
	for _, n := range w.networks {
		u.Networks = append(u.Networks, *n)
	}
	for path, count := range w.paths {
		u.Paths = append(u.Paths, LeakPath{path, count})
	}
	slices.SortFunc(u.Networks, func(x, y LeakNetwork) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), x.Network.Addr().Compare(y.Network.Addr()))
	})
	slices.SortFunc(u.Paths, func(x, y LeakPath) int { return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Path, y.Path)) })
	return u
}

func newWatched(u *LeakUses) *watched {
	w := &watched{networks: map[netip.Prefix]*LeakNetwork{}, paths: map[string]int64{}, more: u.More}
	for i := range u.Networks {
		w.networks[u.Networks[i].Network] = &u.Networks[i]
	}
	for _, p := range u.Paths {
		w.paths[p.Path] = p.Count
	}
	return w
}

// watch counts uses of the records that leaked last, these among them.
func (a *Authority) watch(ids []keywright.KeyID) {
	a.watchMu.Lock()
	defer a.watchMu.Unlock()
	keys := map[keywright.KeyID]*watched{}
	if old := a.watching.Load(); old != nil {
		keys = maps.Clone(old.keys)
	}
	for _, id := range ids {
		if keys[id] == nil {
			keys[id] = newWatched(&LeakUses{})
		}
	}
	a.leaks.keepNewest(keys)
	a.setWatching(keys)
}

func (a *Authority) setWatching(keys map[keywright.KeyID]*watched) {
	list := &watchList{keys: keys}
	for id := range keys {
		word, bit := bitOf(&id)
		list.bits[word] |= bit
	}
	a.watching.Store(list)
}

// keepNewest drops the keys that were reported first, where there are too many.
func (x *leakIndex) keepNewest(keys map[keywright.KeyID]*watched) {
	if len(keys) <= maxWatched {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	kept := map[keywright.KeyID]bool{}
	for i := len(x.lines) - 1; i >= 0 && len(kept) < maxWatched*9/10; i-- {
		kept[x.lines[i].key] = true
	}
	maps.DeleteFunc(keys, func(id keywright.KeyID, _ *watched) bool { return !kept[id] })
}

// loadLeakUses reads what was counted of the keys that leaked last.
func (a *Authority) loadLeakUses(ctx context.Context) error {
	keys := map[keywright.KeyID]*watched{}
	a.leaks.mu.Lock()
	for i := len(a.leaks.lines) - 1; i >= 0 && len(keys) < maxWatched; i-- {
		keys[a.leaks.lines[i].key] = newWatched(&LeakUses{})
	}
	a.leaks.mu.Unlock()
	if len(keys) == 0 {
		return nil
	}
	q := Query{Of: Items, Item: itemLeakUses, Limit: maxPage}
	for {
		page, err := a.store.List(ctx, q)
		if err != nil {
			return fromStore(err)
		}
		for i := range page.Items {
			item := &page.Items[i]
			q.After = item.Name
			id, w, err := openUses(item)
			if err != nil {
				return err
			}
			if keys[id] != nil {
				keys[id] = w
			}
		}
		if !page.More {
			a.setWatching(keys)
			return nil
		}
	}
}

func openUses(item *Item) (id keywright.KeyID, w *watched, err error) {
	var u LeakUses
	if err = json.Unmarshal(item.Data, &u); err == nil {
		id, err = keywright.ParseKeyID(item.Name)
	}
	if err != nil {
		return id, nil, fmt.Errorf("uses of a leaked key cannot be read: %w", err)
	}
	w = newWatched(&u)
	w.version, w.created = item.Version, item.Created
	return id, w, nil
}

// writeLeakUses writes what was counted since the last writing.
func (a *Authority) writeLeakUses(ctx context.Context) error {
	list := a.watching.Load()
	if list == nil {
		return nil
	}
	a.watchMu.Lock()
	defer a.watchMu.Unlock()
	var change Change
	var written []*watched
	for id, w := range list.keys {
		item, err := w.put(id, a.now())
		if err != nil {
			return err
		}
		if item == nil {
			continue
		}
		change.Puts, written = append(change.Puts, item), append(written, w)
		if len(written) == usesTogether {
			break
		}
	}
	if len(written) == 0 {
		return nil
	}
	err := a.store.Apply(context.WithoutCancel(ctx), change)
	for i, w := range written {
		w.mu.Lock()
		w.dirty = w.dirty || err != nil
		if err == nil {
			w.version++
		}
		w.mu.Unlock()
		if errors.Is(err, ErrConflict) { // a write whose end was not known had been made
			if err := a.versionOf(ctx, change.Puts[i].(*Item), w); err != nil {
				return err
			}
		}
	}
	return err
}

// put returns the item of a key that was used since the last writing, or nil.
func (w *watched) put(id keywright.KeyID, now time.Time) (*Item, error) {
	w.mu.Lock()
	dirty := w.dirty
	w.dirty = false
	w.mu.Unlock()
	if !dirty {
		return nil, nil
	}
	if w.created.IsZero() {
		w.created = now
	}
	data, err := json.Marshal(w.sum())
	return &Item{Kind: itemLeakUses, Name: id.String(), Data: data, Created: w.created, Version: w.version + 1}, err
}

func (a *Authority) versionOf(ctx context.Context, item *Item, w *watched) error {
	page, err := a.store.List(ctx, Query{Of: Items, Item: item.Kind, Name: item.Name})
	if err == nil && len(page.Items) > 0 {
		w.version = page.Items[0].Version
	}
	return err
}

// leakUses returns what was counted of a key, which may not be watched any more.
func (a *Authority) leakUses(ctx context.Context, id keywright.KeyID) (LeakUses, error) {
	if list := a.watching.Load(); list != nil {
		if w := list.find(&id); w != nil {
			return w.sum(), nil
		}
	}
	page, err := a.store.List(ctx, Query{Of: Items, Item: itemLeakUses, Name: id.String()})
	if err != nil || len(page.Items) == 0 {
		return LeakUses{}, err
	}
	_, w, err := openUses(&page.Items[0])
	if err != nil {
		return LeakUses{}, err
	}
	return w.sum(), nil
}
