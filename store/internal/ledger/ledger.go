// SPDX-License-Identifier: Apache-2.0

// Package ledger decides what moves and spendings do to balances that a store has read and locked, and which lines of the
// ledger they leave. It is arithmetic in memory: the stores read, lock and write.
package ledger

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// An Account is a balance as it is in a transaction.
type Account struct {
	authority.Balance
	Exists  bool
	Changed bool // by a spending
}

// Accounts are those that a transaction may touch, also those that do not exist.
type Accounts map[authority.Account]*Account

// Add makes a place for an account, and reports whether there was none.
func (a Accounts) Add(id authority.Account) bool {
	if _, ok := a[id]; ok {
		return false
	}
	a[id] = &Account{Balance: authority.Balance{Account: id}}
	return true
}

// Found notes a balance that exists.
func (a Accounts) Found(b authority.Balance) { a[b.Account] = &Account{Balance: b, Exists: true} }

var errSpending = errors.New("a spending takes at least 1 from 1 to 8 accounts, each once")

// Check refuses spendings that cannot be carried out, whatever the balances are.
func Check(list []authority.Spending) error {
	for i := range list {
		if !list[i].Valid() {
			return errSpending
		}
	}
	return nil
}

// A LineID is what lines of the ledger are told apart by: the spends of a key from an account in an hour are one.
type LineID struct {
	Account authority.Account
	Key     keywright.KeyID
	Hour    int64 // column.Millis
}

// A Line is what some spendings add to a line of the ledger.
type Line struct {
	LineID
	Amount, Count int64
	Remaining     int64 // after the last of them
}

// Spend decides spendings one after the other, each whole or not at all. All their accounts are there. It returns how
// each ended, and their lines in the order in which they were begun.
func (a Accounts) Spend(list []authority.Spending) ([]authority.Spent, []Line) {
	b := batch{accounts: a, index: map[LineID]int{}}
	spent := make([]authority.Spent, len(list))
	for i := range list {
		spent[i] = b.take(&list[i])
	}
	return spent, b.lines
}

type batch struct {
	accounts Accounts
	lines    []Line
	index    map[LineID]int // into lines
	balances []authority.Balance
}

func (b *batch) take(s *authority.Spending) authority.Spent {
	spent := authority.Spent{OK: true}
	for _, id := range s.Accounts {
		a := b.accounts[id]
		spent.Missing = spent.Missing || !a.Exists
		spent.OK = spent.OK && a.Exists && a.Remaining >= s.Amount
	}
	from := len(b.balances)
	hour := column.Millis(s.Time.Truncate(time.Hour))
	for _, id := range s.Accounts {
		a := b.accounts[id]
		if spent.OK {
			a.Remaining -= s.Amount
			a.Changed = true
			b.note(LineID{id, s.Key, hour}, s.Amount, a.Remaining)
		}
		b.balances = append(b.balances, a.Balance)
	}
	spent.Balances = slices.Clip(b.balances[from:])
	return spent
}

func (b *batch) note(id LineID, amount, remaining int64) {
	i, ok := b.index[id]
	if !ok {
		i = len(b.lines)
		b.index[id] = i
		b.lines = append(b.lines, Line{LineID: id})
	}
	l := &b.lines[i]
	l.Amount -= amount // cannot overflow: in a batch nothing is added to a balance
	l.Count++
	l.Remaining = remaining
}

// Move changes the balance, or makes it, and returns the amount of its line in the ledger. If it is refused, with an
// error that is an authority.ConflictError if the balance is the reason, the account is as it was.
func (a *Account) Move(m *authority.Move) (amount int64, err error) {
	if err := column.CheckTexts("keyspace", m.Keyspace, "owner", m.Owner); err != nil {
		return 0, fmt.Errorf("move: %w", err)
	}
	if !a.Exists && m.Kind == authority.MoveTake {
		return 0, &authority.ConflictError{What: "account"}
	}
	if !m.Was.IsZero() && column.Millis(m.Was) != column.Millis(a.Refilled) {
		return 0, &authority.ConflictError{What: "refilled"}
	}
	after, err := moved(a.Remaining, m)
	if err != nil {
		return 0, err
	}
	amount = after - a.Remaining
	if !a.Exists {
		a.Keyspace, a.Owner, a.Exists = m.Keyspace, m.Owner, true
	}
	a.Remaining, a.Next = after, m.Next
	if !m.Refilled.IsZero() {
		a.Refilled = m.Refilled
	}
	return amount, nil
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
