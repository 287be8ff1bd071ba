// SPDX-License-Identifier: Apache-2.0

package authority_test

import (
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// A model is the authority as one would explain it: records in a list, nothing kept twice, nothing concurrent, limits as
// exact as fractions, no store. Histories are played to it and to the authority, and both must say the same.
type model struct {
	now  time.Time
	keys []*modelKey
}

type modelKey struct {
	id       keywright.KeyID
	parent   *modelKey
	scopes   []string
	expires  time.Time
	disabled bool
	revoked  bool
	counted  bool // has credits
	credits  int64
	refill   *authority.Refill
	refilled time.Time
	limit    int64 // of an hour; 0: none
	taken    []time.Time
	secrets  []*modelSecret // the current one last
}

type modelSecret struct {
	key     keywright.Secret
	expires time.Time
	idle    time.Duration
	used    time.Time
}

// ended reports whether a secret has ended on its own.
func (s *modelSecret) ended(now time.Time) bool {
	return !s.expires.IsZero() && !now.Before(s.expires) || s.idle > 0 && now.Sub(s.used) > s.idle+time.Second
}

// line is a key and those above it.
func (k *modelKey) line() (all []*modelKey) {
	for ; k != nil; k = k.parent {
		all = append(all, k)
	}
	return all
}

func (m *model) any(k *modelKey, what func(*modelKey) bool) bool {
	return slices.ContainsFunc(k.line(), what)
}

// verify is what the authority should say. It spends as the authority should.
func (m *model) verify(k *modelKey, s *modelSecret, scope string, cost int64) keywright.Code {
	m.refill()
	switch {
	case m.any(k, func(k *modelKey) bool { return k.revoked }):
		return keywright.Revoked
	case m.any(k, func(k *modelKey) bool { return k.disabled }):
		return keywright.Disabled
	case s.ended(m.now) || m.any(k, func(k *modelKey) bool { return !k.expires.IsZero() && !m.now.Before(k.expires) }):
		return keywright.Expired
	case scope != "" && m.any(k, func(k *modelKey) bool { return !keywright.Grants(k.scopes, scope) }):
		return keywright.InsufficientScope
	case m.any(k, func(k *modelKey) bool { return k.limit > 0 && k.left(m.now) < cost }):
		return keywright.RateLimited
	case m.any(k, func(k *modelKey) bool { return k.counted && k.credits < cost }):
		return keywright.CreditsExhausted
	}
	for _, k := range k.line() {
		k.take(m.now, cost)
		if k.counted {
			k.credits -= cost
		}
	}
	s.used = m.now
	return keywright.Valid
}

// left is what a limit of so many an hour has: a bucket that is filled at an even pace.
func (k *modelKey) left(now time.Time) int64 {
	return (k.limit*int64(time.Hour) - k.level(now)) / int64(time.Hour)
}

// level is how much is taken, in units times an hour.
func (k *modelKey) level(now time.Time) (level int64) {
	for i, at := range k.taken {
		if i > 0 {
			level = max(level-int64(at.Sub(k.taken[i-1]))*k.limit, 0)
		}
		level += int64(time.Hour)
	}
	if n := len(k.taken); n > 0 {
		level = max(level-int64(now.Sub(k.taken[n-1]))*k.limit, 0)
	}
	return level
}

func (k *modelKey) take(now time.Time, cost int64) {
	for range cost {
		k.taken = append(k.taken, now)
	}
}

// refill makes every refill that is due, one at a time.
func (m *model) refill() {
	for _, k := range m.keys {
		if k.refill == nil {
			continue
		}
		for next := k.refilled.Add(k.refill.Every); !next.After(m.now); next = next.Add(k.refill.Every) {
			k.refilled = next
			if k.refill.Mode == authority.RefillAdd {
				k.credits += k.refill.Amount
			} else {
				k.credits = k.refill.Amount
			}
		}
	}
}
