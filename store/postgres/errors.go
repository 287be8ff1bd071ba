// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/keywright/keywright/authority"
)

// conflicts are what a change met, by the constraint that refused it.
var conflicts = map[string]string{
	"records_id":               "id",
	"secrets_hash":             "hash",
	"secrets_public_id":        "public_id",
	"keyspaces_name":           "keyspace",
	"owners_id":                "version",
	"items_name":               "version",
	"checkpoints_sequence":     "checkpoint",
	"balances_remaining_check": "balance",
}

// asConflict says what a change met if a constraint refused it.
func asConflict(err error) error {
	var said *pgconn.PgError
	if errors.As(err, &said) && strings.HasPrefix(said.Code, "23") && conflicts[said.ConstraintName] != "" {
		return &authority.ConflictError{What: conflicts[said.ConstraintName]}
	}
	return err
}

// asFull says so if the server has no room: its disk is full, or the quota of a tablespace or project is.
func asFull(err error) error {
	var said *pgconn.PgError
	if errors.As(err, &said) && (said.Code == "53100" || said.Code == "53400") {
		return errors.Join(authority.ErrFull, err)
	}
	return err
}

// plain replaces the driver's words on a connection that cannot be made.
func plain(ctx context.Context, err error) error {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return connectError(ctx, err)
	}
	return err
}

// readError adds where it was; ErrNotFound is an answer and stays as it is.
func (s *Store) readError(ctx context.Context, err error) error {
	if err == authority.ErrNotFound {
		return err
	}
	return fmt.Errorf("cannot read the store in %s: %w", s.where, plain(ctx, err))
}

// writeError adds where it was.
func (s *Store) writeError(err error) error {
	return fmt.Errorf("cannot write to the store in %s: %w", s.where, asFull(err))
}
