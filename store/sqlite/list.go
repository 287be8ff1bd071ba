// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// List returns what a query asks for. A limit holds for every kind.
func (s *Store) List(ctx context.Context, q authority.Query) (p authority.Page, err error) {
	switch q.Of {
	case authority.Records:
		p, err = s.listRecords(ctx, q)
	case authority.Keyspaces:
		p.Keyspaces, p.More, err = s.listKeyspaces(ctx, q)
	case authority.Answers:
		p.Answers, p.More, err = s.listAnswers(ctx, q)
	case authority.Owners:
		p.Owners, p.More, err = s.listOwners(ctx, q)
	case authority.Items:
		p.Items, p.More, err = s.listItems(ctx, q)
	case authority.Checkpoints:
		p.Checkpoints, p.More, err = s.listCheckpoints(ctx, q)
	case authority.Balances:
		p.Balances, p.More, err = s.listBalances(ctx, q)
	case authority.Ledger:
		p.Ledger, p.More, err = s.listLedger(ctx, q)
	case authority.UsageHours:
		p.Usage, p.More, err = s.listUsage(ctx, q)
	case authority.Uses:
		p.Uses, p.More, err = s.listUses(ctx, q)
	case authority.Meters:
		p.Meters, p.More, err = s.listMeters(ctx, q)
	default:
		return p, fmt.Errorf("cannot list kind %d", q.Of)
	}
	if err != nil {
		return authority.Page{}, s.readError(err)
	}
	return p, nil
}

func (s *Store) listKeyspaces(ctx context.Context, q authority.Query) ([]authority.Keyspace, bool, error) {
	var f filter
	f.andText("name", q.Keyspace)
	return listPage(ctx, s.read, &f, listKeyspacesSQL, q.Limit, decodeKeyspace)
}

func decodeKeyspace(rows *sql.Rows) (k authority.Keyspace, err error) {
	var formats, environments, policy string
	var created, updated int64
	if err := rows.Scan(&k.Name, &k.Version, &formats, &environments, &policy, &created, &updated); err != nil {
		return k, err
	}
	k.Created, k.Updated = column.FromMillis(created), column.FromMillis(updated)
	err = errors.Join(column.Decode(formats, &k.Formats), column.Decode(environments, &k.Environments), column.Decode(policy, &k.Policy))
	if err != nil {
		err = fmt.Errorf("keyspace %s: %w", k.Name, err)
	}
	return k, err
}

func (s *Store) listAnswers(ctx context.Context, q authority.Query) ([]authority.Answer, bool, error) {
	var f filter
	if !q.Answer.IsZero() {
		f.and("id = ?", q.Answer[:])
	}
	return listPage(ctx, s.read, &f, listAnswersSQL, q.Limit, decodeAnswer)
}

func decodeAnswer(rows *sql.Rows) (a authority.Answer, err error) {
	var id, request, record sql.RawBytes
	var created, expires int64
	if err := rows.Scan(&id, &request, &record, &created, &expires); err != nil {
		return a, err
	}
	copy(a.ID[:], id)
	copy(a.Request[:], request)
	copy(a.Record[:], record)
	a.Created, a.Expires = column.FromMillis(created), column.FromMillis(expires)
	return a, nil
}

// listPage runs a query of a page.
func listPage[T any](ctx context.Context, db queryer, f *filter, text string, limit int, decode func(*sql.Rows) (T, error)) ([]T, bool, error) {
	found, err := collect(ctx, db, f, text, oneMore(limit), decode)
	found, more := page(found, limit)
	return found, more, err
}

// collect runs a query with a filter and decodes each of its rows.
func collect[T any](ctx context.Context, db queryer, f *filter, text string, limit int, decode func(*sql.Rows) (T, error)) ([]T, error) {
	var found []T
	err := each(ctx, db, f, text, limit, decode, func(v *T) error {
		found = append(found, *v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// A queryer is a pool, a connection or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// each runs a query with a filter and visits each of its rows.
func each[T any](ctx context.Context, db queryer, f *filter, text string, limit int, decode func(*sql.Rows) (T, error), visit func(*T) error) error {
	text, args := f.query(text, limit)
	rows, err := db.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		v, err := decode(rows)
		if err != nil {
			return err
		}
		if err := visit(&v); err != nil {
			return err
		}
	}
	return rows.Err()
}
