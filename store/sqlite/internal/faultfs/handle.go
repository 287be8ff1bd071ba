// SPDX-License-Identifier: Apache-2.0

package faultfs

import (
	"slices"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// A handle is a file that SQLite has open. Its methods return result codes of SQLite, and the disk is locked meanwhile.
type handle struct {
	disk  *FS
	file  *inode
	name  string
	level int32 // of the lock on the file

	// The entry of the file must be written out with its next sync.
	syncEntry bool

	sharing bool
	slots   [sqlite3.SQLITE_SHM_NLOCK]int8 // 1: held shared, -1: held alone
}

// open opens a file for SQLite. Like its own VFS it remembers that the entry of a new log is not yet written out.
func (f *FS) open(name string, flags int32) (*handle, int32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch f.call(Open, name) {
	case None:
	case Full:
		return nil, sqlite3.SQLITE_FULL
	default:
		return nil, sqlite3.SQLITE_CANTOPEN
	}
	file, created, err := f.find(name, flags&sqlite3.SQLITE_OPEN_CREATE != 0)
	if err != nil {
		return nil, sqlite3.SQLITE_CANTOPEN
	}
	const logs = sqlite3.SQLITE_OPEN_MAIN_JOURNAL | sqlite3.SQLITE_OPEN_SUPER_JOURNAL | sqlite3.SQLITE_OPEN_WAL
	h := &handle{disk: f, file: file, name: name, syncEntry: created && flags&logs != 0}
	file.handles = append(file.handles, h)
	return h, sqlite3.SQLITE_OK
}

func (h *handle) close(tls *libc.TLS) {
	h.unmapShared(tls)
	h.file.handles = slices.DeleteFunc(h.file.handles, func(o *handle) bool { return o == h })
}

func (h *handle) read(into []byte, offset int) int32 {
	if h.disk.call(Read, h.name) != None {
		return sqlite3.SQLITE_IOERR_READ
	}
	n := 0
	if offset < len(h.file.content) {
		n = copy(into, h.file.content[offset:])
	}
	if n < len(into) {
		clear(into[n:])
		return sqlite3.SQLITE_IOERR_SHORT_READ
	}
	return sqlite3.SQLITE_OK
}

func (h *handle) write(data []byte, offset int) int32 {
	code := int32(sqlite3.SQLITE_OK)
	switch h.disk.call(Write, h.name) {
	case None:
	case Full:
		return sqlite3.SQLITE_FULL
	case Short:
		data, code = data[:len(data)/2], sqlite3.SQLITE_IOERR_WRITE
	default:
		return sqlite3.SQLITE_IOERR_WRITE
	}
	h.file.write(data, offset)
	h.disk.watch()
	return code
}

func (h *handle) truncate(size int) int32 {
	switch h.disk.call(Truncate, h.name) {
	case None:
	case Full:
		return sqlite3.SQLITE_FULL
	default:
		return sqlite3.SQLITE_IOERR_TRUNCATE
	}
	h.file.truncate(size)
	h.disk.watch()
	return sqlite3.SQLITE_OK
}

func (h *handle) sync() int32 {
	switch h.disk.call(Sync, h.name) {
	case None:
	case Forgotten:
		h.file.forget(false)
		return sqlite3.SQLITE_IOERR_FSYNC
	case Dropped:
		h.file.forget(true)
		return sqlite3.SQLITE_IOERR_FSYNC
	default:
		return sqlite3.SQLITE_IOERR_FSYNC
	}
	h.disk.watch()
	h.file.sync()
	if h.syncEntry {
		h.disk.syncEntries()
		h.syncEntry = false
	}
	return sqlite3.SQLITE_OK
}

func (h *handle) size() (int, int32) {
	if h.disk.call(Size, h.name) != None {
		return 0, sqlite3.SQLITE_IOERR_FSTAT
	}
	return len(h.file.content), sqlite3.SQLITE_OK
}

// delete removes a file for SQLite, and writes the folder out if it asks for that.
func (f *FS) delete(name string, sync bool) int32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.call(Delete, name) != None {
		return sqlite3.SQLITE_IOERR_DELETE
	}
	if f.remove(name) != nil {
		return sqlite3.SQLITE_IOERR_DELETE_NOENT
	}
	if sync {
		f.syncEntries()
	}
	return sqlite3.SQLITE_OK
}

// exists says whether there is a file. SQLite's own VFS takes an empty one for none.
func (f *FS) exists(name string, empty bool) (bool, int32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.call(Exists, name) != None {
		return false, sqlite3.SQLITE_IOERR_ACCESS
	}
	file, ok := f.entries[name]
	return ok && (empty || len(file.content) > 0), sqlite3.SQLITE_OK
}
