// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/netip"
	"time"

	"github.com/keywright/keywright"
)

// A Filter chooses keys of one keyspace. Every field that is given narrows it; one that gives none must say all.
type Filter struct {
	Keyspace      string       `json:"keyspace,omitempty" doc:"default, where it is left out." example:"acme"`
	Owner         string       `json:"owner,omitempty" example:"team_7"`
	Scope         string       `json:"scope,omitempty" doc:"Keys that grant this scope, by their own scopes or by their roles." example:"invoices:write"`
	Network       netip.Prefix `json:"network,omitzero" doc:"CIDR: keys that may be used from somewhere in it, those without networks too." example:"10.0.0.0/8"`
	CreatedSince  time.Time    `json:"created_since,omitzero"`
	CreatedBefore time.Time    `json:"created_before,omitzero"`
	ExpiresBefore time.Time    `json:"expires_before,omitzero" doc:"Keys that have an end, and it is before this."`
	State         string       `json:"state,omitempty" enum:"active,pending,expired,disabled,revoked"`
	Text          string       `json:"q,omitempty" doc:"In name or owner."`
	Due           bool         `json:"due,omitempty" doc:"Keys whose rotation is due, or about to be."`
	All           bool         `json:"all,omitempty" doc:"Every key of the keyspace."`
}

// The verbs of a BulkRequest.
const (
	BulkRevoke  = "revoke"
	BulkDisable = "disable"
	BulkEnable  = "enable"
	BulkRotate  = "rotate"
)

// A BulkRequest does one verb to every key that a filter chooses.
type BulkRequest struct {
	Filter Filter        `json:"filter"`
	Verb   string        `json:"verb" enum:"revoke,disable,enable,rotate"`
	DryRun bool          `json:"dry_run,omitempty" doc:"Only tell which keys it would be."`
	Reason string        `json:"reason,omitempty" doc:"Of a revoke: kept with each record, at most 200 characters."`
	Rotate *BulkRotation `json:"rotate,omitempty" doc:"Of a rotate."`
}

// BulkRotation says how keys are rotated.
type BulkRotation struct {
	Grace *Grace `json:"grace,omitempty" doc:"How long the secrets before live on. Left out: as the keyspace says, or 24h."`
	Force bool   `json:"force,omitempty" doc:"Also keys whose earlier rotation has a grace that still runs."`
}

// A BulkLine is one line of the answer: what became of a key, or, the last one, the end. An answer without an end was cut
// off: what its lines say was done, and perhaps one key more.
type BulkLine struct {
	*BulkResult
	End *BulkEnd `json:"end,omitempty"`
}

// A BulkResult is what became of one key.
type BulkResult struct {
	ID             keywright.KeyID `json:"id"`
	Name           string          `json:"name,omitempty"`
	Owner          string          `json:"owner,omitempty"`
	PublicID       string          `json:"public_id,omitempty" doc:"Of the current secret."`
	State          string          `json:"state" enum:"active,pending,expired,disabled,revoked" doc:"As it is now."`
	Done           bool            `json:"done" doc:"false: it was a dry run, it was so already, or the problem says why not."`
	Key            Key             `json:"key,omitzero" doc:"Of a rotation, shown once."`
	PreviousEndsAt time.Time       `json:"previous_ends_at,omitzero" doc:"Of a rotation: when the secret before ends, at the latest."`
	Problem        *Problem        `json:"problem,omitempty"`
}

// A BulkEnd is how a bulk act ended.
type BulkEnd struct {
	Count   int      `json:"count" doc:"Keys that the lines before are about."`
	Done    int      `json:"done" doc:"Of these, those to which it was done."`
	Failed  int      `json:"failed" doc:"Of these, those that have a problem."`
	DryRun  bool     `json:"dry_run,omitempty"`
	Problem *Problem `json:"problem,omitempty" doc:"Why it ended before all keys were looked at. Absent: they all were."`
}
