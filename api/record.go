// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/json"
	"net/netip"
	"time"

	"github.com/keywright/keywright"
)

// A Record is what the authority knows of a key: never the key, never its hash.
type Record struct {
	ID              keywright.KeyID `json:"id" doc:"Stable through rotations." example:"key_0DFUqXqVeEpK4nSQhDZ0mR"`
	Keyspace        string          `json:"keyspace" example:"acme"`
	Format          string          `json:"format" doc:"The name of a format of the keyspace." example:"secret"`
	Environment     string          `json:"environment,omitempty" example:"live"`
	Name            string          `json:"name,omitempty" doc:"For people." example:"ci"`
	Owner           string          `json:"owner,omitempty" doc:"An id of the caller's own." example:"team_7"`
	State           string          `json:"state" enum:"active,pending,expired,disabled,revoked"`
	Display         string          `json:"display" doc:"What a person may be shown to recognise the key: its public segments." example:"acme_live_7Yk2mQ9xR4tB_…"`
	PublicID        string          `json:"public_id,omitempty" doc:"Of the current secret."`
	Parent          keywright.KeyID `json:"parent,omitzero" doc:"Of a child: the key that it can never do more than."`
	Secrets         []RecordSecret  `json:"secrets" nullable:"false" doc:"The current one first, then those that were rotated out, newest first."`
	Scopes          []string        `json:"scopes" nullable:"false" doc:"Patterns: a * stands for a whole segment."`
	Roles           []string        `json:"roles,omitempty" nullable:"false" doc:"Sets of scopes of the keyspace."`
	Limits          []Limit         `json:"limits,omitempty" nullable:"false"`
	Credits         *Credits        `json:"credits,omitempty" doc:"Absent: not counted."`
	Metadata        json.RawMessage `json:"metadata,omitempty" doc:"A JSON object."`
	AllowedNetworks []netip.Prefix  `json:"allowed_networks,omitempty" nullable:"false"`
	AllowedOrigins  []string        `json:"allowed_origins,omitempty" nullable:"false"`
	AllowedMethods  []string        `json:"allowed_methods,omitempty" nullable:"false"`
	AllowedPaths    []string        `json:"allowed_paths,omitempty" nullable:"false"`
	Keyspaces       []string        `json:"keyspaces,omitempty" nullable:"false" doc:"Of a service key: the keyspaces it may act on."`
	BoundOwner      string          `json:"bound_owner,omitempty" doc:"Of a service key: the owner whose keys it may act on."`
	Decoy           *Decoy          `json:"decoy,omitempty" doc:"The key opens nothing: it verifies as one that nobody has, and any use of it is an event."`
	NotBefore       time.Time       `json:"not_before,omitzero"`
	ExpiresAt       time.Time       `json:"expires_at,omitzero" doc:"Absent: never."`
	ExpiresSoon     bool            `json:"expires_soon,omitempty" doc:"Within 7 days, of a key that lives for more than 14."`
	RotateBy        time.Time       `json:"rotate_by,omitzero" doc:"When the keyspace wants a new secret; absent: it does not."`
	RotationDue     bool            `json:"rotation_due,omitempty" doc:"It is due, or about to be."`
	LastUsedAt      time.Time       `json:"last_used_at,omitzero" doc:"The last VALID by any of its secrets; absent: never. Written every second, and less often where very many keys are used at once."`
	RevokedAt       time.Time       `json:"revoked_at,omitzero"`
	RevokeReason    string          `json:"revoke_reason,omitempty"`
	CreatedAt       time.Time       `json:"created_at"`
	UpdatedAt       time.Time       `json:"updated_at"`
	Version         uint64          `json:"version" doc:"Counts the changes."`
}

// A RecordSecret is what may be shown of one secret of a record.
type RecordSecret struct {
	PublicID     string     `json:"public_id,omitempty"`
	Secret       string     `json:"secret" enum:"current,previous" doc:"previous: it was rotated out."`
	CreatedAt    time.Time  `json:"created_at"`
	ExpiresAt    time.Time  `json:"expires_at,omitzero" doc:"Absent: as long as the record. Of a previous one: when its grace ends, or ended."`
	Idle         Duration   `json:"idle,omitempty" doc:"Of a previous one: its grace ends earlier when it was not used for so long."`
	LastUsedAt   time.Time  `json:"last_used_at,omitzero" doc:"Absent: never."`
	LastUsedFrom netip.Addr `json:"last_used_from,omitzero" doc:"Absent: not known."`
}

// The secrets of a record.
const (
	SecretCurrent  = "current"
	SecretPrevious = "previous"
)

