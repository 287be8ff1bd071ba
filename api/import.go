// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/json"
	"net/netip"
	"time"

	"github.com/keywright/keywright"
)

// An ImportLine is one line of an import, and of an export: a record with its secrets. One secret may stand in the line
// itself, further ones in secrets.
type ImportLine struct {
	ID              keywright.KeyID `json:"id,omitzero" doc:"Of a record that was exported: it keeps its id." example:"key_0DFUqXqVeEpK4nSQhDZ0mR"`
	Keyspace        string          `json:"keyspace,omitempty" doc:"That of the import." example:"acme"`
	Format          string          `json:"format,omitempty" doc:"The default of the keyspace, where it is left out." example:"secret"`
	Environment     string          `json:"environment,omitempty" doc:"The first of the keyspace, where it is left out." example:"live"`
	Name            string          `json:"name,omitempty" example:"ci"`
	Owner           string          `json:"owner,omitempty" example:"team_7"`
	Parent          keywright.KeyID `json:"parent,omitzero" doc:"Of a child. The parent is there already, or on an earlier line."`
	Scopes          []string        `json:"scopes,omitempty" nullable:"false" example:"[\"invoices:read\"]"`
	Roles           []string        `json:"roles,omitempty" nullable:"false"`
	Limits          []Limit         `json:"limits,omitzero" nullable:"false" doc:"Those of the keyspace for new keys, where it is left out; empty: none."`
	Credits         *CreditsRequest `json:"credits,omitempty"`
	Metadata        json.RawMessage `json:"metadata,omitempty" doc:"A JSON object."`
	AllowedNetworks []netip.Prefix  `json:"allowed_networks,omitempty" nullable:"false"`
	AllowedOrigins  []string        `json:"allowed_origins,omitempty" nullable:"false"`
	AllowedMethods  []string        `json:"allowed_methods,omitempty" nullable:"false"`
	AllowedPaths    []string        `json:"allowed_paths,omitempty" nullable:"false"`
	Keyspaces       []string        `json:"keyspaces,omitempty" nullable:"false" doc:"Of a service key: the keyspaces it may act on."`
	BoundOwner      string          `json:"bound_owner,omitempty" doc:"Of a service key: the owner whose keys it may act on."`
	Decoy           *Decoy          `json:"decoy,omitempty" doc:"The key opens nothing, and was planted."`
	NotBefore       time.Time       `json:"not_before,omitzero"`
	ExpiresAt       time.Time       `json:"expires_at,omitzero" doc:"Also one that has passed."`
	CreatedAt       time.Time       `json:"created_at,omitzero" doc:"Now, where it is left out."`
	Disabled        bool            `json:"disabled,omitempty"`
	RevokedAt       time.Time       `json:"revoked_at,omitzero"`
	RevokeReason    string          `json:"revoke_reason,omitempty"`
	Key             Key             `json:"key,omitzero" doc:"The key itself, which is hashed when it arrives, and forgotten. Or:"`
	Hash            string          `json:"hash,omitempty" doc:"Its hash, as it is written where it comes from."`
	HashEncoding    string          `json:"hash_encoding,omitempty" enum:"hex,base64,base64url,base58" doc:"Told by its looks, where it is left out."`
	Algorithm       string          `json:"algorithm,omitempty" enum:"sha256,hmac-sha256,bcrypt,argon2id,argon2i" doc:"sha256, or told by its looks, where it is left out."`
	Pepper          string          `json:"pepper,omitempty" doc:"With hmac-sha256: the name of its pepper."`
	Covers          string          `json:"covers,omitempty" enum:"full,secret,bytes" doc:"What the hash covers: the whole key, or its secret. As the format says, where it is left out."`
	PublicID        string          `json:"public_id,omitempty" doc:"With a hash, where keys of the format have one."`
	Secrets         []ImportSecret  `json:"secrets,omitempty" nullable:"false" doc:"More secrets; the current one first."`
}

