// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// Load writes what next returns until io.EOF, in one transaction. A store that holds something already is refused with
// authority.ErrNotEmpty. An error of next is returned, and nothing is left.
func (s *Store) Load(ctx context.Context, next func() (any, error)) error {
	var end head
	err := s.transactOnce(ctx, func(t *transaction) error { // once: next cannot go back
		l := loader{transaction: t, tables: map[string]*waiting{}}
		err := l.load(next)
		end = t.head
		return err
	})
	if err != nil {
		return s.writeError(err)
	}
	s.hold.wrote(end)
	return nil
}

// loadTogether is how many rows a loader gathers of a table before it copies them.
const loadTogether = 5000

// A loader fills the tables of an empty store.
type loader struct {
	*transaction
	tables map[string]*waiting
}

// waiting are rows that are not yet in their table.
type waiting struct {
	columns []string
	rows    [][]any
}

func (l *loader) load(next func() (any, error)) error {
	// What comes next may take its time.
	l.queue("SET LOCAL idle_in_transaction_session_timeout = 0")
	var empty bool
	if err := l.readPremises(authority.Change{}); err != nil {
		return err
	}
	if err := l.tx.QueryRow(l.ctx, isEmptySQL).Scan(&empty); err != nil {
		return err
	}
	if !empty {
		return authority.ErrNotEmpty
	}
	for {
		v, err := next()
		if err == io.EOF { // one that is wrapped may be that of a stream that was cut off
			return l.finish()
		}
		if err == nil {
			err = l.loadOne(v)
		}
		if err != nil {
			return err
		}
	}
}

func (l *loader) loadOne(v any) (err error) {
	var row []any
	switch v := v.(type) {
	case *authority.Record:
		return l.loadRecord(v)
	case *authority.Event:
		l.head = head{v.Sequence, v.Hash}
		if row, err = eventRow(v); err == nil {
			err = l.add("events", eventColumns, row)
		}
	case *authority.Keyspace:
		if row, err = keyspaceRow(v); err == nil {
			err = l.add("keyspaces", keyspaceColumns, row)
		}
	case *authority.Owner:
		if row, err = ownerRow(v); err == nil {
			err = l.add("owners", ownerColumns, row)
		}
	case *authority.Item:
		if row, err = itemRow(v); err == nil {
			err = l.add("items", itemColumns, row)
		}
	case *authority.Checkpoint:
		if v.Pruned && v.Sequence > l.head.sequence { // the chain goes on behind it, if no event follows
			l.head = head{v.Sequence, v.Hash}
		}
		return l.add("checkpoints", checkpointColumns, checkpointRow(v))
	case *authority.Answer:
		return l.add("answers", answerColumns, answerRow(v))
	default:
		return l.loadCount(v)
	}
	return err
}

func (l *loader) loadRecord(r *authority.Record) error {
	row, err := recordRow(r)
	if err != nil {
		return fmt.Errorf("record %s: %w", r.ID, err)
	}
	secrets, err := secretsOf(r)
	if err != nil {
		return fmt.Errorf("record %s: %w", r.ID, err)
	}
	for i, s := range secrets {
		if err := l.add("secrets", secretColumns, s.row(r.ID, i)); err != nil {
			return err
		}
	}
	return l.add("records", recordColumns, row)
}

// loadCount loads what is counted: balances, lines of the ledger, usage, uses and meters.
func (l *loader) loadCount(v any) error {
	switch v := v.(type) {
	case *authority.Balance:
		if err := column.CheckTexts("keyspace", v.Keyspace, "owner", v.Owner); err != nil {
			return fmt.Errorf("balance: %w", err)
		}
		return l.add("balances", balanceColumns, balanceRow(v))
	case *authority.Entry:
		if err := column.CheckText("kind", string(v.Kind)); err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
		key := pgtype.UUID{Bytes: v.Key, Valid: v.Kind == authority.MoveSpend}
		return l.add("ledger", []string{"sequence", "account", "time", "kind", "key", "amount", "count", "remaining"}, []any{
			column.Clamp(v.Sequence), uuid(v.Account), column.Millis(v.Time), string(v.Kind), key, v.Amount, v.Count, v.Remaining,
		})
	case *authority.Usage:
		if err := column.CheckTexts("keyspace", v.Keyspace, "code", string(v.Code)); err != nil {
			return fmt.Errorf("usage: %w", err)
		}
		return l.add("usage", []string{"key", "hour", "code", "keyspace", "count", "cost"}, []any{
			uuid(v.Key), column.Millis(v.Hour), string(v.Code), v.Keyspace, v.Count, v.Cost,
		})
	case *authority.Use:
		return l.add("uses", []string{"key", "hash", "time", "source"}, []any{uuid(v.Key), v.Hash[:], column.Millis(v.Time), column.Addr(v.From)})
	case *authority.Meter:
		return l.add("meters", []string{"id", "full_at"}, []any{v.ID[:], column.Nanos(v.Full)})
	}
	return fmt.Errorf("cannot load a %T", v)
}

// add gathers a row, and copies what has been gathered when it is much.
func (l *loader) add(table string, columns []string, row []any) error {
	w := l.tables[table]
	if w == nil {
		w = &waiting{columns: columns}
		l.tables[table] = w
	}
	w.rows = append(w.rows, row)
	if len(w.rows) < loadTogether {
		return nil
	}
	return l.send(table, w)
}

func (l *loader) send(table string, w *waiting) error {
	rows := w.rows
	w.rows = nil
	return l.copy(table, w.columns, rows)
}

// finish copies what is left, and says where the chain and the ledger go on.
func (l *loader) finish() error {
	for table, w := range l.tables {
		if err := l.send(table, w); err != nil {
			return err
		}
	}
	l.queue(moveHeadSQL, column.Clamp(l.head.sequence), l.head.hash[:])
	l.queue(continueLedgerSQL)
	return l.flush()
}
