// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	_ "embed" // the statements
	"slices"
)

var (
	//go:embed queries/insert_record.sql
	insertRecordSQL string
	//go:embed queries/update_record.sql
	updateRecordSQL string
	//go:embed queries/secrets_of_record.sql
	secretsOfRecordSQL string
	//go:embed queries/delete_secrets.sql
	deleteSecretsSQL string
	//go:embed queries/insert_secret.sql
	insertSecretSQL string
	//go:embed queries/insert_keyspace.sql
	insertKeyspaceSQL string
	//go:embed queries/update_keyspace.sql
	updateKeyspaceSQL string
	//go:embed queries/keyspace_version.sql
	keyspaceVersionSQL string
	//go:embed queries/put_answer.sql
	putAnswerSQL string
	//go:embed queries/delete_expired_answers.sql
	deleteExpiredAnswersSQL string
	//go:embed queries/last_event.sql
	lastEventSQL string
	//go:embed queries/last_pruned.sql
	lastPrunedSQL string
	//go:embed queries/insert_event.sql
	insertEventSQL string
)

// putStatements are what is written by, compiled once on the writer's connection.
type putStatements struct {
	recordStatements
	accountStatements
	itemStatements
	tallyStatements
}

// A statement is one to be prepared.
type statement struct {
	prepared **sql.Stmt
	text     string
}

func (p *putStatements) prepare(ctx context.Context, db *sql.DB) error {
	all := slices.Concat(p.recordStatements.all(), p.accountStatements.all(), p.itemStatements.all(), p.tallyStatements.all())
	for _, s := range all {
		var err error
		if *s.prepared, err = prepare(ctx, db, s.text); err != nil {
			return err
		}
	}
	return nil
}

// recordStatements write records, keyspaces, answers and events.
type recordStatements struct {
	insertRecord, updateRecord, secretsOfRecord, deleteSecrets, insertSecret, insertKeyspace, updateKeyspace, keyspaceVersion, putAnswer, deleteExpiredAnswers, lastEvent, lastPruned, insertEvent *sql.Stmt
}

func (s *recordStatements) all() []statement {
	return []statement{
		{&s.insertRecord, insertRecordSQL},
		{&s.updateRecord, updateRecordSQL},
		{&s.secretsOfRecord, secretsOfRecordSQL},
		{&s.deleteSecrets, deleteSecretsSQL},
		{&s.insertSecret, insertSecretSQL},
		{&s.insertKeyspace, insertKeyspaceSQL},
		{&s.updateKeyspace, updateKeyspaceSQL},
		{&s.keyspaceVersion, keyspaceVersionSQL},
		{&s.putAnswer, putAnswerSQL},
		{&s.deleteExpiredAnswers, deleteExpiredAnswersSQL},
		{&s.lastEvent, lastEventSQL},
		{&s.lastPruned, lastPrunedSQL},
		{&s.insertEvent, insertEventSQL},
	}
}
