// SPDX-License-Identifier: Apache-2.0

// Package sqlite keeps the records of an authority in one SQLite file: the store that needs no server.
//
//	store, err := sqlite.Open(ctx, "/var/lib/keywright", sqlite.Options{Holder: "keywright serve, http://127.0.0.1:8420"})
//
// The folder then holds keywright.db, the -wal and -shm files that SQLite keeps beside it, and keywright.lock. One
// process at a time has the store open: a revocation is true for everyone at once because there is no one else. The
// others get an *InUseError that names the holder. The lock is the operating system's, so it ends with the process,
// however that ends.
//
// What Apply has acknowledged is on the disk (write-ahead log, synchronous=FULL): it survives kill -9 and, as far as
// the disk keeps its word, a loss of power; and so is what an earlier process left, once Open has returned. A full disk
// is an error of that one Apply, of which nothing remains, and the store works again once there is space.
//
// What an Erasure or a Prune took away is no longer in the files: it is overwritten with zeros, and the log is cut. While
// someone reads from the log (a Dump), the log is cut later, at the latest when the store is closed.
//
// Times are kept to the millisecond. Text must be UTF-8 without NUL, or Apply refuses it.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/keywright/keywright/authority"
)

const (
	databaseName = "keywright.db"
	lockName     = "keywright.lock"
)

// Options say how a store is opened. The zero value works.
type Options struct {
	// Holder says to whoever finds the store in use by whom, and how to reach it: "keywright serve,
	// http://127.0.0.1:8420". Empty: the name of the program.
	Holder string
}

// A Store keeps records in SQLite. It is safe for concurrent use.
type Store struct {
	where string  // the folder, or "memory", for errors
	disk  disk    // on which the folder lies; nil in memory
	write *sql.DB // one connection
	read  *sql.DB // a few; in memory the same as write, as every connection would have a database of its own
	lock  *fileLock

	writing chan struct{} // holds one token: who has it may write
	old     oldLog
	put     putStatements
	lookup  *sql.Stmt
	balance *sql.Stmt

	closing sync.Once
	closed  error
}

var (
	_ authority.Store   = (*Store)(nil)
	_ authority.Scanner = (*Store)(nil)

	_ authority.Archiver = (*Store)(nil)
)

// Open opens the store in a folder, and makes both if they do not exist: the folder with mode 0700, files with 0600. An
// older schema is brought up to date.
//
// Its errors tell apart what a person can do about them: *InUseError, *NewerError, ErrNotOurs, authority.ErrFull.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	return openOn(ctx, systemDisk{}, dir, o)
}

// openOn opens a store whose database lies on another disk; the folder itself and its lock are the system's.
func openOn(ctx context.Context, d disk, dir string, o Options) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot open the store: %w", err)
	}
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	lock, err := acquire(filepath.Join(dir, lockName), o.Holder)
	if err != nil {
		return nil, err
	}
	s, err := openFile(ctx, d, dir)
	if err != nil {
		return nil, errors.Join(asFull(err), lock.release())
	}
	s.lock = lock
	return s, nil
}

// OpenMemory opens an empty store that is gone when it is closed: the double for tests.
func OpenMemory(ctx context.Context) (*Store, error) {
	db, err := connect(memoryDSN(), 1)
	if err != nil {
		return nil, fmt.Errorf("cannot open a store in memory: %w", err)
	}
	return start(ctx, &Store{where: "memory", write: db, read: db})
}

func openFile(ctx context.Context, d disk, dir string) (*Store, error) {
	path := filepath.Join(dir, databaseName)
	if err := prepareFile(ctx, d, path); err != nil {
		return nil, err
	}
	write, err := connect(on(d, writerDSN(path)), 1)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", path, err)
	}
	read, err := connect(on(d, readerDSN(path)), readers)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot open %s: %w", path, err), write.Close())
	}
	return start(ctx, &Store{where: dir, disk: d, write: write, read: read})
}

// start brings the schema up to date and prepares the statements.
func start(ctx context.Context, s *Store) (*Store, error) {
	s.writing = make(chan struct{}, 1)
	err := migrate(ctx, s.write, s.where)
	if err == nil && s.read != s.write {
		err = checkDurable(ctx, s.write)
	}
	if err == nil {
		err = checkWritable(ctx, s.write)
	}
	if err == nil {
		err = s.put.prepare(ctx, s.write)
	}
	if err == nil {
		s.lookup, err = prepare(ctx, s.read, lookupSQL)
	}
	if err == nil {
		s.balance, err = prepare(ctx, s.read, balanceSQL)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot open the store in %s: %w", s.where, err), s.closeDatabases())
	}
	return s, nil
}

// Close waits for the write that is under way, folds the log into the database file and lets go of the lock.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.writing <- struct{}{}
		defer func() { <-s.writing }()
		s.closed = s.closeDatabases()
		if s.lock != nil {
			s.closed = errors.Join(s.closed, s.lock.release())
		}
		if s.closed != nil {
			s.closed = fmt.Errorf("cannot close the store in %s: %w", s.where, asFull(s.closed))
		}
	})
	return s.closed
}

// closeDatabases closes the writer last: the last connection to go folds the log in, and readers may not write.
func (s *Store) closeDatabases() error {
	if s.read == s.write {
		return s.write.Close()
	}
	return errors.Join(s.read.Close(), s.write.Close())
}
