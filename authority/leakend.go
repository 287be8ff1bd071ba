// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"time"
)

// leaksInTurn is how many leaks are looked at in a second.
const leaksInTurn = 256

// tendLeaks ends the keys whose delay is over, and takes note of those that ended in another way.
func (a *Authority) tendLeaks(ctx context.Context) error {
	if err := a.readHeard(ctx); err != nil {
		return err
	}
	for _, line := range a.leaks.due(a.now(), leaksInTurn) {
		if err := a.tendLeak(ctx, &line); err != nil && !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return nil
}

// tendLeak looks at one leak that is open as far as is known.
func (a *Authority) tendLeak(ctx context.Context, line *leakLine) error {
	defer a.lock(line.key)()
	now := a.now()
	items, err := a.store.List(ctx, Query{Of: Items, Item: itemLeak, Name: line.id})
	if err != nil || len(items.Items) == 0 {
		return err
	}
	l, err := openLeak(&items.Items[0])
	if err != nil {
		return err
	}
	page, err := a.store.List(ctx, Query{ID: line.key})
	if err != nil || len(page.Records) == 0 {
		return err
	}
	one := leakActs{record: &page.Records[0], leaks: []*Leak{&l}}
	next, err := a.follows(&one, &l, now)
	if err != nil {
		return err
	}
	if len(one.puts) > 0 {
		all := leakActs{}
		if err := all.join(&one); err != nil {
			return err
		}
		if err := a.commit(ctx, all.change, all.records...); err != nil {
			return err
		}
	}
	a.leaks.put(&l, next)
	return nil
}

// follows decides what is to be done about an open leak, and returns when to look again.
func (a *Authority) follows(one *leakActs, l *Leak, now time.Time) (next time.Time, err error) {
	if !l.Ended.IsZero() {
		return next, nil
	}
	r := one.record
	place := l.place(r)
	state, ended := a.secretState(r, place, now)
	l.Owner = r.Owner
	switch {
	case state == StateRevoked || state == StateExpired:
		l.Ended = ended
		one.puts = append(one.puts, l)
		return next, a.tellLeakEnd(one, l, string(state))
	case !l.RevokeAt.IsZero() && !now.Before(l.RevokeAt):
		one.puts = append(one.puts, l)
		return next, a.endLeak(Operator("system", Origin{}), one, l, place, now)
	}
	return earlier(earlier(l.RevokeAt, r.Expires), r.Secrets[place].Expires), nil
}
