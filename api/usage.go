// SPDX-License-Identifier: Apache-2.0

package api

import (
	"time"

	"github.com/keywright/keywright"
)

// A UsageReport tells how often a key, or the keys of a keyspace, were verified. What was counted within the last seconds
// may be missing.
type UsageReport struct {
	Keyspace string                   `json:"keyspace" example:"acme"`
	KeyID    keywright.KeyID          `json:"key_id,omitzero" doc:"Absent: the whole keyspace."`
	Since    time.Time                `json:"since"`
	Until    time.Time                `json:"until"`
	Hours    []UsageHour              `json:"hours" nullable:"false" doc:"By hour and code; hours in which nothing happened are absent."`
	Totals   map[keywright.Code]int64 `json:"totals" doc:"Of all hours, by code."`
	Cost     int64                    `json:"cost,omitempty" doc:"Of one key: the sum of the costs of what was VALID."`
}

// A UsageHour counts the verifications of one hour that had the same code.
type UsageHour struct {
	Hour  time.Time      `json:"hour" doc:"Its begin."`
	Code  keywright.Code `json:"code" example:"VALID"`
	Count int64          `json:"count"`
	Cost  int64          `json:"cost,omitempty" doc:"Of one key: the sum of the costs of those that were VALID."`
}

// Stats are what is seen at a glance.
type Stats struct {
	Keyspaces []KeyspaceStats `json:"keyspaces" nullable:"false" doc:"Those that the caller may see, by name."`
	Table     TableStats      `json:"table"`
}

// KeyspaceStats are figures of one keyspace.
type KeyspaceStats struct {
	Keyspace      string                   `json:"keyspace" example:"acme"`
	Keys          map[string]int           `json:"keys,omitempty" doc:"How many there are, by state; absent while the server warms up."`
	Verifications map[keywright.Code]int64 `json:"verifications" doc:"Of the last 24 hours, by code."`
	RotationDue   int                      `json:"rotation_due" doc:"Keys whose rotation is due, or about to be; looked at every 10 minutes."`
	ExpiresSoon   int                      `json:"expires_soon" doc:"Keys that are about to expire; looked at every 10 minutes."`
}

// TableStats are figures of the table of secrets that this server holds in memory.
type TableStats struct {
	Secrets  int    `json:"secrets"`
	Bytes    int    `json:"bytes"`
	Complete bool   `json:"complete" doc:"It holds every secret of the store."`
	Lookups  uint64 `json:"lookups" doc:"Verifications that had to ask the store, since the server started."`
}
