// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"io"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// Load writes what next returns until io.EOF, in one transaction. A store that holds something already is refused with
// authority.ErrNotEmpty. An error of next is returned, and nothing is left.
//
// Hashes are random, so an index of them would be written all over: the indexes are made at the end.
func (s *Store) Load(ctx context.Context, next func() (any, error)) error {
	err := s.transact(ctx, func(t *transaction) error {
		var anything bool
		if err := t.tx.QueryRow(anythingSQL).Scan(&anything); err != nil {
			return err
		}
		if anything {
			return authority.ErrNotEmpty
		}
		return t.withoutIndexes(func() error { return t.load(next) })
	})
	if err != nil {
		return fmt.Errorf("cannot load into the store in %s: %w", s.where, asFull(err))
	}
	return nil
}

func (t *transaction) load(next func() (any, error)) error {
	for {
		v, err := next()
		if err == io.EOF { // one that is wrapped may be that of a stream that was cut off
			return nil
		}
		if err != nil {
			return err
		}
		if err := t.loadOne(v); err != nil {
			return err
		}
	}
}

// withoutIndexes drops the indexes while it fills the tables.
func (t *transaction) withoutIndexes(fill func() error) error {
	indexes, err := t.indexes()
	if err != nil {
		return err
	}
	for name := range indexes {
		if _, err := t.tx.Exec("DROP INDEX " + name); err != nil {
			return err
		}
	}
	if err := fill(); err != nil {
		return err
	}
	for _, text := range indexes {
		if err := t.ctx.Err(); err != nil {
			return err
		}
		if _, err := t.tx.Exec(text); err != nil {
			return err
		}
	}
	return nil
}

// indexes returns the statements that make the indexes, by their names.
func (t *transaction) indexes() (map[string]string, error) {
	rows, err := t.tx.Query(indexesSQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	indexes := map[string]string{}
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return nil, err
		}
		indexes[name] = text
	}
	return indexes, rows.Err()
}

// loadOne writes a value of a dump as it is, whatever its version.
func (t *transaction) loadOne(v any) error {
	switch v := v.(type) {
	case *authority.Keyspace:
		args, err := keyspaceArgs(v)
		return t.insert(t.put.insertKeyspace, args, err)
	case *authority.Owner:
		args, err := ownerArgs(v)
		return t.insert(t.put.insertOwner, args, err)
	case *authority.Record:
		args, err := recordArgs(v)
		if err := t.insert(t.put.insertRecord, args, err); err != nil {
			return err
		}
		return t.insertSecrets(v)
	case *authority.Balance:
		return t.insert(t.put.insertBalance, []any{
			v.Account[:], v.Keyspace, v.Owner, v.Remaining, column.Millis(v.Refilled), column.Millis(v.Next),
		}, column.CheckTexts("keyspace", v.Keyspace, "owner", v.Owner))
	case *authority.Entry:
		return t.insert(t.put.insertEntry, entryArgs(v), column.CheckText("kind", string(v.Kind)))
	case *authority.Answer:
		return t.insert(t.put.putAnswer, answerArgs(v), nil)
	case *authority.Item:
		args, err := itemArgs(v)
		return t.insert(t.put.insertItem, args, err)
	case *authority.Checkpoint:
		return t.putCheckpoint(v)
	case *authority.Usage:
		args, err := usageArgs(v)
		return t.insert(t.put.addUsage, args, err)
	case *authority.Use:
		_, err := t.exec(t.put.putUse, useArgs(v)...)
		return err
	case *authority.Meter:
		return t.insert(t.put.putMeter, meterArgs(v), nil)
	case *authority.Event:
		return t.insertEvent(v)
	}
	return fmt.Errorf("cannot load a %T", v)
}

// insert writes one row, unless its values could not be encoded.
func (t *transaction) insert(statement *sql.Stmt, args []any, err error) error {
	if err != nil {
		return err
	}
	n, err := t.exec(statement, args...)
	if err == nil && n == 0 { // an answer
		return &authority.ConflictError{What: "answer"}
	}
	return err
}

// entryArgs are the values of insert_entry.
func entryArgs(e *authority.Entry) []any {
	var key any // NULL is none
	if e.Kind == authority.MoveSpend {
		key = e.Key[:]
	}
	return []any{e.Sequence, e.Account[:], column.Millis(e.Time), string(e.Kind), key, e.Amount, e.Count, e.Remaining}
}
