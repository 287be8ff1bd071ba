// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// A scopeSet is what keys may do: scopes of their own and those of their roles. Equal sets are kept once.
type scopeSet struct {
	own       []string
	roles     []string
	space     string // whose roles they are
	effective atomic.Pointer[[]string]
}

// list returns all scopes. It must not be changed.
func (s *scopeSet) list() []string { return *s.effective.Load() }

// scopeNumber returns the number of a record's scopes.
func (a *Authority) scopeNumber(r *Record) uint32 {
	key := strings.Join(r.Scopes, " ")
	if len(r.Roles) > 0 {
		key += "\x00" + strconv.Itoa(int(a.spaceNumber(r.Keyspace))) + "\x00" + strings.Join(r.Roles, " ")
	}
	return a.scopes.Number(key, func() *scopeSet {
		s := &scopeSet{own: slices.Clone(r.Scopes), roles: slices.Clone(r.Roles), space: strings.Clone(r.Keyspace)}
		s.resolve(a.space(r.Keyspace))
		return s
	})
}

// resolve looks up what the roles are now. A role that is gone grants nothing.
func (s *scopeSet) resolve(in *space) {
	scopes := s.own
	if in != nil && len(s.roles) > 0 {
		scopes = effectiveScopes(&in.Policy, s.own, s.roles)
	}
	s.effective.Store(&scopes)
}

func effectiveScopes(p *Policy, own, roles []string) []string {
	scopes := slices.Clone(own)
	for _, role := range roles {
		for _, scope := range p.Roles[role] {
			if !slices.Contains(scopes, scope) {
				scopes = append(scopes, scope)
			}
		}
	}
	return scopes
}

// resolveRoles makes every key that has a role of a keyspace see the role as it is now. It comes after the keyspace
// was stored: a set that is made meanwhile has either seen that, or is seen here.
func (a *Authority) resolveRoles(in *space) {
	a.scopes.Each(func(s *scopeSet) {
		if s.space == in.Name && len(s.roles) > 0 {
			s.resolve(in)
		}
	})
}
