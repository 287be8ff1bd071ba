// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// Events returns a part of the audit chain, in its order or against it. Since is included and Until is not.
func (s *Store) Events(ctx context.Context, q authority.EventQuery) ([]authority.Event, error) {
	direction, limit := "ASC", q.Limit
	if q.Descending {
		direction = "DESC"
	}
	if limit <= 0 {
		limit = -1
	}
	events, err := collect(ctx, s.read, eventFilter(q), eventsSQL(direction), limit, decodeEvent)
	if err != nil {
		return nil, s.readError(err)
	}
	return events, nil
}

func eventsSQL(direction string) string {
	return strings.Replace(listEventsSQL, "/* direction */", direction, 1)
}

func eventFilter(q authority.EventQuery) *filter {
	var f filter
	if q.After != 0 {
		f.and("sequence > ?", column.Clamp(q.After))
	}
	if q.Before != 0 {
		f.and("sequence < ?", column.Clamp(q.Before))
	}
	for _, text := range []struct{ column, value string }{
		{"target", q.Target}, {"keyspace", q.Keyspace}, {"actor", q.Actor}, {"verb", q.Verb},
	} {
		if text.value != "" {
			f.and(text.column+" = ?", text.value)
		}
	}
	if !q.Since.IsZero() {
		f.and("time >= ?", q.Since.UnixMilli())
	}
	if !q.Until.IsZero() {
		f.and("time < ?", q.Until.UnixMilli())
	}
	return &f
}

func decodeEvent(rows *sql.Rows) (e authority.Event, err error) {
	var ms int64
	var changes, personal string
	var previous, hash sql.RawBytes
	err = rows.Scan(&e.Sequence, &ms, &e.Actor, &e.Verb, &e.Target, &e.Keyspace, &e.Request, &changes, &personal,
		&previous, &hash)
	if err != nil {
		return e, err
	}
	e.Time = time.UnixMilli(ms).UTC()
	copy(e.Previous[:], previous)
	copy(e.Hash[:], hash)
	if err := column.Decode(changes, &e.Changes); err != nil {
		return e, fmt.Errorf("event %d: changes: %w", e.Sequence, err)
	}
	if err := column.Decode(personal, &e.Personal); err != nil {
		return e, fmt.Errorf("event %d: personal: %w", e.Sequence, err)
	}
	return e, nil
}
