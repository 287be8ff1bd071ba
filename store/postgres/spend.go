// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/ledger"
)

// Spend takes from balances, all in one transaction, committed when it returns. The accounts are locked in their order
// and decided here: each is read once and written once, however many of the spendings take from it.
func (s *Store) Spend(ctx context.Context, list []authority.Spending) ([]authority.Spent, error) {
	if err := ledger.Check(list); err != nil {
		return nil, err
	}
	var spent []authority.Spent
	err := s.transact(ctx, func(t *transaction) (err error) {
		spent, err = t.spend(list)
		return err
	})
	if err != nil {
		return nil, err
	}
	return spent, nil
}

func (t *transaction) spend(list []authority.Spending) ([]authority.Spent, error) {
	var accounts []pgtype.UUID
	for i := range list {
		for _, a := range list[i].Accounts {
			accounts = append(accounts, uuid(a))
		}
	}
	t.compareEpoch()
	t.readBalances(accounts)
	if err := t.flush(); err != nil {
		return nil, err
	}
	spent, lines := t.balances.Spend(list)
	if len(lines) == 0 {
		return spent, nil
	}
	t.queueSpent()
	return spent, t.putLines(lines)
}

// queueSpent queues the balances that changed.
func (t *transaction) queueSpent() {
	var accounts []pgtype.UUID
	var remaining []int64
	for id, a := range t.balances {
		if a.Changed {
			accounts, remaining = append(accounts, uuid(id)), append(remaining, a.Remaining)
		}
	}
	t.queue(spendBalancesSQL, accounts, remaining)
}

// putLines adds to lines of the ledger. One whose sum would be beyond what an int64 holds is followed by another, a
// millisecond on: the amounts must add up.
func (t *transaction) putLines(lines []ledger.Line) error {
	for len(lines) > 0 {
		written := t.queueLines(lines)
		if err := t.flush(); err != nil {
			return err
		}
		lines = slices.DeleteFunc(lines, func(l ledger.Line) bool { return written[l.LineID] })
		for i := range lines {
			lines[i].Hour++
		}
	}
	return nil
}

// queueLines queues lines. Once they are sent, the map has those that were written.
func (t *transaction) queueLines(lines []ledger.Line) map[ledger.LineID]bool {
	var accounts, keys []pgtype.UUID
	var hours, amounts, counts, remaining []int64
	for _, l := range lines {
		accounts, hours, keys = append(accounts, uuid(l.Account)), append(hours, l.Hour), append(keys, uuid(l.Key))
		amounts, counts, remaining = append(amounts, l.Amount), append(counts, l.Count), append(remaining, l.Remaining)
	}
	written := make(map[ledger.LineID]bool, len(lines))
	t.queue(spendEntriesSQL, accounts, hours, keys, amounts, counts, remaining).Query(func(rows pgx.Rows) error {
		var account, key pgtype.UUID
		var hour int64
		_, err := pgx.ForEachRow(rows, []any{&account, &hour, &key}, func() error {
			written[ledger.LineID{Account: account.Bytes, Key: key.Bytes, Hour: hour}] = true
			return nil
		})
		return err
	})
	return written
}
