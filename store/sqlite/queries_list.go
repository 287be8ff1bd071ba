// SPDX-License-Identifier: Apache-2.0

package sqlite

import _ "embed" // the statements

var (
	//go:embed queries/lookup.sql
	lookupSQL string
	//go:embed queries/scan_records.sql
	scanRecordsSQL string
	//go:embed queries/scan_secrets.sql
	scanSecretsSQL string
	//go:embed queries/dump_records.sql
	dumpRecordsSQL string
	//go:embed queries/list_records.sql
	listRecordsSQL string
	//go:embed queries/list_keyspaces.sql
	listKeyspacesSQL string
	//go:embed queries/list_answers.sql
	listAnswersSQL string
	//go:embed queries/list_events.sql
	listEventsSQL string
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
	//go:embed queries/dump_usage.sql
	dumpUsageSQL string
	//go:embed queries/dump_uses.sql
	dumpUsesSQL string

	//go:embed queries/anything.sql
	anythingSQL string
	//go:embed queries/indexes.sql
	indexesSQL string
)
