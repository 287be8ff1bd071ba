// SPDX-License-Identifier: Apache-2.0

package api

import (
	"time"

	"github.com/keywright/keywright"
)

// An Event is one line of the audit chain: what was done, by whom, to what. It never holds a secret.
type Event struct {
	Sequence  uint64          `json:"sequence"`
	Time      time.Time       `json:"time"`
	Actor     string          `json:"actor" doc:"The key id of the caller, or a word: system, local, anyone."`
	Verb      string          `json:"verb" example:"key.issue"`
	Target    string          `json:"target" doc:"What was acted on: a key id, or the name of a keyspace."`
	Keyspace  string          `json:"keyspace,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
	Changes   []string        `json:"changes" nullable:"false" doc:"What changed, one line each."`
	Personal  []PersonalField `json:"personal,omitempty" nullable:"false" doc:"Fields that may have to be erased."`
	Previous  keywright.Hash  `json:"previous" doc:"The hash of the event before."`
	Hash      keywright.Hash  `json:"hash" doc:"Covers every other field; of the personal ones their commitments."`
}

// A PersonalField may have to be erased. The commitment stays: SHA-256 of salt, name and value.
type PersonalField struct {
	Name       string         `json:"name" example:"address"`
	Value      string         `json:"value,omitempty"`
	Salt       []byte         `json:"salt,omitempty" doc:"Absent: erased."`
	Commitment keywright.Hash `json:"commitment"`
}

// An EventList is a page of the audit chain.
type EventList struct {
	Events     []Event `json:"events" nullable:"false"`
	NextCursor string  `json:"next_cursor,omitempty" doc:"Asks for the next page; absent where there was nothing more."`
}

// A ChainReport says whether the audit chain is whole.
type ChainReport struct {
	Whole       bool           `json:"whole"`
	From        uint64         `json:"from,omitempty" doc:"The events up to this one were pruned at a checkpoint."`
	Events      uint64         `json:"events" doc:"The sequence of the last event that holds."`
	Head        keywright.Hash `json:"head" doc:"The hash of the last of them."`
	Checkpoints int            `json:"checkpoints" doc:"That hold."`
	Unproven    int            `json:"unproven,omitempty" doc:"Of the checkpoints: by a signer that neither the root key nor a checkpoint that was sent proves."`
	Broken      *ChainBreak    `json:"broken,omitempty" doc:"The first break."`
}

// A Checkpoint is a signed place in the audit chain. Signature is by Ed25519 over: the 22 bytes "keywright checkpoint 1", the
// sequence and then the time in milliseconds since 1970, as 8 bytes each with the high byte first, the 32 bytes of the hash,
// the 32 bytes of the signer.
type Checkpoint struct {
	Sequence  uint64         `json:"sequence" doc:"Of the last event it covers."`
	Hash      keywright.Hash `json:"hash" doc:"Of that event."`
	Time      time.Time      `json:"time"`
	Signer    []byte         `json:"signer" doc:"The public key, Ed25519."`
	Signature []byte         `json:"signature" doc:"Over the 22 bytes 'keywright checkpoint 1', sequence and time in milliseconds as 8 bytes each (high byte first), hash, signer."`
	Pruned    bool           `json:"pruned,omitempty" doc:"The events up to it are gone."`
}

// A CheckpointRequest asks for a checkpoint.
type CheckpointRequest struct {
	NewKey bool `json:"new_key,omitempty" doc:"Sign with a new key: needed where the root key was lost."`
}

// A CheckpointList is all checkpoints, oldest first.
type CheckpointList struct {
	Checkpoints []Checkpoint `json:"checkpoints" nullable:"false"`
}

// A ChainRequest sends checkpoints that were kept elsewhere, which the chain must fit.
type ChainRequest struct {
	Checkpoints []Checkpoint `json:"checkpoints" nullable:"false" maxItems:"1000"`
}

// An EraseRequest says which personal fields of events are emptied: value, before or both must be given.
type EraseRequest struct {
	Value  string    `json:"value,omitempty" doc:"Only fields that hold exactly this."`
	Before time.Time `json:"before,omitzero" doc:"Only of events before this."`
	Fields []string  `json:"fields,omitempty" nullable:"false" doc:"Only these: address, name, owner, reporter, url. All, where it is left out."`
}

// Erased says what was erased.
type Erased struct {
	Events int `json:"events"`
	Fields int `json:"fields"`
}

// A PruneRequest says up to where events are deleted.
type PruneRequest struct {
	Sequence uint64 `json:"sequence" doc:"Of a checkpoint."`
	Force    bool   `json:"force,omitempty" doc:"Also what a webhook or an export has not got yet."`
}

// Pruned says what was deleted.
type Pruned struct {
	Events   uint64 `json:"events"`
	Sequence uint64 `json:"sequence" doc:"Of the last of them."`
}

// A ChainBreak says where the audit chain breaks first.
type ChainBreak struct {
	Sequence uint64 `json:"sequence"`
	Problem  string `json:"problem"`
}
