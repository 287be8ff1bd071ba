// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

var errSpending = errors.New("a spending takes at least 1 from 1 to 8 accounts, each once")

// Spend takes from balances, all in one transaction, committed when it returns. The accounts are locked in their order
// and decided here: each is read once and written once, however many of the spendings take from it.
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
	s := spender{accounts: t.balances, changed: map[authority.Account]bool{}, lines: map[line]*taken{}}
	spent := make([]authority.Spent, len(list))
	for i := range list {
		spent[i] = s.take(&list[i])
	}
	if len(s.order) == 0 {
		return spent, nil
	}
	return spent, s.write(t)
}

// A spender decides some spendings, one after the other.
type spender struct {
	accounts map[authority.Account]*account
	changed  map[authority.Account]bool
	lines    map[line]*taken
	order    []line // in which the lines were begun
	balances []authority.Balance
}

// A line is one of the ledger: the spends of a key from an account in an hour.
type line struct {
	account authority.Account
	key     keywright.KeyID
	hour    int64 // milliseconds
}

// taken is what a batch adds to a line.
type taken struct{ amount, count, remaining int64 }

// take decides one spending.
func (s *spender) take(p *authority.Spending) authority.Spent {
	spent := authority.Spent{OK: true}
	for _, id := range p.Accounts {
		a := s.accounts[id]
		spent.Missing = spent.Missing || !a.exists
		spent.OK = spent.OK && a.exists && a.Remaining >= p.Amount
	}
	from := len(s.balances)
	hour := column.Millis(p.Time.UTC().Truncate(time.Hour))
	for _, id := range p.Accounts {
		a := s.accounts[id]
		if spent.OK {
			a.Remaining -= p.Amount
			s.changed[id] = true
			s.note(line{id, p.Key, hour}, p.Amount, a.Remaining)
		}
		s.balances = append(s.balances, a.Balance)
	}
	spent.Balances = slices.Clip(s.balances[from:])
	return spent
}

func (s *spender) note(l line, amount, remaining int64) {
	sum, ok := s.lines[l]
	if !ok {
		sum = new(taken)
		s.lines[l] = sum
		s.order = append(s.order, l)
	}
	sum.amount -= amount // cannot overflow: in a batch nothing is added to a balance
	sum.count++
	sum.remaining = remaining
}

// write queues the balances that changed and the lines of the ledger, and sends them. A line whose sum would be beyond
// what an int64 holds is followed by another, a millisecond on: the amounts must add up.
func (s *spender) write(t *transaction) error {
	var accounts []pgtype.UUID
	var remaining []int64
	for id := range s.changed {
		accounts = append(accounts, uuid(id))
		remaining = append(remaining, s.accounts[id].Remaining)
	}
	t.queue(spendBalancesSQL, accounts, remaining)
	for len(s.order) > 0 {
		s.queueLines(t)
		if err := t.flush(); err != nil {
			return err
		}
		for i, l := range s.order {
			sum := s.lines[l]
			delete(s.lines, l)
			s.order[i].hour++
			s.lines[s.order[i]] = sum
		}
	}
	return nil
}

// queueLines queues all lines; once they are sent, order has those that were not written.
func (s *spender) queueLines(t *transaction) {
	var accounts, keys []pgtype.UUID
	var hours, amounts, counts, remaining []int64
	for _, l := range s.order {
		sum := s.lines[l]
		accounts, hours, keys = append(accounts, uuid(l.account)), append(hours, l.hour), append(keys, uuid(l.key))
		amounts, counts, remaining = append(amounts, sum.amount), append(counts, sum.count), append(remaining, sum.remaining)
	}
	t.queue(spendEntriesSQL, accounts, hours, keys, amounts, counts, remaining).Query(func(rows pgx.Rows) error {
		written := map[line]bool{}
		var account, key pgtype.UUID
		var hour int64
		_, err := pgx.ForEachRow(rows, []any{&account, &hour, &key}, func() error {
			written[line{account.Bytes, key.Bytes, hour}] = true
			return nil
		})
		s.order = slices.DeleteFunc(s.order, func(l line) bool { return written[l] })
		return err
	})
}
