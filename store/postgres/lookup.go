// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// Lookup returns the record that holds the hash of a secret, or authority.ErrNotFound.
func (s *Store) Lookup(ctx context.Context, h keywright.Hash) (authority.Record, error) {
	r, err := s.find(ctx, h)
	if err != nil {
		return authority.Record{}, s.readError(ctx, err)
	}
	return r, nil
}

func (s *Store) find(ctx context.Context, h keywright.Hash) (found authority.Record, err error) {
	if err := s.hold.check(); err != nil {
		return found, err
	}
	rows, err := s.reads(ctx).Query(ctx, lookupSQL, h[:])
	if err != nil {
		return found, err
	}
	reader := new(recordReader)
	err = reader.each(rows, func(r *authority.Record) error {
		found = *r
		return nil
	})
	if err == nil {
		err = reader.unreadable.Err()
	}
	if err == nil && found.ID.IsZero() {
		err = authority.ErrNotFound
	}
	return found, err
}
