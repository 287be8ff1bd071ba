// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"database/sql"
	_ "embed" // the statements
)

var (
	//go:embed queries/insert_item.sql
	insertItemSQL string
	//go:embed queries/update_item.sql
	updateItemSQL string
	//go:embed queries/delete_item.sql
	deleteItemSQL string
	//go:embed queries/insert_checkpoint.sql
	insertCheckpointSQL string
	//go:embed queries/prunable.sql
	prunableSQL string
	//go:embed queries/blank_events.sql
	blankEventsSQL string
	//go:embed queries/personal_behind.sql
	personalBehindSQL string
	//go:embed queries/delete_events.sql
	deleteEventsSQL string
	//go:embed queries/mark_pruned.sql
	markPrunedSQL string
	//go:embed queries/personal_of_event.sql
	personalOfEventSQL string
	//go:embed queries/update_personal.sql
	updatePersonalSQL string
)

// itemStatements write items and checkpoints, and take from events what may be taken.
type itemStatements struct {
	insertItem, updateItem, deleteItem, insertCheckpoint, prunable, blankEvents, personalBehind, deleteEvents, markPruned, personalOfEvent, updatePersonal *sql.Stmt
}

func (s *itemStatements) all() []statement {
	return []statement{
		{&s.insertItem, insertItemSQL},
		{&s.updateItem, updateItemSQL},
		{&s.deleteItem, deleteItemSQL},
		{&s.insertCheckpoint, insertCheckpointSQL},
		{&s.prunable, prunableSQL},
		{&s.blankEvents, blankEventsSQL},
		{&s.personalBehind, personalBehindSQL},
		{&s.deleteEvents, deleteEventsSQL},
		{&s.markPruned, markPrunedSQL},
		{&s.personalOfEvent, personalOfEventSQL},
		{&s.updatePersonal, updatePersonalSQL},
	}
}
