// SPDX-License-Identifier: Apache-2.0

package faultfs

import "fmt"

// An Operation is what is asked of the disk.
type Operation uint8

// The operations that can fail. Locks cannot: they are in memory on a real system too.
const (
	Open Operation = iota + 1
	Read
	Size
	Write
	Truncate
	Sync
	Delete
	Exists
	Rename
	SyncFolder
	Share // more shared memory, which is a file on a real system
)

func (o Operation) String() string {
	return [...]string{"none", "open", "read", "size", "write", "truncate", "sync", "delete", "exists", "rename", "sync folder", "share"}[o]
}

// Changes says whether the operation changes what is on the disk.
func (o Operation) Changes() bool {
	switch o {
	case Write, Truncate, Sync, Delete, Rename, SyncFolder:
		return true
	}
	return false
}

// A Call is one operation: the n-th of its disk, from 1.
type Call struct {
	Number    int
	Operation Operation
	File      string // its name in the folder
}

func (c Call) String() string { return fmt.Sprintf("call %d, %s of %s", c.Number, c.Operation, c.File) }

// A Failure is how a call fails.
type Failure uint8

// The failures. What a failure means for an operation that it does not name is EIO.
const (
	None  Failure = iota
	EIO           // refused: nothing of it is done
	Full          // Open, Write, Truncate, Share: refused for want of room
	Short         // Write: the first half of the bytes lands, then an error
	// Sync: an error, after which the system takes the file for written out though it is not: it reads as before until
	// a loss of power, but no later sync writes what this one should have (as with fsync on Linux).
	Forgotten
	// Sync: as Forgotten, but the system drops the pages at once, so that the file reads as it was last synced.
	Dropped
)

func (f Failure) String() string {
	return [...]string{"no failure", "EIO", "full", "short", "forgotten", "dropped"}[f]
}

// call counts a call and asks how it fails. The lock is held.
func (f *FS) call(o Operation, name string) Failure {
	f.calls++
	if f.Fail == nil {
		return None
	}
	return f.Fail(Call{f.calls, o, name})
}

// At fails one call: the n-th.
func At(n int, how Failure) func(Call) Failure {
	return func(c Call) Failure {
		if c.Number == n {
			return how
		}
		return None
	}
}

// From fails every call from the n-th on: the disk is gone.
func From(n int) func(Call) Failure {
	return func(c Call) Failure {
		if c.Number >= n {
			return EIO
		}
		return None
	}
}
