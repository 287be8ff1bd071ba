// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// move changes a balance, or makes it, and writes the line of the ledger.
func (t *transaction) move(m *authority.Move) error {
	a := t.balances[m.Account]
	amount, err := a.Move(m)
	if err != nil {
		return err
	}
	t.queue(putBalanceSQL, balanceRow(&a.Balance)...)
	t.queue(insertEntrySQL, uuid(m.Account), column.Millis(m.Time), string(m.Kind), amount, a.Remaining)
	return nil
}

var balanceColumns = []string{"account", "keyspace", "owner", "remaining", "refilled", "next"}

// balanceRow are the values of balanceColumns.
func balanceRow(b *authority.Balance) []any {
	return []any{uuid(b.Account), b.Keyspace, b.Owner, b.Remaining, column.Millis(b.Refilled), column.Millis(b.Next)}
}
