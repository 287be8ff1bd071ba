// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

var errSpending = errors.New("a spending takes at least 1 from 1 to 8 accounts, each once")

// Spend takes from balances, all in one transaction, on the disk when it returns. Each account is read once and written
// once, however many of the spendings take from it.
func (s *Store) Spend(ctx context.Context, list []authority.Spending) ([]authority.Spent, error) {
	for i := range list {
		if !list[i].Valid() {
			return nil, errSpending
		}
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
	b := batch{accounts: map[authority.Account]*held{}, lines: map[line]*taken{}}
	if err := b.load(t, list); err != nil {
		return nil, err
	}
	spent := make([]authority.Spent, len(list))
	for i := range list {
		spent[i] = b.take(&list[i])
	}
	return spent, b.write(t)
}

// A batch is the accounts of some spendings, as they are after those that were decided.
type batch struct {
	accounts map[authority.Account]*held
	lines    map[line]*taken
	order    []line // in which the lines were begun
	balances []authority.Balance
}

// held is a balance in memory.
type held struct {
	authority.Balance
	exists, changed bool
}

// A line is one of the ledger: the spends of a key from an account in an hour.
type line struct {
	account authority.Account
	key     keywright.KeyID
	hour    int64 // milliseconds
}

// taken is what a batch adds to a line.
type taken struct{ amount, count, remaining int64 }

// load reads all accounts, in one query: a query for each would take as long as all that is written.
func (b *batch) load(t *transaction, list []authority.Spending) error {
	var names []string
	for i := range list {
		for _, a := range list[i].Accounts {
			if _, ok := b.accounts[a]; !ok {
				b.accounts[a] = &held{Balance: authority.Balance{Account: a}}
				names = append(names, hex.EncodeToString(a[:]))
			}
		}
	}
	if err := t.ctx.Err(); err != nil || len(names) == 0 {
		return err
	}
	text, err := column.JSON(names)
	if err != nil {
		return err
	}
	rows, err := t.statement(t.put.balancesOf).Query(text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		balance, err := scanBalance(rows)
		if err != nil {
			return err
		}
		b.accounts[balance.Account] = &held{Balance: balance, exists: true}
	}
	return rows.Err()
}

// take decides one spending.
func (b *batch) take(s *authority.Spending) authority.Spent {
	spent := authority.Spent{OK: true}
	for _, a := range s.Accounts {
		h := b.accounts[a]
		spent.Missing = spent.Missing || !h.exists
		spent.OK = spent.OK && h.exists && h.Remaining >= s.Amount
	}
	from := len(b.balances)
	hour := s.Time.UTC().Truncate(time.Hour)
	for _, a := range s.Accounts {
		h := b.accounts[a]
		if spent.OK {
			h.Remaining -= s.Amount
			h.changed = true
			b.note(line{a, s.Key, column.Millis(hour)}, s.Amount, h.Remaining)
		}
		b.balances = append(b.balances, h.Balance)
	}
	spent.Balances = slices.Clip(b.balances[from:])
	return spent
}

func (b *batch) note(l line, amount, remaining int64) {
	sum, ok := b.lines[l]
	if !ok {
		sum = new(taken)
		b.lines[l] = sum
		b.order = append(b.order, l)
	}
	sum.amount -= amount // cannot overflow: in a batch nothing is added to a balance
	sum.count++
	sum.remaining = remaining
}

func (b *batch) write(t *transaction) error {
	for _, l := range b.order {
		if h := b.accounts[l.account]; h.changed {
			if _, err := t.exec(t.put.spendBalance, l.account[:], h.Remaining); err != nil {
				return err
			}
			h.changed = false
		}
		if err := t.putLine(l, b.lines[l]); err != nil {
			return err
		}
	}
	return nil
}

// putLine adds to a line of the ledger. One whose sum would be beyond what an int64 holds is followed by another, a
// millisecond on: the amounts must add up.
func (t *transaction) putLine(l line, sum *taken) error {
	for {
		n, err := t.exec(t.put.spendEntry, l.account[:], l.hour, l.key[:], sum.amount, sum.count, sum.remaining)
		if err != nil || n > 0 {
			return err
		}
		l.hour++
	}
}
