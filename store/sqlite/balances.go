// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"strings"

	"github.com/keywright/keywright/authority"
)

func (s *Store) listBalances(ctx context.Context, q authority.Query) ([]authority.Balance, bool, error) {
	return listPage(ctx, s.read, balanceFilter(q), listBalancesSQL, q.Limit, decodeBalance)
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
		f.and("account IN (SELECT account FROM balances INDEXED BY balances_next WHERE next <> 0 AND next <= ?)", millis(q.NextBefore))
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
		f.and("sequence < ?", clamp(q.Below))
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
	e.Time, e.Kind = fromMillis(ms), authority.MoveKind(kind)
	return e, err
}
