// SPDX-License-Identifier: Apache-2.0

// Package postgres keeps the records of an authority in a PostgreSQL database, version 14 or newer.
//
//	store, err := postgres.Open(ctx, "postgres://keywright:…@db.internal:5432/keywright", postgres.Options{})
//
// All tables are in a schema of their own, so that the database may hold other things too. The user needs the right to
// make that schema (CREATE on the database), or to own it.
//
// One process at a time has the store open: a revocation is true for everyone at once because there is no one else.
// The right is an advisory lock of a session that the process keeps, so it ends with the process, however that ends;
// the others get an *InUseError that names the holder. The lock is looked at every second. When its session is lost, or
// the database has not answered for three seconds, the store answers nothing but errors, and an authority over it judges
// nothing, until it has the lock again and finds that nobody had it in between. Who opens a store that was not closed
// waits three seconds, as its former holder may be cut off and not dead. The lock needs a connection that stays with its
// session: a pooler in transaction mode does not do.
//
// What Apply and Spend have acknowledged is committed with synchronous_commit on, or what the server has that is
// stronger. Times are kept to the millisecond. Text must be UTF-8 without NUL, or Apply refuses it.
package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// DefaultSchema is where the tables are if Options name no other.
const DefaultSchema = "keywright"

// Options say how a store is opened. The zero value works.
type Options struct {
	// Holder says to whoever finds the store in use by whom, and how to reach it: "keywright serve,
	// http://127.0.0.1:8420". Empty: the name of the program.
	Holder string
	// Schema holds the tables; several stores can be in one database. Empty: DefaultSchema.
	Schema string
	// Shared lets other nodes have the store open too. An authority over it then keeps a lease. What must be alone, such
	// as a restore, opens the store without it, and is refused while a node has it.
	Shared bool
	// Existing opens a store that is there, and makes none: without one it is ErrNoStore.
	Existing bool
	// Lost is told that the store does not answer any more, and why: at once when the lock is lost. It may be told again.
	Lost func(error)
}

// A Store keeps records in PostgreSQL. It is safe for concurrent use.
type Store struct {
	where string // the database, for errors
	pool  *pgxpool.Pool
	hold  *hold
	nodes *cluster // nil: the store is this process's alone

	closing sync.Once
	closed  error
}

var (
	_ authority.Store       = (*Store)(nil)
	_ authority.Scanner     = (*Store)(nil)
	_ authority.Archiver    = (*Store)(nil)
	_ authority.Leaseholder = (*Store)(nil)
	_ authority.Cluster     = (*Store)(nil)
)

// Open opens the store in a database, and makes its schema if there is none. An older schema is brought up to date.
//
// Its errors tell apart what a person can do about them: ErrURL, ErrUnreachable, ErrRefused, ErrNoDatabase, ErrNoStore,
// ErrServer, *InUseError, *NewerError. None holds the password.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	return open(ctx, url, o, !o.Shared)
}

// open leaves out the lock if the store is not to be held by one alone.
func open(ctx context.Context, url string, o Options, alone bool) (*Store, error) {
	if o.Schema == "" {
		o.Schema = DefaultSchema
	}
	if o.Holder == "" {
		o.Holder = filepath.Base(os.Args[0])
	}
	if strings.HasPrefix(o.Schema, "pg_") || column.CheckText("schema", o.Schema) != nil {
		return nil, errors.New("cannot open the store: no schema can have that name")
	}
	config, err := parseURL(url, o.Schema)
	if err != nil {
		return nil, fmt.Errorf("cannot open the store: %w", err)
	}
	s := &Store{where: whereOf(config.ConnConfig)}
	if err := s.start(ctx, config, o, alone); err != nil {
		return nil, fmt.Errorf("cannot open the store in %s: %w", s.where, err)
	}
	return s, nil
}

// start takes the lock before it looks at the schema: a newer program must not change it under an older that runs.
func (s *Store) start(ctx context.Context, config *pgxpool.Config, o Options, alone bool) error {
	conn, err := dial(ctx, config.ConnConfig)
	if err != nil {
		return err
	}
	s.hold = &hold{where: s.where, config: config.ConnConfig, key: lockKey("store", o.Schema), lost: o.Lost, alone: alone, begun: time.Now()}
	err = checkServer(ctx, conn)
	if err == nil && (alone || o.Shared) {
		err = s.hold.waitLock(ctx, conn)
	}
	if err == nil && o.Existing {
		err = checkThere(ctx, conn)
	}
	if err == nil {
		err = migrate(ctx, conn, o.Schema, s.where)
	}
	released := true
	if err == nil {
		released, err = s.hold.begin(ctx, conn, o.Holder, alone)
	}
	if err == nil && alone {
		err = s.hold.outlive(ctx, conn, released)
	}
	if err == nil && o.Shared && !released {
		err = s.hold.succeed(ctx, conn)
	}
	if err == nil && alone {
		err = s.hold.look(ctx, conn)
	}
	if err == nil {
		s.pool, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), config)
	}
	if err == nil && o.Shared {
		s.nodes, err = newCluster(ctx, conn, config, o.Schema)
		s.hold.notices = s.nodes.listening
	}
	if err != nil || !alone && !o.Shared {
		return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
	}
	s.hold.watch(conn)
	return nil
}

// Lease returns nil while nobody else can have written to the store.
func (s *Store) Lease() error { return s.hold.check() }

// Close waits for what is under way and lets go of the lock.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.letGo()
		if s.nodes != nil {
			s.nodes.pool.Close()
		}
		s.pool.Close()
		if err := s.hold.release(); err != nil {
			s.closed = fmt.Errorf("cannot close the store in %s: %w", s.where, err)
		}
	})
	return s.closed
}

// letGo notes that nobody has the store, so that the next need not wait. It may fail: then the next waits.
func (s *Store) letGo() {
	if s.hold.alone && s.hold.check() == nil {
		ctx, cancel := context.WithTimeout(context.Background(), undoWithin)
		defer cancel()
		_, _ = s.pool.Exec(ctx, letGoSQL, s.hold.epoch)
	}
}

// lockKey is the number of an advisory lock of a schema.
func lockKey(what, schema string) int64 {
	h := sha256.Sum256([]byte("keywright " + what + "\x00" + schema))
	return int64(binary.BigEndian.Uint64(h[:]))
}
