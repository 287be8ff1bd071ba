// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

func (s *Store) listBalances(ctx context.Context, q authority.Query) ([]authority.Balance, bool, error) {
	if q == (authority.Query{Of: q.Of, Account: q.Account}) && q.Account != (authority.Account{}) {
		found, err := s.oneBalance(ctx, q.Account)
		return found, false, err
	}
	return listPage(ctx, s.read, balanceFilter(q), listBalancesSQL, q.Limit, decodeBalance)
}

// oneBalance reads an account by a statement that is compiled already: an authority asks for each account once after it
// has started, before the first spend from it.
func (s *Store) oneBalance(ctx context.Context, a authority.Account) ([]authority.Balance, error) {
	b, err := scanBalance(s.balance.QueryRowContext(ctx, a[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []authority.Balance{b}, nil
}

func balanceFilter(q authority.Query) *filter {
	var f filter
	if q.Account != (authority.Account{}) {
		f.and("account = ?", q.Account[:])
	}
	if q.Owner != "" {
		f.and("owner = ? AND owner <> ''", q.Owner)
	}
	f.andText("keyspace", q.Keyspace)
	if !q.NextBefore.IsZero() {
		f.and("account IN (SELECT account FROM balances INDEXED BY balances_next WHERE next <> 0 AND next <= ?)", column.Millis(q.NextBefore))
	}
	return &f
}

func decodeBalance(rows *sql.Rows) (authority.Balance, error) { return scanBalance(rows) }

func (s *Store) listLedger(ctx context.Context, q authority.Query) ([]authority.Entry, bool, error) {
	return listPage(ctx, s.read, ledgerFilter(q), ledgerSQL("DESC"), q.Limit, decodeEntry)
}

func ledgerFilter(q authority.Query) *filter {
	var f filter
	if q.Account != (authority.Account{}) {
		f.and("account = ?", q.Account[:])
	}
	if q.Below != 0 {
		f.and("sequence < ?", column.Clamp(q.Below))
	}
	return &f
}

func ledgerSQL(direction string) string {
	return strings.Replace(listLedgerSQL, "/* direction */", direction, 1)
}

func decodeEntry(rows *sql.Rows) (e authority.Entry, err error) {
	var account, key sql.RawBytes
	var ms int64
	var kind string
	err = rows.Scan(&e.Sequence, &account, &ms, &kind, &key, &e.Amount, &e.Count, &e.Remaining)
	copy(e.Account[:], account)
	copy(e.Key[:], key)
	e.Time, e.Kind = column.FromMillis(ms), authority.MoveKind(kind)
	return e, err
}
