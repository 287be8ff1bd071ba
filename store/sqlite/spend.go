// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
	"github.com/keywright/keywright/store/internal/ledger"
)

// Spend takes from balances, all in one transaction, on the disk when it returns. Each account is read once and written
// once, however many of the spendings take from it.
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
		return nil, fmt.Errorf("cannot write to the store in %s: %w", s.where, asFull(err))
	}
	return spent, nil
}

func (t *transaction) spend(list []authority.Spending) ([]authority.Spent, error) {
	accounts, err := t.accounts(list)
	if err != nil {
		return nil, err
	}
	spent, lines := accounts.Spend(list)
	for i := range lines {
		if a := accounts[lines[i].Account]; a.Changed {
			if _, err := t.exec(t.put.spendBalance, a.Account[:], a.Remaining); err != nil {
				return nil, err
			}
			a.Changed = false
		}
		if err := t.putLine(&lines[i]); err != nil {
			return nil, err
		}
	}
	return spent, nil
}

// accounts reads all accounts, in one query: a query for each would take as long as all that is written.
func (t *transaction) accounts(list []authority.Spending) (ledger.Accounts, error) {
	accounts := ledger.Accounts{}
	var names []string
	for i := range list {
		for _, a := range list[i].Accounts {
			if accounts.Add(a) {
				names = append(names, hex.EncodeToString(a[:]))
			}
		}
	}
	if err := t.ctx.Err(); err != nil || len(names) == 0 {
		return accounts, err
	}
	text, err := column.JSON(names)
	if err != nil {
		return nil, err
	}
	rows, err := t.statement(t.put.balancesOf).Query(text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		b, err := scanBalance(rows)
		if err != nil {
			return nil, err
		}
		accounts.Found(b)
	}
	return accounts, rows.Err()
}

// putLine adds to a line of the ledger. One whose sum would be beyond what an int64 holds is followed by another, a
// millisecond on: the amounts must add up.
func (t *transaction) putLine(l *ledger.Line) error {
	for {
		n, err := t.exec(t.put.spendEntry, l.Account[:], l.Hour, l.Key[:], l.Amount, l.Count, l.Remaining)
		if err != nil || n > 0 {
			return err
		}
		l.Hour++
	}
}
