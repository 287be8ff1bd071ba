// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keywright/keywright"
)

// expiryWarning is how long before its end a key shows as about to expire, if it lives more than twice as long.
const expiryWarning = 7 * 24 * time.Hour

// warn returns how long before it is due a key shows.
func (r *Rotation) warn() time.Duration {
	if r.Warn > 0 {
		return r.Warn
	}
	return r.Every / 10
}

// dueBefore returns the time before which a secret was made that is due, or about to be.
func (r *Rotation) dueBefore(now time.Time) time.Time { return now.Add(r.warn() - r.Every) }

// RotateBy returns when a key is due for a rotation by the policy of its keyspace, and whether that shows already, as it
// does of active keys alone; a zero time where the policy has none.
func (a *Authority) RotateBy(r *Record) (at time.Time, shows bool) {
	s := a.space(r.Keyspace)
	if s == nil || s.Policy.Rotation == nil || len(r.Secrets) == 0 || !r.Revoked.IsZero() {
		return time.Time{}, false
	}
	at = r.Secrets[0].Created.Add(s.Policy.Rotation.Every)
	now := a.now()
	return at, r.StateAt(now) == StateActive && !now.Before(at.Add(-s.Policy.Rotation.warn()))
}

// ExpiresSoon reports whether a key is about to expire: within 7 days, if it lives for more than 14.
func (a *Authority) ExpiresSoon(r *Record) bool {
	now := a.now()
	return !r.Expires.IsZero() && r.StateAt(now) == StateActive && r.Expires.Sub(r.Created) > 2*expiryWarning &&
		now.After(r.Expires.Add(-expiryWarning))
}

// Due counts the keys of a keyspace that are due for a rotation, or about to be, and those that are about to expire.
type Due struct{ Rotation, Expiry int }

// DueCounts returns what the last look found, by keyspace. Looks are 10 minutes apart.
func (a *Authority) DueCounts() map[string]Due {
	if p := a.due.Load(); p != nil {
		return *p
	}
	return nil
}

// announceDue leaves an event for every key that begins to be due, once for each secret, or to expire.
func (a *Authority) announceDue(ctx context.Context) error {
	counts := map[string]Due{}
	for name, s := range *a.spaces.Load() {
		var due Due
		count := func(n *int, verb string, moment func(*Record) time.Time) func(*Record) error {
			return func(r *Record) error {
				*n++
				return a.announce(ctx, r, verb, moment(r))
			}
		}
		if s.Policy.Rotation != nil {
			every := s.Policy.Rotation.Every
			err := a.Each(ctx, Operator("system", Origin{}), Filter{Keyspace: name, Due: true}, count(&due.Rotation, "key.rotation_due",
				func(r *Record) time.Time { return r.Secrets[0].Created.Add(every) }))
			if err != nil {
				return err
			}
		}
		err := a.Each(ctx, Operator("system", Origin{}), Filter{Keyspace: name, State: StateActive, ExpiresBefore: a.now().Add(expiryWarning)},
			func(r *Record) error {
				if !a.ExpiresSoon(r) {
					return nil
				}
				return count(&due.Expiry, "key.expires_soon", func(r *Record) time.Time { return r.Expires })(r)
			})
		if err != nil {
			return err
		}
		counts[name] = due
	}
	a.due.Store(&counts)
	return nil
}

// announce leaves an event of what is going to happen to a key at a moment, once.
func (a *Authority) announce(ctx context.Context, r *Record, verb string, at time.Time) error {
	return a.tellOnce(ctx, Operator("system", Origin{}), verb, r.ID, r.Keyspace, at.Format(time.RFC3339), at.Add(366*24*time.Hour), []string{"at " + at.Format(time.RFC3339)})
}

// tellOnce leaves an event unless there was one of that verb, key and occasion, until a time.
func (a *Authority) tellOnce(ctx context.Context, c Caller, verb string, id keywright.KeyID, keyspace, occasion string, until time.Time, lines []string) error {
	return a.tell(ctx, c, Event{Verb: verb, Target: id.String(), Keyspace: keyspace, Changes: lines}, id, occasion, until)
}

// tell leaves an event, of which verb, target, keyspace and changes are given, unless there was one of that verb, target
// and occasion, until a time.
func (a *Authority) tell(ctx context.Context, c Caller, e Event, id keywright.KeyID, occasion string, until time.Time) error {
	name := keywright.HashText("once\x00" + e.Verb + "\x00" + e.Target + "\x00" + occasion)
	if a.told.seen(name) {
		return nil
	}
	event, err := a.event(c, e.Verb, e.Target, e.Keyspace, e.Changes)
	if err != nil {
		return err
	}
	answer := &Answer{ID: name, Record: id, Created: event.Time, Expires: until}
	err = a.store.Apply(context.WithoutCancel(ctx), Change{Puts: []Put{answer}, Events: []Event{event}})
	var conflict *ConflictError
	if err != nil && !(errors.As(err, &conflict) && conflict.What == "answer") {
		return fmt.Errorf("event %s of %s: %w", e.Verb, e.Target, err)
	}
	a.told.add(name)
	return nil
}
