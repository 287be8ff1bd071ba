// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"context"
	"database/sql/driver"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/keywright/keywright/authority"
)

// bulkRows is how many rows one statement inserts. A statement of many rows keeps its place in each index from row to row,
// and costs what every statement costs once.
const bulkRows = 50

// putAll writes puts in their order, but for those between which it does not matter.
func (t *transaction) putAll(puts []authority.Put) error {
	for len(puts) > 0 {
		n, records := newRecords(puts)
		if len(records) < bulkRows {
			n = max(n, 1)
			for _, p := range puts[:n] {
				if err := t.putOne(p); err != nil {
					return err
				}
			}
		} else if err := t.putNew(puts[:n], records); err != nil {
			return err
		}
		puts = puts[n:]
	}
	return nil
}

// newRecords returns how many of the puts from the first on are new records and moves, and those records. Such puts may
// change places: a move touches no record.
func newRecords(puts []authority.Put) (n int, records []*authority.Record) {
	for _, p := range puts {
		switch p := p.(type) {
		case *authority.Record:
			if p.Version != 1 {
				return n, records
			}
			records = append(records, p)
		case *authority.Move:
		default:
			return n, records
		}
		n++
	}
	return n, records
}

// putNew writes many new records and the moves between them.
func (t *transaction) putNew(puts []authority.Put, records []*authority.Record) error {
	if err := t.insertRecords(records); err != nil {
		return err
	}
	for _, p := range puts {
		if m, ok := p.(*authority.Move); ok {
			if err := t.move(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// A secretRow is a row of a new secret.
type secretRow struct {
	record   *authority.Record
	position int
}

func (r *secretRow) hash() []byte { return r.record.Secrets[r.position].Hash[:] }

// insertRecords writes new records in the order of their ids, and then their secrets in the order of their hashes: each
// page of an index is then visited once.
func (t *transaction) insertRecords(records []*authority.Record) error {
	slices.SortFunc(records, func(a, b *authority.Record) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	err := t.insertRows(insertRecordSQL, len(records), func(i int) ([]any, error) {
		args, err := recordArgs(records[i])
		if err != nil {
			err = fmt.Errorf("record %s: %w", records[i].ID, err)
		}
		return args, err
	})
	if err != nil {
		return err
	}
	rows := make([]secretRow, 0, len(records))
	for _, r := range records {
		for i := range r.Secrets {
			rows = append(rows, secretRow{r, i})
		}
	}
	slices.SortFunc(rows, func(a, b secretRow) int { return bytes.Compare(a.hash(), b.hash()) })
	return t.insertRows(insertSecretSQL, len(rows), func(i int) ([]any, error) {
		return secretArgs(rows[i].record, rows[i].position)
	})
}

// insertEvents writes events that are linked already.
func (t *transaction) insertEvents(events []authority.Event) error {
	if len(events) >= bulkRows {
		return t.insertRows(insertEventSQL, len(events), func(i int) ([]any, error) { return eventArgs(&events[i]) })
	}
	for i := range events {
		if err := t.insertEvent(&events[i]); err != nil {
			return err
		}
	}
	return nil
}

// insertRows inserts rows by a statement that is written for one, many of them at once.
func (t *transaction) insertRows(text string, n int, args func(int) ([]any, error)) error {
	return t.conn.Raw(func(raw any) error {
		c, ok := raw.(driver.ConnPrepareContext)
		if !ok {
			return fmt.Errorf("the driver has connections of another kind: %T", raw)
		}
		rest := n - n%bulkRows
		if err := t.insertParts(c, manyRows(text, bulkRows), encoded(0, rest, bulkRows, args)); err != nil {
			return err
		}
		return t.insertParts(c, manyRows(text, 1), encoded(rest, n, 1, args))
	})
}

// insertParts executes a statement with each list of values. It is compiled for that: one that is kept could outlive its
// connection.
func (t *transaction) insertParts(c driver.ConnPrepareContext, text string, lists iter.Seq2[[]driver.NamedValue, error]) error {
	prepared, err := c.PrepareContext(context.Background(), text)
	if err != nil {
		return err
	}
	defer func() { _ = prepared.Close() }()
	s, ok := prepared.(driver.StmtExecContext)
	if !ok {
		return fmt.Errorf("the driver has statements of another kind: %T", prepared)
	}
	for values, err := range lists {
		if err == nil {
			err = t.ctx.Err()
		}
		if err == nil {
			_, err = s.ExecContext(context.Background(), values)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// manyRows writes an insert of one row as one of many. It does not undo what it did when a row is refused: the whole
// transaction is undone then, and so no page needs to be copied before it is changed.
func manyRows(text string, rows int) string {
	text = strings.Replace(strings.TrimRight(text, "; \r\n"), "INSERT INTO", "INSERT OR FAIL INTO", 1)
	begin := strings.LastIndex(text, "VALUES") + len("VALUES")
	end := begin + strings.IndexByte(text[begin:], ')') + 1
	return text[:end] + strings.Repeat(","+text[begin:end], rows-1) + text[end:]
}
