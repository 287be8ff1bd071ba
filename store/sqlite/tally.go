// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"fmt"

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
	for i := range c.Usage {
		if err := t.addUsage(&c.Usage[i]); err != nil {
			return err
		}
	}
	for i := range c.Uses {
		if err := t.putUse(&c.Uses[i]); err != nil {
			return err
		}
	}
	for i := range c.Meters {
		if err := t.putMeter(&c.Meters[i]); err != nil {
			return err
		}
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

func (t *transaction) addUsage(u *authority.Usage) error {
	if err := column.CheckTexts("keyspace", u.Keyspace, "code", string(u.Code)); err != nil {
		return fmt.Errorf("usage: %w", err)
	}
	_, err := t.exec(t.put.addUsage, u.Key[:], column.Millis(u.Hour), string(u.Code), u.Keyspace, u.Count, u.Cost)
	return err
}

func (t *transaction) putUse(u *authority.Use) error {
	_, err := t.exec(t.put.putUse, u.Key[:], u.Hash[:], column.Millis(u.Time), column.Addr(u.From))
	return err
}

func (t *transaction) putMeter(m *authority.Meter) error {
	_, err := t.exec(t.put.putMeter, m.ID[:], column.Nanos(m.Full))
	return err
}

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