// An ImportSecret is a secret of a record that has several.
type ImportSecret struct {
	Key          Key       `json:"key,omitzero"`
	Hash         string    `json:"hash,omitempty"`
	HashEncoding string    `json:"hash_encoding,omitempty" enum:"hex,base64,base64url,base58"`
	Algorithm    string    `json:"algorithm,omitempty" enum:"sha256,hmac-sha256,bcrypt,argon2id,argon2i"`
	Pepper       string    `json:"pepper,omitempty"`
	Covers       string    `json:"covers,omitempty" enum:"full,secret,bytes"`
	PublicID     string    `json:"public_id,omitempty"`
	CreatedAt    time.Time `json:"created_at,omitzero" doc:"As the record, where it is left out."`
	ExpiresAt    time.Time `json:"expires_at,omitzero" doc:"Needed in all but the current one."`
	Grace        bool      `json:"grace,omitempty" doc:"It was rotated out, and verifies until expires_at."`
	Idle         Duration  `json:"idle,omitempty" doc:"The grace ends earlier when it was not used for so long."`
}

// AllSecrets returns the secret that stands in the line itself, if there is one, and the others.
func (l *ImportLine) AllSecrets() []ImportSecret {
	own := ImportSecret{
		Key: l.Key, Hash: l.Hash, HashEncoding: l.HashEncoding, Algorithm: l.Algorithm, Pepper: l.Pepper, Covers: l.Covers, PublicID: l.PublicID,
	}
	if own == (ImportSecret{}) {
		return l.Secrets
	}
	return append([]ImportSecret{own}, l.Secrets...)
}

// The outcomes of a line.
const (
	ImportAccepted = "accepted"
	ImportSkipped  = "skipped"
	ImportRefused  = "refused"
)

// An ImportOutcome says what became of one line.
type ImportOutcome struct {
	Line    int             `json:"line" doc:"Of the body, from 1."`
	Outcome string          `json:"outcome" enum:"accepted,skipped,refused" doc:"skipped: it is there already."`
	ID      keywright.KeyID `json:"id,omitzero" doc:"Of the record."`
	Changed bool            `json:"changed,omitempty" doc:"It is there already, and was changed since."`
	Problem *Problem        `json:"problem,omitempty" doc:"Why it was refused."`
}

// ImportTotals count lines by what became of them.
type ImportTotals struct {
	Lines    int `json:"lines"`
	Accepted int `json:"accepted"`
	Skipped  int `json:"skipped"`
	Refused  int `json:"refused"`
}

// An ImportEnd is the last line of the answer to an import.
type ImportEnd struct {
	ImportTotals
	DryRun  bool     `json:"dry_run,omitempty"`
	Problem *Problem `json:"problem,omitempty" doc:"Why it ended early. Send it again from the begin: what is there is skipped."`
}

// An ImportAnswer is one line of the answer to an import: the outcome of a line, how far it is, or the end.
type ImportAnswer struct {
	*ImportOutcome
	Progress *ImportTotals `json:"progress,omitempty" doc:"What is durable by now."`
	End      *ImportEnd    `json:"end,omitempty"`
}

// A Pepper is what may be shown of a secret that hashes are made with.
type Pepper struct {
	Name      string    `json:"name" example:"2030-01"`
	CreatedAt time.Time `json:"created_at"`
	Missing   bool      `json:"missing,omitempty" doc:"It cannot be opened with the root key of this server: keys that may be hashed with it are answered with 503."`
	Keyspaces []string  `json:"keyspaces,omitempty" nullable:"false" doc:"Whose policy names it, or whose keys are hashed with it."`
}

// A PepperRequest makes a pepper of random bytes, or takes one from elsewhere.
type PepperRequest struct {
	Name  string `json:"name" doc:"1 to 64 lower-case letters, digits and -." example:"2030-01"`
	Bytes Key    `json:"bytes,omitzero" doc:"1 to 1024 bytes in base64, that hashes from elsewhere were made with; absent: 32 random ones."`
}

// A PepperList lists all peppers, oldest first.
type PepperList struct {
	Peppers []Pepper `json:"peppers" nullable:"false"`
}
