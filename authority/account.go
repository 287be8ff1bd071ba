// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/keywright/keywright"
)

// An Account is where a balance of credits is kept: that of a key has the key's id, that of an owner AccountOf.
type Account [16]byte

// AccountOf returns the account of an owner.
func AccountOf(keyspace, owner string) Account {
	var room [512]byte // on the stack
	b := append(room[:0], "owner\x00"...)
	b = append(append(append(b, keyspace...), 0), owner...)
	h := sha256.Sum256(b)
	h[6] &= 0x0f // where a key id has its version, 7: no account of an owner is that of a key
	return Account(h[:16])
}

// MarshalText writes the account in hex.
func (a Account) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, a[:]), nil }

// UnmarshalText reads what MarshalText writes.
func (a *Account) UnmarshalText(b []byte) error {
	if len(b) != hex.EncodedLen(len(a)) {
		return errAccount
	}
	if _, err := hex.Decode(a[:], b); err != nil {
		return errAccount
	}
	return nil
}

var errAccount = errors.New("not an account: expected 32 digits of hex")

// A Balance is what an account holds.
type Balance struct {
	Account   Account
	Keyspace  string
	Owner     string // of an owner's account; empty: the account is a key's
	Remaining int64
	Refilled  time.Time // the boundary up to which refills were made
	Next      time.Time // the next refill; zero: none
}

// A Move is an act on a balance: it sets it, adds to it, takes from it, or refills it. It makes the account where there is
// none, and leaves a line in the ledger.
type Move struct {
	Account  Account
	Keyspace string
	Owner    string // of an owner's account
	Kind     MoveKind
	Amount   int64     // what is added; negative: taken; with Set and Reset: what the balance becomes
	Time     time.Time // of the ledger's line
	// Was is compared with the balance's Refilled, where it is not zero: a refill happens once.
	Was      time.Time
	Refilled time.Time // becomes the balance's, where it is not zero
	Next     time.Time // becomes the balance's
}

// MoveKind is why a balance changed.
type MoveKind string

// The kinds. Spends are written by Store.Spend.
const (
	MoveSet    MoveKind = "set"
	MoveAdd    MoveKind = "add"
	MoveTake   MoveKind = "take"   // never below 0
	MoveRefill MoveKind = "refill" // adds
	MoveReset  MoveKind = "reset"  // a refill that sets
	MoveSpend  MoveKind = "spend"
)

// An Entry is a line of the ledger. The amounts of all lines of an account add up to its balance. Spends have one line for
// each account, key and hour; everything else has a line for each time.
type Entry struct {
	Sequence  uint64 // in the order in which lines were begun
	Account   Account
	Time      time.Time // of spends: the hour
	Kind      MoveKind
	Key       keywright.KeyID // of spends: whose verifications they were
	Amount    int64           // what the balance changed by
	Count     int64           // of spends: how many
	Remaining int64           // after the last of them
}

// A Spending takes the same amount from every one of its accounts, or nothing from any.
type Spending struct {
	Key      keywright.KeyID // whose verification it is
	Time     time.Time
	Accounts []Account // at most 8, none twice
	Amount   int64     // at least 1
}

// Spent is the end of a Spending. Balances are in the order of its accounts, as they are after it; of one that does not
// exist, all but the account is zero.
type Spent struct {
	OK       bool
	Balances []Balance
	Missing  bool // an account does not exist: nothing was taken
}

// Valid reports whether a store can carry a spending out.
func (s *Spending) Valid() bool {
	for i, a := range s.Accounts {
		if slices.Contains(s.Accounts[:i], a) {
			return false
		}
	}
	return s.Amount >= 1 && len(s.Accounts) >= 1 && len(s.Accounts) <= 8
}
