// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"database/sql"
	_ "embed" // the statements
)

var (
	//go:embed queries/insert_owner.sql
	insertOwnerSQL string
	//go:embed queries/update_owner.sql
	updateOwnerSQL string
	//go:embed queries/delete_owner.sql
	deleteOwnerSQL string
	//go:embed queries/balance.sql
	balanceSQL string
	//go:embed queries/balances_of.sql
	balancesOfSQL string
	//go:embed queries/insert_balance.sql
	insertBalanceSQL string
	//go:embed queries/move_balance.sql
	moveBalanceSQL string
	//go:embed queries/spend_balance.sql
	spendBalanceSQL string
	//go:embed queries/insert_entry.sql
	insertEntrySQL string
	//go:embed queries/spend_entry.sql
	spendEntrySQL string
)

// accountStatements write owners, balances and the ledger.
type accountStatements struct {
	insertOwner, updateOwner, deleteOwner, balance, balancesOf, insertBalance, moveBalance, spendBalance, insertEntry, spendEntry *sql.Stmt
}

func (s *accountStatements) all() []statement {
	return []statement{
		{&s.insertOwner, insertOwnerSQL},
		{&s.updateOwner, updateOwnerSQL},
		{&s.deleteOwner, deleteOwnerSQL},
		{&s.balance, balanceSQL},
		{&s.balancesOf, balancesOfSQL},
		{&s.insertBalance, insertBalanceSQL},
		{&s.moveBalance, moveBalanceSQL},
		{&s.spendBalance, spendBalanceSQL},
		{&s.insertEntry, insertEntrySQL},
		{&s.spendEntry, spendEntrySQL},
	}
}
