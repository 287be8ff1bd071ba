// SPDX-License-Identifier: Apache-2.0

// Package storetest is the contract of authority.Store as a suite of tests, for every store to pass:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) authority.Store { return open(t) })
//	}
//
// It uses nothing but the interface. What a store cannot show through it, such as what is left after a restart or after
// a disk has failed, is tested with the hooks of a Suite.
package storetest

import (
	"testing"

	"github.com/keywright/keywright/authority"
)

// A Suite says how to get at the store that is tested. Open is needed, the hooks are not.
type Suite struct {
	// Open returns an empty store. It is closed by the test.
	Open func(t *testing.T) authority.Store
	// Reopen ends a store that Open returned, as a restart would, and opens what it has left.
	Reopen func(t *testing.T, s authority.Store) authority.Store
	// Failures make a store fail in the middle of a write, each in its own way, until mend is called. A change of a few
	// records must still get past its first rows; one of a thousand records with their events must fail, and so must a
	// spend of two thousand lines and a load of a thousand records with their events.
	Failures map[string]func(t *testing.T, s authority.Store) (mend func())
}

// Run tests the stores that open returns.
func Run(t *testing.T, open func(t *testing.T) authority.Store) { Suite{Open: open}.Run(t) }

// tests are those that every store passes, each over one of its own.
var tests = []struct {
	name string
	run  func(t *testing.T, s authority.Store)
}{
	{"a record comes back as it was put", testRecordRoundTrip},
	{"a record of zero values comes back as it was put", testBareRecord},
	{"a keyspace comes back as it was put", testKeyspaceRoundTrip},
	{"an answer comes back as it was put", testAnswerRoundTrip},
	{"an event comes back as it was put", testEventRoundTrip},
	{"text that cannot be kept is refused", testHostileText},
	{"lookup finds every secret of a record and no other", testLookup},
	{"an update replaces the secrets", testUpdateSecrets},
	{"a put needs the version before", testVersions},
	{"what must be unique is", testUnique},
	{"a change rests on the keyspaces it was based on", testBased},
	{"an answer stands until it expires", testAnswerExpiry},
	{"a refused change leaves nothing", testAtomic},
	{"puts are applied in their order", testOrder},
	{"a cancelled change is applied whole or not at all", testCancelled},
	{"events form one chain", testChain},
	{"events are filtered", testEventFilters},
	{"writers at once form one chain", testConcurrentChain},
	{"of writers to one record one wins", testConcurrentUpdates},
	{"records are filtered", testListFilters},
	{"records are paged from new to old", testListPages},
	{"records come in every order and by every filter, in pages of any size", testListOrders},
	{"states are told as the record tells them", testListStates},
	{"keyspaces are listed by name", testListKeyspaces},
	{"a thousand records go in one change", testBulk},
	{"a scan visits every record once", testScan},
	{"a scan ends with the error of its visitor", testScanError},
	{"an ended context ends a read", testReadContext},
	{"records are found by what happens in their lives", testLifeFilters},
	{"a move changes a balance and leaves a line", testMoves},
	{"a move that cannot be is refused", testMoveConflicts},
	{"a refill happens once", testRefillOnce},
	{"balances are filtered", testBalanceFilters},
	{"the ledger is paged from new to old", testLedgerPages},
	{"a spending takes all or nothing", testSpend},
	{"spends have a line for each account, key and hour", testSpendLines},
	{"all that a balance can hold can be spent", testSpendAll},
	{"a spending that cannot be is an error and takes nothing", testSpendRefused},
	{"spenders at once never take more than there is", testConcurrentSpends},
	{"an owner comes back as it was put", testOwners},
	{"an item comes back as it was put", testItems},
	{"what is removed is gone", testRemoval},
	{"a checkpoint comes back as it was put", testCheckpoints},
	{"erased fields leave the chain whole", testErasure},
	{"a pruned chain goes on", testPrune},
	{"usage adds up", testUsage},
	{"a large tally adds up", testManyTallies},
	{"usage adds up for writers at once", testConcurrentUsage},
	{"old usage is forgotten", testForget},
	{"the latest use wins", testUses},
	{"meters are kept until they are full", testMeters},
	{"a dump shows one moment", testDumpMoment},
}

// Run runs all tests of the suite.
func (s Suite) Run(t *testing.T) {
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, s.open(t)) })
	}
	t.Run("a dump can be loaded into an empty store", s.testArchive)
	t.Run("a broken load leaves nothing", s.testBrokenLoad)
	if s.Reopen != nil {
		t.Run("what was acknowledged is there after a restart", s.testReopen)
	}
	for name, fail := range s.Failures {
		t.Run("after a failure nothing is half applied/"+name, func(t *testing.T) { testFailure(t, s.open(t), fail) })
		t.Run("a spend that failed took nothing/"+name, func(t *testing.T) { testSpendFailure(t, s.open(t), fail) })
		t.Run("a load that failed leaves nothing/"+name, func(t *testing.T) { s.testLoadFailure(t, fail) })
	}
}

func (s Suite) open(t *testing.T) authority.Store {
	t.Helper()
	store := s.Open(t)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return store
}
