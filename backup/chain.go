// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// A chain follows the audit chain through the values of a store, from the first event or from where it is pruned.
type chain struct {
	walk     *authority.Walk
	base     *authority.Checkpoint // the last that is marked as pruned
	sequence uint64                // of the last event
	hash     keywright.Hash        // of it
}

// note looks at a value; what is no part of the chain is passed over.
func (c *chain) note(v any) error {
	switch v := v.(type) {
	case *authority.Checkpoint:
		if v.Pruned && (c.base == nil || v.Sequence > c.base.Sequence) {
			base := *v // a store may use it again
			c.base = &base
		}
	case *authority.Event:
		if c.walk == nil {
			c.walk = new(authority.Walk)
			if c.base != nil {
				c.walk = authority.WalkFrom(c.base.Sequence, c.base.Hash)
			}
		}
		if err := c.walk.Next(*v); err != nil {
			return err
		}
		c.sequence, c.hash = v.Sequence, v.Hash
	}
	return nil
}
