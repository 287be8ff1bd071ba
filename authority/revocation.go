// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/keywright/keywright"
)

// A Revocation is a line of the revocation log: something was taken away from a key, or from all that have a role. It tells
// no more than it must: neither owner nor the scopes of a key.
type Revocation struct {
	Time    time.Time
	Key     keywright.KeyID
	Version uint64 // of the record or the keyspace, after the act
	Kind    RevocationKind
	Hash    keywright.Hash // of the secret, where one ended
	Ends    time.Time      // when that secret ends; it may be later than Time

	// PublicID and Created are those of the secret. They stay where its first use gives it another hash, so a backup from
	// before knows it by them. Lines of older versions do not have them.
	PublicID string
	Created  time.Time

	// Of a role that was narrowed, in place of Key.
	Keyspace, Role string
	Scopes         string // what it has now, with spaces between
}

// RevocationKind is what was taken away.
type RevocationKind string

// The kinds.
const (
	KeyRevoked  RevocationKind = "revoked"
	KeyDisabled RevocationKind = "disabled"
	KeyNarrowed RevocationKind = "narrowed"     // scopes, roles, rules, limits, or its end or begin
	SecretEnds  RevocationKind = "secret_ended" // rotated out, or the end of its grace

	RoleNarrowed RevocationKind = "role_narrowed"
)

// A RevocationLog keeps what was taken away outside the store, so that a store that is restored from a backup does not
// revive it. It is written after the act is durable in the store and before the verb returns.
type RevocationLog interface {
	// Append writes entries. They are durable when it returns nil.
	Append(ctx context.Context, entries []Revocation) error
}

// revocations writes to the log. What could not be written is kept and written before what comes next, in order.
type revocations struct {
	log RevocationLog // nil: none
	mu  sync.Mutex
	due []Revocation
}

func (r *revocations) append(ctx context.Context, entries []Revocation) error {
	if len(entries) == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.due = append(r.due, entries...)
	if err := r.log.Append(ctx, r.due); err != nil {
		return &Error{
			Kind: Unavailable, Cause: err, Problem: "it is done in this store, but the revocation log could not be written: a backup that is restored would not know of it",
			Hint: "look at the disk of the revocation log, and send it again",
		}
	}
	r.due = nil
	return nil
}

// before reads records as they are before a change, where a log is kept. The caller holds their locks.
func (a *Authority) before(ctx context.Context, records []*Record) (map[keywright.KeyID]*Record, error) {
	if a.revocations.log == nil {
		return nil, nil
	}
	old := map[keywright.KeyID]*Record{}
	for _, r := range records {
		if r.Version < 2 {
			continue // new: nothing is taken away
		}
		page, err := a.store.List(ctx, Query{ID: r.ID})
		if err != nil {
			return nil, err
		}
		for i := range page.Records {
			old[r.ID] = &page.Records[i]
		}
	}
	return old, nil
}

// logTaken writes what a change took away.
func (a *Authority) logTaken(ctx context.Context, old map[keywright.KeyID]*Record, records []*Record) error {
	var entries []Revocation
	for _, r := range records {
		if was := old[r.ID]; was != nil {
			entries = append(entries, taken(was, r)...)
		}
	}
	return a.revocations.append(context.WithoutCancel(ctx), entries)
}

// logAgain writes once more that a record is revoked or disabled, for an act that found it so: the log may have failed when
// it became so, and the answer says that it is in there.
func (a *Authority) logAgain(ctx context.Context, r *Record) error {
	entry := Revocation{Time: r.Updated, Key: r.ID, Version: r.Version}
	switch {
	case a.revocations.log == nil:
		return nil
	case !r.Revoked.IsZero():
		entry.Time, entry.Kind = r.Revoked, KeyRevoked
	case r.Disabled:
		entry.Kind = KeyDisabled
	default:
		return nil
	}
	return a.revocations.append(context.WithoutCancel(ctx), []Revocation{entry})
}

