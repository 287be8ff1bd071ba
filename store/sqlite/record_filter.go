// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"math"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// recordFilter writes the most selective term first. Without statistics SQLite would take any index: a + before a
// column tells it which one not to take, and INDEXED BY which one to take although the page would then be sorted.
func recordFilter(q authority.Query) *filter {
	f := recordSource(q)
	f.andFrom(&q)
	f.andRest(&q)
	return f
}

// andAll has every term but those of few records that are named: with a narrow of + none takes an index.
func (f *filter) andAll(q *authority.Query, narrow string) {
	f.andText(narrow+"owner", q.Owner)
	f.andText(narrow+"keyspace", q.Keyspace)
	f.andExpires(*q, narrow)
	f.andRotated(*q, narrow)
	f.andFrom(q)
	f.andRest(q)
}

// andRest has the terms that no index answers.
func (f *filter) andRest(q *authority.Query) {
	if q.Endless {
		f.and("expires = 0")
	}
	if q.Sort == authority.Ending {
		f.and("expires <> 0")
	}
	if !q.CreatedSince.IsZero() {
		f.and("created >= ?", column.Millis(q.CreatedSince))
	}
	if !q.CreatedBefore.IsZero() {
		f.and("created < ?", column.Millis(q.CreatedBefore))
	}
	if q.State != "" {
		// As Record.StateAt decides.
		f.and(`CASE WHEN revoked <> 0 THEN 'revoked' WHEN disabled <> 0 THEN 'disabled'
			WHEN expires <> 0 AND expires <= ? THEN 'expired' WHEN not_before <> 0 AND not_before > ? THEN 'pending'
			ELSE 'active' END = ?`, q.At.UnixMilli(), q.At.UnixMilli(), string(q.State))
	}
	if q.Text != "" {
		// lower knows ASCII alone. LIKE would have wildcards to escape, and a longest pattern.
		f.and("(instr(lower(name), lower(?)) > 0 OR instr(lower(owner), lower(?)) > 0)", q.Text, q.Text)
	}
}

// recordSource has the terms that an index can answer. The first that there is takes its index, the others do not.
func recordSource(q authority.Query) *filter {
	var f filter
	narrow := ""
	if !q.ID.IsZero() {
		f.and("id = ?", q.ID[:])
		narrow = "+"
	}
	if q.PublicID != "" {
		f.and(narrow+"id IN (SELECT record FROM secrets WHERE public_id = ? AND public_id <> '')", q.PublicID)
		narrow = "+"
	}
	if !q.Parent.IsZero() {
		f.and(narrow+"parent = ?", q.Parent[:])
		narrow = "+"
	}
	if q.InGrace {
		f.and(narrow + "id IN (SELECT record FROM secrets INDEXED BY secrets_grace WHERE grace <> 0)")
		narrow = "+"
	}
	if q.Owner != "" {
		f.and(narrow+"owner = ?", q.Owner)
		narrow = "+"
	}
	narrow = f.andExpires(q, narrow)
	narrow = f.andRotated(q, narrow)
	if q.Keyspace != "" {
		f.and(narrow+"keyspace = ?", q.Keyspace)
	}
	return &f
}

// andExpires looks in the index of a keyspace. What is still active ends after the moment that is asked about, so
// that all that has ended long since is passed over.
func (f *filter) andExpires(q authority.Query, narrow string) string {
	if q.ExpiresBefore.IsZero() {
		return narrow
	}
	from := int64(math.MinInt64)
	if q.State == authority.StateActive {
		from = q.At.UnixMilli()
	}
	if narrow != "" || q.Keyspace == "" {
		f.and("expires <> 0 AND expires > ? AND expires < ?", from, column.Millis(q.ExpiresBefore))
		return narrow
	}
	f.and(`id IN (SELECT id FROM records INDEXED BY records_expires
		WHERE keyspace = ? AND expires <> 0 AND expires > ? AND expires < ?)`, q.Keyspace, from, column.Millis(q.ExpiresBefore))
	return "+"
}

// andRotated looks in the index of a keyspace.
func (f *filter) andRotated(q authority.Query, narrow string) string {
	if q.RotatedBefore.IsZero() {
		return narrow
	}
	if narrow != "" || q.Keyspace == "" {
		f.and("rotated < ?", column.Millis(q.RotatedBefore))
		return narrow
	}
	f.and("id IN (SELECT id FROM records INDEXED BY records_rotated WHERE keyspace = ? AND rotated < ?)",
		q.Keyspace, column.Millis(q.RotatedBefore))
	return "+"
}
