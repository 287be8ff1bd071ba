// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"testing"
	"time"

	"github.com/keywright/keywright/authority"
)

// TestIndexes asks SQLite how it would answer: what a console asks all day may not read the whole table.
func TestIndexes(t *testing.T) {
	s := openMemory(t)
	defer s.Close()
	some := authority.Record{}.ID
	some[0] = 1
	for _, test := range []struct {
		index string
		q     authority.Query
	}{
		{"records_keyspace", authority.Query{Keyspace: "default"}},
		{"records_keyspace", authority.Query{Keyspace: "default", CreatedSince: time.Now(), Before: some}},
		{"records_owner", authority.Query{Keyspace: "default", Owner: "acme"}},
		{"records_owner", authority.Query{Keyspace: "default", Owner: "acme", ExpiresBefore: time.Now(), RotatedBefore: time.Now()}},
		{"secrets_public_id", authority.Query{Keyspace: "default", PublicID: "abc"}},
		{"records_parent", authority.Query{Parent: some}},
		{"records_parent", authority.Query{Parent: some, Keyspace: "default", Owner: "acme", InGrace: true}},
		{"records_rotated (keyspace=? AND rotated<?)", authority.Query{Keyspace: "default", RotatedBefore: time.Now()}},
		{"records_expires (keyspace=? AND expires>? AND expires<?)", authority.Query{Keyspace: "default", ExpiresBefore: time.Now()}},
		{"records_expires", authority.Query{Keyspace: "default", ExpiresBefore: time.Now(), State: authority.StateActive, At: time.Now()}},
		{"secrets_grace", authority.Query{InGrace: true}},
		{"secrets_grace", authority.Query{InGrace: true, Keyspace: "default", RotatedBefore: time.Now()}},
	} {
		text, args := recordFilter(test.q).query(ordered(listRecordsSQL, &test.q, ""), 50)
		plan := explain(t, s, text, args)
		if !contains(plan, test.index) || contains(plan, "SCAN records") {
			t.Errorf("%s is not used for %+v:\n%s", test.index, test.q, plan)
		}
	}
}

// TestOtherIndexes does the same for what is no record.
func TestOtherIndexes(t *testing.T) {
	s := openMemory(t)
	defer s.Close()
	some := authority.Query{ID: [16]byte{1}, Account: authority.Account{1}, Since: time.Now(), Until: time.Now(), NextBefore: time.Now(), Below: 7}
	for _, test := range []struct {
		name, index, never string
		filter             *filter
		text               string
	}{
		{"events of a target", "events_target", "TEMP B-TREE", eventFilter(authority.EventQuery{Target: "key_1"}), listEventsSQL},
		{"what is due for a refill", "balances_next (next<?)", "SCAN", balanceFilter(authority.Query{NextBefore: some.NextBefore}), listBalancesSQL},
		{"balances of an owner", "balances_owner", "SCAN", balanceFilter(authority.Query{Owner: "acme", Keyspace: "default"}), listBalancesSQL},
		{"ledger of an account", "ledger_account (account=? AND rowid<?)", "TEMP B-TREE", ledgerFilter(some), ledgerSQL("DESC")},
		{"usage of a key in a time", "PRIMARY KEY (key=? AND hour>? AND hour<?)", "SCAN", usageFilter(some), listUsageSQL},
		{"usage of keyspaces in a time", "PRIMARY KEY (key=? AND hour>?", "SCAN", usageFilter(authority.Query{Totals: true, Since: some.Since}), listUsageSQL},
		{"dump of records", "", "TEMP B-TREE", new(filter), dumpRecordsSQL},
		{"dump of usage", "", "TEMP B-TREE", new(filter), dumpUsageSQL},
		{"dump of uses", "", "TEMP B-TREE", new(filter), dumpUsesSQL},
		{"dump of the ledger", "", "TEMP B-TREE", new(filter), ledgerSQL("ASC")},
	} {
		text, args := test.filter.query(test.text, 50)
		if test.text == dumpRecordsSQL {
			args = nil
		}
		if plan := explain(t, s, text, args); !contains(plan, test.index) || contains(plan, test.never) {
			t.Errorf("%s: %s is not used, or there is a %s:\n%s", test.name, test.index, test.never, plan)
		}
	}
	if plan := explain(t, s, balancesOfSQL, []any{"[]"}); !contains(plan, "SEARCH balances USING PRIMARY KEY") {
		t.Errorf("a spend reads all accounts:\n%s", plan)
	}
	for text, args := range map[string][]any{scanRecordsSQL: {[]byte{}, 1}, scanSecretsSQL: {[]byte{}}} {
		if plan := explain(t, s, text, args); contains(plan, "TEMP B-TREE") || !contains(plan, "USING PRIMARY KEY") {
			t.Errorf("a scan does not go from front to back:\n%s", plan)
		}
	}
	for text, index := range map[string]string{forgetUsageSQL: "usage_hour", forgetMetersSQL: "meters_full"} {
		if plan := explain(t, s, text, []any{1, 256}); !contains(plan, index) || contains(plan, "SCAN usage") || contains(plan, "SCAN meters") {
			t.Errorf("%s is not used:\n%s", index, plan)
		}
	}
}
