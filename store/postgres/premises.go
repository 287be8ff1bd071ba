// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
	"github.com/keywright/keywright/store/internal/ledger"
)

// premises are what the store holds of the things that a change touches, read in one round trip behind the lock of
// the head: nobody else writes until the end of the transaction. They are kept up as the puts go by.
type premises struct {
	head     head
	versions map[string]uint64            // of keyspaces
	secrets  map[keywright.KeyID][]secret // of records that are updated
	balances ledger.Accounts              // of moves
	personal map[uint64]string            // of events that are erased
}

func (t *transaction) readPremises(c authority.Change) error {
	t.queue(lockHeadSQL).QueryRow(func(row pgx.Row) error {
		var epoch int64
		var hash []byte
		if err := row.Scan(&epoch, &t.head.sequence, &hash); err != nil {
			return err
		}
		copy(t.head.hash[:], hash)
		return t.checkEpoch(epoch)
	})
	var keyspaces []string
	for _, b := range c.Based {
		if err := column.CheckText("keyspace", b.Keyspace); err != nil {
			return err
		}
		keyspaces = append(keyspaces, b.Keyspace)
	}
	var records, accounts []pgtype.UUID
	var events []int64
	for _, p := range c.Puts {
		switch p := p.(type) {
		case *authority.Record:
			if p.Version > 1 {
				records = append(records, uuid(p.ID))
			}
		case *authority.Move:
			accounts = append(accounts, uuid(p.Account))
		case *authority.Erasure:
			events = append(events, column.Clamp(p.Sequence))
		}
	}
	t.readVersions(keyspaces)
	t.readSecrets(records)
	t.readBalances(accounts)
	t.readPersonal(events)
	return t.flush()
}

func (t *transaction) readVersions(keyspaces []string) {
	t.versions = map[string]uint64{}
	if len(keyspaces) == 0 {
		return
	}
	t.queue(keyspaceVersionsSQL, keyspaces).Query(func(rows pgx.Rows) error {
		var name string
		var version uint64
		_, err := pgx.ForEachRow(rows, []any{&name, &version}, func() error {
			t.versions[name] = version
			return nil
		})
		return err
	})
}

func (t *transaction) readSecrets(records []pgtype.UUID) {
	t.secrets = map[keywright.KeyID][]secret{}
	if len(records) == 0 {
		return
	}
	t.queue(secretsOfRecordsSQL, records).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var record pgtype.UUID
			var position int
			var hash []byte
			var s secret
			err := rows.Scan(&record, &position, &s.keyspace, &hash, &s.publicID, &s.created, &s.expires, &s.registered,
				&s.pepper, &s.slow, &s.grace, &s.idle)
			if err != nil {
				return err
			}
			copy(s.hash[:], hash)
			t.secrets[record.Bytes] = append(t.secrets[record.Bytes], s)
		}
		return rows.Err()
	})
}

// readBalances locks the accounts against spends, in their order.
func (t *transaction) readBalances(accounts []pgtype.UUID) {
	t.balances = make(ledger.Accounts, len(accounts))
	for _, a := range accounts {
		t.balances.Add(a.Bytes)
	}
	if len(accounts) == 0 {
		return
	}
	t.queue(lockBalancesSQL, accounts).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			b, err := decodeBalance(rows)
			if err != nil {
				return err
			}
			t.balances.Found(b)
		}
		return rows.Err()
	})
}

func (t *transaction) readPersonal(events []int64) {
	t.personal = map[uint64]string{}
	if len(events) == 0 {
		return
	}
	t.queue(personalOfEventsSQL, events).Query(func(rows pgx.Rows) error {
		var sequence uint64
		var text string
		_, err := pgx.ForEachRow(rows, []any{&sequence, &text}, func() error {
			t.personal[sequence] = text
			return nil
		})
		if err != nil {
			return fmt.Errorf("personal fields: %w", err)
		}
		return nil
	})
}
