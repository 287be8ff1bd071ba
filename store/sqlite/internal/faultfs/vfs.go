// SPDX-License-Identifier: Apache-2.0

package faultfs

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// What SQLite reads of us is static, as it keeps the addresses: zName, the VFS and its table of methods.
var (
	zName   = [...]byte{'f', 'a', 'u', 'l', 't', 'f', 's', 0}
	vfs     sqlite3.Tsqlite3_vfs
	methods sqlite3.Tsqlite3_io_methods
)

// A cFile is what SQLite holds of an open file: an sqlite3_file and the key of its handle.
type cFile struct {
	methods uintptr
	handle  uintptr
}

const maxPath = 4096 // bytes

// register makes the VFS known to SQLite, once in a process. Randomness, sleep and time are those of the built-in one.
var register = sync.OnceFunc(func() {
	tls := libc.NewTLS()
	defer tls.Close()
	builtIn := sqlite3.Xsqlite3_vfs_find(tls, 0)
	vfs = *(*sqlite3.Tsqlite3_vfs)(at(builtIn))
	vfs.FiVersion = 2
	vfs.FszOsFile = int32(unsafe.Sizeof(cFile{}))
	vfs.FmxPathname = maxPath
	vfs.FpNext = 0
	vfs.FzName = uintptr(unsafe.Pointer(&zName))
	vfs.FxOpen = function(xOpen)
	vfs.FxDelete = function(xDelete)
	vfs.FxAccess = function(xAccess)
	vfs.FxFullPathname = function(xFullPathname)
	methods = sqlite3.Tsqlite3_io_methods{
		FiVersion:               2, // 3 would be memory maps
		FxClose:                 function(xClose),
		FxRead:                  function(xRead),
		FxWrite:                 function(xWrite),
		FxTruncate:              function(xTruncate),
		FxSync:                  function(xSync),
		FxFileSize:              function(xFileSize),
		FxLock:                  function(xLock),
		FxUnlock:                function(xUnlock),
		FxCheckReservedLock:     function(xCheckReservedLock),
		FxFileControl:           function(xFileControl),
		FxSectorSize:            function(xSectorSize),
		FxDeviceCharacteristics: function(xDeviceCharacteristics),
		FxShmMap:                function(xShmMap),
		FxShmLock:               function(xShmLock),
		FxShmBarrier:            function(xShmBarrier),
		FxShmUnmap:              function(xShmUnmap),
	}
	if code := sqlite3.Xsqlite3_vfs_register(tls, uintptr(unsafe.Pointer(&vfs)), 0); code != sqlite3.SQLITE_OK {
		panic("faultfs: SQLite does not take the VFS") // only the standard VFS being absent could be why
	}
})

// function returns the address of a function as translated C code calls it. It must be of the package level, or it
// could be gone when it is called.
func function(f any) uintptr { return (*[2]uintptr)(unsafe.Pointer(&f))[1] }

// at turns an address outside of Go's heap into a pointer.
func at(address uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&address)) }

func setInt32(address uintptr, to int32) {
	if address != 0 {
		*(*int32)(at(address)) = to
	}
}

func truth(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

func xOpen(_ *libc.TLS, _, path, file uintptr, flags int32, outFlags uintptr) int32 {
	c := (*cFile)(at(file))
	c.methods = 0 // nothing to close
	if path == 0 {
		return sqlite3.SQLITE_CANTOPEN // a temporary file: the store keeps those in memory
	}
	disk, name := diskOf(libc.GoString(path))
	if disk == nil {
		return sqlite3.SQLITE_CANTOPEN
	}
	h, code := disk.open(name, flags)
	if code != sqlite3.SQLITE_OK {
		return code
	}
	c.methods, c.handle = uintptr(unsafe.Pointer(&methods)), keep(h)
	setInt32(outFlags, flags)
	return sqlite3.SQLITE_OK
}

func xDelete(_ *libc.TLS, _, path uintptr, syncFolder int32) int32 {
	disk, name := diskOf(libc.GoString(path))
	if disk == nil {
		return sqlite3.SQLITE_IOERR_DELETE
	}
	return disk.delete(name, syncFolder != 0)
}

func xAccess(_ *libc.TLS, _, path uintptr, flags int32, result uintptr) int32 {
	setInt32(result, 0)
	disk, name := diskOf(libc.GoString(path))
	if disk == nil {
		return sqlite3.SQLITE_IOERR_ACCESS
	}
	found, code := disk.exists(name, flags != sqlite3.SQLITE_ACCESS_EXISTS)
	setInt32(result, truth(found))
	return code
}

// xFullPathname has nothing to do: the store gives whole paths.
func xFullPathname(_ *libc.TLS, _, path uintptr, size int32, result uintptr) int32 {
	text := libc.GoString(path)
	if len(text) >= int(size) {
		return sqlite3.SQLITE_CANTOPEN
	}
	into := unsafe.Slice((*byte)(at(result)), size)
	into[copy(into, text)] = 0
	return sqlite3.SQLITE_OK
}
