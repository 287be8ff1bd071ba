// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/keywright/keywright/authority"
)

// List returns what a query asks for: records from new to old, keyspaces by name, answers by id. A limit holds for all
// of them.
func (s *Store) List(ctx context.Context, q authority.Query) (p authority.Page, err error) {
	switch q.Of {
	case authority.Records:
		p.Records, p.More, err = s.listRecords(ctx, q)
	case authority.Keyspaces:
		p.Keyspaces, p.More, err = s.listKeyspaces(ctx, q)
	case authority.Answers:
		p.Answers, p.More, err = s.listAnswers(ctx, q)
	default:
		return p, fmt.Errorf("cannot list kind %d", q.Of)
	}
	if err != nil {
		return authority.Page{}, s.readError(err)
	}
	return p, nil
}

func (s *Store) listRecords(ctx context.Context, q authority.Query) ([]authority.Record, bool, error) {
	f := recordFilter(q)
	text, args := f.query(listRecordsSQL, oneMore(q.Limit))
	rows, err := s.read.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, false, err
	}
	var found []authority.Record
	reader := new(recordReader)
	err = reader.read(rows, func(r *authority.Record) error {
		found = append(found, *r)
		found[len(found)-1].Secrets = slices.Clone(r.Secrets)
		return nil
	})
	if err == nil {
		err = reader.broken()
	}
	found, more := page(found, q.Limit)
	return found, more, err
}

// recordFilter writes the most selective term first. Without statistics SQLite would take any index: a + before a
// column tells it which one not to take.
func recordFilter(q authority.Query) *filter {
	var f filter
	narrow := ""
	if !q.ID.IsZero() {
		f.and("id = ?", q.ID[:])
		narrow = "+"
	}
	if q.PublicID != "" {
		f.and(narrow+"id IN (SELECT record FROM secrets WHERE public_id = ? AND public_id <> '')", q.PublicID)
		narrow = "+"
	}
	if q.Owner != "" {
		f.and(narrow+"owner = ?", q.Owner)
		narrow = "+"
	}
	if q.Keyspace != "" {
		f.and(narrow+"keyspace = ?", q.Keyspace)
	}
	if !q.Before.IsZero() {
		f.and("id < ?", q.Before[:])
	}
	if q.State != "" {
		// As Record.StateAt decides.
		f.and(`CASE WHEN revoked <> 0 THEN 'revoked' WHEN disabled <> 0 THEN 'disabled'
			WHEN expires <> 0 AND expires <= ? THEN 'expired' WHEN not_before <> 0 AND not_before > ? THEN 'pending'
			ELSE 'active' END = ?`, q.At.UnixMilli(), q.At.UnixMilli(), string(q.State))
	}
	if q.Text != "" {
		// lower knows ASCII alone. LIKE would have wildcards to escape, and a longest pattern.
		f.and("(instr(lower(name), lower(?)) > 0 OR instr(lower(owner), lower(?)) > 0)", q.Text, q.Text)
	}
	return &f
}

func (s *Store) listKeyspaces(ctx context.Context, q authority.Query) ([]authority.Keyspace, bool, error) {
	var f filter
	if q.Keyspace != "" {
		f.and("name = ?", q.Keyspace)
	}
	found, err := collect(ctx, s.read, &f, listKeyspacesSQL, oneMore(q.Limit), func(rows *sql.Rows) (k authority.Keyspace, err error) {
		var formats, environments, policy string
		var created, updated int64
		if err := rows.Scan(&k.Name, &k.Version, &formats, &environments, &policy, &created, &updated); err != nil {
			return k, err
		}
		k.Created, k.Updated = fromMillis(created), fromMillis(updated)
		err = errors.Join(decodeJSON(formats, &k.Formats), decodeJSON(environments, &k.Environments), decodeJSON(policy, &k.Policy))
		if err != nil {
			err = fmt.Errorf("keyspace %s: %w", k.Name, err)
		}
		return k, err
	})
	found, more := page(found, q.Limit)
	return found, more, err
}

func (s *Store) listAnswers(ctx context.Context, q authority.Query) ([]authority.Answer, bool, error) {
	var f filter
	if !q.Answer.IsZero() {
		f.and("id = ?", q.Answer[:])
	}
	found, err := collect(ctx, s.read, &f, listAnswersSQL, oneMore(q.Limit), func(rows *sql.Rows) (a authority.Answer, err error) {
		var id, request, record sql.RawBytes
		var created, expires int64
		if err := rows.Scan(&id, &request, &record, &created, &expires); err != nil {
			return a, err
		}
		copy(a.ID[:], id)
		copy(a.Request[:], request)
		copy(a.Record[:], record)
		a.Created, a.Expires = fromMillis(created), fromMillis(expires)
		return a, nil
	})
	found, more := page(found, q.Limit)
	return found, more, err
}

// collect runs a query with a filter and decodes each of its rows.
func collect[T any](ctx context.Context, db *sql.DB, f *filter, text string, limit int, decode func(*sql.Rows) (T, error)) ([]T, error) {
	text, args := f.query(text, limit)
	rows, err := db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []T
	for rows.Next() {
		v, err := decode(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, v)
	}
	return found, rows.Err()
}
