// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// A row is one of a record joined with one of its secrets, as lookup and list_records return it; a scan reads the two
// beside each other.
type row struct {
	id, parent, hash                              sql.RawBytes
	version                                       uint64
	keyspace, format, environment, owner          string
	scopes, terms, rules                          string
	notBefore, expires, revoked, created, updated int64
	disabled                                      bool
	name, reason, metadata                        string
	publicID                                      string
	secretCreated, secretExpires                  int64
	registered, grace                             bool
	pepper, slow                                  string
	idle                                          int64

	alike string       // of a scan: keyspace, format, environment, scopes, terms and rules
	rare  sql.RawBytes // of a scan: pepper, slow, grace and idle, or nothing
}

// judged are the columns of a record that a verification may need.
func (w *row) judged() []any {
	return []any{
		&w.id, &w.version, &w.keyspace, &w.format, &w.environment, &w.owner, &w.parent, &w.scopes, &w.terms, &w.rules,
		&w.notBefore, &w.expires, &w.disabled, &w.revoked, &w.created, &w.updated,
	}
}

// told are the other columns of a record.
func (w *row) told() []any { return []any{&w.name, &w.reason, &w.metadata} }

// secret are the columns of a secret.
func (w *row) secret() []any {
	return []any{
		&w.hash, &w.publicID, &w.secretCreated, &w.secretExpires, &w.registered, &w.pepper, &w.slow, &w.grace, &w.idle,
	}
}

// A recordReader turns rows into records.
type recordReader struct {
	memory     column.Memory
	unreadable column.Unreadable
}

// read calls each with every record in turn, in the order of rows. The record is the reader's own and is overwritten
// by the next. A record that cannot be decoded is passed over and told by unreadable.
func (rr *recordReader) read(rows *sql.Rows, each func(*authority.Record) error) error {
	defer rows.Close()
	var w row
	columns := slices.Concat(w.judged(), w.told(), w.secret())
	var r authority.Record
	var bad error
	begun := false
	finish := func() error {
		if !begun || rr.unreadable.PassOver(bad) {
			return nil
		}
		return each(&r)
	}
	for rows.Next() {
		if err := rows.Scan(columns...); err != nil {
			return err
		}
		if !begun || string(w.id) != string(r.ID[:]) {
			if err := finish(); err != nil {
				return err
			}
			begun, bad = true, rr.decode(&w, &r)
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
		Keyspace: w.keyspace, Format: w.format, Environment: w.environment, Name: w.name, Owner: w.owner,
		NotBefore: column.FromMillis(w.notBefore), Expires: column.FromMillis(w.expires), Disabled: w.disabled,
		Revoked: column.FromMillis(w.revoked), Reason: w.reason, Created: column.FromMillis(w.created),
		Updated: column.FromMillis(w.updated), Version: w.version, Secrets: r.Secrets[:0],
	}
	copy(r.ID[:], w.id)
	copy(r.Parent[:], w.parent)
	if w.metadata != "" {
		r.Metadata = []byte(w.metadata)
	}
	return rr.memory.Decode(r, w.scopes, w.terms, w.rules)
}

func addSecret(w *row, r *authority.Record) error {
	s := authority.StoredSecret{
		PublicID: w.publicID, Created: column.FromMillis(w.secretCreated), Expires: column.FromMillis(w.secretExpires),
		Registered: w.registered, Pepper: w.pepper, Slow: w.slow, Grace: w.grace, Idle: time.Duration(w.idle),
	}
	if len(w.hash) != len(keywright.Hash{}) {
		return fmt.Errorf("record %s: a hash has %d bytes", r.ID, len(w.hash))
	}
	copy(s.Hash[:], w.hash)
	r.Secrets = append(r.Secrets, s)
	return nil
}