// taken says what one version of a record takes away from the one before.
func taken(was, is *Record) (entries []Revocation) {
	entry := Revocation{Time: is.Updated, Key: is.ID, Version: is.Version}
	switch {
	case !is.Revoked.IsZero():
		if was.Revoked.IsZero() {
			entry.Kind = KeyRevoked
			return []Revocation{entry}
		}
		return nil
	case is.Disabled && !was.Disabled:
		entry.Kind = KeyDisabled
		entries = append(entries, entry)
	}
	if narrowed(was, is) {
		entry.Kind = KeyNarrowed
		entries = append(entries, entry)
	}
	for i := range was.Secrets {
		if ends, ended := endsSooner(was, i, is); ended {
			s := &was.Secrets[i]
			entry.Kind, entry.Hash, entry.Ends, entry.PublicID, entry.Created = SecretEnds, s.Hash, ends, s.PublicID, s.Created
			entries = append(entries, entry)
		}
	}
	return entries
}

// logRoles writes which roles a change of a keyspace narrowed.
func (a *Authority) logRoles(ctx context.Context, was, is *Keyspace) error {
	if a.revocations.log == nil {
		return nil
	}
	var entries []Revocation
	for _, role := range slices.Sorted(maps.Keys(was.Policy.Roles)) {
		now := is.Policy.Roles[role]
		if slices.ContainsFunc(was.Policy.Roles[role], func(s string) bool { return !keywright.Includes(now, s) }) {
			entries = append(entries, Revocation{
				Time: is.Updated, Version: is.Version, Kind: RoleNarrowed, Keyspace: is.Name, Role: role, Scopes: strings.Join(now, " "),
			})
		}
	}
	return a.revocations.append(context.WithoutCancel(ctx), entries)
}

// narrowed reports whether a record may do less than before. What cannot be compared counts as less.
func narrowed(was, is *Record) bool {
	return slices.ContainsFunc(was.Scopes, func(s string) bool { return !keywright.Includes(is.Scopes, s) }) ||
		slices.ContainsFunc(was.Roles, func(s string) bool { return !slices.Contains(is.Roles, s) }) ||
		rulesNarrowed(&was.Rules, &is.Rules) || limitsNarrowed(was.Limits, is.Limits) ||
		sooner(was.Expires, is.Expires) || is.NotBefore.After(was.NotBefore) ||
		was.Credits == nil && is.Credits != nil || was.Owner != is.Owner || was.Parent != is.Parent
}

// sooner reports whether an end was moved forward; zero is never.
func sooner(was, is time.Time) bool { return !is.IsZero() && (was.IsZero() || is.Before(was)) }

func rulesNarrowed(was, is *Rules) bool {
	return fewer(was.Networks, is.Networks) || fewer(was.Origins, is.Origins) || fewer(was.Methods, is.Methods) ||
		fewer(was.Paths, is.Paths) || fewer(was.Keyspaces, is.Keyspaces) || is.Owner != "" && was.Owner != is.Owner
}

// fewer reports whether a list allows less than before; an empty one allows everything.
func fewer[T comparable](was, is []T) bool {
	if len(is) == 0 {
		return false
	}
	return len(was) == 0 || slices.ContainsFunc(was, func(v T) bool { return !slices.Contains(is, v) })
}

// limitsNarrowed reports whether there is a limit that was not there, or a changed one.
func limitsNarrowed(was, is []Limit) bool {
	return slices.ContainsFunc(is, func(l Limit) bool { return !slices.Contains(was, l) })
}

// endsSooner reports whether a secret of a record ends sooner now, and when. A secret that is kept by another hash goes on:
// one has another after the first use of an imported slow hash, or with a new pepper.
func endsSooner(before *Record, place int, is *Record) (ends time.Time, ended bool) {
	was := &before.Secrets[place]
	for i := range is.Secrets {
		s := &is.Secrets[i]
		rehashed := s.PublicID == was.PublicID && s.Created.Equal(was.Created) &&
			(s.PublicID != "" || i == place && len(is.Secrets) == len(before.Secrets))
		if s.Hash == was.Hash || rehashed {
			return s.Expires, sooner(was.Expires, s.Expires) || s.Grace && !was.Grace && s.Idle > 0
		}
	}
	return is.Updated, was.Expires.IsZero() || was.Expires.After(is.Updated)
}
