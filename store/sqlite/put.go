// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"database/sql"
	"fmt"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// insertOrUpdate writes a put of version 1 as a new row and any other over the version before.
func (t *transaction) insertOrUpdate(insert, update *sql.Stmt, version uint64, args ...any) error {
	switch version {
	case 0:
		return fmt.Errorf("cannot put version 0: the first is 1")
	case 1:
		_, err := t.exec(insert, args...)
		return err
	}
	n, err := t.exec(update, args...)
	if err == nil && n == 0 {
		return &authority.ConflictError{What: "version"}
	}
	return err
}

func (t *transaction) putRecord(r *authority.Record) error {
	args, err := recordArgs(r)
	if err != nil {
		return fmt.Errorf("record %s: %w", r.ID, err)
	}
	if err := t.insertOrUpdate(t.put.insertRecord, t.put.updateRecord, r.Version, args...); err != nil {
		return err
	}
	if r.Version > 1 {
		// Most updates leave the secrets alone, and to write them would cost two random pages each.
		same, err := t.hasSecrets(r)
		if same || err != nil {
			return err
		}
		if _, err := t.exec(t.put.deleteSecrets, r.ID[:]); err != nil {
			return err
		}
	}
	return t.insertSecrets(r)
}

func (t *transaction) insertSecrets(r *authority.Record) error {
	for i := range r.Secrets {
		args, err := secretArgs(r, i)
		if err != nil {
			return err
		}
		if _, err := t.exec(t.put.insertSecret, args...); err != nil {
			return err
		}
	}
	return nil
}

// secretArgs are the values of insert_secret.
func secretArgs(r *authority.Record, i int) ([]any, error) {
	s := &r.Secrets[i]
	if err := column.CheckTexts("public id", s.PublicID, "pepper", s.Pepper, "slow", s.Slow); err != nil {
		return nil, fmt.Errorf("record %s: %w", r.ID, err)
	}
	return []any{
		r.ID[:], i, r.Keyspace, s.Hash[:], s.PublicID, column.Millis(s.Created), column.Millis(s.Expires), s.Registered, s.Pepper, s.Slow,
		s.Grace, int64(s.Idle),
	}, nil
}

// recordArgs are the values of insert_record and update_record.
func recordArgs(r *authority.Record) ([]any, error) {
	err := column.CheckTexts("keyspace", r.Keyspace, "format", r.Format, "environment", r.Environment, "owner", r.Owner,
		"name", r.Name, "reason", r.Reason, "metadata", string(r.Metadata))
	if err != nil {
		return nil, err
	}
	scopes, err := column.List("scopes", r.Scopes)
	if err != nil {
		return nil, err
	}
	terms, err := column.Terms(r)
	if err != nil {
		return nil, err
	}
	rules, err := column.Rules(r.Rules)
	if err != nil {
		return nil, err
	}
	var parent, rotated any // NULL is none
	if !r.Parent.IsZero() {
		parent = r.Parent[:]
	}
	if len(r.Secrets) > 0 {
		rotated = column.Millis(r.Secrets[0].Created)
	}
	return []any{
		r.ID[:], r.Version, r.Keyspace, r.Format, r.Environment, r.Owner, parent, scopes, terms, rules,
		column.Millis(r.NotBefore), column.Millis(r.Expires), r.Disabled, column.Millis(r.Revoked), column.Millis(r.Created), column.Millis(r.Updated),
		rotated, r.Name, r.Reason, string(r.Metadata),
	}, nil
}

// hasSecrets reports whether the store holds the secrets of r just as they are in r.
func (t *transaction) hasSecrets(r *authority.Record) (bool, error) {
	rows, err := t.statement(t.put.secretsOfRecord).Query(r.ID[:])
	if err != nil {
		return false, err
	}
	defer rows.Close()
	n, same := 0, true
	for ; rows.Next(); n++ {
		var keyspace, publicID, pepper, slow string
		var hash sql.RawBytes
		var created, expires, idle int64
		var registered, grace bool
		err := rows.Scan(&keyspace, &hash, &publicID, &created, &expires, &registered, &pepper, &slow, &grace, &idle)
		if err != nil {
			return false, err
		}
		if n >= len(r.Secrets) {
			return false, nil
		}
		s := &r.Secrets[n]
		same = same && keyspace == r.Keyspace && bytes.Equal(hash, s.Hash[:]) && publicID == s.PublicID &&
			created == column.Millis(s.Created) && expires == column.Millis(s.Expires) && registered == s.Registered &&
			pepper == s.Pepper && slow == s.Slow && grace == s.Grace && idle == int64(s.Idle)
	}
	return same && n == len(r.Secrets), rows.Err()
}

func (t *transaction) putKeyspace(k *authority.Keyspace) error {
	args, err := keyspaceArgs(k)
	if err != nil {
		return err
	}
	return t.insertOrUpdate(t.put.insertKeyspace, t.put.updateKeyspace, k.Version, args...)
}

// keyspaceArgs are the values of insert_keyspace and update_keyspace.
func keyspaceArgs(k *authority.Keyspace) ([]any, error) {
	if err := column.CheckText("name", k.Name); err != nil {
		return nil, fmt.Errorf("keyspace: %w", err)
	}
	formats, err := column.JSON(k.Formats)
	if err != nil {
		return nil, fmt.Errorf("keyspace %s: formats: %w", k.Name, err)
	}
	environments, err := column.List("environments", k.Environments)
	if err != nil {
		return nil, fmt.Errorf("keyspace %s: %w", k.Name, err)
	}
	policy, err := column.JSON(k.Policy)
	if err != nil {
		return nil, fmt.Errorf("keyspace %s: policy: %w", k.Name, err)
	}
	return []any{k.Name, k.Version, formats, environments, policy, column.Millis(k.Created), column.Millis(k.Updated)}, nil
}

func (t *transaction) putAnswer(a *authority.Answer) error {
	n, err := t.exec(t.put.putAnswer, answerArgs(a)...)
	if err != nil {
		return err
	}
	if n == 0 {
		return &authority.ConflictError{What: "answer"}
	}
	_, err = t.exec(t.put.deleteExpiredAnswers, column.Millis(a.Created))
	return err
}

// answerArgs are the values of put_answer.
func answerArgs(a *authority.Answer) []any {
	return []any{a.ID[:], a.Request[:], a.Record[:], column.Millis(a.Created), column.Millis(a.Expires)}
}

func (t *transaction) insertEvent(e *authority.Event) error {
	args, err := eventArgs(e)
	if err == nil {
		_, err = t.exec(t.put.insertEvent, args...)
	}
	return err
}

// eventArgs are the values of insert_event.
func eventArgs(e *authority.Event) ([]any, error) {
	err := column.CheckTexts("actor", e.Actor, "verb", e.Verb, "target", e.Target, "keyspace", e.Keyspace, "request", e.Request)
	if err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	changes, err := column.List("changes", e.Changes)
	if err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	personal, err := column.Personal(e.Personal)
	if err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	return []any{
		e.Sequence, e.Time.UnixMilli(), e.Actor, e.Verb, e.Target, e.Keyspace, e.Request, changes, personal, e.Previous[:],
		e.Hash[:],
	}, nil
}
