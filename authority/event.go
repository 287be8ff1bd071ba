// SPDX-License-Identifier: Apache-2.0

package authority

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/keywright/keywright"
)

// An Event is one line of the audit chain: what was done, by whom, to what. It never holds a secret.
//
// Sequence, Previous and Hash are given by the store, in the transaction of the act. The hash covers everything but
// the personal fields, of which it covers commitments: they can be erased and the chain still holds.
type Event struct {
	Sequence uint64
	Time     time.Time // to the millisecond
	Actor    string    // the key id of the caller, or a word: system, local, anyone
	Verb     string    // such as key.issue
	Target   string    // what was acted on: a key id, or the name of a keyspace
	Keyspace string
	Request  string   // the id of the request
	Changes  []string // what changed, one line each: the name of a field, or a field and its new value
	Personal []Personal
	Previous keywright.Hash
	Hash     keywright.Hash
}

// Personal is a field that may have to be erased: an address, an owner, a name. The commitment is SHA-256 of salt,
// name and value; without salt and value it tells nothing.
type Personal struct {
	Name       string         `json:"name"`
	Value      string         `json:"value,omitempty"`
	Salt       []byte         `json:"salt,omitempty"` // 16 random bytes; empty: erased
	Commitment keywright.Hash `json:"commitment"`
}

// NewPersonal commits to a field.
func NewPersonal(name, value string, random io.Reader) (Personal, error) {
	p := Personal{Name: name, Value: value, Salt: make([]byte, 16)}
	if _, err := io.ReadFull(random, p.Salt); err != nil {
		return Personal{}, fmt.Errorf("no randomness: %w", err)
	}
	p.Commitment = p.commit()
	return p, nil
}

func (p Personal) commit() keywright.Hash {
	h := sha256.New()
	writeField(h, p.Salt)
	writeField(h, []byte(p.Name))
	writeField(h, []byte(p.Value))
	return keywright.Hash(h.Sum(nil))
}

// Link gives an event its place in the chain: behind the event with that hash.
func (e *Event) Link(sequence uint64, previous keywright.Hash) {
	e.Sequence, e.Previous = sequence, previous
	e.Hash = e.sum()
}

// sum is SHA-256 of every field, each with its length before it.
func (e *Event) sum() keywright.Hash {
	h := sha256.New()
	writeField(h, []byte("keywright event 1"))
	writeField(h, binary.BigEndian.AppendUint64(nil, e.Sequence))
	writeField(h, binary.BigEndian.AppendUint64(nil, uint64(e.Time.UnixMilli())))
	for _, s := range []string{e.Actor, e.Verb, e.Target, e.Keyspace, e.Request} {
		writeField(h, []byte(s))
	}
	writeField(h, binary.BigEndian.AppendUint64(nil, uint64(len(e.Changes))))
	for _, s := range e.Changes {
		writeField(h, []byte(s))
	}
	for _, p := range e.Personal {
		writeField(h, []byte(p.Name))
		writeField(h, p.Commitment[:])
	}
	writeField(h, e.Previous[:])
	return keywright.Hash(h.Sum(nil))
}

func writeField(h hash.Hash, b []byte) {
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
	h.Write(b)
}

// A ChainError says where the audit chain breaks first.
type ChainError struct {
	Sequence uint64
	Problem  string
}

func (e *ChainError) Error() string { return fmt.Sprintf("event %d %s", e.Sequence, e.Problem) }

// ErrChain is wrapped by every *ChainError.
var ErrChain = errors.New("audit chain is broken")

// Unwrap returns ErrChain.
func (e *ChainError) Unwrap() error { return ErrChain }

// A Walk checks a chain, event by event from the first, or from where WalkFrom says.
type Walk struct {
	sequence uint64
	head     keywright.Hash
}

// WalkFrom returns a walk of a chain whose events up to a sequence were pruned; head is the hash of the last of them.
func WalkFrom(sequence uint64, head keywright.Hash) *Walk { return &Walk{sequence, head} }

// Next checks that e follows what came before. The error is a *ChainError.
func (w *Walk) Next(e Event) error {
	switch {
	case e.Sequence != w.sequence+1:
		return &ChainError{w.sequence + 1, "is missing"}
	case e.Previous != w.head:
		return &ChainError{e.Sequence, "does not follow the one before: one of the two was replaced"}
	case e.sum() != e.Hash:
		return &ChainError{e.Sequence, "was changed after it was written"}
	}
	for _, p := range e.Personal {
		if len(p.Salt) > 0 && p.commit() != p.Commitment {
			return &ChainError{e.Sequence, "holds a personal field that was changed after it was written: " + p.Name}
		}
	}
	w.sequence, w.head = e.Sequence, e.Hash
	return nil
}

// Head returns the sequence and hash of the last event checked.
func (w *Walk) Head() (uint64, keywright.Hash) { return w.sequence, w.head }
