// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
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

// A recordReader turns rows into records. If it has maps, it remembers scopes, terms and rules by their text in them: many
// records share few.
type recordReader struct {
	scopes map[string][]string
	terms  map[string]terms
	rules  map[string]authority.Rules

	unreadable int   // records passed over
	first      error // why the first of them was
}

// remembered bounds each map of a reader.
const remembered = 1 << 14

// broken names the records that were passed over.
func (rr *recordReader) broken() error {
	switch rr.unreadable {
	case 0:
		return nil
	case 1:
		return rr.first
	}
	return fmt.Errorf("%d records cannot be read, the first: %w", rr.unreadable, rr.first)
}

// passOver notes that a record is passed over, if there is a reason.
func (rr *recordReader) passOver(bad error) bool {
	if bad == nil {
		return false
	}
	rr.unreadable++
	if rr.first == nil {
		rr.first = bad
	}
	return true
}

// read calls each with every record in turn, in the order of rows. The record is the reader's own and is overwritten
// by the next. A record that cannot be decoded is passed over and told by broken.
func (rr *recordReader) read(rows *sql.Rows, each func(*authority.Record) error) error {
	defer rows.Close()
	var w row
	columns := slices.Concat(w.judged(), w.told(), w.secret())
	var r authority.Record
	var bad error
	begun := false
	finish := func() error {
		if !begun || rr.passOver(bad) {
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
		NotBefore: fromMillis(w.notBefore), Expires: fromMillis(w.expires), Disabled: w.disabled,
		Revoked: fromMillis(w.revoked), Reason: w.reason, Created: fromMillis(w.created),
		Updated: fromMillis(w.updated), Version: w.version, Secrets: r.Secrets[:0],
	}
	copy(r.ID[:], w.id)
	copy(r.Parent[:], w.parent)
	if w.metadata != "" {
		r.Metadata = []byte(w.metadata)
	}
	var err error
	if r.Scopes, err = recall(rr.scopes, w.scopes); err != nil {
		return fmt.Errorf("record %s: scopes: %w", r.ID, err)
	}
	t, err := recall(rr.terms, w.terms)
	if err != nil {
		return fmt.Errorf("record %s: terms: %w", r.ID, err)
	}
	r.Roles, r.Limits, r.Credits = t.Roles, t.Limits, t.Credits
	if r.Rules, err = recall(rr.rules, w.rules); err != nil {
		return fmt.Errorf("record %s: rules: %w", r.ID, err)
	}
	return nil
}

// recall decodes a text, or remembers it.
func recall[T any](memory map[string]T, text string) (v T, err error) {
	if text == "" {
		return v, nil
	}
	if v, ok := memory[text]; ok {
		return v, nil
	}
	if err := decodeJSON(text, &v); err != nil {
		return v, err
	}
	if memory != nil {
		if len(memory) >= remembered {
			clear(memory)
		}
		memory[text] = v
	}
	return v, nil
}

func addSecret(w *row, r *authority.Record) error {
	s := authority.StoredSecret{
		PublicID: w.publicID, Created: fromMillis(w.secretCreated), Expires: fromMillis(w.secretExpires),
		Registered: w.registered, Pepper: w.pepper, Slow: w.slow, Grace: w.grace, Idle: time.Duration(w.idle),
	}
	if len(w.hash) != len(keywright.Hash{}) {
		return fmt.Errorf("record %s: a hash has %d bytes", r.ID, len(w.hash))
	}
	copy(s.Hash[:], w.hash)
	r.Secrets = append(r.Secrets, s)
	return nil
}
