// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"database/sql"
	"errors"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
	"github.com/keywright/keywright/store/internal/ledger"
)

// move changes a balance, or makes it, and writes the line of the ledger.
func (t *transaction) move(m *authority.Move) error {
	a, err := t.account(m.Account)
	if err != nil {
		return err
	}
	found := a.Exists
	amount, err := a.Move(m)
	if err != nil {
		return err
	}
	if found {
		_, err = t.exec(t.put.moveBalance, a.Account[:], a.Remaining, column.Millis(a.Refilled), column.Millis(a.Next))
	} else {
		_, err = t.exec(t.put.insertBalance, a.Account[:], a.Keyspace, a.Owner, a.Remaining, column.Millis(a.Refilled), column.Millis(a.Next))
	}
	if err != nil {
		return err
	}
	_, err = t.exec(t.put.insertEntry, nil, a.Account[:], column.Millis(m.Time), string(m.Kind), nil, amount, 0, a.Remaining)
	return err
}

// account reads an account, also one that does not exist.
func (t *transaction) account(id authority.Account) (*ledger.Account, error) {
	b, err := scanBalance(t.statement(t.put.balance).QueryRow(id[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return &ledger.Account{Balance: authority.Balance{Account: id}}, nil
	}
	return &ledger.Account{Balance: b, Exists: true}, err
}

// scanBalance reads a row of balance or list_balances.
func scanBalance(row interface{ Scan(...any) error }) (b authority.Balance, err error) {
	var account []byte
	var refilled, next int64
	if err := row.Scan(&account, &b.Keyspace, &b.Owner, &b.Remaining, &refilled, &next); err != nil {
		return b, err
	}
	copy(b.Account[:], account)
	b.Refilled, b.Next = column.FromMillis(refilled), column.FromMillis(next)
	return b, nil
}
