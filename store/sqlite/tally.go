// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// leastForgotten is how many lines of usage, and how many meters, a tally may delete. One that brings more may delete
// more: what comes must not be more than what can go.
const leastForgotten = 256

// Count adds and replaces, all of a tally or nothing, and deletes a part of what may be forgotten.
func (s *Store) Count(ctx context.Context, c authority.Tally) error {
	err := s.transact(ctx, func(t *transaction) error { return t.count(&c) })
	if err != nil {
		return fmt.Errorf("cannot write to the store in %s: %w", s.where, asFull(err))
	}
	return nil
}

func (t *transaction) count(c *authority.Tally) error {
	if err := t.addAllUsage(c.Usage); err != nil {
		return err
	}
	if err := t.putUses(c.Uses); err != nil {
		return err
	}
	if err := t.putMeters(c.Meters); err != nil {
		return err
	}
	if !c.Forget.IsZero() {
		if _, err := t.exec(t.put.forgetUsage, column.Millis(c.Forget), max(leastForgotten, 2*len(c.Usage))); err != nil {
			return err
		}
	}
	if !c.Now.IsZero() {
		if _, err := t.exec(t.put.forgetMeters, column.Nanos(c.Now), max(leastForgotten, 2*len(c.Meters))); err != nil {
			return err
		}
	}
	return nil
}

// addAllUsage adds usage, in the order in which it lies in its table, as do the other two: a page is then visited once.
func (t *transaction) addAllUsage(usage []authority.Usage) error {
	order := inKeyOrder(len(usage), func(i int) []byte { return usage[i].Key[:] })
	return t.putRows(t.put.addUsage, addUsageSQL, len(usage), func(i int) ([]any, error) { return usageArgs(&usage[order[i]]) })
}

func (t *transaction) putUses(uses []authority.Use) error {
	order := inKeyOrder(len(uses), func(i int) []byte { return uses[i].Key[:] })
	return t.putRows(t.put.putUse, putUseSQL, len(uses), func(i int) ([]any, error) { return useArgs(&uses[order[i]]), nil })
}

func (t *transaction) putMeters(meters []authority.Meter) error {
	order := inKeyOrder(len(meters), func(i int) []byte { return meters[i].ID[:] })
	return t.putRows(t.put.putMeter, putMeterSQL, len(meters), func(i int) ([]any, error) { return meterArgs(&meters[order[i]]), nil })
}

// inKeyOrder returns the numbers of rows in the order of their keys, and those of the same key as they come.
func inKeyOrder(n int, key func(int) []byte) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Or(bytes.Compare(key(i), key(j)), i-j) })
	return order
}

// putRows writes rows by a statement for one, which is prepared, or many at once.
func (t *transaction) putRows(one *sql.Stmt, text string, n int, args func(int) ([]any, error)) error {
	if n >= bulkRows {
		return t.insertRows(text, n, args)
	}
	for i := range n {
		row, err := args(i)
		if err == nil {
			_, err = t.exec(one, row...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func usageArgs(u *authority.Usage) ([]any, error) {
	if err := column.CheckTexts("keyspace", u.Keyspace, "code", string(u.Code)); err != nil {
		return nil, fmt.Errorf("usage: %w", err)
	}
	return []any{u.Key[:], column.Millis(u.Hour), string(u.Code), u.Keyspace, u.Count, u.Cost}, nil
}

func useArgs(u *authority.Use) []any {
	return []any{u.Key[:], u.Hash[:], column.Millis(u.Time), column.Addr(u.From)}
}

func meterArgs(m *authority.Meter) []any { return []any{m.ID[:], column.Nanos(m.Full)} }

func (s *Store) listUsage(ctx context.Context, q authority.Query) ([]authority.Usage, bool, error) {
	return listPage(ctx, s.read, usageFilter(q), listUsageSQL, q.Limit, decodeUsage)
}

func usageFilter(q authority.Query) *filter {
	var f filter
	if !q.ID.IsZero() {
		f.and("key = ?", q.ID[:])
	}
	if q.Totals {
		f.and("key = zeroblob(16)")
	}
	f.andText("keyspace", q.Keyspace)
	if !q.Since.IsZero() {
		f.and("hour >= ?", column.Millis(q.Since))
	}
	if !q.Until.IsZero() {
		f.and("hour < ?", column.Millis(q.Until))
	}
	return &f
}

func decodeUsage(rows *sql.Rows) (u authority.Usage, err error) {
	var key sql.RawBytes
	var hour int64
	var code string
	err = rows.Scan(&u.Keyspace, &key, &hour, &code, &u.Count, &u.Cost)
	copy(u.Key[:], key)
	u.Hour, u.Code = column.FromMillis(hour), keywright.Code(code)
	return u, err
}

func (s *Store) listUses(ctx context.Context, q authority.Query) ([]authority.Use, bool, error) {
	var f filter
	if !q.ID.IsZero() {
		f.and("key = ?", q.ID[:])
	}
	return listPage(ctx, s.read, &f, listUsesSQL, q.Limit, decodeUse)
}

func decodeUse(rows *sql.Rows) (u authority.Use, err error) {
	var key, hash sql.RawBytes
	var ms int64
	var from string
	if err := rows.Scan(&key, &hash, &ms, &from); err != nil {
		return u, err
	}
	copy(u.Key[:], key)
	copy(u.Hash[:], hash)
	u.Time = column.FromMillis(ms)
	u.From, err = column.ParseAddr(from)
	return u, err
}

func (s *Store) listMeters(ctx context.Context, q authority.Query) ([]authority.Meter, bool, error) {
	var f filter
	if q.Meter != [24]byte{} {
		f.and("id = ?", q.Meter[:])
	}
	return listPage(ctx, s.read, &f, listMetersSQL, q.Limit, decodeMeter)
}

func decodeMeter(rows *sql.Rows) (m authority.Meter, err error) {
	var id sql.RawBytes
	var full int64
	err = rows.Scan(&id, &full)
	copy(m.ID[:], id)
	m.Full = column.FromNanos(full)
	return m, err
}
