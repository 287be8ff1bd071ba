// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

var errVersion = errors.New("cannot put version 0: the first is 1")

var recordColumns = []string{
	"id", "version", "keyspace", "format", "environment", "owner", "parent", "scopes", "terms", "rules", "not_before",
	"expires", "disabled", "revoked", "created", "updated", "rotated", "name", "reason", "metadata",
}

var secretColumns = []string{
	"record", "position", "keyspace", "hash", "public_id", "created", "expires", "registered", "pepper", "slow", "grace", "idle",
}

// freshRecords are new records that wait to go to the server together.
type freshRecords struct{ records, secrets [][]any }

// putRecord gathers new records. An update goes behind them, as it may take what they have or be of one of them.
func (t *transaction) putRecord(r *authority.Record) error {
	if err := checkVersion(r.Version); err != nil {
		return err
	}
	row, err := recordRow(r)
	if err != nil {
		return fmt.Errorf("record %s: %w", r.ID, err)
	}
	secrets, err := secretsOf(r)
	if err != nil {
		return fmt.Errorf("record %s: %w", r.ID, err)
	}
	if r.Version == 1 {
		t.fresh.records = append(t.fresh.records, row)
		t.fresh.add(r.ID, secrets)
		t.secrets[r.ID] = secrets
		return nil
	}
	if err := t.sendFresh(); err != nil {
		return err
	}
	t.must("version", updateRecordSQL, row...)
	// Most updates leave the secrets alone, and to write them would cost two random pages each.
	if slices.Equal(secrets, t.secrets[r.ID]) {
		return nil
	}
	t.secrets[r.ID] = secrets
	t.queue(deleteSecretsSQL, uuid(r.ID))
	for i, s := range secrets {
		t.queue(insertSecretSQL, s.row(r.ID, i)...)
	}
	return nil
}

// checkVersion refuses what no put can have.
func checkVersion(version uint64) error {
	switch {
	case version == 0:
		return errVersion
	case version > math.MaxInt64:
		return &authority.ConflictError{What: "version"} // the store has none that is so high
	}
	return nil
}

func (f *freshRecords) add(id keywright.KeyID, secrets []secret) {
	for i, s := range secrets {
		f.secrets = append(f.secrets, s.row(id, i))
	}
}

// sendFresh queues the new records that have been gathered, or copies them if they are many.
func (t *transaction) sendFresh() error {
	f := t.fresh
	t.fresh = freshRecords{}
	if err := t.insertMany("records", recordColumns, insertRecordSQL, f.records); err != nil {
		return err
	}
	return t.insertMany("secrets", secretColumns, insertSecretSQL, f.secrets)
}

// copy writes rows by COPY.
func (t *transaction) copy(table string, columns []string, rows [][]any) error {
	_, err := t.tx.CopyFrom(t.ctx, pgx.Identifier{table}, columns, pgx.CopyFromRows(rows))
	return err
}

// recordRow are the values of recordColumns.
func recordRow(r *authority.Record) ([]any, error) {
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
	var rotated any // NULL is none
	if len(r.Secrets) > 0 {
		rotated = column.Millis(r.Secrets[0].Created)
	}
	return []any{
		uuid(r.ID), int64(r.Version), r.Keyspace, r.Format, r.Environment, r.Owner, orNull(r.Parent), scopes, terms, rules,
		column.Millis(r.NotBefore), column.Millis(r.Expires), r.Disabled, column.Millis(r.Revoked), column.Millis(r.Created), column.Millis(r.Updated),
		rotated, r.Name, r.Reason, string(r.Metadata),
	}, nil
}

// A secret is a row of secrets, but for its record and position.
type secret struct {
	keyspace         string
	hash             keywright.Hash
	publicID         string
	created, expires int64
	registered       bool
	pepper, slow     string
	grace            bool
	idle             int64
}

func secretsOf(r *authority.Record) ([]secret, error) {
	secrets := make([]secret, len(r.Secrets))
	for i, s := range r.Secrets {
		if err := column.CheckTexts("public id", s.PublicID, "pepper", s.Pepper, "slow", s.Slow); err != nil {
			return nil, err
		}
		secrets[i] = secret{
			r.Keyspace, s.Hash, s.PublicID, column.Millis(s.Created), column.Millis(s.Expires), s.Registered, s.Pepper, s.Slow, s.Grace,
			int64(s.Idle),
		}
	}
	return secrets, nil
}

// row are the values of secretColumns.
func (s *secret) row(record keywright.KeyID, position int) []any {
	return []any{
		uuid(record), position, s.keyspace, s.hash[:], s.publicID, s.created, s.expires, s.registered, s.pepper, s.slow,
		s.grace, s.idle,
	}
}
