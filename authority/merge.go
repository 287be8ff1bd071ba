// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/keywright/keywright"
)

// Merged is what MergeRevocations did.
type Merged struct {
	Entries  int // that were read
	Revoked  int // keys
	Disabled int // keys: they were disabled, or narrowed to something the log does not tell
	Ended    int // keys of which a secret ends that did not
	Roles    int // that were narrowed
	Unknown  int // keys that the store does not hold: they were issued after the backup
}

// MergeRevocations takes away from the keys of a restored store what a log says was taken away from them: one change and
// one event for each key. What the store knows already stays as it is, so a merge can be repeated. A key that was narrowed
// after the backup is disabled: what it may do now is not in the log.
func (a *Authority) MergeRevocations(ctx context.Context, c Caller, entries iter.Seq2[Revocation, error]) (Merged, error) {
	var m Merged
	if err := c.mayAudit(ScopeAdmin); err != nil {
		return m, err
	}
	keys := map[keywright.KeyID]*loss{}
	roles := map[[2]string]Revocation{}
	for entry, err := range entries {
		if err != nil {
			return m, err
		}
		m.Entries++
		if entry.Kind == RoleNarrowed {
			if at := [2]string{entry.Keyspace, entry.Role}; roles[at].Version < entry.Version {
				roles[at] = entry
			}
			continue
		}
		l := keys[entry.Key]
		if l == nil {
			l = &loss{ends: map[keywright.Hash]Revocation{}}
			keys[entry.Key] = l
		}
		if err := l.add(entry); err != nil {
			return m, err
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(keys), func(x, y keywright.KeyID) int { return slices.Compare(x[:], y[:]) }) {
		if err := a.mergeKey(ctx, c, id, keys[id], &m); err != nil {
			return m, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(*a.spaces.Load())) {
		if err := a.mergeRoles(ctx, c, name, roles, &m); err != nil {
			return m, err
		}
	}
	return m, nil
}

// mergeRoles narrows the roles of a keyspace, in one change. What they were when they were narrowed last is in the log.
func (a *Authority) mergeRoles(ctx context.Context, c Caller, name string, narrowed map[[2]string]Revocation, m *Merged) error {
	k := a.space(name).Keyspace
	roles := maps.Clone(k.Policy.Roles)
	var lines []string
	for _, role := range slices.Sorted(maps.Keys(k.Policy.Roles)) {
		entry, ok := narrowed[[2]string{name, role}]
		scopes := strings.Fields(entry.Scopes)
		if !ok || k.Version >= entry.Version || slices.Equal(roles[role], scopes) {
			continue
		}
		lines = append(lines, "role "+role)
		if roles[role] = scopes; len(scopes) == 0 {
			delete(roles, role)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	m.Roles += len(lines)
	k.Policy.Roles = roles
	return a.putKeyspace(ctx, c, k, append(lines, "by the revocation log"), "keyspace.update")
}

// A loss is all that a log says was taken away from one key.
type loss struct {
	revoked  time.Time
	disabled uint64                        // the highest version at which it was disabled or narrowed
	ends     map[keywright.Hash]Revocation // of each secret the entry with its soonest end
}

func (l *loss) add(entry Revocation) error {
	switch entry.Kind {
	case KeyRevoked:
		if l.revoked.IsZero() || entry.Time.Before(l.revoked) {
			l.revoked = entry.Time
		}
	case KeyDisabled, KeyNarrowed:
		l.disabled = max(l.disabled, entry.Version)
	case SecretEnds:
		if known, ok := l.ends[entry.Hash]; !ok || sooner(known.Ends, entry.Ends) {
			l.ends[entry.Hash] = entry
		}
	default:
		return &Error{Kind: Invalid, Problem: "the revocation log holds a kind of entry that is not known", Hint: "a newer version may have written it: upgrade keywright"}
	}
	return nil
}

func (a *Authority) mergeKey(ctx context.Context, c Caller, id keywright.KeyID, l *loss, m *Merged) error {
	page, err := a.store.List(ctx, Query{ID: id})
	if err != nil {
		return fromStore(err)
	}
	if len(page.Records) == 0 {
		m.Unknown++
		return nil
	}
	found := l.of(&page.Records[0])
	if !found.any() {
		return nil
	}
	e := edit{scope: ScopeAdmin, verb: found.verb(), change: func(r *Record) ([]string, error) { return l.apply(r, a.now()), nil }}
	if _, err := a.change(ctx, c, id, e); err != nil {
		return err
	}
	m.Revoked += count(found.revoked)
	m.Disabled += count(found.disabled)
	m.Ended += count(found.ended > 0)
	return nil
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// lossFound is what of a loss a record does not know yet.
type lossFound struct {
	revoked, disabled bool
	ended             int
}

func (f lossFound) any() bool { return f.revoked || f.disabled || f.ended > 0 }

func (f lossFound) verb() string {
	switch {
	case f.revoked:
		return "key.revoke"
	case f.disabled:
		return "key.disable"
	}
	return "key.end_grace"
}

// of compares. Revoked is for good, and so is the end of a secret; what was disabled or narrowed may have been given back
// since, so there the version decides.
func (l *loss) of(r *Record) (f lossFound) {
	if !r.Revoked.IsZero() {
		return f
	}
	f.revoked = !l.revoked.IsZero()
	f.disabled = !f.revoked && !r.Disabled && r.Version < l.disabled
	for i := range r.Secrets {
		if ends := l.endOf(r, i); sooner(r.Secrets[i].Expires, ends) {
			f.ended++
		}
	}
	return f
}

// endOf returns when a secret ends as the log says; zero where it says nothing. A secret may have got another hash between
// the backup and its end.
func (l *loss) endOf(r *Record, place int) (ends time.Time) {
	s := &r.Secrets[place]
	for hash, entry := range l.ends {
		if hash == s.Hash || entry.rehashed(r) && entry.PublicID == s.PublicID && entry.Created.Equal(s.Created) && !keptAsGiven(s.Registered, s.PublicID) {
			ends = earlier(ends, wholeSeconds(entry.Ends))
		}
	}
	return ends
}

// rehashed reports whether the secret of an entry may be in a record under another hash.
func (e *Revocation) rehashed(r *Record) bool {
	return !e.Created.IsZero() && !slices.ContainsFunc(r.Secrets, func(s StoredSecret) bool { return s.Hash == e.Hash })
}

func (l *loss) apply(r *Record, now time.Time) (lines []string) {
	f := l.of(r)
	if !f.any() {
		return nil
	}
	if f.revoked {
		r.Revoked, r.Reason = l.revoked, "by the revocation log"
		lines = append(lines, "revoked")
	}
	if f.disabled {
		r.Disabled = true
		lines = append(lines, "disabled")
	}
	if f.ended > 0 {
		r.Secrets = slices.Clone(r.Secrets)
		for i := range r.Secrets {
			if ends := l.endOf(r, i); sooner(r.Secrets[i].Expires, ends) {
				r.Secrets[i].Expires = ends
				r.Secrets[i].Grace = r.Secrets[i].Grace && ends.After(now)
			}
		}
		lines = append(lines, fmt.Sprintf("secrets ended: %d", f.ended))
	}
	return append(lines, "by the revocation log")
}
