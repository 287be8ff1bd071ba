// SPDX-License-Identifier: Apache-2.0

package postgres

import _ "embed" // the statements

// What a change is written by.
var (
	//go:embed queries/lock_head.sql
	lockHeadSQL string
	//go:embed queries/keyspace_versions.sql
	keyspaceVersionsSQL string
	//go:embed queries/secrets_of_records.sql
	secretsOfRecordsSQL string
	//go:embed queries/lock_balances.sql
	lockBalancesSQL string
	//go:embed queries/personal_of_events.sql
	personalOfEventsSQL string
	//go:embed queries/insert_record.sql
	insertRecordSQL string
	//go:embed queries/update_record.sql
	updateRecordSQL string
	//go:embed queries/delete_secrets.sql
	deleteSecretsSQL string
	//go:embed queries/insert_secret.sql
	insertSecretSQL string
	//go:embed queries/insert_keyspace.sql
	insertKeyspaceSQL string
	//go:embed queries/update_keyspace.sql
	updateKeyspaceSQL string
	//go:embed queries/insert_owner.sql
	insertOwnerSQL string
	//go:embed queries/update_owner.sql
	updateOwnerSQL string
	//go:embed queries/delete_owner.sql
	deleteOwnerSQL string
	//go:embed queries/insert_item.sql
	insertItemSQL string
	//go:embed queries/update_item.sql
	updateItemSQL string
	//go:embed queries/delete_item.sql
	deleteItemSQL string
	//go:embed queries/put_answer.sql
	putAnswerSQL string
	//go:embed queries/delete_expired_answers.sql
	deleteExpiredAnswersSQL string
	//go:embed queries/put_balance.sql
	putBalanceSQL string
	//go:embed queries/insert_entry.sql
	insertEntrySQL string
	//go:embed queries/insert_checkpoint.sql
	insertCheckpointSQL string
	//go:embed queries/prune.sql
	pruneSQL string
	//go:embed queries/update_personal.sql
	updatePersonalSQL string
	//go:embed queries/insert_event.sql
	insertEventSQL string
	//go:embed queries/move_head.sql
	moveHeadSQL string
)

// Spends and counts.
var (
	//go:embed queries/compare_epoch.sql
	compareEpochSQL string
	//go:embed queries/spend_balances.sql
	spendBalancesSQL string
	//go:embed queries/spend_entries.sql
	spendEntriesSQL string
	//go:embed queries/add_usage.sql
	addUsageSQL string
	//go:embed queries/put_uses.sql
	putUsesSQL string
	//go:embed queries/put_meters.sql
	putMetersSQL string
	//go:embed queries/forget_usage.sql
	forgetUsageSQL string
	//go:embed queries/forget_meters.sql
	forgetMetersSQL string
)

// Reads.
var (
	//go:embed queries/lookup.sql
	lookupSQL string
	//go:embed queries/scan.sql
	scanSQL string
	//go:embed queries/list_records.sql
	listRecordsSQL string
	//go:embed queries/list_keyspaces.sql
	listKeyspacesSQL string
	//go:embed queries/list_answers.sql
	listAnswersSQL string
	//go:embed queries/list_owners.sql
	listOwnersSQL string
	//go:embed queries/list_items.sql
	listItemsSQL string
	//go:embed queries/list_checkpoints.sql
	listCheckpointsSQL string
	//go:embed queries/list_balances.sql
	listBalancesSQL string
	//go:embed queries/list_ledger.sql
	listLedgerSQL string
	//go:embed queries/list_usage.sql
	listUsageSQL string
	//go:embed queries/list_uses.sql
	listUsesSQL string
	//go:embed queries/list_meters.sql
	listMetersSQL string
	//go:embed queries/list_events.sql
	listEventsSQL string
)

// Whole stores.
var (
	//go:embed queries/dump_records.sql
	dumpRecordsSQL string
	//go:embed queries/is_empty.sql
	isEmptySQL string
	//go:embed queries/continue_ledger.sql
	continueLedgerSQL string
)

// The server and the lock.
var (
	//go:embed queries/server.sql
	serverSQL string
	//go:embed queries/raise_epoch.sql
	raiseEpochSQL string
	//go:embed queries/let_go.sql
	letGoSQL string
	//go:embed queries/read_head.sql
	readHeadSQL string
	//go:embed queries/holds_lock.sql
	holdsLockSQL string
)

// Nodes.
var (
	//go:embed queries/newest_node.sql
	newestNodeSQL string
	//go:embed queries/longest_left.sql
	longestLeftSQL string
	//go:embed queries/join_node.sql
	joinNodeSQL string
	//go:embed queries/forget_nodes.sql
	forgetNodesSQL string
	//go:embed queries/longest_term.sql
	longestTermSQL string
	//go:embed queries/renew_node.sql
	renewNodeSQL string
	//go:embed queries/confirm_node.sql
	confirmNodeSQL string
	//go:embed queries/lose_node.sql
	loseNodeSQL string
	//go:embed queries/leave_node.sql
	leaveNodeSQL string
	//go:embed queries/chain_head.sql
	chainHeadSQL string
	//go:embed queries/chain_head_plain.sql
	chainHeadPlainSQL string
	//go:embed queries/move_timeline.sql
	moveTimelineSQL string
	//go:embed queries/list_nodes.sql
	listNodesSQL string
)
