// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

func (t *transaction) putCheckpoint(c *authority.Checkpoint) error {
	_, err := t.exec(t.put.insertCheckpoint, c.Sequence, c.Hash[:], column.Millis(c.Time), column.Bytes(c.Signer), column.Bytes(c.Signature), c.Pruned)
	return err
}

// prune deletes the events up to a checkpoint.
func (t *transaction) prune(p *authority.Prune) error {
	var there int
	if err := t.statement(t.put.prunable).QueryRow(column.Clamp(p.Sequence)).Scan(&there); err != nil {
		return err
	}
	if there == 0 {
		return &authority.ConflictError{What: "checkpoint"}
	}
	if err := t.deleteEvents(p.Sequence); err != nil {
		return err
	}
	t.erased = true
	_, err := t.exec(t.put.markPruned, p.Sequence)
	return err
}

// erase empties personal fields. An event that is gone has none.
func (t *transaction) erase(e *authority.Erasure) error {
	var text string
	err := t.statement(t.put.personalOfEvent).QueryRow(column.Clamp(e.Sequence)).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	shorter, err := column.Erase(text, e.Fields)
	if err != nil {
		return fmt.Errorf("event %d: personal: %w", e.Sequence, err)
	}
	t.erased = true
	// Of the same length, it is written over the old one, and nothing is moved.
	shorter += strings.Repeat(" ", max(0, len(text)-len(shorter)))
	_, err = t.exec(t.put.updatePersonal, e.Sequence, shorter)
	return err
}

func (s *Store) listCheckpoints(ctx context.Context, q authority.Query) ([]authority.Checkpoint, bool, error) {
	return listPage(ctx, s.read, new(filter), listCheckpointsSQL, q.Limit, decodeCheckpoint)
}

func decodeCheckpoint(rows *sql.Rows) (c authority.Checkpoint, err error) {
	var hash sql.RawBytes
	var ms int64
	err = rows.Scan(&c.Sequence, &hash, &ms, &c.Signer, &c.Signature, &c.Pruned)
	copy(c.Hash[:], hash)
	c.Time = column.FromMillis(ms)
	return c, err
}
