// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"time"

	"github.com/keywright/keywright"
)

// An Item is a thing of the authority's own that is kept beside the records: a key that must be readable, sealed with the
// root key, or a mark such as that of a store that was restored.
type Item struct {
	Kind    string // pepper, checkpoint-key, signing-key, session, freeze, leak, leak-uses
	Name    string
	Data    []byte // sealed, where it is secret
	Created time.Time
	Version uint64
}

// A Checkpoint is a signed place in the audit chain. What lies before one may be pruned, and one that is kept elsewhere
// shows when the tail of the chain was cut off.
type Checkpoint struct {
	Sequence  uint64 // of the last event it covers
	Hash      keywright.Hash
	Time      time.Time
	Signer    []byte // the public key, Ed25519
	Signature []byte
	Pruned    bool // the events up to it are gone; the chain that is left begins behind it
}

// An Erasure empties personal fields of an event. Their commitments stay, and so does the chain. Nothing happens if the
// event is not there: it was pruned.
type Erasure struct {
	Sequence uint64
	Fields   []string // by name
}

// A Prune deletes the events up to a checkpoint, which must be in the store and hold the hash of the event of its
// sequence. It and those before it are marked.
type Prune struct {
	Sequence uint64
}

// A Removal deletes an Item or an Owner; one that is not there, or has another version, is a conflict of version.
type Removal struct {
	Item  *Item  // by kind, name and version
	Owner *Owner // by keyspace, id and version
}
