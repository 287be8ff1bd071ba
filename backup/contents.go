// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// Contents are what a store holds.
type Contents struct {
	Counts   map[string]int // of each kind, named as in an archive
	Sequence uint64         // of the last event
	Hash     keywright.Hash // of it
}

// ErrChain says that the audit chain of a store is broken.
var ErrChain = errors.New("the audit chain is broken")

// ErrDifferent is wrapped by every *DifferenceError.
var ErrDifferent = errors.New("the copy is not the same as the store it was made from")

// A DifferenceError says of which kind a copy differs.
type DifferenceError struct {
	Kind           string // named as in an archive, or chain
	Source, Target int    // how many there are; of the chain, its last sequence
}

func (e *DifferenceError) Error() string {
	if e.Source != e.Target {
		return fmt.Sprintf("%v: %s: %d there, %d in the copy", ErrDifferent, e.Kind, e.Source, e.Target)
	}
	return fmt.Sprintf("%v: %s: as many of them, and not the same", ErrDifferent, e.Kind)
}

// Unwrap returns ErrDifferent.
func (e *DifferenceError) Unwrap() error { return ErrDifferent }

// A sum is one of the SHA-256 of values, in four parts that are added each for itself. It does not depend on the order, as
// stores may give usage in different ones. It finds damage, not somebody who may write to the copy and has time to search.
type sum [4]uint64

func (s *sum) add(text []byte) {
	h := sha256.Sum256(text)
	for i := range s {
		s[i] += binary.BigEndian.Uint64(h[8*i:])
	}
}

// A taker counts and sums the values of a store, and walks its audit chain.
type taker struct {
	Contents
	sums  []sum // by the place of the kind
	chain chain
	took  func()
}

func newTaker(took func()) *taker {
	return &taker{Contents: Contents{Counts: map[string]int{}}, sums: make([]sum, len(kinds)), took: took}
}

// take notes a value and returns the place of its kind and its text. The mark of a migration is passed over: its kind is -1.
func (t *taker) take(v any) (kind int, text []byte, err error) {
	if item, ok := v.(*authority.Item); ok && item.IsMigration() {
		return -1, nil, nil
	}
	if kind = kindOf(v); kind < 0 {
		return 0, nil, fmt.Errorf("a store holds a %T, which cannot be moved", v)
	}
	if text, err = json.Marshal(v); err != nil {
		return 0, nil, fmt.Errorf("a value of kind %s cannot be moved: %w", kinds[kind].name, err)
	}
	if err := t.chain.note(v); err != nil {
		return 0, nil, fmt.Errorf("%w: %w", ErrChain, err)
	}
	t.Sequence, t.Hash = t.chain.sequence, t.chain.hash
	t.Counts[kinds[kind].name]++
	t.sums[kind].add(text)
	t.took()
	return kind, text, nil
}

// compare looks for what differs.
func (t *taker) compare(copied *taker) error {
	for i, k := range kinds {
		if t.Counts[k.name] != copied.Counts[k.name] || t.sums[i] != copied.sums[i] {
			return &DifferenceError{k.name, t.Counts[k.name], copied.Counts[k.name]}
		}
	}
	if t.Sequence != copied.Sequence || t.Hash != copied.Hash {
		return &DifferenceError{"chain", int(t.Sequence), int(copied.Sequence)}
	}
	return nil
}

// lines are what the event of a migration says.
func (c *Contents) lines() []string {
	lines := []string{fmt.Sprintf("through event %d", c.Sequence)}
	for _, k := range kinds {
		if n := c.Counts[k.name]; n > 0 {
			lines = append(lines, fmt.Sprintf("%s %d", k.name, n))
		}
	}
	return lines
}

var errForm = errors.New("it is not written as it should be")

// decode reads a value that has no field that is not known. The error of the decoder could repeat what it read.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(into) != nil || d.InputOffset() != int64(len(text)) {
		return errForm
	}
	return nil
}
