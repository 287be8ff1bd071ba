// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/keywright/keywright/authority"
)

// List returns what a query asks for. A limit holds for every kind.
func (s *Store) List(ctx context.Context, q authority.Query) (p authority.Page, err error) {
	if err := s.hold.check(); err != nil {
		return p, s.readError(ctx, err)
	}
	if p, err = s.list(ctx, q); err != nil {
		return authority.Page{}, s.readError(ctx, err)
	}
	return p, nil
}

func (s *Store) list(ctx context.Context, q authority.Query) (p authority.Page, err error) {
	switch n := q.Limit; q.Of {
	case authority.Records:
		p, err = s.listRecords(ctx, q)
	case authority.Keyspaces:
		p.Keyspaces, p.More, err = listPage(ctx, s.reads(ctx), keyspaceFilter(q), listKeyspacesSQL, n, decodeKeyspace)
	case authority.Answers:
		p.Answers, p.More, err = listPage(ctx, s.reads(ctx), answerFilter(q), listAnswersSQL, n, decodeAnswer)
	case authority.Owners:
		p.Owners, p.More, err = listPage(ctx, s.reads(ctx), ownerFilter(q), listOwnersSQL, n, decodeOwner)
	case authority.Items:
		p.Items, p.More, err = listPage(ctx, s.reads(ctx), itemFilter(q), listItemsSQL, n, decodeItem)
	case authority.Checkpoints:
		p.Checkpoints, p.More, err = listPage(ctx, s.reads(ctx), new(filter), listCheckpointsSQL, n, decodeCheckpoint)
	case authority.Balances:
		p.Balances, p.More, err = listPage(ctx, s.reads(ctx), balanceFilter(q), listBalancesSQL, n, decodeBalance)
	case authority.Ledger:
		p.Ledger, p.More, err = listPage(ctx, s.reads(ctx), ledgerFilter(q), directed(listLedgerSQL, true), n, decodeEntry)
	case authority.UsageHours:
		p.Usage, p.More, err = listPage(ctx, s.reads(ctx), usageFilter(q), listUsageSQL, n, decodeUsage)
	case authority.Uses:
		p.Uses, p.More, err = listPage(ctx, s.reads(ctx), useFilter(q), listUsesSQL, n, decodeUse)
	case authority.Meters:
		p.Meters, p.More, err = listPage(ctx, s.reads(ctx), meterFilter(q), listMetersSQL, n, decodeMeter)
	default:
		err = fmt.Errorf("cannot list kind %d", q.Of)
	}
	return p, err
}

// Events returns a part of the audit chain, in its order or against it.
func (s *Store) Events(ctx context.Context, q authority.EventQuery) ([]authority.Event, error) {
	if err := s.hold.check(); err != nil {
		return nil, s.readError(ctx, err)
	}
	events, err := collect(ctx, s.reads(ctx), eventFilter(q), directed(listEventsSQL, q.Descending), q.Limit, decodeEvent)
	if err != nil {
		return nil, s.readError(ctx, err)
	}
	return events, nil
}

// directed puts the direction of its order into a statement.
func directed(text string, descending bool) string {
	direction := "ASC"
	if descending {
		direction = "DESC"
	}
	return strings.Replace(text, "/* direction */", direction, 1)
}

// planned has the server plan a query for its arguments: which index is best depends on them.
func planned(args []any) []any {
	return append([]any{pgx.QueryExecModeCacheDescribe}, args...)
}

// listPage runs a query of a page.
func listPage[T any](ctx context.Context, db queryer, f *filter, text string, limit int, decode func(pgx.Rows) (T, error)) ([]T, bool, error) {
	found, err := collect(ctx, db, f, text, oneMore(limit), decode)
	found, more := page(found, limit)
	return found, more, err
}

// collect runs a query with a filter and decodes each of its rows.
func collect[T any](ctx context.Context, db queryer, f *filter, text string, limit int, decode func(pgx.Rows) (T, error)) ([]T, error) {
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
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// each runs a query with a filter and visits each of its rows.
func each[T any](ctx context.Context, db queryer, f *filter, text string, limit int, decode func(pgx.Rows) (T, error), visit func(*T) error) error {
	text, args := f.query(text, limit)
	rows, err := db.Query(ctx, text, planned(args)...)
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