// An IssueRequest asks for a key. Every field may be left out.
type IssueRequest struct {
	Keyspace        string          `json:"keyspace,omitempty" doc:"default, where it is left out." example:"acme"`
	Format          string          `json:"format,omitempty" doc:"The first of the keyspace, where it is left out." example:"secret"`
	Environment     string          `json:"environment,omitempty" doc:"The first of the keyspace, where it is left out." example:"live"`
	Name            string          `json:"name,omitempty" doc:"For people, at most 200 characters." example:"ci"`
	Owner           string          `json:"owner,omitempty" doc:"An id of the caller's own, at most 200 characters." example:"team_7"`
	Scopes          []string        `json:"scopes,omitempty" nullable:"false" doc:"Patterns: a * stands for a whole segment, a last one for one or more." example:"[\"invoices:read\"]"`
	Roles           []string        `json:"roles,omitempty" nullable:"false" doc:"Sets of scopes of the keyspace." example:"[\"reader\"]"`
	Limits          []Limit         `json:"limits,omitzero" nullable:"false" doc:"At most 8; those of the keyspace for new keys, where it is left out; empty: none."`
	Credits         *CreditsRequest `json:"credits,omitempty" doc:"Not counted, where it is left out."`
	Metadata        json.RawMessage `json:"metadata,omitempty" doc:"A JSON object."`
	AllowedNetworks []netip.Prefix  `json:"allowed_networks,omitempty" nullable:"false" doc:"CIDR." example:"[\"10.0.0.0/8\"]"`
	AllowedOrigins  []string        `json:"allowed_origins,omitempty" nullable:"false" example:"[\"https://app.example.com\"]"`
	AllowedMethods  []string        `json:"allowed_methods,omitempty" nullable:"false" example:"[\"GET\"]"`
	AllowedPaths    []string        `json:"allowed_paths,omitempty" nullable:"false" doc:"By whole segments." example:"[\"/v1/invoices\"]"`
	Keyspaces       []string        `json:"keyspaces,omitempty" nullable:"false" doc:"Of a service key: the keyspaces it may act on."`
	BoundOwner      string          `json:"bound_owner,omitempty" doc:"Of a service key: the owner whose keys it may act on."`
	NotBefore       time.Time       `json:"not_before,omitzero"`
	ExpiresAt       time.Time       `json:"expires_at,omitzero" doc:"Not together with expires_in."`
	ExpiresIn       Duration        `json:"expires_in,omitempty" doc:"From now." example:"30d"`
	Hash            keywright.Hash  `json:"hash,omitzero" doc:"Registers a key that was made elsewhere by its storage hash: SHA-256 in hex, base64 or base58."`
	PublicID        string          `json:"public_id,omitempty" doc:"With hash: the public id of that key."`
	Decoy           *Decoy          `json:"decoy,omitempty" doc:"Makes a key that opens nothing, and whose use is an event that names where it was planted."`
}

// An IssueResponse holds the key, once.
type IssueResponse struct {
	Key      Key      `json:"key,omitzero" doc:"Shown once. Absent where a hash was registered or the request was a repeat."`
	Record   Record   `json:"record"`
	Repeated bool     `json:"repeated,omitempty" doc:"The request was done before: the key can no longer be shown."`
	Warnings []string `json:"warnings,omitempty" nullable:"false" doc:"What the user of the format should know."`
}

// An IssueLine is one line of the answer to a stream of requests: what was issued, or the problem of that line.
type IssueLine struct {
	Line int `json:"line" doc:"Of the request, from 1."`
	*IssueResponse
	Problem *Problem `json:"problem,omitempty"`
}

// A KeyList is a page of records, newest first.
type KeyList struct {
	Keys       []Record `json:"keys" nullable:"false"`
	NextCursor string   `json:"next_cursor,omitempty" doc:"Asks for the next page; absent on the last."`
}

// A RevokeRequest ends a key for good.
type RevokeRequest struct {
	Reason string `json:"reason,omitempty" doc:"Kept with the record, at most 200 characters." example:"leaked in a public repository"`
}

// A Receipt is what a revocation returns.
type Receipt struct {
	KeyID       keywright.KeyID `json:"key_id"`
	RevokedAt   time.Time       `json:"revoked_at" doc:"When the key ended."`
	EffectiveAt time.Time       `json:"effective_at" doc:"From when on no node answers VALID."`
	TokensUntil time.Time       `json:"tokens_until,omitzero" doc:"When the last token that a key of the keyspace was exchanged for has ended: until then somebody who verifies offline, and does not follow /v1/revocations, may accept one of this key. Absent: there is none."`
}

// A RevokeSelfRequest ends the key that it holds, or the keys.
type RevokeSelfRequest struct {
	Key  Key   `json:"key,omitzero" doc:"The key to end."`
	Keys []Key `json:"keys,omitempty" nullable:"false" maxItems:"1000" doc:"The keys to end, in place of key; at most 1,000."`
}

// Revealed is a new key that waited behind a link.
type Revealed struct {
	Key   Key             `json:"key" doc:"Shown this once. Treat it as a secret."`
	KeyID keywright.KeyID `json:"key_id"`
}

// Accepted is the answer to a RevokeSelfRequest, whatever the key.
type Accepted struct {
	Accepted bool `json:"accepted"`
}
