// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/keywright/keywright"
)

// maxOrders is how many spendings go into one transaction of the store.
const maxOrders = 512

// A bank spends credits for verifications. While the store writes one group of spendings, the next one gathers, so that
// many verifications share a commit, and each is answered only after its own is durable.
type bank struct {
	authority *Authority
	orders    chan *order

	mu    sync.Mutex
	known map[Account]account
	low   []Balance // that have become low, to be told
}

// An account is what is known of one that was seen.
type account struct {
	next time.Time // its next refill; zero: none
	left int64     // when it was last seen
	most int64     // since it was last filled, or first seen
}

const (
	lowPart    = 10 // credits are low below a tenth of what they were
	lowWaiting = 1000
)

type order struct {
	ctx      context.Context
	spending Spending
	spent    Spent
	err      error
	done     chan struct{}
}

func newBank(a *Authority) *bank {
	return &bank{authority: a, orders: make(chan *order, maxOrders), known: map[Account]account{}}
}

// run serves until the authority is closed.
func (b *bank) run() {
	defer close(b.authority.closed)
	for {
		select {
		case first := <-b.orders:
			b.serve(b.gather(first))
		case <-b.authority.closing:
			return
		}
	}
}

// gather takes what has been waiting. Those who were answered just now run first: their next orders come in at once, and
// else half of the clients would wait for the other half again and again, each half with a commit of its own.
func (b *bank) gather(first *order) []*order {
	runtime.Gosched()
	group := []*order{first}
	for len(group) < maxOrders {
		select {
		case o := <-b.orders:
			group = append(group, o)
		default:
			return group
		}
	}
	return group
}

func (b *bank) serve(group []*order) {
	var spendings []Spending
	served := group[:0]
	for _, o := range group {
		if o.err = o.ctx.Err(); o.err != nil { // nobody waits for it
			close(o.done)
			continue
		}
		served = append(served, o)
		spendings = append(spendings, o.spending)
	}
	if len(served) == 0 {
		return
	}
	spent, err := b.authority.store.Spend(context.Background(), spendings)
	for i, o := range served {
		if o.err = err; err == nil {
			o.spent = spent[i]
		}
		close(o.done)
	}
}

// pay takes from all accounts of a spending or from none, and returns what the account has left that is nearest to its
// end. Dry, it only looks.
func (b *bank) pay(ctx context.Context, s Spending, dry bool) (left int64, ok bool, err error) {
	if err := b.refillDue(ctx, s.Accounts, s.Time); err != nil {
		return 0, false, err
	}
	var spent Spent
	if dry {
		spent, err = b.look(ctx, s)
	} else {
		spent, err = b.order(ctx, s)
	}
	if err != nil {
		return 0, false, fromStore(err)
	}
	if spent.Missing || len(spent.Balances) == 0 {
		return 0, false, &Error{Kind: Unavailable, Problem: "the credits of this key cannot be found", Hint: "set them again; look at the log of the server"}
	}
	b.remember(spent.Balances)
	left = spent.Balances[0].Remaining
	for _, balance := range spent.Balances {
		left = min(left, balance.Remaining)
	}
	return left, spent.OK, nil
}

// order waits for a place in a group and for its end. Once it may have been written it is waited for, whatever becomes
// of the caller: what was taken is then told.
func (b *bank) order(ctx context.Context, s Spending) (Spent, error) {
	o := &order{ctx: ctx, spending: s, done: make(chan struct{})}
	select {
	case b.orders <- o:
	case <-ctx.Done():
		return Spent{}, ctx.Err()
	case <-b.authority.closing:
		return Spent{}, errClosed
	}
	select {
	case <-o.done:
		return o.spent, o.err
	case <-b.authority.closed:
		return Spent{}, errClosed
	}
}

var errClosed = errors.New("the authority is closed")

// look tells what a spending would find.
func (b *bank) look(ctx context.Context, s Spending) (Spent, error) {
	spent := Spent{OK: true}
	for _, account := range s.Accounts {
		balance, err := b.balance(ctx, account)
		if errors.Is(err, ErrNotFound) {
			return Spent{Missing: true}, nil
		}
		if err != nil {
			return Spent{}, err
		}
		spent.Balances = append(spent.Balances, balance)
		spent.OK = spent.OK && balance.Remaining >= s.Amount
	}
	return spent, nil
}

func (b *bank) balance(ctx context.Context, account Account) (Balance, error) {
	page, err := b.authority.store.List(ctx, Query{Of: Balances, Account: account})
	if err != nil {
		return Balance{}, err
	}
	if len(page.Balances) == 0 {
		return Balance{}, ErrNotFound
	}
	b.remember(page.Balances)
	return page.Balances[0], nil
}

// remember keeps when balances are refilled next, and notes those that have become low.
func (b *bank) remember(balances []Balance) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range balances {
		balance := &balances[i]
		k, seen := b.known[balance.Account]
		if !seen || balance.Remaining > k.left {
			k.most = balance.Remaining
		}
		if line := k.most / lowPart; seen && balance.Remaining <= line && k.left > line && len(b.low) < lowWaiting {
			b.low = append(b.low, *balance)
		}
		k.next, k.left = balance.Next, balance.Remaining
		b.known[balance.Account] = k
	}
}

// noteLow leaves events for credits that have become low, at most one for each account and hour.
func (a *Authority) noteLow(ctx context.Context) error {
	a.bank.mu.Lock()
	low := a.bank.low
	a.bank.low = nil
	a.bank.mu.Unlock()
	hour := a.now().Truncate(time.Hour)
	for _, balance := range low {
		e := Event{Verb: "key.credits_low", Target: keywright.KeyID(balance.Account).String(), Keyspace: balance.Keyspace, Changes: []string{fmt.Sprintf("left %d", balance.Remaining)}}
		if balance.Owner != "" {
			e.Verb, e.Target = "owner.credits_low", ownerTarget(balance.Account)
		}
		err := a.tell(ctx, Operator("system", Origin{}), e, keywright.KeyID(balance.Account), hour.Format(time.RFC3339), hour.Add(2*time.Hour))
		if err != nil {
			return err
		}
	}
	return nil
}

// refillDue makes the refills of accounts that are due by now.
func (b *bank) refillDue(ctx context.Context, accounts []Account, now time.Time) error {
	for _, account := range accounts {
		b.mu.Lock()
		k, known := b.known[account]
		b.mu.Unlock()
		next := k.next
		if !known {
			balance, err := b.balance(ctx, account)
			if errors.Is(err, ErrNotFound) {
				continue // told when it is spent from
			}
			if err != nil {
				return fromStore(err)
			}
			next = balance.Next
		}
		if next.IsZero() || now.Before(next) {
			continue
		}
		if err := b.refill(ctx, account, now); err != nil {
			return err
		}
	}
	return nil
}
