// SPDX-License-Identifier: Apache-2.0

package column

import (
	"fmt"

	"github.com/keywright/keywright/authority"
)

// remembered bounds each map of a memory.
const remembered = 1 << 14

// A Memory remembers scopes, terms and rules by their text: many records share few. The zero value remembers nothing.
type Memory struct {
	scopes map[string][]string
	terms  map[string]terms
	rules  map[string]authority.Rules
}

// NewMemory returns a memory for the reading of many records. What it decodes is shared: nobody may write to it.
func NewMemory() Memory {
	return Memory{scopes: map[string][]string{}, terms: map[string]terms{}, rules: map[string]authority.Rules{}}
}

// Decode fills a record, which has its id, with what List, Terms and Rules wrote. Its errors name the record.
func (m *Memory) Decode(r *authority.Record, scopes, terms, rules string) (err error) {
	if r.Scopes, err = recall(m.scopes, scopes); err != nil {
		return fmt.Errorf("record %s: scopes: %w", r.ID, err)
	}
	t, err := recall(m.terms, terms)
	if err != nil {
		return fmt.Errorf("record %s: terms: %w", r.ID, err)
	}
	r.Roles, r.Limits, r.Credits = t.Roles, t.Limits, t.Credits
	if r.Rules, err = recall(m.rules, rules); err != nil {
		return fmt.Errorf("record %s: rules: %w", r.ID, err)
	}
	return nil
}

// recall decodes a text, or remembers it.
func recall[T any](memory map[string]T, text string) (v T, err error) {
	if text == "" {
		return v, nil
	}
	if v, ok := memory[text]; ok {
		return v, nil
	}
	if err := Decode(text, &v); err != nil {
		return v, err
	}
	if memory != nil {
		if len(memory) >= remembered {
			clear(memory)
		}
		memory[text] = v
	}
	return v, nil
}

// Unreadable counts the records that a reading passes over because they cannot be decoded.
type Unreadable struct {
	count int
	first error // why the first of them cannot
}

// PassOver notes that a record is passed over, if there is a reason, and reports whether it is.
func (u *Unreadable) PassOver(reason error) bool {
	if reason == nil {
		return false
	}
	u.count++
	if u.first == nil {
		u.first = reason
	}
	return true
}

// Err tells of the records that were passed over; nil: there were none.
func (u *Unreadable) Err() error {
	switch u.count {
	case 0:
		return nil
	case 1:
		return u.first
	}
	return fmt.Errorf("%d records cannot be read, the first: %w", u.count, u.first)
}
