// SPDX-License-Identifier: Apache-2.0

package postgres

import (
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
	b := t.balances[m.Account]
	if !b.exists && m.Kind == authority.MoveTake {
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
	if !b.exists {
		b.Keyspace, b.Owner, b.exists = m.Keyspace, m.Owner, true
	}
	b.Remaining, b.Next = after, m.Next
	if !m.Refilled.IsZero() {
		b.Refilled = m.Refilled
	}
	t.queue(putBalanceSQL, balanceRow(&b.Balance)...)
	t.queue(insertEntrySQL, uuid(m.Account), column.Millis(m.Time), string(m.Kind), amount, after)
	return nil
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

var balanceColumns = []string{"account", "keyspace", "owner", "remaining", "refilled", "next"}

// balanceRow are the values of balanceColumns.
func balanceRow(b *authority.Balance) []any {
	return []any{uuid(b.Account), b.Keyspace, b.Owner, b.Remaining, column.Millis(b.Refilled), column.Millis(b.Next)}
}
