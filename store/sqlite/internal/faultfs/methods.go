// SPDX-License-Identifier: Apache-2.0

package faultfs

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// handles are the open files by the key that SQLite holds.
var handles = struct {
	sync.Mutex
	last uintptr
	open map[uintptr]*handle
}{open: map[uintptr]*handle{}}

func keep(h *handle) (key uintptr) {
	handles.Lock()
	defer handles.Unlock()
	handles.last++
	handles.open[handles.last] = h
	return handles.last
}

// with does something with an open file while its disk is locked.
func with(file uintptr, do func(*handle) int32) int32 {
	handles.Lock()
	h := handles.open[(*cFile)(at(file)).handle]
	handles.Unlock()
	h.disk.mu.Lock()
	defer h.disk.mu.Unlock()
	return do(h)
}

func xClose(tls *libc.TLS, file uintptr) int32 {
	code := with(file, func(h *handle) int32 {
		h.close(tls)
		return sqlite3.SQLITE_OK
	})
	handles.Lock()
	defer handles.Unlock()
	delete(handles.open, (*cFile)(at(file)).handle)
	return code
}

func xRead(_ *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	return with(file, func(h *handle) int32 { return h.read(unsafe.Slice((*byte)(at(buffer)), n), int(offset)) })
}

func xWrite(_ *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	return with(file, func(h *handle) int32 { return h.write(unsafe.Slice((*byte)(at(buffer)), n), int(offset)) })
}

func xTruncate(_ *libc.TLS, file uintptr, size int64) int32 {
	return with(file, func(h *handle) int32 { return h.truncate(int(size)) })
}

func xSync(_ *libc.TLS, file uintptr, _ int32) int32 {
	return with(file, func(h *handle) int32 { return h.sync() })
}

func xFileSize(_ *libc.TLS, file, result uintptr) int32 {
	return with(file, func(h *handle) int32 {
		size, code := h.size()
		*(*int64)(at(result)) = int64(size)
		return code
	})
}

func xLock(_ *libc.TLS, file uintptr, level int32) int32 {
	return with(file, func(h *handle) int32 { return h.lock(level) })
}

func xUnlock(_ *libc.TLS, file uintptr, level int32) int32 {
	return with(file, func(h *handle) int32 {
		h.level = min(h.level, level)
		return sqlite3.SQLITE_OK
	})
}

func xCheckReservedLock(_ *libc.TLS, file, result uintptr) int32 {
	return with(file, func(h *handle) int32 {
		reserved := h.level >= sqlite3.SQLITE_LOCK_RESERVED || h.others(sqlite3.SQLITE_LOCK_RESERVED)
		setInt32(result, truth(reserved))
		return sqlite3.SQLITE_OK
	})
}

// xFileControl knows no hints.
func xFileControl(_ *libc.TLS, _ uintptr, _ int32, _ uintptr) int32 { return sqlite3.SQLITE_NOTFOUND }

// xSectorSize and xDeviceCharacteristics say what SQLite's own VFS says on a Unix system: that a write harms nothing
// beside it (powersafe overwrite), and no more.
func xSectorSize(_ *libc.TLS, _ uintptr) int32 { return 4096 }

func xDeviceCharacteristics(_ *libc.TLS, _ uintptr) int32 {
	return sqlite3.SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

func xShmMap(tls *libc.TLS, file uintptr, region, size, extend int32, result uintptr) int32 {
	return with(file, func(h *handle) int32 {
		address, code := h.mapShared(tls, int(region), int(size), extend != 0)
		*(*uintptr)(at(result)) = address
		return code
	})
}

func xShmLock(_ *libc.TLS, file uintptr, first, n, flags int32) int32 {
	return with(file, func(h *handle) int32 { return h.lockShared(int(first), int(n), flags) })
}

// xShmBarrier is one by taking the lock.
func xShmBarrier(_ *libc.TLS, file uintptr) {
	with(file, func(*handle) int32 { return sqlite3.SQLITE_OK })
}

func xShmUnmap(tls *libc.TLS, file uintptr, _ int32) int32 {
	return with(file, func(h *handle) int32 {
		h.unmapShared(tls)
		return sqlite3.SQLITE_OK
	})
}
