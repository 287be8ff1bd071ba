// SPDX-License-Identifier: Apache-2.0

package api

import (
	"time"

	"github.com/keywright/keywright"
)

// A CreditsChange sets a balance, adds to it or takes from it: exactly one of the three.
type CreditsChange struct {
	Set  *int64 `json:"set,omitempty" doc:"What is left from now on, 0 to 10^15."`
	Add  *int64 `json:"add,omitempty" example:"100"`
	Take *int64 `json:"take,omitempty" doc:"Not more than what is left."`
}

// A LedgerList is a page of what changed a balance, newest first. The amounts of all lines add up to the balance.
type LedgerList struct {
	Entries    []LedgerEntry `json:"entries" nullable:"false"`
	NextCursor string        `json:"next_cursor,omitempty" doc:"Asks for the next page; absent on the last."`
}

// A LedgerEntry is a line of the ledger. What verifications spent has one line for each key and hour, everything else a
// line for each time.
type LedgerEntry struct {
	Sequence  uint64          `json:"sequence"`
	Time      time.Time       `json:"time" doc:"Of spends: the hour."`
	Kind      string          `json:"kind" enum:"set,add,take,refill,reset,spend"`
	KeyID     keywright.KeyID `json:"key_id,omitzero" doc:"Of spends: whose verifications they were."`
	Amount    int64           `json:"amount" doc:"What the balance changed by." example:"-12"`
	Count     int64           `json:"count,omitempty" doc:"Of spends: how many."`
	Remaining int64           `json:"remaining" doc:"After the last of them."`
}

// An Owner is a user or organization that has limits or credits which its keys share.
type Owner struct {
	Keyspace  string    `json:"keyspace" example:"acme"`
	ID        string    `json:"id" doc:"The id that keys name as their owner." example:"team_7"`
	Limits    []Limit   `json:"limits,omitempty" nullable:"false" doc:"Absent: those of the keyspace for owners."`
	Credits   *Credits  `json:"credits,omitempty" doc:"Absent: not counted."`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Version   uint64    `json:"version"`
}

// An OwnerRequest makes an owner or changes it. A field that is absent (nil) stays as it is; null or an empty value
// clears it.
type OwnerRequest struct {
	Limits  *[]Limit      `json:"limits,omitempty" nullable:"true" doc:"All of them."`
	Credits *CreditsPatch `json:"credits,omitempty" doc:"null: they are not kept any more."`
}

// UnmarshalJSON tells null, which clears, from absent.
func (q *OwnerRequest) UnmarshalJSON(b []byte) error {
	type plain OwnerRequest
	return unmarshalPatch(b, (*plain)(q))
}

// An OwnerList is a page of owners, by id.
type OwnerList struct {
	Owners     []Owner `json:"owners" nullable:"false"`
	NextCursor string  `json:"next_cursor,omitempty" doc:"Asks for the next page; absent on the last."`
}

// Removed is the answer to a DELETE that leaves nothing to show.
type Removed struct {
	Removed bool `json:"removed"`
}
