// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"context"
	"errors"
	"time"

	"github.com/keywright/keywright"
)

// A Store keeps records. It has no rules: it neither compares scopes nor knows the time. Every write is one Change,
// applied whole or not at all together with its events, and refused with ErrConflict if something it was based on
// moved. What Apply has acknowledged survives a crash and a loss of power.
//
// An error other than the ones named here means that the store could not answer; the authority then gives no
// judgement. storetest is the suite that every store passes.
type Store interface {
	// Lookup returns the record that holds the hash of a secret, or ErrNotFound.
	Lookup(ctx context.Context, h keywright.Hash) (Record, error)
	// List returns what a query asks for: every read by something else than the hash.
	List(ctx context.Context, q Query) (Page, error)
	// Apply writes a change. It gives every event of it the next sequence and links it to the one before (Event.Link).
	Apply(ctx context.Context, c Change) error
	// Spend takes from balances, in order, each spending whole or not at all; all of them are in one transaction, and what
	// was taken is durable when it returns. The ledger has every change. An error means that nothing was taken, or, where
	// the end of the transaction is not known, that it may have been.
	Spend(ctx context.Context, s []Spending) ([]Spent, error)
	// Count writes what was counted. It touches no record, version or event, and need not survive a loss of power.
	Count(ctx context.Context, t Tally) error
	// Events returns a part of the audit chain, in order.
	Events(ctx context.Context, q EventQuery) ([]Event, error)
	Close() error
}

// A Scanner is a store that can read all records, so that a node warms its table at once instead of key by key. Of
// each record only what a verification needs must be filled: id, keyspace, format, environment, owner, scopes,
// parent, secrets, roles, limits, credits, rules, times and state. The record and its slices may be reused after visit
// returns. A record that cannot be read is left out, all others are visited, and the error then names the first such.
type Scanner interface {
	Scan(ctx context.Context, visit func(*Record) error) error
}

// A Leaseholder is a store that is this process's alone for as long as its lease runs. A verification looks at it before
// it judges and again before it answers, and is an error without it: another process may have revoked the key.
type Leaseholder interface {
	// Lease returns nil while nobody else can write to the store, and otherwise why that is not known. It does no I/O.
	Lease() error
}

// An Archiver is a store whose whole content can be read at one moment, and written into an empty one. The values are
// *Keyspace, *Owner, *Record, *Balance, *Entry, *Answer, *Item, *Checkpoint, *Usage, *Use, *Meter and *Event, in this order
// of kinds; a value may be reused after visit returns. Versions, sequences and hashes stay as they are.
type Archiver interface {
	// Dump visits everything as it was at one moment. Writes go on meanwhile.
	Dump(ctx context.Context, visit func(any) error) error
	// Load writes what next returns until it returns io.EOF, all of it or nothing. The store must be empty.
	Load(ctx context.Context, next func() (any, error)) error
}

var (
	// ErrNotFound says that the store holds no such thing.
	ErrNotFound = errors.New("not found")
	// ErrConflict is wrapped by every *ConflictError.
	ErrConflict = errors.New("conflict")
	// ErrNotEmpty may be wrapped by an error of Load: the store holds something already.
	ErrNotEmpty = errors.New("the store is not empty")
	// ErrFull may be wrapped by an error of Apply: nothing was written because there is no room.
	ErrFull = errors.New("no room is left")
)

// A ConflictError says what a change met.
type ConflictError struct {
	// What is version, id, hash, public_id, keyspace, answer; of a move also balance (it would be below 0 or beyond what
	// an int64 holds), account (there is none to take from) or refilled (it was). It is checkpoint if one to be put exists,
	// or if one to prune up to is not there, is pruned, or is not of the event that has its sequence.
	What string
}

func (e *ConflictError) Error() string { return "conflict: " + e.What }

// Unwrap returns ErrConflict.
func (e *ConflictError) Unwrap() error { return ErrConflict }

// A Change is a set of things to put and of events they leave.
//
// A put of version 1 must not exist yet; a put of version n replaces version n-1, and nothing else. An Owner or Item that
// exists already is a conflict of version. An Answer has no version: it must not exist yet, unless the one that does
// expired before the new one was created. What a change is based on is compared before anything is put; a keyspace that
// is missing has version 0. Puts happen in their order, so one change can move a hash from one record to another.
type Change struct {
	Puts   []Put
	Based  []Based // further things that must not have moved
	Events []Event
	Urgent bool // other nodes are told at once: a store that they share sends a notice with the commit
}

