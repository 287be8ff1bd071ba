// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/keywright/keywright/authority"
	"github.com/keywright/keywright/store/internal/column"
)

// Dump visits everything as it was at one moment, by one snapshot of the server. Writes go on meanwhile. Kinds come in
// the order that authority.Archiver says, records by id, all else as List has it, the ledger from old to new.
//
// A record that cannot be read is passed over; the error, after all else has been visited, names it.
func (s *Store) Dump(ctx context.Context, visit func(any) error) error {
	if err := s.hold.check(); err != nil {
		return s.readError(ctx, err)
	}
	tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return s.readError(ctx, err)
	}
	var visited error // an error of the visitor is its own
	err = dump(ctx, tx, func(v any) error { visited = visit(v); return visited })
	undoing, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoWithin)
	defer cancel()
	_ = tx.Rollback(undoing) // it has only read
	if err != nil && visited == nil {
		return s.readError(ctx, err)
	}
	return visited
}

func dump(ctx context.Context, tx pgx.Tx, visit func(any) error) error {
	reader := &recordReader{memory: column.NewMemory()}
	for _, kind := range []func() error{
		func() error { return dumpKind(ctx, tx, listKeyspacesSQL, decodeKeyspace, visit) },
		func() error { return dumpKind(ctx, tx, listOwnersSQL, decodeOwner, visit) },
		func() error { return dumpRecords(ctx, tx, reader, visit) },
		func() error { return dumpKind(ctx, tx, listBalancesSQL, decodeBalance, visit) },
		func() error { return dumpKind(ctx, tx, directed(listLedgerSQL, false), decodeEntry, visit) },
		func() error { return dumpKind(ctx, tx, listAnswersSQL, decodeAnswer, visit) },
		func() error { return dumpKind(ctx, tx, listItemsSQL, decodeItem, visit) },
		func() error { return dumpKind(ctx, tx, listCheckpointsSQL, decodeCheckpoint, visit) },
		func() error { return dumpKind(ctx, tx, listUsageSQL, decodeUsage, visit) },
		func() error { return dumpKind(ctx, tx, listUsesSQL, decodeUse, visit) },
		func() error { return dumpKind(ctx, tx, listMetersSQL, decodeMeter, visit) },
		func() error { return dumpKind(ctx, tx, directed(listEventsSQL, false), decodeEvent, visit) },
	} {
		if err := kind(); err != nil {
			return err
		}
	}
	return reader.unreadable.Err()
}

func dumpKind[T any](ctx context.Context, tx pgx.Tx, text string, decode func(pgx.Rows) (T, error), visit func(any) error) error {
	return each(ctx, tx, new(filter), text, 0, decode, func(v *T) error { return visit(v) })
}

func dumpRecords(ctx context.Context, tx pgx.Tx, reader *recordReader, visit func(any) error) error {
	rows, err := tx.Query(ctx, dumpRecordsSQL)
	if err != nil {
		return err
	}
	return reader.each(rows, func(r *authority.Record) error { return visit(r) })
}
