// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/keywright/keywright/authority"
)

// asConflict says what a change met if a unique column refused it. SQLite names the columns in its message, and
// nothing of their values.
func asConflict(err error) error {
	var e *driver.Error
	if !errors.As(err, &e) || e.Code() != codes.SQLITE_CONSTRAINT_UNIQUE && e.Code() != codes.SQLITE_CONSTRAINT_PRIMARYKEY {
		return err
	}
	for column, what := range map[string]string{
		"records.id":        "id",
		"secrets.hash":      "hash",
		"secrets.public_id": "public_id",
		"keyspaces.name":    "keyspace",
		"owners.keyspace":   "version",
		"items.kind":        "version",
		"checkpoints.":      "checkpoint",
	} {
		if strings.Contains(e.Error(), column) {
			return &authority.ConflictError{What: what}
		}
	}
	return err
}

// asFull says so if the disk has no room.
func asFull(err error) error {
	var e *driver.Error
	if errors.As(err, &e) && e.Code()&0xff == codes.SQLITE_FULL || errors.Is(err, syscall.ENOSPC) {
		return errors.Join(authority.ErrFull, err)
	}
	return err
}

// asReadOnly says what to do if a file cannot be written to.
func asReadOnly(err error) error {
	var e *driver.Error
	if errors.As(err, &e) && e.Code()&0xff == codes.SQLITE_READONLY {
		return fmt.Errorf("its file cannot be written to, look at its owner and mode: %w", err)
	}
	return err
}
