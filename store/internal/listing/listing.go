// SPDX-License-Identifier: Apache-2.0

// Package listing decides how a page of records is found among many, the same way for every database: from a few that an
// index names, or else in the order of the list, of which only so much is looked at for one page.
package listing

import (
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

const few = 5000

// Few is how many records may be sorted for a page: no more than may be looked at for it in the order of the list.
func Few(q *authority.Query) int { return min(few, q.Scan) }

// A Source are records that an index names. Terms are SQL with ? for each of Args.
type Source struct {
	Index string
	Terms string
	Args  []any
}

// Sources returns the indexes that could name few records for a query of one keyspace. Disabled is the term for those that
// are.
func Sources(q *authority.Query, disabled string) (all []Source) {
	if hasOwner(q) {
		all = append(all, Source{"records_owner", "owner = ? AND keyspace = ?", []any{q.Owner, q.Keyspace}})
	}
	at := q.At.UnixMilli()
	switch q.State {
	case authority.StateRevoked:
		all = append(all, Source{"records_revoked", "keyspace = ? AND revoked <> 0", []any{q.Keyspace}})
	case authority.StateDisabled:
		all = append(all, Source{"records_disabled", "keyspace = ? AND " + disabled, []any{q.Keyspace}})
	case authority.StatePending:
		all = append(all, Source{"records_pending", "keyspace = ? AND not_before <> 0 AND not_before > ?", []any{q.Keyspace, at}})
	case authority.StateExpired:
		all = append(all, Source{"records_expires", "keyspace = ? AND expires <> 0 AND expires <= ?", []any{q.Keyspace, at}})
	}
	if !q.ExpiresBefore.IsZero() {
		all = append(all, Source{"records_expires", "keyspace = ? AND expires <> 0 AND expires < ?", []any{q.Keyspace, column.Millis(q.ExpiresBefore)}})
	}
	if !q.RotatedBefore.IsZero() {
		all = append(all, Source{"records_rotated", "keyspace = ? AND rotated < ?", []any{q.Keyspace, column.Millis(q.RotatedBefore)}})
	}
	return all
}

// hasOwner reports whether a query is for an owner that there can be.
func hasOwner(q *authority.Query) bool {
	return q.Owner != "" && column.CheckText("owner", q.Owner) == nil
}

// InOrder returns the index that has the records of a query in the order of its list.
func InOrder(q *authority.Query, disabled string) Source {
	switch {
	case q.Sort == authority.Ending && hasOwner(q):
		return unended(q, Source{"records_owner_expires", "owner = ? AND keyspace = ? AND expires <> 0", []any{q.Owner, q.Keyspace}})
	case q.Sort == authority.Ending:
		return unended(q, Source{"records_expires", "keyspace = ? AND expires <> 0", []any{q.Keyspace}})
	case q.State == authority.StateRevoked:
		return Source{"records_revoked", "keyspace = ? AND revoked <> 0", []any{q.Keyspace}}
	case q.State == authority.StateDisabled:
		return Source{"records_disabled", "keyspace = ? AND " + disabled, []any{q.Keyspace}}
	case hasOwner(q):
		return Source{"records_owner", "owner = ? AND keyspace = ?", []any{q.Owner, q.Keyspace}}
	}
	return Source{"records_keyspace", "keyspace = ?", []any{q.Keyspace}}
}

// unended passes over all that has ended long since, where a query is for what has not.
func unended(q *authority.Query, s Source) Source {
	if Unended(q) {
		s.Terms, s.Args = s.Terms+" AND expires > ?", append(s.Args, q.At.UnixMilli())
	}
	return s
}

// Unended reports whether a list by end begins at the moment that is asked about.
func Unended(q *authority.Query) bool {
	return q.Sort == authority.Ending && (q.State == authority.StateActive || q.State == authority.StatePending)
}

// Simple reports whether a query needs no look at how many there are: it is for all, or names a few by itself.
func Simple(q *authority.Query) bool {
	named := !q.ID.IsZero() || q.PublicID != "" || !q.Parent.IsZero() || q.InGrace
	return q.Scan <= 0 || q.Limit <= 0 || q.Keyspace == "" || named
}

// Whole reports whether every record of an order is one of the page, so that nothing needs to bound the look.
func Whole(q *authority.Query) bool {
	if q.Text != "" || q.Endless || !q.ExpiresBefore.IsZero() || !q.RotatedBefore.IsZero() || !q.CreatedSince.IsZero() || !q.CreatedBefore.IsZero() {
		return false
	}
	switch q.State {
	case "":
		return q.Owner == "" || hasOwner(q)
	case authority.StateRevoked:
		return q.Owner == "" && q.Sort != authority.Ending
	}
	return false
}

// Scans are how many records are looked at for a page, until it is full.
func Scans(q *authority.Query) []int {
	if first := 10 * q.Limit; !Simple(q) && first < q.Scan {
		return []int{first, q.Scan}
	}
	return []int{q.Scan}
}

// Order is that of a query, of columns with a prefix.
func Order(q *authority.Query, prefix string) string {
	switch q.Sort {
	case authority.Oldest:
		return prefix + "id"
	case authority.Ending:
		return prefix + "expires, " + prefix + "id"
	}
	return prefix + "id DESC"
}

// PlaceOf returns where a record stands.
func PlaceOf(q *authority.Query, r *authority.Record) authority.Place {
	p := authority.Place{ID: r.ID}
	if q.Sort == authority.Ending {
		p.Ends = r.Expires
	}
	return p
}
