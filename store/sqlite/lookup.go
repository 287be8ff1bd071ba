// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"fmt"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/authority"
)

// Lookup returns the record that holds the hash of a secret, or authority.ErrNotFound.
func (s *Store) Lookup(ctx context.Context, h keywright.Hash) (authority.Record, error) {
	r, err := s.find(ctx, h)
	if err != nil {
		return authority.Record{}, s.readError(err)
	}
	return r, nil
}

func (s *Store) find(ctx context.Context, h keywright.Hash) (found authority.Record, err error) {
	rows, err := s.lookup.QueryContext(ctx, h[:])
	if err != nil {
		return found, err
	}
	reader := new(recordReader)
	err = reader.read(rows, func(r *authority.Record) error {
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

// readError adds where it was; ErrNotFound is an answer and stays as it is.
func (s *Store) readError(err error) error {
	if err == authority.ErrNotFound {
		return err
	}
	return fmt.Errorf("cannot read the store in %s: %w", s.where, err)
}
