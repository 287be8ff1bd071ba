// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"time"
)

// keepHouse does what is due again and again until the authority is closed: it reads what verifications need, counts,
// ends graces, refills credits and tells what is due. What fails is tried again.
func (a *Authority) keepHouse(ctx context.Context) {
	defer close(a.housekept)
	a.retry(ctx, "reading owners", a.loadOwners)
	a.retry(ctx, "reading rate limits", a.loadMeters)
	a.retry(ctx, "reading graces", a.loadGraces)
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-second.C:
			n++
			a.tend(ctx, n)
		}
	}
}

// keepGathering counts what was noted so often that verifications never wait for a page, also while something is written.
func (a *Authority) keepGathering(ctx context.Context) {
	page := time.NewTicker(50 * time.Millisecond)
	defer page.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-page.C:
			a.gather()
		}
	}
}

// tend does what is due in one second.
func (a *Authority) tend(ctx context.Context, n int) {
	a.try(ctx, "writing usage", a.flushInTurn)
	a.try(ctx, "ending graces", a.finishGraces)
	a.try(ctx, "looking after leaked keys", a.tendLeaks)
	a.try(ctx, "writing the uses of leaked keys", a.writeLeakUses)
	a.try(ctx, "looking after the keys that sign tokens", a.tendSigningKeys)
	if n%5 == 0 {
		a.try(ctx, "refilling credits", a.refillAll)
	}
	if n%60 == 0 {
		a.meters.Sweep(a.clock())
		a.try(ctx, "ending sessions", a.tendSessions)
	}
	if n%600 == 1 {
		a.try(ctx, "looking for keys that are due", a.announceDue)
	}
}

func (a *Authority) try(ctx context.Context, what string, do func(context.Context) error) {
	if err := do(ctx); err != nil && ctx.Err() == nil {
		a.log.Error(what+" failed; it is tried again", "error", err)
	}
}

// retry does something until it succeeds.
func (a *Authority) retry(ctx context.Context, what string, do func(context.Context) error) {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, time.Minute) {
		err := do(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		a.log.Error(what+" failed", "error", err, "again_in", wait)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// refillAll makes the refills that are due, whether or not anybody asks.
func (a *Authority) refillAll(ctx context.Context) error {
	for {
		now := a.now()
		page, err := a.store.List(ctx, Query{Of: Balances, NextBefore: now, Limit: maxPage})
		if err != nil {
			return err
		}
		for _, balance := range page.Balances {
			if err := a.bank.refill(ctx, balance.Account, now); err != nil {
				return err
			}
		}
		if !page.More {
			return nil
		}
	}
}
