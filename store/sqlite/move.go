// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// move changes a balance, or makes it, and writes the line of the ledger.
func (t *transaction) move(m *authority.Move) error {
	if err := column.CheckTexts("keyspace", m.Keyspace, "owner", m.Owner); err != nil {
		return fmt.Errorf("move: %w", err)
	}
	b, found, err := t.balance(m.Account)
	if err != nil {
		return err
	}
	if !found && m.Kind == authority.MoveTake {
		return &authority.ConflictError{What: "account"}
	}
	if !m.Was.IsZero() && column.Millis(m.Was) != column.Millis(b.Refilled) {
		return &authority.ConflictError{What: "refilled"}
	}
	after, err := moved(b.Remaining, m)
	if err != nil {
		return err
	}
	amount := after - b.Remaining
	b.Remaining, b.Next = after, m.Next
	if !m.Refilled.IsZero() {
		b.Refilled = m.Refilled
	}
	if found {
		_, err = t.exec(t.put.moveBalance, m.Account[:], b.Remaining, column.Millis(b.Refilled), column.Millis(b.Next))
	} else {
		_, err = t.exec(t.put.insertBalance, m.Account[:], m.Keyspace, m.Owner, b.Remaining, column.Millis(b.Refilled), column.Millis(b.Next))
	}
	if err != nil {
		return err
	}
	_, err = t.exec(t.put.insertEntry, nil, m.Account[:], column.Millis(m.Time), string(m.Kind), nil, amount, 0, after)
	return err
}

// moved is what a balance becomes: at least 0 and at most what an int64 holds.
func moved(remaining int64, m *authority.Move) (int64, error) {
	after := m.Amount
	switch m.Kind {
	case authority.MoveSet, authority.MoveReset:
	case authority.MoveTake, authority.MoveAdd, authority.MoveRefill:
		if m.Kind == authority.MoveTake && m.Amount > 0 {
			return 0, errors.New("cannot take a positive amount: it would be added")
		}
		if m.Amount > math.MaxInt64-remaining {
			return 0, &authority.ConflictError{What: "balance"}
		}
		after += remaining
	default:
		return 0, fmt.Errorf("cannot move a balance by %q", m.Kind)
	}
	if after < 0 {
		return 0, &authority.ConflictError{What: "balance"}
	}
	return after, nil
}

// balance reads an account, and whether it exists.
func (t *transaction) balance(a authority.Account) (authority.Balance, bool, error) {
	b, err := scanBalance(t.statement(t.put.balance).QueryRow(a[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return authority.Balance{Account: a}, false, nil
	}
	return b, err == nil, err
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
