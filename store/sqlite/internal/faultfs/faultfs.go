// SPDX-License-Identifier: Apache-2.0

// Package faultfs is a disk that fails on command, below SQLite: a file system in memory, one flat folder, that
// modernc.org/sqlite reaches as a VFS (sqlite.org/vfs.html). It is for tests alone.
//
//	disk := faultfs.New(dir)
//	defer disk.Close()
//	disk.Fail = func(c faultfs.Call) faultfs.Failure { … }
//	db, err := sql.Open("sqlite", "file://"+dir+"/some.db?vfs="+faultfs.Name)
//
// Each file is its synced image and the writes and truncations since; the folder is its synced entries and what was
// created, deleted and renamed since. So the disk knows what a loss of power may leave: the synced part, and of the rest
// any subset of the sectors and of the entries. It keeps the promises that SQLite's own VFS keeps on a Unix system, and
// no more: the entry of a journal or a log that it made is written out with its first sync, other entries only with
// their folder. Locks and the shared memory of the write-ahead log work between the connections of one process.
package faultfs

import (
	"io/fs"
	"maps"
	slash "path"
	"path/filepath"
	"sync"
)

// Name is what SQLite knows the file system by: the vfs parameter of a DSN.
const Name = "faultfs"

// disks are the file systems by their folder.
var disks sync.Map

// An FS is one folder on the failing disk. It is safe for concurrent use, but for its fields.
type FS struct {
	// Fail is asked before each call, one at a time, and says how it fails. Nil: nothing fails.
	Fail func(Call) Failure
	// Watch is given, one at a time, what a loss of power at this moment could leave: once for each call that changes
	// the disk, with that call half done. Nil: nobody watches.
	Watch func(*Wreck)

	folder string

	mu      sync.Mutex
	calls   int
	entries map[string]*inode // the folder as it is seen
	synced  map[string]*inode // the folder as it was last written out
	pending []entry           // what was done to it since
}

// An entry is one change of the folder: the name from is gone, if it is not empty, and the name to is there, if it is
// not empty. A rename is both at once.
type entry struct {
	from, to string
	file     *inode
}

// New makes an empty disk in place of what stood for the folder before. The folder need not exist elsewhere.
func New(folder string) *FS {
	register()
	f := &FS{folder: filepath.ToSlash(folder), entries: map[string]*inode{}, synced: map[string]*inode{}}
	disks.Store(f.folder, f)
	return f
}

// Close forgets the disk. What is still open on it goes on.
func (f *FS) Close() { disks.CompareAndDelete(f.folder, f) }

// Calls returns how many calls could have failed.
func (f *FS) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// diskOf finds the file system of a path, and its name in it.
func diskOf(file string) (*FS, string) {
	folder, name := slash.Split(filepath.ToSlash(file))
	f, ok := disks.Load(slash.Clean(folder))
	if !ok {
		return nil, ""
	}
	return f.(*FS), name
}

// change does to the folder what an entry says, not yet on the disk.
func (f *FS) change(e entry) {
	e.apply(f.entries)
	f.pending = append(f.pending, e)
	f.watch()
}

func (e entry) apply(entries map[string]*inode) {
	if e.from != "" {
		delete(entries, e.from)
	}
	if e.to != "" {
		entries[e.to] = e.file
	}
}

// syncEntries writes the folder out.
func (f *FS) syncEntries() {
	f.watch()
	f.synced, f.pending = maps.Clone(f.entries), nil
}

// find returns the file of a name, and makes it if that is asked for.
func (f *FS) find(name string, create bool) (file *inode, created bool, err error) {
	if file, ok := f.entries[name]; ok {
		return file, false, nil
	}
	if !create {
		return nil, false, fs.ErrNotExist
	}
	file = new(inode)
	f.change(entry{to: name, file: file})
	return file, true, nil
}

func (f *FS) remove(name string) error {
	file, ok := f.entries[name]
	if !ok {
		return fs.ErrNotExist
	}
	f.change(entry{from: name, file: file})
	return nil
}

func (f *FS) rename(from, to string) error {
	file, ok := f.entries[from]
	if !ok {
		return fs.ErrNotExist
	}
	f.change(entry{from: from, to: to, file: file})
	return nil
}
