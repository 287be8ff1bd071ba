// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// Dump visits everything as it was at one moment. It has a connection of its own, so that it holds up nobody; until it
// ends, the log beside the database grows with what is written meanwhile.
//
// A record that cannot be read is passed over; the error, after all else has been visited, names it.
func (s *Store) Dump(ctx context.Context, visit func(any) error) error {
	db, err := s.own(ctx)
	if err != nil {
		return s.readError(err)
	}
	defer db.Close()
	// One transaction is one moment: it begins with its first read.
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return s.readError(err)
	}
	defer tx.Rollback() // nothing was written
	var visited error   // an error of the visitor is its own
	err = dump{ctx, tx, func(v any) error { visited = visit(v); return visited }}.all()
	if err != nil && visited == nil {
		return s.readError(err)
	}
	return visited
}

// own opens what is to be dumped. Nobody else can open a database in memory, so it is copied.
func (s *Store) own(ctx context.Context) (*sql.DB, error) {
	if s.read != s.write {
		if err := s.read.PingContext(ctx); err != nil { // it is closed
			return nil, err
		}
		return connect(on(s.disk, readerDSN(filepath.Join(s.where, databaseName))), 1)
	}
	var content []byte
	err := onConnection(ctx, s.write, func(c any) (err error) {
		content, err = c.(interface{ Serialize() ([]byte, error) }).Serialize()
		return err
	})
	if err != nil {
		return nil, err
	}
	db, err := connect(memoryDSN(), 1)
	if err != nil {
		return nil, err
	}
	err = onConnection(ctx, db, func(c any) error {
		return c.(interface{ Deserialize([]byte) error }).Deserialize(content)
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func onConnection(ctx context.Context, db *sql.DB, act func(any) error) error {
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	return errors.Join(c.Raw(act), c.Close())
}

type dump struct {
	ctx   context.Context
	tx    *sql.Tx
	visit func(any) error
}

func (d dump) all() error {
	reader := &recordReader{memory: column.NewMemory()}
	for _, part := range []func() error{
		func() error { return dumpAll(d, listKeyspacesSQL, decodeKeyspace) },
		func() error { return dumpAll(d, listOwnersSQL, decodeOwner) },
		func() error { return d.records(reader) },
		func() error { return dumpAll(d, listBalancesSQL, decodeBalance) },
		func() error { return dumpAll(d, ledgerSQL("ASC"), decodeEntry) },
		func() error { return dumpAll(d, listAnswersSQL, decodeAnswer) },
		func() error { return dumpAll(d, listItemsSQL, decodeItem) },
		func() error { return dumpAll(d, listCheckpointsSQL, decodeCheckpoint) },
		func() error { return dumpAll(d, dumpUsageSQL, decodeUsage) },
		func() error { return dumpAll(d, dumpUsesSQL, decodeUse) },
		func() error { return dumpAll(d, listMetersSQL, decodeMeter) },
		func() error { return dumpAll(d, eventsSQL("ASC"), decodeEvent) },
	} {
		if err := part(); err != nil {
			return err
		}
	}
	return reader.unreadable.Err()
}

func (d dump) records(reader *recordReader) error {
	rows, err := d.tx.QueryContext(d.ctx, dumpRecordsSQL)
	if err != nil {
		return err
	}
	return reader.read(rows, func(r *authority.Record) error { return d.visit(r) })
}

func dumpAll[T any](d dump, text string, decode func(*sql.Rows) (T, error)) error {
	return each(d.ctx, d.tx, new(filter), text, -1, decode, func(v *T) error { return d.visit(v) })
}
