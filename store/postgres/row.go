// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
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

// A recordReader turns rows into records. If it has maps, it remembers scopes, terms and rules by their text in them:
// many records share few.
type recordReader struct {
	scopes map[string][]string
	terms  map[string]terms
	rules  map[string]authority.Rules

	read       int             // records, unreadable ones too
	last       keywright.KeyID // the id of the last of them
	unreadable int             // records passed over
	first      error           // why the first of them was
}

func newRememberingReader() *recordReader {
	return &recordReader{scopes: map[string][]string{}, terms: map[string]terms{}, rules: map[string]authority.Rules{}}
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

// each visits every record in turn, in the order of rows. The record is the reader's own and is overwritten by the
// next. A record that cannot be decoded is passed over and told by broken.
func (rr *recordReader) each(rows pgx.Rows, visit func(*authority.Record) error) error {
	defer rows.Close()
	var w row
	var r authority.Record
	var bad error
	begun := false
	finish := func() error {
		switch {
		case !begun:
			return nil
		case bad == nil:
			return visit(&r)
		case rr.first == nil:
			rr.first = bad
		}
		rr.unreadable++
		return nil
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
		Parent: w.parent.Bytes, NotBefore: fromMillis(w.notBefore), Expires: fromMillis(w.expires), Disabled: w.disabled,
		Revoked: fromMillis(w.revoked), Reason: w.reason, Created: fromMillis(w.created),
		Updated: fromMillis(w.updated), Version: w.version, Secrets: r.Secrets[:0],
	}
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
	if len(w.hash) != len(keywright.Hash{}) {
		return fmt.Errorf("record %s: a hash has %d bytes", r.ID, len(w.hash))
	}
	s := &w.secret
	r.Secrets = append(r.Secrets, authority.StoredSecret{
		Hash: keywright.Hash(w.hash), PublicID: s.publicID, Created: fromMillis(s.created), Expires: fromMillis(s.expires),
		Registered: s.registered, Pepper: s.pepper, Slow: s.slow, Grace: s.grace, Idle: time.Duration(s.idle),
	})
	return nil
}