// A Put is a *Record, *Keyspace, *Owner, *Item or *Answer, or an act on what has no version: a *Move, *Checkpoint, *Erasure,
// *Prune or *Removal.
type Put interface{ isPut() }

func (*Record) isPut()     {}
func (*Keyspace) isPut()   {}
func (*Owner) isPut()      {}
func (*Item) isPut()       {}
func (*Answer) isPut()     {}
func (*Move) isPut()       {}
func (*Checkpoint) isPut() {}
func (*Erasure) isPut()    {}
func (*Prune) isPut()      {}
func (*Removal) isPut()    {}

// Based names a keyspace at the version a change was decided by.
type Based struct {
	Keyspace string
	Version  uint64
}

// An Answer is what a request with an Idempotency-Key did, so that a repeat does nothing and says the same.
type Answer struct {
	ID      keywright.Hash // of caller, verb and key
	Request keywright.Hash // of what was asked
	Record  keywright.KeyID
	Created time.Time
	Expires time.Time
}

// Kind is what a query asks for.
type Kind uint8

// The kinds.
const (
	Records Kind = iota
	Keyspaces
	Answers
	Owners      // by keyspace and id; in one keyspace, After is the id of the last of the page before
	Items       // by kind and name; of one kind, After is the name of the last of the page before
	Checkpoints // by sequence
	Balances    // by account
	Ledger      // from new to old; Below is the sequence of the last of the page before
	UsageHours  // by hour, key and code
	Uses        // by hash
	Meters      // by id
)

// A Query asks for records or for one of the other kinds. Every field that is not zero narrows it.
type Query struct {
	Of       Kind
	ID       keywright.KeyID // records: exactly this one; uses: of its secrets; usage: of it
	Parent   keywright.KeyID // records: the children of this one
	Answer   keywright.Hash  // answers: exactly this one
	Account  Account         // balances: exactly this one; ledger: of it
	Meter    [24]byte        // meters: exactly this one
	Keyspace string          // of this keyspace; keyspaces: exactly this one
	Owner    string          // records: of this owner; owners: exactly this one; balances: of this owner's account
	Item     string          // items: of this kind
	Name     string          // items: of this name
	PublicID string          // records: of any of their secrets
	State    State           // records in this state at At
	At       time.Time
	Text     string          // records whose name or owner holds this, whatever the case of ASCII letters
	Before   keywright.KeyID // records older than this: the cursor, as lists go from new to old
	After    string          // owners behind this id, items behind this name
	Below    uint64          // ledger: lines with a lower sequence
	Limit    int             // at most so many; 0: all

	Sort    Sort  // records: their order
	From    Place // records behind this one in the order of oldest and ending; in that of newest, Before is
	Endless bool  // records that have no end
	Scan    int   // records: look at about so many for one page, and go on behind them; 0: at all

	CreatedSince  time.Time // records made at or after
	CreatedBefore time.Time
	ExpiresBefore time.Time // records that have an end, and it is before this
	RotatedBefore time.Time // records whose current secret was made before this
	InGrace       bool      // records with a secret in its grace
	NextBefore    time.Time // balances whose next refill is at or before this
	Since         time.Time // usage of hours from this on
	Until         time.Time // usage of hours before this
	Totals        bool      // usage of whole keyspaces, not of keys
}

// A Page is what List found.
type Page struct {
	Records     []Record
	Keyspaces   []Keyspace // by name
	Answers     []Answer
	Owners      []Owner
	Items       []Item
	Checkpoints []Checkpoint
	Balances    []Balance
	Ledger      []Entry
	Usage       []Usage
	Uses        []Use
	Meters      []Meter
	More        bool  // there is more behind the last
	Next        Place // of records that were looked at so far, where there is more
}

// Sort is the order of records.
type Sort uint8

// The orders.
const (
	Newest Sort = iota
	Oldest
	Ending // those that have an end alone, the soonest first, and then the oldest
)

// A Place is where a record stands in a list. It stays where it is while records come and go.
type Place struct {
	Ends time.Time // of order Ending
	ID   keywright.KeyID
}

// An EventQuery asks for a part of the audit chain. Every field that is not zero narrows it.
type EventQuery struct {
	After      uint64 // events with a higher sequence
	Before     uint64 // events with a lower sequence
	Target     string
	Keyspace   string
	Actor      string
	Verb       string
	Since      time.Time
	Until      time.Time
	Limit      int  // 0: all
	Descending bool // newest first
}
