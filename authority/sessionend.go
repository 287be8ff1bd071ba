// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"slices"

	"github.com/keywright/keywright"
)

// EndSession ends the session that the caller came with. That it has ended already is no error.
func (a *Authority) EndSession(ctx context.Context, c Caller) error {
	if c.session == "" {
		return errOver
	}
	_, err := a.endWhere(ctx, c, "signed out", func(s *savedSession) bool { return s.item.Name == c.session })
	return err
}

// EndSessions ends all sessions of the caller's service key, and returns how many there were.
func (a *Authority) EndSessions(ctx context.Context, c Caller) (int, error) {
	if c.key.IsZero() {
		return 0, denied("only a service key has sessions", "send one")
	}
	return a.endWhere(ctx, c, "all", func(*savedSession) bool { return true })
}

// endWhere ends some of the sessions of the caller's service key. One that is used at the same moment is tried again.
func (a *Authority) endWhere(ctx context.Context, c Caller, why string, which func(*savedSession) bool) (ended int, err error) {
	a.sessionsMu.Lock()
	defer a.sessionsMu.Unlock()
	for range 10 {
		var list []savedSession
		if list, err = a.sessionsOf(ctx, c.key); err != nil {
			break
		}
		list = slices.DeleteFunc(list, func(s savedSession) bool { return !which(&s) })
		ended = len(list)
		if err = a.endSessions(ctx, c, list, why); !errors.Is(err, ErrConflict) {
			break
		}
	}
	return ended, fromStore(err)
}

// endSessions removes sessions, with an event for each.
func (a *Authority) endSessions(ctx context.Context, c Caller, list []savedSession, why string) error {
	for part := range slices.Chunk(list, maxSessions) {
		var change Change
		for i := range part {
			event, err := a.event(c, "session.end", part[i].Key, ReservedKeyspace, []string{part[i].handle(), "reason " + why})
			if err != nil {
				return err
			}
			change.Puts = append(change.Puts, &Removal{Item: &part[i].item})
			change.Events = append(change.Events, event)
		}
		if err := a.store.Apply(context.WithoutCancel(ctx), change); err != nil {
			return err
		}
	}
	return nil
}

// tendSessions removes the sessions that nobody can use any more. Those of a key that is only disabled go as well: whoever
// disabled it wants nobody to be signed in.
func (a *Authority) tendSessions(ctx context.Context) error {
	a.sessionsMu.Lock()
	defer a.sessionsMu.Unlock()
	list, err := a.sessionsOf(ctx, keywright.KeyID{})
	if err != nil {
		return err
	}
	ends := map[string][]savedSession{}
	unusable := map[keywright.KeyID]bool{}
	for i := range list {
		s := &list[i]
		why := a.sessionOver(s)
		if why == "" {
			gone, known := unusable[s.id]
			if !known {
				if gone, err = a.unusable(ctx, s.id); err != nil {
					return err
				}
				unusable[s.id] = gone
			}
			if !gone {
				continue
			}
			why = "key"
		}
		ends[why] = append(ends[why], *s)
	}
	for why, list := range ends {
		if err := a.endSessions(ctx, Operator("system", Origin{}), list, why); err != nil && !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return nil
}

// unusable reports whether a service key is not active now.
func (a *Authority) unusable(ctx context.Context, id keywright.KeyID) (bool, error) {
	page, err := a.store.List(ctx, Query{ID: id, State: StateActive, At: a.now()})
	return err == nil && len(page.Records) == 0, err
}

// IsSession reports whether an item is a session, which archives leave out: a store that is restored must not revive one.
func (i *Item) IsSession() bool { return i.Kind == itemSession }
