// SPDX-License-Identifier: Apache-2.0

package faultfs

import (
	"slices"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// lock takes the lock of a file to a level (sqlite.org/lockingv3.html). It returns a result code of SQLite.
func (h *handle) lock(level int32) int32 {
	if h.level >= level {
		return sqlite3.SQLITE_OK
	}
	switch level {
	case sqlite3.SQLITE_LOCK_SHARED:
		if h.others(sqlite3.SQLITE_LOCK_PENDING) {
			return sqlite3.SQLITE_BUSY
		}
	case sqlite3.SQLITE_LOCK_RESERVED:
		if h.others(sqlite3.SQLITE_LOCK_RESERVED) {
			return sqlite3.SQLITE_BUSY
		}
	default:
		if h.others(sqlite3.SQLITE_LOCK_RESERVED) {
			return sqlite3.SQLITE_BUSY
		}
		h.level = sqlite3.SQLITE_LOCK_PENDING
		if h.others(sqlite3.SQLITE_LOCK_SHARED) {
			return sqlite3.SQLITE_BUSY
		}
	}
	h.level = level
	return sqlite3.SQLITE_OK
}

// others says whether another handle of the file has a lock of at least this level.
func (h *handle) others(level int32) bool {
	return slices.ContainsFunc(h.file.handles, func(o *handle) bool { return o != h && o.level >= level })
}

// sharedMemory is the index of the write-ahead log, outside of Go's heap because SQLite holds its address.
type sharedMemory struct {
	regions []uintptr
	users   int
	holders [sqlite3.SQLITE_SHM_NLOCK]int // how many hold a slot shared; -1: one holds it alone
}

// mapShared returns the address of a region, which is 0 if it does not exist and should not be made.
func (h *handle) mapShared(tls *libc.TLS, region, size int, extend bool) (uintptr, int32) {
	if h.file.shared == nil {
		h.file.shared = new(sharedMemory)
	}
	m := h.file.shared
	if !h.sharing {
		h.sharing = true
		m.users++
	}
	if region >= len(m.regions) && !extend {
		return 0, sqlite3.SQLITE_OK
	}
	for region >= len(m.regions) {
		switch h.disk.call(Share, h.name) {
		case None:
		case Full:
			return 0, sqlite3.SQLITE_FULL
		default:
			return 0, sqlite3.SQLITE_IOERR_SHMSIZE
		}
		address := libc.Xcalloc(tls, 1, libc.Tsize_t(size))
		if address == 0 {
			return 0, sqlite3.SQLITE_NOMEM
		}
		m.regions = append(m.regions, address)
	}
	return m.regions[region], sqlite3.SQLITE_OK
}

// lockShared takes or gives back n slots, all or none.
func (h *handle) lockShared(first, n int, flags int32) int32 {
	m := h.file.shared
	if m == nil || !h.sharing {
		return sqlite3.SQLITE_IOERR_SHMLOCK
	}
	slots := m.holders[first : first+n]
	switch {
	case flags&sqlite3.SQLITE_SHM_UNLOCK != 0:
		for i := range slots {
			h.giveBack(first + i)
		}
	case flags&sqlite3.SQLITE_SHM_EXCLUSIVE != 0:
		if slices.ContainsFunc(slots, func(holders int) bool { return holders != 0 }) {
			return sqlite3.SQLITE_BUSY
		}
		for i := range slots {
			slots[i], h.slots[first+i] = -1, -1
		}
	case h.slots[first] == 0: // a shared lock is of one slot
		if slots[0] < 0 {
			return sqlite3.SQLITE_BUSY
		}
		slots[0]++
		h.slots[first] = 1
	}
	return sqlite3.SQLITE_OK
}

func (h *handle) giveBack(slot int) {
	switch h.slots[slot] {
	case -1:
		h.file.shared.holders[slot] = 0
	case 1:
		h.file.shared.holders[slot]--
	}
	h.slots[slot] = 0
}

// unmapShared leaves the shared memory, which goes with its last user.
func (h *handle) unmapShared(tls *libc.TLS) {
	if !h.sharing {
		return
	}
	for slot := range h.slots {
		h.giveBack(slot)
	}
	h.sharing = false
	m := h.file.shared
	if m.users--; m.users > 0 {
		return
	}
	for _, address := range m.regions {
		libc.Xfree(tls, address)
	}
	h.file.shared = nil
}
