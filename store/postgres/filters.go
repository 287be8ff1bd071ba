// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
	"github.com/keywright/keywright/store/internal/listing"
)

func recordFilter(q authority.Query) *filter {
	var f filter
	if !q.ID.IsZero() {
		f.and("id = ?", uuid(q.ID))
	}
	if q.PublicID != "" {
		f.andTexts("id IN (SELECT record FROM secrets WHERE public_id = ? AND public_id <> '')", q.PublicID)
	}
	if !q.Parent.IsZero() {
		f.and("parent = ?", uuid(q.Parent))
	}
	f.andText("owner", q.Owner)
	f.andText("keyspace", q.Keyspace)
	if q.InGrace {
		f.and("id IN (SELECT record FROM secrets WHERE grace)")
	}
	f.andFrom(&q)
	f.andTimes(q)
	if q.Endless {
		f.and("expires = 0")
	}
	if q.Sort == authority.Ending {
		f.and("expires <> 0")
	}
	if listing.Unended(&q) {
		f.and("expires > ?", q.At.UnixMilli())
	}
	if q.State != "" {
		// As Record.StateAt decides.
		f.and(`CASE WHEN revoked <> 0 THEN 'revoked' WHEN disabled THEN 'disabled'
			WHEN expires <> 0 AND expires <= ? THEN 'expired' WHEN not_before <> 0 AND not_before > ? THEN 'pending'
			ELSE 'active' END = ?`, q.At.UnixMilli(), q.At.UnixMilli(), string(q.State))
	}
	if q.Text != "" {
		// In the collation C lower knows ASCII alone. LIKE would have wildcards to escape.
		f.andTexts(`(strpos(lower(name), lower(?::text COLLATE "C")) > 0 OR strpos(lower(owner), lower(?::text COLLATE "C")) > 0)`, q.Text, q.Text)
	}
	return &f
}

func (f *filter) andTimes(q authority.Query) {
	if !q.CreatedSince.IsZero() {
		f.and("created >= ?", column.Millis(q.CreatedSince))
	}
	if !q.CreatedBefore.IsZero() {
		f.and("created < ?", column.Millis(q.CreatedBefore))
	}
	if !q.ExpiresBefore.IsZero() {
		f.and("expires <> 0 AND expires < ?", column.Millis(q.ExpiresBefore))
		if q.State == authority.StateActive {
			f.and("expires > ?", q.At.UnixMilli()) // so that an index passes over all that has ended long since
		}
	}
	if !q.RotatedBefore.IsZero() {
		f.and("rotated < ?", column.Millis(q.RotatedBefore))
	}
}

func keyspaceFilter(q authority.Query) *filter {
	var f filter
	f.andText("name", q.Keyspace)
	return &f
}

func answerFilter(q authority.Query) *filter {
	var f filter
	if !q.Answer.IsZero() {
		f.and("id = ?", q.Answer[:])
	}
	return &f
}

func ownerFilter(q authority.Query) *filter {
	var f filter
	f.andText("keyspace", q.Keyspace)
	f.andText("id", q.Owner)
	if q.After != "" {
		f.andTexts("id > ?", q.After)
	}
	return &f
}

func itemFilter(q authority.Query) *filter {
	var f filter
	f.andText("kind", q.Item)
	f.andText("name", q.Name)
	if q.After != "" {
		f.andTexts("name > ?", q.After)
	}
	return &f
}

func balanceFilter(q authority.Query) *filter {
	var f filter
	if q.Account != (authority.Account{}) {
		f.and("account = ?", uuid(q.Account))
	}
	f.andText("owner", q.Owner)
	f.andText("keyspace", q.Keyspace)
	if !q.NextBefore.IsZero() {
		f.and("next <> 0 AND next <= ?", column.Millis(q.NextBefore))
	}
	return &f
}

func ledgerFilter(q authority.Query) *filter {
	var f filter
	if q.Account != (authority.Account{}) {
		f.and("account = ?", uuid(q.Account))
	}
	if q.Below != 0 {
		f.and("sequence < ?", column.Clamp(q.Below))
	}
	return &f
}

func usageFilter(q authority.Query) *filter {
	var f filter
	if !q.ID.IsZero() {
		f.and("key = ?", uuid(q.ID))
	}
	if q.Totals {
		f.and("key = ?", uuid([16]byte{}))
	}
	f.andText("keyspace", q.Keyspace)
	if !q.Since.IsZero() {
		f.and("hour >= ?", column.Millis(q.Since))
	}
	if !q.Until.IsZero() {
		f.and("hour < ?", column.Millis(q.Until))
	}
	return &f
}

func useFilter(q authority.Query) *filter {
	var f filter
	if !q.ID.IsZero() {
		f.and("key = ?", uuid(q.ID))
	}
	return &f
}

func meterFilter(q authority.Query) *filter {
	var f filter
	if q.Meter != [24]byte{} {
		f.and("id = ?", q.Meter[:])
	}
	return &f
}

// eventFilter includes Since and not Until.
func eventFilter(q authority.EventQuery) *filter {
	var f filter
	if q.After != 0 {
		f.and("sequence > ?", column.Clamp(q.After))
	}
	if q.Before != 0 {
		f.and("sequence < ?", column.Clamp(q.Before))
	}
	f.andText("target", q.Target)
	f.andText("keyspace", q.Keyspace)
	f.andText("actor", q.Actor)
	f.andText("verb", q.Verb)
	if !q.Since.IsZero() {
		f.and("time >= ?", q.Since.UnixMilli())
	}
	if !q.Until.IsZero() {
		f.and("time < ?", q.Until.UnixMilli())
	}
	return &f
}
