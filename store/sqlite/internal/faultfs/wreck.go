// SPDX-License-Identifier: Apache-2.0

package faultfs

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
)

// A Wreck is a disk at one moment, and what a loss of power then could leave of it: what was written out, and what was
// not.
type Wreck struct {
	synced  map[string]*inode
	pending []entry
	files   map[*inode]remains
}

type remains struct {
	content []byte
	synced  []byte
	pending []piece
}

func (i *inode) remains() remains {
	return remains{bytes.Clone(i.content), i.synced, slices.Clip(i.pending)}
}

func (f *FS) watch() {
	if f.Watch != nil {
		f.Watch(f.wreck())
	}
}

// Wreck returns what a loss of power now could leave.
func (f *FS) Wreck() *Wreck {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wreck()
}

func (f *FS) wreck() *Wreck {
	w := &Wreck{f.synced, slices.Clip(f.pending), map[*inode]remains{}}
	for _, i := range f.synced {
		w.files[i] = i.remains()
	}
	for _, e := range f.pending {
		w.files[e.file] = e.file.remains()
	}
	return w
}

// Unsynced returns how many sectors and entries were not yet written out.
func (w *Wreck) Unsynced() int {
	n := len(w.pending)
	for _, r := range w.files {
		n += len(r.pending)
	}
	return n
}

// Rebuild makes the disk as it is found when the power is back, under the name of a folder that may be another: what was
// written out, and of the rest an arbitrary part. A sector that was written more than once may hold any of its states.
func (w *Wreck) Rebuild(folder string, r *rand.Rand) *FS {
	f := New(folder)
	names := maps.Clone(w.synced)
	chance := chances[r.IntN(len(chances))]
	for _, e := range w.pending {
		if r.Float64() < chance {
			e.apply(names)
		}
	}
	rebuilt := map[*inode]*inode{}
	for _, name := range slices.Sorted(maps.Keys(names)) { // in one order, so that a seed replays
		old := names[name]
		if rebuilt[old] == nil {
			rebuilt[old] = w.files[old].rebuild(r)
		}
		f.entries[name] = rebuilt[old]
	}
	f.synced = maps.Clone(f.entries)
	return f
}

// Kill makes the disk as the next process finds it after one that was killed at this moment: the system lives on, and
// what it has in memory is still seen. Nothing is written out by that.
func (w *Wreck) Kill(folder string) *FS {
	f := New(folder)
	heirs := map[*inode]*inode{}
	for i, r := range w.files {
		heirs[i] = &inode{content: bytes.Clone(r.content), synced: r.synced, pending: r.pending}
	}
	for name, i := range w.synced {
		f.entries[name], f.synced[name] = heirs[i], heirs[i]
	}
	for _, e := range w.pending {
		e.file = heirs[e.file]
		e.apply(f.entries)
		f.pending = append(f.pending, e)
	}
	return f
}

// chances that something which was not written out is there all the same. Nothing and everything are drawn as often as
// what lies between: with many sectors a subset would hardly ever be one of those.
var chances = []float64{0, 0.1, 0.5, 0.9, 1}

func (r remains) rebuild(random *rand.Rand) *inode {
	chance := chances[random.IntN(len(chances))]
	content := bytes.Clone(r.synced)
	junk := random.IntN(2) == 0
	for _, p := range r.pending {
		if random.Float64() >= chance {
			continue
		}
		// Blocks that a file got without being written to may hold what was on the disk before.
		if old := len(content); junk && p.data != nil && p.offset > old {
			content = resize(content, p.offset)
			for i := range content[old:] {
				content[old+i] = byte(random.Uint32())
			}
		}
		content = p.apply(content)
	}
	return &inode{content: content, synced: bytes.Clone(content)}
}
