// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keywright/keywright"
)

// CreditsRequest asks for credits of a key or an owner.
type CreditsRequest struct {
	Remaining int64 // 0 to 10^15
	Refill    *Refill
}

// A CreditsChange sets a balance, adds to it or takes from it: exactly one of the three.
type CreditsChange struct {
	Set, Add, Take *int64

	// IdempotencyKey makes a repeat of the request within 24 hours change nothing and return the balance as it is then.
	IdempotencyKey string
}

// kept returns credits as a record keeps them, with what a refill counts from.
func (q *CreditsRequest) kept(now time.Time) *Credits {
	if q == nil {
		return nil
	}
	if q.Refill == nil {
		return &Credits{}
	}
	refill := *q.Refill
	if refill.Start.IsZero() {
		refill.Start = now
	}
	return &Credits{Refill: &refill}
}

// opening is the move that opens an account, or gives it other terms.
func (c *Credits) opening(account Account, keyspace, owner string, kind MoveKind, amount int64, now time.Time) *Move {
	m := &Move{Account: account, Keyspace: keyspace, Owner: owner, Kind: kind, Amount: amount, Time: now, Refilled: now}
	if c.Refill != nil {
		_, _, m.Next = c.Refill.due(now, now)
	}
	return m
}

// refill makes what is due of one account, with its event. It is made once, whoever else tries.
func (b *bank) refill(ctx context.Context, account Account, now time.Time) error {
	a := b.authority
	for range 5 {
		balance, err := b.balance(ctx, account)
		if err != nil {
			return fromStore(err)
		}
		if balance.Next.IsZero() || now.Before(balance.Next) {
			return nil
		}
		credits, target, err := a.creditsOf(ctx, &balance)
		if err != nil {
			return err
		}
		move, changes := refillMove(credits, &balance, now)
		event, err := a.event(Operator("system", Origin{}), "credits.refill", target, balance.Keyspace, changes)
		if err != nil {
			return err
		}
		err = a.store.Apply(context.WithoutCancel(ctx), Change{Puts: []Put{move}, Events: []Event{event}})
		if err != nil && !errors.Is(err, ErrConflict) {
			return fromStore(err)
		}
	}
	return &Error{Kind: Unavailable, Problem: "the credits could not be refilled", Hint: "try again"}
}

// refillMove is the refill that is due. Credits that are not kept any more, or are not refilled, only lose their date.
func refillMove(c *Credits, balance *Balance, now time.Time) (*Move, []string) {
	m := &Move{
		Account: balance.Account, Keyspace: balance.Keyspace, Owner: balance.Owner, Kind: MoveAdd, Time: now.UTC(), Was: balance.Refilled,
	}
	if c == nil || c.Refill == nil {
		m.Refilled = now.UTC()
		return m, []string{"refill none"}
	}
	times, last, next := c.Refill.due(balance.Refilled, now)
	m.Refilled, m.Next = last, next
	if times == 0 { // the schedule has changed since
		return m, []string{"next " + next.Format(time.RFC3339)}
	}
	m.Kind, m.Amount = MoveReset, c.Refill.Amount
	if c.Refill.Mode == RefillAdd {
		m.Kind = MoveRefill
		m.Amount = maxCredits - min(balance.Remaining, maxCredits)
		if times <= m.Amount/c.Refill.Amount {
			m.Amount = times * c.Refill.Amount
		}
	}
	return m, []string{fmt.Sprintf("%s %d", m.Kind, m.Amount), "due " + last.Format(time.RFC3339)}
}

// creditsOf returns the terms of a balance, and what the audit chain calls whose it is.
func (a *Authority) creditsOf(ctx context.Context, balance *Balance) (*Credits, string, error) {
	if balance.Owner != "" {
		page, err := a.store.List(ctx, Query{Of: Owners, Keyspace: balance.Keyspace, Owner: balance.Owner})
		if err != nil || len(page.Owners) == 0 {
			return nil, ownerTarget(balance.Account), fromStore(err)
		}
		return page.Owners[0].Credits, ownerTarget(balance.Account), nil
	}
	id := keywright.KeyID(balance.Account)
	page, err := a.store.List(ctx, Query{ID: id})
	if err != nil || len(page.Records) == 0 {
		return nil, id.String(), fromStore(err)
	}
	return page.Records[0].Credits, id.String(), nil
}

// ownerTarget is how the audit chain names an owner, whose own id is personal.
func ownerTarget(account Account) string { return fmt.Sprintf("owner_%x", account[:8]) }

// Credits returns the balance of a key. What is due is refilled first.
func (a *Authority) Credits(ctx context.Context, c Caller, id keywright.KeyID) (Balance, error) {
	r, err := a.record(ctx, c, ScopeRead, id)
	if err != nil {
		return Balance{}, err
	}
	if r.Credits == nil {
		return Balance{}, errNoCredits()
	}
	return a.settled(ctx, Account(id))
}

func errNoCredits() error {
	return &Error{Kind: Conflicting, Field: "credits", Problem: "are not kept", Hint: "give it credits first, by an update with credits"}
}

