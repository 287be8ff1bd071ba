// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// A row is one of a record joined with one of its secrets, as lookup, list_records, scan and dump_records return it.
type row struct {
	id, parent                                    pgtype.UUID
	version                                       uint64
	keyspace, format, environment, owner          string
	scopes, terms, rules                          string
	notBefore, expires, revoked, created, updated int64
	disabled                                      bool
	name, reason, metadata                        string
	hash                                          []byte // nil: the record has no secret
	secret                                        secret
}

func (w *row) scan(rows pgx.Rows) error {
	s := &w.secret
	return rows.Scan(&w.id, &w.version, &w.keyspace, &w.format, &w.environment, &w.owner, &w.parent, &w.scopes, &w.terms,
		&w.rules, &w.notBefore, &w.expires, &w.disabled, &w.revoked, &w.created, &w.updated, &w.name, &w.reason,
		&w.metadata, &w.hash, &s.publicID, &s.created, &s.expires, &s.registered, &s.pepper, &s.slow, &s.grace, &s.idle)
}

// A recordReader turns rows into records.
type recordReader struct {
	memory     column.Memory
	unreadable column.Unreadable
	read       int             // records, unreadable ones too
	last       keywright.KeyID // the id of the last of them
}

// each visits every record in turn, in the order of rows. The record is the reader's own and is overwritten by the
// next. A record that cannot be decoded is passed over and told by unreadable.
func (rr *recordReader) each(rows pgx.Rows, visit func(*authority.Record) error) error {
	defer rows.Close()
	var w row
	var r authority.Record
	var bad error
	begun := false
	finish := func() error {
		if !begun || rr.unreadable.PassOver(bad) {
			return nil
		}
		return visit(&r)
	}
	for rows.Next() {
		if err := w.scan(rows); err != nil {
			return err
		}
		if !begun || w.id.Bytes != r.ID {
			if err := finish(); err != nil {
				return err
			}
			begun, bad = true, rr.decode(&w, &r)
			rr.read++
			rr.last = r.ID
		}
		if w.hash != nil && bad == nil {
			bad = addSecret(&w, &r)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return finish()
}

// decode fills r from w. The id is filled in any case, as it tells where the next record begins.
func (rr *recordReader) decode(w *row, r *authority.Record) error {
	*r = authority.Record{
		ID: w.id.Bytes, Keyspace: w.keyspace, Format: w.format, Environment: w.environment, Name: w.name, Owner: w.owner,
		Parent: w.parent.Bytes, NotBefore: column.FromMillis(w.notBefore), Expires: column.FromMillis(w.expires), Disabled: w.disabled,
		Revoked: column.FromMillis(w.revoked), Reason: w.reason, Created: column.FromMillis(w.created),
		Updated: column.FromMillis(w.updated), Version: w.version, Secrets: r.Secrets[:0],
	}
	if w.metadata != "" {
		r.Metadata = []byte(w.metadata)
	}
	return rr.memory.Decode(r, w.scopes, w.terms, w.rules)
}

func addSecret(w *row, r *authority.Record) error {
	if len(w.hash) != len(keywright.Hash{}) {
		return fmt.Errorf("record %s: a hash has %d bytes", r.ID, len(w.hash))
	}
	s := &w.secret
	r.Secrets = append(r.Secrets, authority.StoredSecret{
		Hash: keywright.Hash(w.hash), PublicID: s.publicID, Created: column.FromMillis(s.created), Expires: column.FromMillis(s.expires),
		Registered: s.registered, Pepper: s.pepper, Slow: s.slow, Grace: s.grace, Idle: time.Duration(s.idle),
	})
	return nil
}
