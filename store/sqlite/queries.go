// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	_ "embed" // the statements
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
	//go:embed queries/insert_event.sql
	insertEventSQL string

	//go:embed queries/lookup.sql
	lookupSQL string
	//go:embed queries/list_records.sql
	listRecordsSQL string
	//go:embed queries/list_keyspaces.sql
	listKeyspacesSQL string
	//go:embed queries/list_answers.sql
	listAnswersSQL string
	//go:embed queries/list_events.sql
	listEventsSQL string
	//go:embed queries/scan_records.sql
	scanRecordsSQL string
	//go:embed queries/scan_secrets.sql
	scanSecretsSQL string
)

// putStatements are what a change is written by, compiled once on the writer's connection.
type putStatements struct {
	insertRecord, updateRecord                   *sql.Stmt
	secretsOfRecord, deleteSecrets, insertSecret *sql.Stmt
	insertKeyspace, updateKeyspace               *sql.Stmt
	keyspaceVersion                              *sql.Stmt
	putAnswer, deleteExpiredAnswers              *sql.Stmt
	lastEvent, insertEvent                       *sql.Stmt
}

func (p *putStatements) prepare(ctx context.Context, db *sql.DB) error {
	for _, s := range []struct {
		statement **sql.Stmt
		text      string
	}{
		{&p.insertRecord, insertRecordSQL},
		{&p.updateRecord, updateRecordSQL},
		{&p.secretsOfRecord, secretsOfRecordSQL},
		{&p.deleteSecrets, deleteSecretsSQL},
		{&p.insertSecret, insertSecretSQL},
		{&p.insertKeyspace, insertKeyspaceSQL},
		{&p.updateKeyspace, updateKeyspaceSQL},
		{&p.keyspaceVersion, keyspaceVersionSQL},
		{&p.putAnswer, putAnswerSQL},
		{&p.deleteExpiredAnswers, deleteExpiredAnswersSQL},
		{&p.lastEvent, lastEventSQL},
		{&p.insertEvent, insertEventSQL},
	} {
		var err error
		if *s.statement, err = prepare(ctx, db, s.text); err != nil {
			return err
		}
	}
	return nil
}
