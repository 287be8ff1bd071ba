// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority/internal/table"
)

// A Survey is what is seen of a keyspace at a glance.
type Survey struct {
	Keyspace      string
	Keys          map[State]int            // how many there are, by state; nil while the table is not complete
	Verifications map[keywright.Code]int64 // of the last 24 hours, by code, as far as they were written
	Due           Due
}

// Survey looks at one keyspace, or for an empty name at all that the caller may see, by name. It counts keys in memory.
func (a *Authority) Survey(ctx context.Context, c Caller, keyspace string) ([]Survey, error) {
	if err := c.May(ScopeUsage); err != nil {
		return nil, err
	}
	if c.owner != "" {
		return nil, denied("the caller is bound to an owner and may not see what others have", "ask for the usage of one key")
	}
	names := slices.Sorted(maps.Keys(*a.spaces.Load()))
	if keyspace != "" {
		if err := c.may(ScopeUsage, keyspace); err != nil {
			return nil, err
		}
		if a.space(keyspace) == nil {
			return nil, unknown("keyspace", "list the keyspaces to see them")
		}
		names = []string{keyspace}
	}
	counts, due := a.census(), a.DueCounts()
	all := []Survey{}
	for _, name := range names {
		if c.may(ScopeUsage, name) != nil {
			continue
		}
		s := Survey{Keyspace: name, Due: due[name], Verifications: map[keywright.Code]int64{}}
		if counts != nil {
			s.Keys = map[State]int{StateActive: 0, StatePending: 0, StateExpired: 0, StateDisabled: 0, StateRevoked: 0}
			maps.Copy(s.Keys, counts[a.spaceNumber(name)])
		}
		page, err := a.store.List(ctx, Query{Of: UsageHours, Keyspace: name, Totals: true, Since: a.now().Add(-24 * time.Hour).Truncate(time.Hour)})
		if err != nil {
			return nil, fromStore(err)
		}
		for _, u := range page.Usage {
			s.Verifications[u.Code] += u.Count
		}
		all = append(all, s)
	}
	return all, nil
}

// census counts the current secrets of the table by the number of their keyspace and their state.
func (a *Authority) census() map[uint32]map[State]int {
	if !a.complete.Load() {
		return nil
	}
	now, counts := a.now(), map[uint32]map[State]int{}
	a.table.Each(func(s table.State) {
		if s.Has(table.Previous) {
			return
		}
		g := a.grants.At(s.Grant())
		if rules := a.rules.At(g.rules); rules != nil && rules.Decoy != nil {
			return // it is no key
		}
		number := a.kinds.At(g.kind).space
		if counts[number] == nil {
			counts[number] = map[State]int{}
		}
		counts[number][stateOf(s, a.rules.At(g.rules), now)]++
	})
	return counts
}

// stateOf is Record.StateAt of what the table knows.
func stateOf(s table.State, rules *ruleSet, now time.Time) State {
	switch end := s.Expires(); {
	case s.Has(table.Revoked):
		return StateRevoked
	case s.Has(table.Disabled):
		return StateDisabled
	case end != 0 && now.Unix() >= int64(end):
		return StateExpired
	case rules != nil && now.Before(rules.notBefore):
		return StatePending
	}
	return StateActive
}
