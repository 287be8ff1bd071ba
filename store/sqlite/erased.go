// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/keywright/keywright/store/internal/column"
)

const (
	// What was erased is gone from the database file at once, as its bytes are zeroed. secure_delete=FAST would leave the
	// pages that became free as they were: all of a large value, and most of what was pruned.
	secureDelete = "secure_delete(1)"

	// So many events behind those that are pruned may be moved by that to other pages: there are at most 50 on a page, and
	// those of three pages are moved at once.
	movedEvents = 256

	// The log holds older pages until it is cut, and a reader that reads from it keeps that from being done: it is waited
	// for this long, in milliseconds, and then the log is cut after one of the next writes.
	cutWait   = 100
	writesCut = 64
)

// An oldLog says whether the log beside the database still holds what was erased. The one writer has it.
type oldLog struct {
	holds  bool
	writes int // since the log was to be cut
}

// cutLog folds the log into the database and empties it, if it holds something that was erased. What the change did is on
// the disk already, so a failure is no failure of the change: it is tried again later, and at the latest Close does it.
func (s *Store) cutLog() {
	if !s.old.holds || s.read == s.write { // there is no log in memory
		return
	}
	if s.old.writes++; s.old.writes%writesCut != 1 {
		return
	}
	if err := cut(s.write); err == nil {
		s.old = oldLog{}
	}
}

var errInUse = errors.New("the log is being read")

func cut(db *sql.DB) error {
	ctx := context.Background()
	if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", cutWait)); err != nil {
		return err
	}
	var busy, pages, folded int
	err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(truncate)").Scan(&busy, &pages, &folded)
	if err == nil && busy != 0 {
		err = errInUse
	}
	_, restored := db.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", busyWait))
	return errors.Join(err, restored)
}

// deleteEvents deletes the events up to one, so that neither their text nor that of the events behind them stays where it
// lay before pages were merged: what SQLite moves is then blank.
func (t *transaction) deleteEvents(sequence uint64) error {
	behind, err := t.personalBehind(sequence)
	if err != nil {
		return err
	}
	for _, p := range behind {
		if _, err := t.exec(t.put.updatePersonal, p.sequence, strings.Repeat(" ", len(p.text))); err != nil {
			return err
		}
	}
	if _, err := t.exec(t.put.blankEvents, sequence); err != nil {
		return err
	}
	if _, err := t.exec(t.put.deleteEvents, sequence); err != nil {
		return err
	}
	for _, p := range behind {
		if _, err := t.exec(t.put.updatePersonal, p.sequence, p.text); err != nil {
			return err
		}
	}
	return nil
}

// personalText is the personal fields of an event as they are stored.
type personalText struct {
	sequence uint64
	text     string
}

// personalBehind reads those of the first events behind one.
func (t *transaction) personalBehind(sequence uint64) (list []personalText, err error) {
	rows, err := t.statement(t.put.personalBehind).Query(column.Clamp(sequence), movedEvents)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p personalText
		if err := rows.Scan(&p.sequence, &p.text); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, rows.Err()
}