// settled returns a balance after what is due was refilled.
func (a *Authority) settled(ctx context.Context, account Account) (Balance, error) {
	if err := a.bank.refillDue(ctx, []Account{account}, a.now()); err != nil {
		return Balance{}, err
	}
	balance, err := a.bank.balance(ctx, account)
	return balance, fromStore(err)
}

// ChangeCredits sets the balance of a key, adds to it or takes from it.
func (a *Authority) ChangeCredits(ctx context.Context, c Caller, id keywright.KeyID, q CreditsChange) (Balance, error) {
	defer a.lock(id)()
	r, err := a.record(ctx, c, ScopeWrite, id)
	if err != nil {
		return Balance{}, err
	}
	if r.Credits == nil {
		return Balance{}, errNoCredits()
	}
	return a.changeCredits(ctx, c, Balance{Account: Account(id), Keyspace: r.Keyspace}, id.String(), q)
}

// changeCredits changes a balance once for each idempotency key.
func (a *Authority) changeCredits(ctx context.Context, c Caller, of Balance, target string, q CreditsChange) (Balance, error) {
	kind, amount, err := q.move()
	if err != nil {
		return Balance{}, err
	}
	if q.IdempotencyKey == "" {
		return a.moveCredits(ctx, c, of, target, kind, amount)
	}
	answer, err := a.answer("credits", c, q.IdempotencyKey, fmt.Sprintf("%x %s %d", of.Account, kind, amount))
	if err != nil {
		return Balance{}, err
	}
	old, err := a.answered(ctx, answer)
	if err != nil {
		return Balance{}, err
	}
	if old != nil {
		return a.settled(ctx, of.Account)
	}
	answer.Record = keywright.KeyID(of.Account)
	balance, err := a.moveCredits(ctx, c, of, target, kind, amount, &answer)
	var conflict *ConflictError
	if errors.As(err, &conflict) && conflict.What == "answer" { // the same request, at the same time
		if old, again := a.answered(ctx, answer); old != nil || again != nil {
			if again != nil {
				return Balance{}, again
			}
			return a.settled(ctx, of.Account)
		}
	}
	return balance, err
}

// moveCredits changes a balance, and puts besides what it is given, all or nothing.
func (a *Authority) moveCredits(ctx context.Context, c Caller, of Balance, target string, kind MoveKind, amount int64, besides ...Put) (Balance, error) {
	before, err := a.settled(ctx, of.Account)
	if err != nil {
		return Balance{}, err
	}
	if kind == MoveAdd && before.Remaining > maxCredits-amount {
		return Balance{}, invalid("add", "would bring the balance beyond 10^15", "add less, or set it")
	}
	event, err := a.event(c, "credits."+string(kind), target, of.Keyspace, []string{fmt.Sprintf("%s %d", kind, max(amount, -amount))})
	if err != nil {
		return Balance{}, err
	}
	move := &Move{Account: of.Account, Keyspace: of.Keyspace, Owner: of.Owner, Kind: kind, Amount: amount, Time: event.Time, Next: before.Next}
	err = a.store.Apply(context.WithoutCancel(ctx), Change{Puts: append(besides, move), Events: []Event{event}})
	var conflict *ConflictError
	if errors.As(err, &conflict) && conflict.What == "balance" {
		return Balance{}, &Error{Kind: Conflicting, Field: "take", Problem: "is more than what is left", Hint: "take less, or set the balance to 0", Cause: err}
	}
	if err != nil {
		return Balance{}, fromStore(err)
	}
	return a.settled(ctx, of.Account)
}

func (q CreditsChange) move() (kind MoveKind, amount int64, err error) {
	n := 0
	for _, v := range []struct {
		kind  MoveKind
		value *int64
	}{{MoveSet, q.Set}, {MoveAdd, q.Add}, {MoveTake, q.Take}} {
		if v.value == nil {
			continue
		}
		n++
		kind, amount = v.kind, *v.value
	}
	if n != 1 {
		return "", 0, invalid("", "the request needs one of set, add and take", `use {"add":100}`)
	}
	if err := checkBalance(string(kind), amount); err != nil {
		return "", 0, err
	}
	if kind == MoveTake {
		amount = -amount
	}
	return kind, amount, nil
}

// Ledger returns lines of the ledger of a key, newest first, and whether there are more below the last.
func (a *Authority) Ledger(ctx context.Context, c Caller, id keywright.KeyID, below uint64, limit int) ([]Entry, bool, error) {
	if _, err := a.record(ctx, c, ScopeRead, id); err != nil {
		return nil, false, err
	}
	return a.ledger(ctx, Account(id), below, limit)
}

func (a *Authority) ledger(ctx context.Context, account Account, below uint64, limit int) ([]Entry, bool, error) {
	if limit < 0 || limit > maxPage {
		return nil, false, invalid("limit", "is not between 1 and 1000", "ask for the next page with the cursor")
	}
	if limit == 0 {
		limit = defaultPage
	}
	page, err := a.store.List(ctx, Query{Of: Ledger, Account: account, Below: below, Limit: limit})
	return page.Ledger, page.More, fromStore(err)
}
